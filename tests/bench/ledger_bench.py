"""Measures the ledger: durable appends, CPU per exchange, latency; each beside its target.

Run: ``python -m tests.bench.ledger_bench [URL]``. Without a URL it measures SQLite in a temporary folder and, where
PostgreSQL is installed, a server of its own (with ``fsync``). An exchange is two records (intent with `meta` and
`subject`, outcome with `meta`) and their sequencing. Our process runs on one core; those of PostgreSQL run where they
like, and their CPU is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audit import Ledger, LedgerConfig
from tests.bench.ledger_report import Load, alone, machine_line, row, table
from tests.bench.measure import median, percentile
from tests.support.postgres import find_server, running_server

ROUNDS: Final = 3
DURABLE: Final = "-c shared_buffers=128MB"
RATES: Final = {"SQLite": 8000.0, "PostgreSQL": 5000.0}

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


@dataclass
class Run:
    """One load: records per second, CPU milliseconds per exchange (with sequencing), waits in milliseconds."""

    rate: float
    cpu: float
    p50: float
    p99: float
    load: Load


def measure(ledger: Ledger, work: Coroutine[Any, Any, list[float]], exchanges: int) -> Run:
    """Run a load and sequence all of it."""
    with alone() as load:
        began, cpu = time.perf_counter(), time.process_time()
        waits = asyncio.run(work)
        wall = time.perf_counter() - began
        ledger.sequence()
        cpu = time.process_time() - cpu
    return Run(2 * exchanges / wall, 1000 * cpu / exchanges, 1000 * percentile(waits, 0.5),
               1000 * percentile(waits, 0.99), load)


def rounds(url: str, folder: Path, exchanges: int) -> dict[str, list[Run]]:
    """Run every load so many times."""
    found: dict[str, list[Run]] = {"64": [], "300": [], "1": []}
    with Ledger(LedgerConfig(url, "bench.example/ki-pforte/1", folder / "keys")) as ledger:
        ledger.start()
        asyncio.run(crowd(ledger, 500, 64))  # warm
        for _ in range(ROUNDS):
            found["64"].append(measure(ledger, crowd(ledger, exchanges, 64), exchanges))
            found["300"].append(measure(ledger, paced(ledger, 300, 5), 1500))
            found["1"].append(measure(ledger, crowd(ledger, exchanges // 10, 1), exchanges // 10))
        ledger.checkpoint()
        verdict = ledger.verify()
        if verdict.exit_code:
            raise SystemExit(f"Das Protokoll ist nach der Messung nicht unverändert: {verdict.verdict}")
    return found


def report(kind: str, found: dict[str, list[Run]]) -> str:
    """Return the best round and the median of all, beside the target."""
    lines: list[tuple[str, str, str, str]] = []

    def line(what: str, values: list[float], digits: int, target: float | None, *, least: bool = False) -> None:
        best = max(values) if least else min(values)
        _, middle, _ = row(what, median(values), 0, digits)
        _, shown, goal = row(what, best, target or 0, digits, least=least)
        lines.append((what, shown, middle, goal if target is not None else ""))

    crowd_, paced_, single = found["64"], found["300"], found["1"]
    line("64 warten: Einträge/s", [run.rate for run in crowd_], 0, RATES[kind], least=True)
    line("64 warten: CPU ms je Vorgang", [run.cpu for run in crowd_], 3, 0.25)
    line("64 warten: Wartezeit p99 ms", [run.p99 for run in crowd_], 1, None)
    line("300 Vorgänge/s: Wartezeit p50 ms", [run.p50 for run in paced_], 1, 4)
    line("300 Vorgänge/s: Wartezeit p99 ms", [run.p99 for run in paced_], 1, 15)
    line("300 Vorgänge/s: CPU ms je Vorgang", [run.cpu for run in paced_], 3, None)
    line("einer wartet: Wartezeit p50 ms", [run.p50 for run in single], 2, None)
    foreign = median([run.load.foreign for runs in found.values() for run in runs])
    shown = table((kind, "beste Runde", "Median", "Ziel"), lines)
    return f"{machine_line(Load(foreign=foreign))}\n\n{shown}\n"


@contextlib.contextmanager
def databases(url: str, folder: Path) -> Iterator[Iterator[tuple[str, str]]]:
    """Give the databases to measure: their kind and address."""
    with contextlib.ExitStack() as stack:
        def found() -> Iterator[tuple[str, str]]:
            if url:
                yield ("SQLite" if url.startswith("sqlite") else "PostgreSQL"), url
                return
            yield "SQLite", f"sqlite:///{folder}/audit.sqlite"
            if find_server() is None:
                print("PostgreSQL: nicht gemessen, es ist nicht installiert.")
            else:
                yield "PostgreSQL", stack.enter_context(running_server(DURABLE)).database()

        yield found()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ledger_bench",
                                     description="Was das Protokoll kostet, und wie schnell es schreibt.")
    parser.add_argument("url", nargs="?", default="", help="eine leere Datenbank; sonst SQLite und PostgreSQL")
    parser.add_argument("--exchanges", type=int, default=20_000, help="Vorgänge je Runde (20000)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, databases(arguments.url, Path(name)) as found:
        for kind, url in found:
            print(report(kind, rounds(url, Path(name) / kind, arguments.exchanges)), flush=True)


if __name__ == "__main__":
    main()
