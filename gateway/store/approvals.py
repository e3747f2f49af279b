"""What the Personalrat agreed to: one row per agreement, with what it was about, and since when it is in force.

The row that came into force last is what holds. An agreement that is not in force yet waits for the policies that it is
about. Rows are never changed otherwise, and never deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, insert, select, update

from gateway.store.tables import generation, monitoring_approval

Kind = Literal["ersteinrichtung", "zustimmung", "verringerung"]
KINDS: Final[tuple[Kind, ...]] = ("ersteinrichtung", "zustimmung", "verringerung")
_t = monitoring_approval.c


@dataclass(frozen=True, slots=True)
class Approval:
    """One row. ``facts`` is what was agreed to, as `gateway.policy.monitoring` writes it down."""

    id: int
    digest: str
    facts: str
    kind: Kind
    at: datetime
    in_force_since: datetime | None


def in_force(connection: Connection) -> Approval | None:
    """Return what holds; None: nothing was ever put in force here."""
    rows = connection.execute(select(_t.id, _t.digest, _t.facts, _t.kind, _t.at, _t.in_force_since)
                              .where(_t.in_force_since.is_not(None)).order_by(_t.in_force_since.desc(), _t.id.desc())
                              .limit(1))
    return next((Approval(*row) for row in rows), None)


def waiting(connection: Connection, digest: str) -> Approval | None:
    """Return an agreement to exactly this that is not in force yet."""
    rows = connection.execute(select(_t.id, _t.digest, _t.facts, _t.kind, _t.at, _t.in_force_since)
                              .where(_t.digest == digest, _t.in_force_since.is_(None)).order_by(_t.id).limit(1))
    return next((Approval(*row) for row in rows), None)


def every(connection: Connection) -> list[Approval]:
    """Return all rows, the newest first."""
    rows = connection.execute(select(_t.id, _t.digest, _t.facts, _t.kind, _t.at, _t.in_force_since)
                              .order_by(_t.id.desc()))
    return [Approval(*row) for row in rows]


def add(connection: Connection, digest: str, facts: str, kind: Kind, by: str, at: datetime,
        in_force_since: datetime | None = None) -> None:
    """Add an agreement; `by` is the opaque id of the person, or empty where nobody was asked."""
    connection.execute(insert(monitoring_approval).values(
        digest=digest, facts=facts, kind=kind, approved_by=by, at=at, in_force_since=in_force_since))


def put_in_force(connection: Connection, id_: int, at: datetime) -> None:
    """Note that the policies an agreement is about are in force."""
    connection.execute(update(monitoring_approval).where(_t.id == id_).values(in_force_since=at))


def one_at_a_time(connection: Connection) -> None:
    """Wait until no other process is deciding about this (SQLite: a writer is alone anyway)."""
    connection.execute(select(generation.c.value).with_for_update())
