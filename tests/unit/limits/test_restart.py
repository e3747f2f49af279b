"""What is used of a day or month is still used after a restart; what is over is forgotten everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text

from gateway.errors import GatewayError
from gateway.limits.memory import MemoryCounts
from gateway.limits.snapshot import Snapshot
from gateway.model.limits import Count, Limit, Limits
from gateway.store import migrate, open_engine, reading
from gateway.store.usage import SqlUsage
from tests.support.awaited import awaited
from tests.support.counted import NOON, CountingTown, clerk, model
from tests.support.databases import database_url

__all__ = ["database_url"]
DAY: Limits = {"person": Limit(requests_per_minute=99, requests_per_day=4, tokens_per_month=10_000)}


class Machine:
    """A process on one database; `stop` is a shutdown, leaving it out is a crash."""

    def __init__(self, url: str, now: datetime = NOON) -> None:
        self.engine = open_engine(url)
        migrate(self.engine)
        self.town = CountingTown()
        self.town.clock.time = now
        self.snapshot = Snapshot(cast(MemoryCounts, self.town.counts), SqlUsage(self.engine), shared=True)

    async def start(self) -> Machine:
        await self.snapshot.load(self.town.clock.now())
        return self

    async def save(self) -> None:
        await self.snapshot.save(self.town.clock.now())

    async def ask(self, settle: bool = True) -> None:
        ticket = await self.town.limiter.enter(clerk(), model(), DAY, 100, 50, self.town.clock.now())
        if settle:
            await ticket.settle(10, 5)

    async def used(self) -> dict[str, int]:
        return {one.what: one.used for one in await self.town.limiter.own(clerk(), DAY["person"])}

    def rows(self) -> list[tuple[str, int]]:
        with reading(self.engine) as connection:
            return [(row.key, row.value) for row in connection.execute(text("SELECT key, value FROM usage_count"))]


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@awaited
async def test_a_restart_gives_nobody_a_new_budget(database_url: str) -> None:
    before = await Machine(database_url).start()
    for _ in range(3):
        await before.ask()
    await before.save()
    before.engine.dispose()
    after = await Machine(database_url).start()
    assert await after.used() == {"requests_per_minute": 0, "requests_per_day": 3, "tokens_per_month": 45}
    await after.ask()
    with pytest.raises(GatewayError, match="limit_erreicht"):
        await after.ask()
    after.engine.dispose()


@awaited
async def test_after_a_crash_what_was_reserved_stays_counted(database_url: str) -> None:
    before = await Machine(database_url).start()
    await before.ask(settle=False)
    await before.save()
    after = await Machine(database_url).start()
    assert (await after.used())["tokens_per_month"] == 150
    for machine in (before, after):
        machine.engine.dispose()


@awaited
async def test_processes_on_one_database_add_up_and_learn_from_each_other(database_url: str) -> None:
    one, two = await Machine(database_url).start(), await Machine(database_url).start()
    await one.ask()
    await two.ask()
    for machine in (one, two, one):
        await machine.ask() if machine is one else None
        await machine.save()
    assert (await one.used())["requests_per_day"] == 4
    assert sorted(value for _, value in one.rows()) == [4, 60]
    for machine in (one, two):
        machine.engine.dispose()


@awaited
async def test_what_is_over_is_deleted_and_not_read(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pforte.sqlite3'}"
    before = await Machine(url).start()
    await before.ask()
    await before.save()
    assert len(before.rows()) == 2
    tomorrow = await Machine(url, NOON + timedelta(days=1)).start()
    assert await tomorrow.used() == {"requests_per_minute": 0, "requests_per_day": 0, "tokens_per_month": 15}
    await tomorrow.ask()
    await tomorrow.save()
    assert len(tomorrow.rows()) == 2, "one of today, one of the month"
    january = await Machine(url, NOON + timedelta(days=60)).start()
    await january.ask()
    await january.save()
    assert {value for _, value in january.rows()} == {1, 15}
    for machine in (before, tomorrow, january):
        machine.engine.dispose()


@awaited
async def test_the_database_holds_digests_and_numbers_and_nothing_else(tmp_path: Path) -> None:
    machine = await Machine(f"sqlite:///{tmp_path / 'pforte.sqlite3'}").start()
    await machine.ask()
    await machine.save()
    assert all(len(key) == 32 and int(key, 16) >= 0 for key, _ in machine.rows())
    machine.engine.dispose()
    assert b"subject-1" not in written(tmp_path)


class BrokenShelf:
    """A database that fails as long as it is told to."""

    def __init__(self) -> None:
        self.broken, self.values = True, dict[str, int]()

    async def load(self, now: datetime) -> list[Count]:
        return []

    async def add(self, changes: Sequence[Count], now: datetime) -> list[Count]:
        if self.broken:
            raise OSError("no database")
        for change in changes:
            self.values[change.key] = self.values.get(change.key, 0) + change.value
        return [Count(c.key, self.values[c.key], c.ends) for c in changes]


@awaited
async def test_what_could_not_be_kept_is_kept_with_the_next_changes() -> None:
    town, shelf = CountingTown(), BrokenShelf()
    snapshot = Snapshot(cast(MemoryCounts, town.counts), shelf)
    await town.limiter.enter(clerk(), model(), DAY, 100, 50, NOON)
    await snapshot.save(NOON)
    assert snapshot.failing
    await town.limiter.enter(clerk(), model(), DAY, 100, 50, NOON)
    shelf.broken = False
    await snapshot.save(NOON)
    assert not snapshot.failing
    assert sorted(shelf.values.values()) == [2, 300]


@awaited
async def test_a_process_that_counts_nothing_itself_learns_what_others_counted(database_url: str) -> None:
    busy, idle = await Machine(database_url).start(), await Machine(database_url).start()
    for _ in range(4):
        await busy.ask()
    await busy.save()
    await idle.save()
    assert (await idle.used())["requests_per_day"] == 4
    with pytest.raises(GatewayError, match="limit_erreicht"):
        await idle.ask()
    for machine in (busy, idle):
        machine.engine.dispose()
