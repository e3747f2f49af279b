"""No change that touches the monitoring of staff comes into force without the recorded approval of the Personalrat.

What such a change is stands in `gateway.policy.monitoring`. The database keeps what is in force in this respect; a new
set passes if it asks for nothing more, or if exactly its facts were agreed to (``ki-pforte policy approve``). The first
set of an installation is noted as "Ersteinrichtung". Each step stands in the ledger before it counts.

At the start of a server with a change that nobody agreed to: it does not start, and says what is missing. Putting the
last approved numbers into a new set would serve rules that nobody wrote and nobody reviewed, and starting with the new
ones would be what the law forbids. A server that is running keeps its last good set, so this shows before a restart.

Somebody of the Personalrat agrees on a page, signed in in that role (`gateway.reid.policies`), or at a terminal.
Does not know: whether the person at a terminal is who the command names. The approval stands in the ledger under the
pseudonym of that person and with its way (``via``), where the Personalrat can see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from audit import LedgerError
from gateway.generation.proving import Rejected
from gateway.policy import PolicySet
from gateway.policy.monitoring import Facts, as_text, awaiting, digest, facts, from_text
from gateway.store import StoreError, approvals, reading, writing
from gateway.store.approvals import Kind

RecordFacts = Callable[[str, Mapping[str, Any], str | None], object]
"""Writes a record (type, facts, opaque id of a person) and returns when it is durable. Raises `audit.LedgerError`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a policy set stands to what was agreed to. ``open_points`` is empty when it may come into force."""

    digest: str
    open_points: tuple[str, ...]
    kind: Kind | None = None
    """As what it would come into force; None: it is in force already, or may not."""
    approval: int | None = None
    """The agreement that it would use."""


class MonitoringGate:
    """Implements `gateway.generation.current.Gate`. Blocks."""

    def __init__(self, engine: Engine, record: RecordFacts,
                 now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine, self._record, self._now = engine, record, now

    def admit(self, policies: PolicySet) -> None:
        """See `gateway.generation.current.Gate.admit`."""
        try:
            with reading(self._engine) as connection:
                standing = standing_of(connection, policies)
            if standing.kind is not None:
                self._put_in_force(policies)
        except (StoreError, LedgerError) as error:
            raise Rejected("approval", "Ob der Personalrat den geänderten Richtlinien zustimmen muss, lässt sich "
                           "gerade nicht feststellen (Datenbank oder Protokoll antwortet nicht); die letzten gültigen "
                           "gelten weiter.", (str(error),)) from None
        _refuse(standing)

    def _put_in_force(self, policies: PolicySet) -> None:
        with writing(self._engine, bump=False) as connection:
            approvals.one_at_a_time(connection)
            standing = standing_of(connection, policies)  # another process may have been faster
            if standing.kind is None:
                return
            now, found = self._now(), facts(policies)
            if standing.approval is not None:
                approvals.put_in_force(connection, standing.approval, now)
            else:
                approvals.add(connection, standing.digest, as_text(found), standing.kind, "", now, now)
            self._record("policy.monitoring", {"kind": standing.kind, "monitoring": standing.digest,
                                               "policy": policies.digest, "via": "server"}, None)


def standing_of(connection: Connection, policies: PolicySet) -> Standing:
    """Return how a set stands to what was agreed to."""
    found = facts(policies)
    name = digest(found)
    base = approvals.in_force(connection)
    if base is None:
        return Standing(name, (), "ersteinrichtung")
    if base.digest == name:
        return Standing(name, ())
    agreed = approvals.waiting(connection, name)
    if agreed is not None:
        return Standing(name, (), "zustimmung", agreed.id)
    points = awaiting(_known(base.facts), found)
    return Standing(name, points, None if points else "verringerung")


def agree(connection: Connection, policies: PolicySet, by: str, via: str, record: RecordFacts,
          now: datetime) -> Standing:
    """Note that `by` agrees to what waits in this set; return how it stood before. No open points: nothing is noted."""
    approvals.one_at_a_time(connection)
    standing = standing_of(connection, policies)
    if standing.open_points:
        approvals.add(connection, standing.digest, as_text(facts(policies)), "zustimmung", by, now)
        record("policy.approved", {"monitoring": standing.digest, "policy": policies.digest,
                                   "points": list(standing.open_points), "via": via}, by)
    return standing


def _known(text: str) -> Facts:
    try:
        return from_text(text)
    except ValueError:
        return {}  # written by another version: then everything is new, and somebody has to agree to it


def _refuse(standing: Standing) -> None:
    if standing.open_points:
        raise Rejected("approval", "Die geänderten Richtlinien betreffen die Überwachung von Beschäftigten und warten "
                       "auf die Zustimmung des Personalrats; die letzten gültigen gelten weiter. „ki-pforte policy "
                       "status“ nennt die Punkte. Zustimmen kann der Personalrat auf seiner Seite.",
                       standing.open_points)
