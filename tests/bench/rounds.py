"""How one figure is measured: warm up, saturate, then pace, on one target and one scenario.

CPU and throughput come from the saturated run, latency and time to first token from the paced one: at saturation
latency measures only the queue, and at a low rate CPU per request measures cold caches. What goes on after the answer
(outcome record, sequencing) belongs to the request, so the CPU is read a moment later.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from tests.bench.load import Client, Sample, closed_loop, open_loop, problems, streams
from tests.bench.measure import cpu_seconds, is_stall_free, longest_gap, machine_seconds, percentile
from tests.bench.provider import PLACEHOLDER
from tests.bench.scenarios import CONNECTIONS, Scenario, body, question
from tests.bench.targets import BenchError, Target, request
from tests.bench.texts import TURNS, Texts

PILOT = 64
SETTLE = 0.15
RATE = 50.0
"""Pieces a second in a paced stream."""


@dataclass(slots=True)
class Cell:
    """One target on one scenario in one round; times in milliseconds."""

    cpu: float
    rate: float
    p50: float
    p99: float
    first: float
    requests: int
    problems: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class StreamCell:
    """One run of many paced streams; `cpu` in microseconds per piece."""

    count: int
    stall_free: int
    cpu: float
    longest_gap: float
    load: float
    """Share of one core that was used while all streams ran."""
    problems: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    saturated: float
    """Seconds of the closed loop."""
    paced: float
    """Seconds of the open loop."""
    stream_counts: tuple[int, ...]
    window: float


QUICK = Plan(rounds=1, saturated=0.6, paced=0.8, stream_counts=(200,), window=1.0)
FULL = Plan(rounds=3, saturated=1.5, paced=2.0, stream_counts=(100, 200, 400), window=2.0)


def control(provider: Target, **settings: object) -> dict[str, int]:
    """Tell the provider how to answer; return its state."""
    state: dict[str, int] = orjson.loads(request(provider.port, "POST", "/control", settings)[1])
    return state


class Busy:
    """How much of the machine others used meanwhile: figures from a busy machine must say so."""

    def __init__(self) -> None:
        self._begin = self._read()

    @staticmethod
    def _read() -> tuple[float, float]:
        own = cpu_seconds(os.getpid())  # with the targets, which are its children
        return time.monotonic(), machine_seconds() - own

    def foreign(self) -> float:
        """Return the CPU seconds per second that did not belong to the benchmark."""
        (begin, before), (end, after) = self._begin, self._read()
        return max(0.0, (after - before) / (end - begin))


class Bench:
    """Measures; keeps one pool of connections per target and one endless source of texts."""

    def __init__(self, provider: Target, plan: Plan, seed: int) -> None:
        self._provider = provider
        self._plan = plan
        self._texts = Texts(seed)
        self._clients: dict[str, list[Client]] = {}
        self._speed: dict[tuple[str, str, bool], float] = {}

    def clients(self, target: Target, size: int = CONNECTIONS) -> list[Client]:
        """Return the kept connections to a target."""
        pool = self._clients.setdefault(target.name, [])
        pool += [Client(target.port, target.key) for _ in range(size - len(pool))]
        return pool[:size]

    async def _closed(self, target: Target, scenario: Scenario, stream: bool,
                      count: int) -> tuple[float, float, list[Sample]]:
        batch = scenario.make(self._texts, target.model, stream, count)
        pool = self.clients(target)
        failed = [sample for sample in await send_first(pool, batch.warmup) if sample.problem]
        await asyncio.sleep(SETTLE)
        used = target.cpu()
        samples = await closed_loop(pool, batch.queues())
        seconds = max(s.end for s in samples) - min(s.begin for s in samples)
        await asyncio.sleep(SETTLE)
        if failed:
            raise BenchError(f"{target.label}: {dict(problems(failed))} schon beim Vorbereiten von „{scenario.label}“")
        return target.cpu() - used, seconds, samples

    async def pilot(self, target: Target, scenario: Scenario, stream: bool) -> None:
        """Warm up and find out roughly how fast this is, to know how much to send."""
        _, seconds, samples = await self._closed(target, scenario, stream, PILOT)
        self._speed[target.name, scenario.key, stream] = len(samples) / seconds

    def _pace(self, target: Target, scenario: Scenario, stream: bool) -> float:
        """Return the paced rate: a quarter of what the gateway can, at most 100 a second, the same for all.

        Only LiteLLM, an order of magnitude slower, gets its own: with its rate nobody else would keep warm.
        """
        names = [target.name] if target.name == "litellm" else ["direct", "bare", "gateway"]
        speeds = (self._speed.get((name, scenario.key, stream), math.inf) for name in names)
        return min(100.0, min(speeds) / 4)

    async def cell(self, target: Target, scenario: Scenario, stream: bool) -> Cell:
        """Measure one target on one scenario."""
        pace = self._pace(target, scenario, stream)
        seconds = min(self._plan.saturated, 0.3) if target is self._provider else self._plan.saturated
        speed = self._speed[target.name, scenario.key, stream]
        wanted, least = int(speed * seconds), CONNECTIONS * 4
        if scenario.key == "turn" and speed > 50:
            least = CONNECTIONS * (TURNS - 1)  # a conversation for every connection
        used, seconds, samples = await self._closed(target, scenario, stream, min(max(wanted, least), scenario.most))
        batch = scenario.make(self._texts, target.model, stream, max(32, int(pace * self._plan.paced)))
        pool = self.clients(target)
        warm = await send_first(pool, batch.warmup)
        paced = await open_loop(pool, batch.measured, pace)
        good = [sample for sample in paced if not sample.problem]
        latencies = [sample.latency * 1e3 for sample in good]
        first = [sample.first_text * 1e3 for sample in good]
        return Cell(cpu=used / len(samples) * 1e3, rate=len(samples) / seconds, p50=percentile(latencies, 0.5),
                    p99=percentile(latencies, 0.99), first=percentile(first, 0.5), requests=len(samples) + len(paced),
                    problems=problems(samples + warm + paced))

    async def streams(self, target: Target, count: int, *, restore: bool) -> StreamCell:
        """Hold `count` paced streams open at once; with `restore` the provider quotes placeholders all the time."""
        ramp, window = max(1.0, count / 150), self._plan.window
        chunks = int(RATE * (ramp + window + 1.5))
        control(self._provider, chunks=chunks, rate=RATE, echo=restore)
        text = self._texts.short_personal if restore else self._texts.short
        bodies = [body(target.model, question(text()), True) for _ in range(count)]
        clients = [Client(target.port, target.key) for _ in range(count)]
        try:
            run = await streams(clients, bodies, target.cpu, ramp=ramp, window=window)
        finally:
            for client in clients:
                client.close()
            control(self._provider, chunks=20, rate=0, echo=False)
        span = (chunks - 1) / RATE
        free = sum(is_stall_free(sample.arrivals, span, not sample.problem) for sample in run.samples)
        # Per piece the provider sent, not per piece that came: restoring joins some. How many, the whole streams tell.
        whole = [client.pieces for client, sample in zip(clients, run.samples, strict=True) if not sample.problem]
        sent = run.pieces * (chunks * len(whole) / sum(whole) if whole else 1)
        return StreamCell(count, free, run.cpu / sent * 1e6 if sent else math.nan,
                          max(longest_gap(sample.arrivals) for sample in run.samples), run.cpu / window,
                          problems(run.samples))

    async def masking(self, target: Target) -> tuple[float, bool]:
        """Send mails whose placeholders are quoted: how many a provider saw per mail, and whether all came back."""
        before = control(self._provider, chunks=200, rate=0, echo=True)
        client, restored = self.clients(target)[0], True
        for _ in range(5):
            await client.ask(body(target.model, question(self._texts.mail()), False))
            answer = b"".join(client.body)
            restored = restored and not PLACEHOLDER.search(answer)
        after = control(self._provider, chunks=20, rate=0, echo=False)
        return (after["placeholders"] - before["placeholders"]) / 5, restored

    def close(self) -> None:
        """End all connections."""
        for pool in self._clients.values():
            for client in pool:
                client.close()


async def send_first(pool: Sequence[Client], bodies: Sequence[bytes]) -> list[Sample]:
    """Send what the measured requests build on."""
    return await closed_loop(pool, [bodies[number::len(pool)] for number in range(len(pool))])
