"""Measures one process: from its call to ``/readyz`` with 200, and how much memory it holds, fresh and after use.

Run: ``python -m tests.bench.start_bench``. The house has its example people and the recogniser that comes with it.
Memory is told twice: RSS counts every page that the process sees, PSS divides those that it shares with others. The
time is that of a wall clock, so other work on the machine makes it longer; the processor's time beside it does not.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.ledger_report import number, table
from tests.bench.measure import cpu_seconds, median
from tests.bench.texts import Texts
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, example_policies
from tests.support.http import ask, chat

READY_TARGET: Final = 6.0
MEMORY_TARGET: Final = 400.0


@dataclass(frozen=True)
class Seen:
    """One start."""

    ready: float
    """Seconds from the call until it serves, and of the processor for that."""
    cpu: float
    rss: float
    """MB after the start, and after use."""
    pss: float
    used_rss: float
    used_pss: float


def memory(pid: int) -> tuple[float, float]:
    """Return RSS and PSS of a process in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    rss, pss = (int(re.findall(rf"^{name}:\s+(\d+) kB$", text, re.M)[0]) for name in ("Rss", "Pss"))
    return rss / 1024, pss / 1024


def start(gateway: GatewayProcess, requests: int, texts: Texts) -> Seen:
    """Start it, look, let it answer so many different mails, and look again."""
    begun = time.monotonic()
    gateway.start()
    ready = time.monotonic() - begun
    process = gateway.process
    assert process is not None
    cpu, fresh = cpu_seconds(process.pid), memory(process.pid)
    key = gateway.holder("gueltig").key
    for turn in range(requests):
        reply = ask("POST", gateway.url + "/v1/chat/completions", key, chat(texts.mail(), stream=bool(turn % 2)))
        if reply.status != 200:
            raise SystemExit(f"a request failed: {reply.status}")
    used = memory(process.pid)
    gateway.stop()
    return Seen(ready, cpu, *fresh, *used)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200)
    given = parser.parse_args(arguments)
    texts = Texts(7)
    with tempfile.TemporaryDirectory(prefix="start-bench") as name, EchoProvider() as provider:
        policies = example_policies(Path(name) / "policies", provider.url)
        gateway = GatewayProcess(Path(name) / "home", policies, provider.url, KI_PFORTE_LOG_LEVEL="info").init()
        seen = [start(gateway, given.requests, texts) for _ in range(given.rounds)]
    rows = [["Start bis bereit, s", [one.ready for one in seen], f"≤ {READY_TARGET:.0f}"],
            ["davon Rechenzeit, s", [one.cpu for one in seen], ""],
            ["RSS nach dem Start, MB", [one.rss for one in seen], f"≤ {MEMORY_TARGET:.0f}"],
            ["PSS nach dem Start, MB", [one.pss for one in seen], ""],
            [f"RSS nach {given.requests} Mails, MB", [one.used_rss for one in seen], f"≤ {MEMORY_TARGET:.0f}"],
            [f"PSS nach {given.requests} Mails, MB", [one.used_pss for one in seen], ""]]
    print(f"Last der Maschine: {os.getloadavg()[0]:.1f} bei {os.cpu_count()} Kernen")
    print(table(["", "bester", "Median", "Ziel"], [
        [name, number(min(values), 1), number(median(values), 1), target] for name, values, target in rows]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
