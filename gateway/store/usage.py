"""How much of a limit is used up, kept over a restart: keyed digests, numbers, and when each is over. Nothing else.

Whoever counts in memory hands in by how much each counter has changed and gets back what it amounts to: several
processes on one database add up, and each learns what the others counted. What is over is deleted with each write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from gateway.model.limits import Count
from gateway.store.engine import reading, writing
from gateway.store.tables import usage_count


class SqlUsage:
    """Implements `gateway.limits.snapshot.Shelf`; the database is asked in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def load(self, now: datetime) -> list[Count]:
        """Return all counters that are not over."""
        def work() -> list[Count]:
            with reading(self._engine) as connection:
                return load(connection, now)
        return await asyncio.to_thread(work)

    async def add(self, changes: Sequence[Count], now: datetime) -> list[Count]:
        """Add each change to its counter, in one transaction; return what these counters amount to."""
        def work() -> list[Count]:
            with writing(self._engine, bump=False) as connection:
                clear(connection, now)
                return [add(connection, change) for change in changes if change.ends > now]
        return await asyncio.to_thread(work)


def load(connection: Connection, now: datetime) -> list[Count]:
    """Return all counters that are not over."""
    rows = connection.execute(select(usage_count).where(usage_count.c.ends_at > now))
    return [Count(row.key, row.value, row.ends_at) for row in rows]


def add(connection: Connection, change: Count) -> Count:
    """Add `change` to its counter and return the counter."""
    mine = usage_count.c.key == change.key
    changed = (update(usage_count).where(mine).values(value=usage_count.c.value + change.value)
               .returning(usage_count.c.value))
    value = connection.execute(changed).scalar_one_or_none()
    if value is None:
        value = change.value
        connection.execute(insert(usage_count).values(key=change.key, value=value, ends_at=change.ends))
    return Count(change.key, value, change.ends)


def clear(connection: Connection, now: datetime) -> int:
    """Delete what is over; return how many."""
    return connection.execute(delete(usage_count).where(usage_count.c.ends_at <= now)).rowcount
