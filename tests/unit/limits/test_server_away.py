"""When Redis is away nothing hangs, the rule holds, and what was counted meanwhile is handed in once."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from gateway.errors import GatewayError
from gateway.limits.counting import AwayError, Books, Counter, Place, Take
from gateway.limits.resilient import ResilientCounts, Rule
from gateway.limits.shared import SharedCounts
from gateway.model.limits import Count, Limit, Limits
from gateway.ports import Ticket
from tests.support.awaited import awaited
from tests.support.counted import CountingTown, clerk, model
from tests.support.redis_server import RedisServer, running_redis

LIMIT = Limit(requests_per_day=10, tokens_per_day=100_000, concurrent=5)
DAY: Limits = {"person": LIMIT}


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as running:
        yield running


@asynccontextmanager
async def town(server: RedisServer, rule: Rule = "local", secret: bytes = b"s" * 32) -> AsyncIterator[CountingTown]:
    counts = ResilientCounts(SharedCounts(server.url), Books(secret).mark, rule)
    made = CountingTown(counts, secret)
    made.clock.time = datetime.now(UTC)
    await counts.look(made.clock.now())
    yield made
    await counts.shared.close()


def counts_of(made: CountingTown) -> ResilientCounts:
    assert isinstance(made.counts, ResilientCounts)
    return made.counts


async def ask(made: CountingTown) -> Ticket:
    return await made.limiter.enter(clerk(), model(), DAY, 100, 50, made.clock.now())


async def used(made: CountingTown) -> dict[str, int]:
    return {one.what: one.used for one in await made.limiter.own(clerk(), LIMIT)}


@awaited
async def test_locally_each_process_goes_on_with_the_numbers_that_it_knows(server: RedisServer) -> None:
    async with town(server) as made:
        for _ in range(7):
            await (await ask(made)).settle(10, 0)
        server.stop()
        for _ in range(3):
            await (await ask(made)).settle(10, 0)
        with pytest.raises(GatewayError, match="limit_erreicht"):
            await ask(made)
        assert not counts_of(made).up
        assert (await used(made))["requests_per_day"] == 10


@awaited
async def test_by_the_other_rule_what_is_limited_is_refused_and_what_is_not_is_let_in(server: RedisServer) -> None:
    async with town(server, "refuse") as made:
        server.stop()
        for _ in range(2):
            with pytest.raises(GatewayError, match="limit_erreicht") as caught:
                await ask(made)
            assert "nicht zählen" in caught.value.message
            assert caught.value.retry_after == 5
        ticket = await made.limiter.enter(clerk(), model(), {}, 100, 50, made.clock.now())
        await ticket.settle(1, 1)


@awaited
async def test_a_server_that_is_silent_is_not_waited_for_twice(server: RedisServer) -> None:
    async with town(server) as made:
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        asked = 0
        take = counts_of(made).shared.take

        async def counted(wanted: Take, holder: str, now: datetime) -> object:
            nonlocal asked
            asked += 1
            return await take(wanted, holder, now)
        counts_of(made).shared.take = counted  # type: ignore[method-assign, assignment]
        for _ in range(5):
            await ask(made)
        server.process.send_signal(signal.SIGCONT)
        assert asked == 1


@awaited
async def test_what_was_counted_meanwhile_is_handed_in_when_the_server_is_back(server: RedisServer) -> None:
    async with town(server) as made, town(server) as other:
        begun = await ask(made)
        server.stop()
        await (await ask(made)).settle(40, 0)
        await begun.settle(30, 5)
        server.start()
        await counts_of(made).look(made.clock.now())
        assert counts_of(made).up
        found = {one.what: one.used for one in await other.limiter.own(clerk(), LIMIT)}
        assert found["requests_per_day"] == 1, "this server has forgotten the first; the second was handed in"
        assert found["concurrent"] == 0
        await counts_of(made).look(made.clock.now())
        assert {one.what: one.used for one in await other.limiter.own(clerk(), LIMIT)} == found


@awaited
async def test_a_server_that_was_only_silent_gets_every_settlement(server: RedisServer) -> None:
    async with town(server) as made:
        begun = await ask(made)
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        await begun.settle(30, 5)
        assert not counts_of(made).up
        server.process.send_signal(signal.SIGCONT)
        await counts_of(made).look(made.clock.now())
        assert await used(made) == {"requests_per_day": 1, "tokens_per_day": 35, "concurrent": 0}


@awaited
async def test_a_booking_is_done_once_however_often_it_is_handed_in(server: RedisServer) -> None:
    async with town(server) as made:
        shared, now = counts_of(made).shared, datetime.now(UTC)
        ends = Counter("k", "person", "tokens_per_day", 1, now.replace(year=now.year + 1))
        for _ in range(3):
            await shared.book_once("one", [Count("k", 7, ends.ends)], (Place("p", "q", "person", 1),), "x", now)
        assert await shared.read(["k"], now) == [7]


@awaited
async def test_a_house_begins_without_its_server_and_says_so(server: RedisServer) -> None:
    server.stop()
    async with town(server) as made:
        assert not counts_of(made).up
        await ask(made)


@awaited
async def test_machines_with_different_secrets_notice_that_they_count_apart(server: RedisServer) -> None:
    async with town(server) as one, town(server, secret=b"t" * 32) as two:
        assert not counts_of(one).alien
        assert counts_of(two).alien


@awaited
async def test_the_server_holds_no_name_and_every_counter_has_an_end(server: RedisServer) -> None:
    async with town(server) as made:
        await (await ask(made)).settle(1, 1)
        await ask(made)
        client = counts_of(made).shared._client
        keys = [key async for key in client.scan_iter()]
        lasting = [key for key in keys if await client.pttl(key) < 0]
        assert lasting == [b"ki-pforte:{limits}:secret"]
        assert len(keys) > 3
        assert not [key for key in keys if b"subject" in key or b"bauamt" in key]


@awaited
async def test_without_an_answer_reading_what_one_has_used_does_not_fail(server: RedisServer) -> None:
    async with town(server, "refuse") as made:
        await ask(made)
        server.stop()
        assert (await used(made))["requests_per_day"] == 1


@awaited
async def test_an_address_where_nobody_listens_is_away_and_an_address_that_is_none_is_said_at_once() -> None:
    shared = SharedCounts("redis://127.0.0.1:1/0")
    with pytest.raises(AwayError):
        await shared.greet("x")
    await shared.close()
    with pytest.raises(ValueError, match="no address"):
        SharedCounts("http://127.0.0.1:1")
