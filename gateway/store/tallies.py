"""What the watch of casework counts and remembers. Written by one process at a time (`gateway.store.locks.alone`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from gateway.model.casework import Tally
from gateway.store.chunks import in_chunks
from gateway.store.tables_casework import finding_record, finding_tally, matter, watch_mark

MOST_RECORDS: Final = 500
"""Records that are remembered per cause; the count goes on."""
_t, _w = finding_tally.c, watch_mark.c
_COLUMNS: Final = (_t.cause, _t.about, _t.scope, _t.count, _t.first_at, _t.last_at)


def count(connection: Connection, more: Tally, records: Sequence[str]) -> Tally:
    """Add to a tally, or begin it; remember which records it counted. Returns how it stands then."""
    known = get(connection, more.cause)
    if known is None:
        connection.execute(insert(finding_tally).values(
            cause=more.cause, about=more.about, scope=more.scope, count=more.count, first_at=more.first_at,
            last_at=more.last_at))
        stands = more
    else:
        stands = Tally(known.cause, known.about, known.scope, known.count + more.count,
                       min(known.first_at, more.first_at), max(known.last_at, more.last_at))
        connection.execute(update(finding_tally).where(_t.cause == more.cause).values(
            count=stands.count, first_at=stands.first_at, last_at=stands.last_at))
    _remember(connection, more.cause, records)
    return stands


def _remember(connection: Connection, cause: str, records: Sequence[str]) -> None:
    r = finding_record.c
    there = connection.execute(select(func.count()).select_from(finding_record).where(r.cause == cause)).scalar() or 0
    fresh = list(dict.fromkeys(records))[:max(0, MOST_RECORDS - there)]
    for some in in_chunks(fresh):
        known = set(connection.execute(select(r.record_id).where(r.cause == cause, r.record_id.in_(some))).scalars())
        rows = [{"cause": cause, "record_id": one} for one in some if one not in known]
        if rows:
            connection.execute(insert(finding_record), rows)


def get(connection: Connection, cause: str) -> Tally | None:
    """Return how a tally stands."""
    row = connection.execute(select(*_COLUMNS).where(_t.cause == cause)).one_or_none()
    return Tally(*row) if row is not None else None


def of_many(connection: Connection, causes: Sequence[str]) -> dict[str, Tally]:
    """Return how several tallies stand."""
    return {row.cause: Tally(*row) for some in in_chunks(causes)
            for row in connection.execute(select(*_COLUMNS).where(_t.cause.in_(some)))}


def records(connection: Connection, cause: str) -> list[str]:
    """Return the records that a tally remembers, the oldest first (their ids begin with the time)."""
    r = finding_record.c
    return list(connection.execute(select(r.record_id).where(r.cause == cause).order_by(r.record_id)).scalars())


def forget(connection: Connection, before: datetime) -> None:
    """Delete tallies that have not moved since and that no matter is about any more."""
    gone = list(connection.execute(
        select(_t.cause).where(_t.last_at < before, _t.cause.not_in(
            select(matter.c.cause).where(matter.c.cause.is_not(None)))).limit(1000)).scalars())
    for some in in_chunks(gone):
        connection.execute(delete(finding_record).where(finding_record.c.cause.in_(some)))
        connection.execute(delete(finding_tally).where(_t.cause.in_(some)))


# ---- marks -----------------------------------------------------------------------------------------------------------

def mark(connection: Connection, name: str) -> tuple[str, int, datetime] | None:
    """Return what is remembered under a name: a word, a number, since when."""
    row = connection.execute(select(_w.value, _w.number, _w.at).where(_w.name == name)).one_or_none()
    return (row.value, row.number, row.at) if row is not None else None


def marks(connection: Connection, prefix: str) -> dict[str, tuple[str, int, datetime]]:
    """Return everything that is remembered under names that begin like this."""
    rows = connection.execute(select(_w.name, _w.value, _w.number, _w.at)
                              .where(func.substr(_w.name, 1, len(prefix)) == prefix))
    return {name: (value, number, at) for name, value, number, at in rows}


def set_mark(connection: Connection, name: str, value: str, number: int, at: datetime) -> None:
    """Remember something under a name."""
    values = {"value": value, "number": number, "at": at}
    if not connection.execute(update(watch_mark).where(_w.name == name).values(**values)).rowcount:
        connection.execute(insert(watch_mark).values(name=name, **values))


def drop_mark(connection: Connection, name: str) -> None:
    """Forget what stands under a name."""
    connection.execute(delete(watch_mark).where(_w.name == name))
