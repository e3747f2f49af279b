"""Measures how much three replicas carry that share PostgreSQL and Redis or Valkey, compared with one.

Run: ``python -m tests.bench.replicas_bench``. Every replica is a process of its own with a fixed share of a core
(`cpu_share`), so that the machine has enough left for the database, the provider and the load. What is compared is the
requests per second that come through complete, over as many connections per replica.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.bench import cpu_share
from tests.bench.ledger_report import row, table
from tests.bench.load import Client, Sample, problems
from tests.bench.measure import median
from tests.bench.scenarios import body, question
from tests.bench.targets import Target, cores, request, start_provider
from tests.bench.texts import Texts
from tests.support.gateway_process import ROOT, GatewayProcess
from tests.support.postgres import find_server, running_server
from tests.support.redis_server import RedisServer

TARGET: Final = 2.5
_CONNECTIONS: Final = 8
_WARM: Final = 60


@contextlib.contextmanager
def town(folder: Path, count: int, provider: Target) -> Iterator[list[GatewayProcess]]:
    """Start so many replicas of one house."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_server("-c shared_buffers=128MB -c max_connections=200"))
        counter = RedisServer(folder)
        counter.start()
        stack.callback(counter.stop)
        shared = {"KI_PFORTE_DATABASE_URL": server.database(), "KI_PFORTE_AUDIT_DATABASE_URL": server.database(),
                  "KI_PFORTE_REDIS_URL": counter.url, "KI_PFORTE_LOG_LEVEL": "warning",
                  "KI_PFORTE_OPENAI_MODEL": "fake"}
        found: list[GatewayProcess] = []
        for number in range(count):
            one = GatewayProcess(folder / f"replica{number}", ROOT / "policies",
                                 f"http://127.0.0.1:{provider.port}/v1", **shared)
            stack.enter_context(one)
            found.append(one.settle_like(found[0]) if found else one.init())
        for one in found:
            one.start()
        yield found


async def carried(replicas: Sequence[GatewayProcess], bodies: Iterator[bytes], seconds: float) -> float:
    """Return the complete answers per second that these replicas give together."""
    key = next(person.key for person in replicas[0].people if person.state == "gueltig")
    clients = [Client(one.port, key) for one in replicas for _ in range(_CONNECTIONS)]
    done: list[Sample] = []
    begin = time.monotonic() + 2.0

    async def work(client: Client) -> None:
        while time.monotonic() < begin + seconds:
            done.append(await client.ask(next(bodies)))

    await asyncio.gather(*map(work, clients))
    for client in clients:
        client.close()
    if wrong := problems(done):
        raise SystemExit(f"Nicht jede Antwort war vollständig: {dict(wrong)}")
    return sum(begin <= sample.end <= begin + seconds for sample in done) / seconds


def every(texts: Texts, kind: str) -> Iterator[bytes]:
    """Yield new requests without end."""
    while True:
        yield body("schnellstart", question(texts.short() if kind == "short" else texts.mail()), stream=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.replicas_bench",
                                     description="Wie viel drei Repliken tragen, verglichen mit einer.")
    parser.add_argument("--share", type=float, default=0.25, help="Anteil eines Kerns je Replik (0,25)")
    parser.add_argument("--seconds", type=float, default=15, help="Dauer einer Messung (15)")
    parser.add_argument("--rounds", type=int, default=3, help="Runden (3)")
    parser.add_argument("--kind", choices=("short", "mail"), default="short", help="Art der Anfragen")
    arguments = parser.parse_args()
    if not cpu_share.available() or find_server() is None or cores() is None:
        raise SystemExit("Nicht messbar: nötig sind zwei Kerne, PostgreSQL, Redis oder Valkey und das Recht, "
                         "Kontrollgruppen anzulegen.")
    before = os.getloadavg()[0]
    bodies = every(Texts(7), arguments.kind)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        provider = start_provider(Path(name), None)
        stack.callback(provider.stop)
        request(provider.port, "POST", "/control", {"chunks": 20, "rate": 0})
        replicas = stack.enter_context(town(Path(name), 3, provider))
        asyncio.run(carried(replicas, bodies, 3))  # warm
        for one in replicas:
            assert one.process is not None
            stack.enter_context(cpu_share.share(arguments.share, one.process.pid))
        rates: dict[int, list[float]] = {1: [], 3: []}
        for _ in range(arguments.rounds):
            for count, measured in rates.items():
                measured.append(asyncio.run(carried(replicas[:count], bodies, arguments.seconds)))
    one, three = median(rates[1]), median(rates[3])
    kind = {"short": "kurz, gestreamt", "mail": "Mail, gestreamt"}[arguments.kind]
    print(f"{os.cpu_count()} Kerne; Last der Maschine vorher: {before:.1f}\n")
    rows = [("eine Replik: Anfragen/s", f"{one:.0f}", ""), ("drei Repliken: Anfragen/s", f"{three:.0f}", ""),
            row("Verhältnis", three / one, TARGET, 2, least=True)]
    print(table((f"{kind}; je Replik {arguments.share:.0%} eines Kerns", "gemessen", "Ziel"), rows))


if __name__ == "__main__":
    main()
