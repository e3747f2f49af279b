"""Several processes against one Redis, or one database: the limit is the limit of all of them together."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from gateway.limits.counting import Books
from gateway.limits.shared import SharedCounts
from gateway.model.limits import Limit
from tests.support.awaited import awaited
from tests.support.counted import CountingTown, clerk
from tests.support.redis_server import RedisServer, _redis_for_all, redis_server

__all__ = ["_redis_for_all", "redis_server"]
ROOT = Path(__file__).parents[2]
WORKER = """
import asyncio, random, sys
from datetime import datetime
from gateway.errors import GatewayError
from gateway.limits.resilient import ResilientCounts
from gateway.limits.shared import SharedCounts
from gateway.model.limits import Limit
from tests.support.counted import CountingTown, clerk, model

async def main(url, moment, seed):
    dice = random.Random(int(seed))
    town = CountingTown(ResilientCounts(SharedCounts(url), "x"))
    town.clock.time = datetime.fromisoformat(moment)
    limits = {"person": Limit(requests_per_day=50, concurrent=6), "organisation": Limit(tokens_per_day=9_000)}
    let_in, tokens = 0, 0
    async def one():
        nonlocal let_in, tokens
        try:
            ticket = await town.limiter.enter(clerk(), model(), limits, 100, 50, town.clock.now())
        except GatewayError:
            return
        await asyncio.sleep(0)
        if dice.random() < 0.2:
            await ticket.close()
        else:
            used = dice.randrange(150)
            await ticket.settle(used, 0)
            let_in, tokens = let_in + 1, tokens + used
    sys.stdin.readline()
    for _ in range(20):
        await asyncio.gather(*(one() for _ in range(8)))
    assert town.counts.up
    await town.counts.shared.close()
    print(let_in, tokens)

asyncio.run(main(*sys.argv[1:]))
"""


@awaited
async def test_three_processes_at_once_let_in_what_one_limit_allows_and_add_up(redis_server: RedisServer) -> None:
    now = datetime.now(UTC)
    said = [line.split() for line in _together(redis_server.url, now)]
    town = CountingTown(SharedCounts(redis_server.url))
    town.clock.time = now
    limit = Limit(requests_per_day=50, concurrent=6)
    used = {one.what: one.used for one in await town.limiter.own(clerk(), limit)}
    assert used["requests_per_day"] == sum(int(let_in) for let_in, _ in said) <= 50
    assert used["requests_per_day"] == 50, "480 tries find every place that is given back"
    assert used["concurrent"] == 0
    key = Books(b"s" * 32).counters("organisation", "", Limit(tokens_per_day=1), now)[0].key
    assert await town.counts.read([key], now) == [sum(int(tokens) for _, tokens in said)]
    assert isinstance(town.counts, SharedCounts)
    await town.counts.close()


def _together(url: str, now: datetime) -> list[str]:
    """Let three begin at the same time; return what each says."""
    processes = [subprocess.Popen([sys.executable, "-c", WORKER, url, now.isoformat(), str(seed)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
                 for seed in range(3)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    return said
