"""What every storage of counters must do, in memory and in a real Redis or Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.limits.counting import LEASE, Counter, Counts, Place, Take
from gateway.limits.memory import MemoryCounts
from gateway.limits.shared import SharedCounts
from gateway.model.limits import Count
from tests.support.awaited import awaited
from tests.support.redis_server import RedisServer, _redis_for_all, redis_server

__all__ = ["_redis_for_all", "redis_server"]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TONIGHT = NOW + timedelta(hours=11)
Storage = Callable[[], AbstractAsyncContextManager[Counts]]


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> Storage:
    server: RedisServer | None = None if request.param == "memory" else request.getfixturevalue("redis_server")

    @asynccontextmanager
    async def opened() -> AsyncIterator[Counts]:
        if server is None:
            yield MemoryCounts()
        else:
            shared = SharedCounts(server.url)
            yield shared
            await shared.close()
    return opened


def counter(key: str, most: int, ends: datetime = TONIGHT) -> Counter:
    return Counter(key, "person", "requests_per_day", most, ends)


def place(key: str, most: int, before: str = "") -> Place:
    return Place(key, before or f"{key}-yesterday", "person", most)


@awaited
async def test_of_many_at_once_as_many_are_let_in_as_the_limit_says(storage: Storage) -> None:
    async with storage() as counts:
        standings = await asyncio.gather(*(counts.take(Take({counter("a", 7): 1}), str(n), NOW) for n in range(40)))
        assert sum(s.granted for s in standings) == 7
        assert await counts.read(["a"], NOW) == [7]


@awaited
async def test_when_one_counter_is_full_the_others_are_left_alone(storage: Storage) -> None:
    async with storage() as counts:
        wanted = Take({counter("open", 100): 5, counter("full", 3): 4}, (place("seats", 9),))
        standing = await counts.take(wanted, "x", NOW)
        assert not standing.granted
        assert await counts.read(["open", "full"], NOW) == [0, 0]
        assert await counts.standing([place("seats", 9)], NOW) == [0]


@awaited
async def test_when_no_place_is_free_nothing_is_counted(storage: Storage) -> None:
    async with storage() as counts:
        assert (await counts.take(Take({}, (place("seats", 1),)), "one", NOW)).granted
        standing = await counts.take(Take({counter("a", 10): 1}, (place("seats", 1),)), "two", NOW)
        assert (standing.granted, standing.counted, standing.taken) == (False, (0,), (1,))
        assert await counts.read(["a"], NOW) == [0]


@awaited
async def test_it_says_how_full_everything_was_before_in_the_order_asked(storage: Storage) -> None:
    async with storage() as counts:
        await counts.take(Take({counter("a", 10): 2, counter("b", 10): 3}, (place("s", 4), place("t", 4))), "x", NOW)
        standing = await counts.take(Take({counter("b", 10): 1, counter("a", 10): 1}, (place("t", 4),)), "y", NOW)
        assert (standing.granted, standing.counted, standing.taken) == (True, (3, 2), (1,))


@awaited
async def test_an_amount_of_nothing_is_granted_by_a_full_counter(storage: Storage) -> None:
    async with storage() as counts:
        await counts.book([Count("a", 9, TONIGHT)], (), "x", NOW)
        assert (await counts.take(Take({counter("a", 5): 0}), "x", NOW)).granted
        assert not (await counts.take(Take({counter("a", 5): 1}), "x", NOW)).granted


@awaited
async def test_what_is_booked_counts_and_never_falls_below_nothing(storage: Storage) -> None:
    async with storage() as counts:
        await counts.take(Take({counter("a", 10): 6}), "x", NOW)
        await counts.book([Count("a", -4, TONIGHT), Count("b", 25, TONIGHT)], (), "x", NOW)
        assert await counts.read(["a", "b", "c"], NOW) == [2, 25, 0]
        await counts.book([Count("a", -100, TONIGHT)], (), "x", NOW)
        assert await counts.read(["a"], NOW) == [0]


@awaited
async def test_a_place_is_free_again_when_it_is_left_and_leaving_twice_frees_one(storage: Storage) -> None:
    async with storage() as counts:
        seats = place("seats", 2)
        for holder in ("one", "two"):
            assert (await counts.take(Take({}, (seats,)), holder, NOW)).granted
        for _ in range(2):
            await counts.book([], (seats,), "one", NOW)
        assert await counts.standing([seats], NOW) == [1]
        assert (await counts.take(Take({}, (seats,)), "three", NOW)).granted
        assert not (await counts.take(Take({}, (seats,)), "four", NOW)).granted


@awaited
async def test_a_place_of_a_dead_process_is_free_after_its_lease_and_one_that_is_renewed_is_not(
        storage: Storage) -> None:
    async with storage() as counts:
        seats = place("seats", 2)
        await counts.take(Take({}, (seats,)), "dead", NOW)
        await counts.take(Take({}, (seats,)), "alive", NOW)
        soon, later = NOW + LEASE / 2, NOW + LEASE + timedelta(seconds=1)
        assert not (await counts.take(Take({}, (seats,)), "third", soon)).granted
        await counts.renew({"alive": (seats,)}, soon)
        standing = await counts.take(Take({}, (seats,)), "third", later)
        assert (standing.granted, standing.taken) == (True, (1,))


@awaited
async def test_who_began_yesterday_still_stands(storage: Storage) -> None:
    async with storage() as counts:
        await counts.take(Take({}, (place("monday", 1),)), "night", NOW)
        assert not (await counts.take(Take({}, (place("tuesday", 1, before="monday"),)), "day", NOW)).granted


@awaited
async def test_a_counter_vanishes_when_its_time_is_over(storage: Storage) -> None:
    async with storage() as counts:
        real = datetime.now(UTC)
        ends = real + timedelta(seconds=0.3)
        await counts.take(Take({counter("a", 1, ends): 1}), "x", real)
        assert await counts.read(["a"], real) == [1]
        await asyncio.sleep(0.4)
        assert await counts.read(["a"], datetime.now(UTC)) == [0]
        await counts.book([Count("a", 5, ends)], (), "x", datetime.now(UTC))
        assert await counts.read(["a"], datetime.now(UTC)) == [0], "what is over is not counted any more"


@awaited
async def test_amounts_of_a_rich_town_are_exact(storage: Storage) -> None:
    async with storage() as counts:
        rich = counter("a", 10**13)
        assert (await counts.take(Take({rich: 10**13 - 1}), "x", NOW)).granted
        assert (await counts.take(Take({rich: 1}), "x", NOW)).granted
        assert not (await counts.take(Take({rich: 1}), "x", NOW)).granted
        assert await counts.read(["a"], NOW) == [10**13]
