"""Measures the ledger: durable appends, CPU per exchange, latency, verification.

Run: ``python -m tests.bench.ledger_bench [URL]``; without a URL it uses SQLite in a temporary folder. An exchange is
two records (intent with `meta` and `subject`, outcome with `meta`) and their sequencing.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from audit import Ledger, LedgerConfig

META = {
    "vorgang": "K7QF-M2XA-9TZB", "department": "sozialamt", "model": "demo", "provider": "demo", "region": "DE",
    "policy": "a" * 64, "decision": "allowed", "rules": ["org.default", "sozialamt.modelle"], "purpose": "allgemein",
    "api": "chat", "counts": {"PERSON:placeholder": 3, "IBAN:placeholder": 1}, "bytes": 2311, "pass": "gueltig",
    "dv": "b" * 64,
}  # fmt: skip
OUTCOME = {
    "vorgang": META["vorgang"],
    "status": 200,
    "tokens": {"in": 512, "out": 381},
    "bytes": 4711,
    "latency_ms": 912,
}


async def exchange(ledger: Ledger, n: int, waits: list[float]) -> None:
    """Write one intent and its outcome."""
    began = time.perf_counter()
    meta = {**META, "vorgang": f"V{n:010d}"}
    intent = await ledger.append(ledger.draft("intent", meta, subject=f"person-{n % 300}"))
    waits.append(time.perf_counter() - began)
    await ledger.append(ledger.draft("outcome", {**OUTCOME, "vorgang": meta["vorgang"]}, ref=intent.record_id))


async def crowd(ledger: Ledger, total: int, width: int) -> list[float]:
    """Run exchanges with so many waiting at once."""
    waits: list[float] = []
    numbers = iter(range(total))

    async def one() -> None:
        for n in numbers:
            await exchange(ledger, n, waits)

    await asyncio.gather(*[one() for _ in range(width)])
    return waits


async def paced(ledger: Ledger, rate: int, seconds: float) -> list[float]:
    """Run exchanges at a fixed rate."""
    waits: list[float] = []
    tasks, start = [], time.perf_counter()
    for n in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + n / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(exchange(ledger, 10_000_000 + n, waits)))
    await asyncio.gather(*tasks)
    return waits


def report(what: str, wall: float, cpu: float, exchanges: int, waits: list[float]) -> None:
    """Print one line."""
    cuts = statistics.quantiles(waits, n=100)
    print(f"{what:34} {2 * exchanges / wall:8.0f} records/s  {1000 * cpu / exchanges:6.3f} ms CPU/exchange  "
          f"wait p50 {1000 * cuts[49]:6.2f} ms  p99 {1000 * cuts[98]:6.2f} ms")  # fmt: skip


def measure(ledger: Ledger, what: str, run: object, exchanges: int) -> None:
    """Run a load and sequence all of it; time and CPU include the sequencing."""
    wall, cpu = time.perf_counter(), time.process_time()
    waits = asyncio.run(run)  # type: ignore[arg-type]
    wall = time.perf_counter() - wall
    ledger.sequence()
    report(what, wall, time.process_time() - cpu, exchanges, waits)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/audit.sqlite"
        ledger = Ledger(LedgerConfig(url, "bench.example/ki-pforte/1", Path(folder) / "keys"))
        ledger.start()
        measure(ledger, "64 waiting", crowd(ledger, 20_000, 64), 20_000)
        measure(ledger, "1 waiting", crowd(ledger, 2_000, 1), 2_000)
        measure(ledger, "300 exchanges/s for 5 s", paced(ledger, 300, 5), 1500)
        ledger.checkpoint()
        began = time.perf_counter()
        verdict = ledger.verify()
        rate = verdict.size / (time.perf_counter() - began)
        print(f"verify in place: {verdict.verdict}, {verdict.size} records, {rate:.0f} records/s")
        ledger.close()


if __name__ == "__main__":
    main()
