"""Evidence of an import under way: laid down bit by bit, then entered by one statement, so that nobody waits for long.

`lay` is called as often as needed, each time in a transaction of its own; what lies there counts nowhere. `enter`
moves all of it to the evidence within the transaction that also writes the record. Between the two others go on
working: therefore `enter` itself looks once more who is still there and what somebody entered meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, exists, insert, literal, select, update

from gateway.store.pass_index import STALE
from gateway.store.passes import Source
from gateway.store.tables import UtcDateTime, evidence, person
from gateway.store.tables_office import pass_index, staged_evidence

KEPT: Final = timedelta(hours=1)
"""After this time the process that laid something down is not coming back for it."""


class Staged(NamedTuple):
    """One completion, and the day of the calendar that it belongs to: one counts per person, module and day."""

    person_id: str
    module: str
    completed_at: datetime
    document_sha256: str | None
    day_begins: datetime
    day_ends: datetime


def lay(connection: Connection, batch: str, items: Iterable[Staged], now: datetime) -> None:
    """Lay completions down; whatever lies there from an import that ended before its time goes."""
    connection.execute(delete(staged_evidence).where(staged_evidence.c.staged_at < now - KEPT))
    if rows := [{"batch": batch, "staged_at": now, **item._asdict()} for item in items]:
        connection.execute(insert(staged_evidence), rows)


def enter(connection: Connection, batch: str, *, source: Source, source_ref: str, recorded_by: str, now: datetime,
          scope: str) -> int:
    """Enter what lies there and return how many pieces of evidence that were.

    The people are locked first, as everybody does who works the index of passes out; their lines of `scope` are
    marked, so that all of them are worked out anew.
    """
    s, e = staged_evidence.c, evidence.c
    whom = select(s.person_id).where(s.batch == batch)
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
        connection.execute(select(person.c.id).where(person.c.id.in_(whom)).order_by(person.c.id)
                           .with_for_update(key_share=True)).all()
    there = exists().where(e.person_id == s.person_id, e.module == s.module, e.completed_at >= s.day_begins,
                           e.completed_at < s.day_ends)
    here = exists().where(person.c.id == s.person_id, person.c.disabled_at.is_(None))
    moved = connection.execute(insert(evidence).from_select(
        ["person_id", "module", "completed_at", "document_sha256", "source", "source_ref", "recorded_by",
         "recorded_at"],
        select(s.person_id, s.module, s.completed_at, s.document_sha256, literal(source), literal(source_ref),
               literal(recorded_by), literal(now, UtcDateTime())).where(s.batch == batch, ~there, here)
        .order_by(s.person_id)))
    connection.execute(update(pass_index).where(pass_index.c.scope == scope, pass_index.c.person_id.in_(whom))
                       .values(rules=STALE))
    return moved.rowcount


def clear(connection: Connection, batch: str, limit: int) -> bool:
    """Delete some of what lies there; whether there may be more."""
    some = select(staged_evidence.c.person_id).where(staged_evidence.c.batch == batch) \
        .order_by(staged_evidence.c.person_id).limit(limit)
    return connection.execute(delete(staged_evidence).where(
        staged_evidence.c.batch == batch, staged_evidence.c.person_id.in_(some))).rowcount > 0
