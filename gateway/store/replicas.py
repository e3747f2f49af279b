"""Which process runs which policies: one row per process, renewed every few seconds, deleted when it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from gateway.store.tables import replica

GONE: Final = timedelta(seconds=15)
"""After so long without a sign a process counts as gone."""


class Seen(NamedTuple):
    """One process, and what it said last."""

    id: str
    digest: str
    seen_at: datetime


def beat(connection: Connection, id_: str, digest: str, now: datetime) -> None:
    """Say that a process is there; forget those that have been gone for a while."""
    mine = replica.c.id == id_
    if not connection.execute(update(replica).where(mine).values(digest=digest, seen_at=now)).rowcount:
        connection.execute(insert(replica).values(id=id_, digest=digest, seen_at=now))
    connection.execute(delete(replica).where(replica.c.seen_at < now - 4 * GONE))


def leave(connection: Connection, id_: str) -> None:
    """Say that a process ends."""
    connection.execute(delete(replica).where(replica.c.id == id_))


def there(connection: Connection, now: datetime) -> tuple[Seen, ...]:
    """Return the processes that gave a sign lately."""
    rows = connection.execute(select(replica.c.id, replica.c.digest, replica.c.seen_at)
                              .where(replica.c.seen_at >= now - GONE).order_by(replica.c.id))
    return tuple(Seen(*row) for row in rows)
