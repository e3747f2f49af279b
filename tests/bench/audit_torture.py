"""Kills the write path of the ledger, again and again, and looks whether anything was lost.

Run: ``python -m tests.bench.audit_torture [--kills N] [--only sqlite|postgresql] [--seed N]``; half of it runs over
SQLite and half over a PostgreSQL server started from installed binaries.

A house is two processes with 16 callers each. A caller writes an intent, calls the provider, and writes the outcome.
The provider is another process: it looks into the database over a connection of its own, and notes every call without
a durable intent. Each process is killed with ``SIGKILL``, either at a named step of the write path (the n-th time it
comes by) or after a random time; another one takes its place. From time to time the house is closed, and the book must
show: the log verifies, every intent has exactly one end, what was promised (a receipt seen outside) is there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy import make_url

from audit import Ledger, LedgerConfig, LedgerUnavailable, RecordRow
from tests.support.postgres import running_server

LOG: Final = "torture.example/ki-pforte/1"
CALLERS: Final = 16
PER_HOUSE: Final = 25
PATIENCE: Final = 15.0
"""Seconds until a process that did not come by its step dies where it is (on a busy machine it comes late)."""
STEPS: Final = ("before insert", "before commit", "after commit", "before news", "before sequencing", "sequenced",
                "before note", "note remembered", "before reaping", "database away", "spooled", "")
"""Where a process dies; the last one: anywhere, by the clock."""


def config(url: str, folder: Path) -> LedgerConfig:
    """Return the set-up of the house."""
    return LedgerConfig(url, LOG, folder)


# ---- the process that is killed --------------------------------------------------------------------------------------


def _die_at(ledger: Ledger, step: str, number: int) -> None:
    """Let this process kill itself when it comes by this step for the n-th time."""
    from audit import checkpointer, keeper, sequencer, spool, writer
    from audit.batch import Batches

    left = [number]

    def die() -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(owner: Any, name: str, *, before: bool) -> None:
        real = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            if before:
                die()
                return real(*args, **kwargs)
            result = real(*args, **kwargs)
            die()
            return result

        setattr(owner, name, wrapped)

    places: dict[str, tuple[Any, str, bool]] = {
        "before insert": (Batches, "insert", True), "before commit": (Batches, "insert", False),
        "before news": (writer, "_deliver", True), "before sequencing": (sequencer.Sequencer, "_chunk", True),
        "sequenced": (sequencer.Sequencer, "_chunk", False), "before note": (checkpointer.Checkpointer, "sign", True),
        "note remembered": (checkpointer.Checkpointer, "_remember", False),
        "before reaping": (keeper, "reap_writer", True), "spooled": (spool.Spool, "add", False),
    }
    if step == "after commit":
        _after_commit(ledger, die)
    elif step in places:
        around(places[step][0], places[step][1], before=places[step][2])
    if step in ("database away", "spooled"):
        writer.PATIENCE = 0.1  # type: ignore[misc]
        threading.Timer(0.2, _goes_away, (ledger, step)).start()


def _after_commit(ledger: Ledger, die: Callable[[], None]) -> None:
    real = ledger._store.write

    @contextlib.contextmanager
    def write(*args: Any) -> Iterator[Any]:
        with real(*args) as run:
            yield run
        die()

    ledger._store.write = write  # type: ignore[method-assign]


def _goes_away(ledger: Ledger, step: str) -> None:
    def gone(*_: Any) -> Any:
        raise OSError("gone")

    ledger._store.write = gone  # type: ignore[method-assign]
    if step == "database away":
        threading.Timer(0.35, os.kill, (os.getpid(), signal.SIGKILL)).start()


def serve(url: str, folder: Path, step: str, number: int, provider: Connection, limit: int) -> None:
    """Live in the house: `limit` exchanges per caller (0: until killed), then close."""
    from audit import keeper

    keeper.SIGN_EVERY, keeper.REAP_EVERY = 0.2, 0.5  # type: ignore[misc]  # nobody lives long enough for the real ones
    with Ledger(config(url, folder)) as ledger:
        _die_at(ledger, step, number)
        ledger.start()
        asyncio.run(_callers(ledger, provider, limit))
    provider.close()


async def _callers(ledger: Ledger, provider: Connection, limit: int) -> None:
    answers: dict[str, asyncio.Future[None]] = {}
    loop = asyncio.get_running_loop()

    def answered() -> None:
        while provider.poll():
            answers.pop(provider.recv()).set_result(None)

    loop.add_reader(provider.fileno(), answered)

    async def one() -> None:
        for _ in range(limit or 1_000_000):
            with contextlib.suppress(LedgerUnavailable):
                intent = await ledger.append(ledger.draft("intent", {"vorgang": "V"}, subject="anna"))
                future = answers[intent.record_id] = loop.create_future()
                provider.send(("call", intent.record_id))
                await future
                done = await ledger.append(ledger.draft("outcome", {"status": 200}, ref=intent.record_id))
                provider.send(("done", done.record_id))
            await asyncio.sleep(0)

    await asyncio.gather(*[one() for _ in range(CALLERS)])
    loop.remove_reader(provider.fileno())


# ---- outside ---------------------------------------------------------------------------------------------------------


def _look(url: str) -> tuple[Callable[[str], bool], Callable[[], None]]:
    """Return who looks for a record over a connection of its own, and how to close that."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        lite = sqlite3.connect(str(parsed.database), isolation_level=None)
        return (lambda ident: lite.execute(
            "SELECT 1 FROM audit_record WHERE id = ? AND type = 'intent'", (ident,)).fetchone() is not None), lite.close
    post = psycopg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True)
    return (lambda ident: post.execute(
        "SELECT 1 FROM audit_record WHERE id = %s AND type = 'intent'", (ident,)).fetchone() is not None), post.close


def rows_of(ledger: Ledger) -> Iterator[RecordRow]:
    last = -1
    while page := ledger.reader.tail(last, 1000):
        yield from page
        last = page[-1].idx


@dataclass
class Report:
    """What was seen from outside."""

    kills: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    receipts: int = 0
    records: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    spooled: int = 0
    faults: list[str] = field(default_factory=list)


class House:
    """A database, its processes, and the provider that watches them."""

    def __init__(self, url: str, folder: Path, report: Report, dice: random.Random) -> None:
        self.url, self.folder, self.report, self.dice = url, folder, report, dice
        self._start = multiprocessing.get_context("forkserver")
        self._start.set_forkserver_preload(["audit.ledger", "audit.store.migrations.run", __name__])
        with Ledger(config(url, folder)):  # tables and keys
            pass
        self._sees, self._close = _look(url)
        self._calls: set[str] = set()
        self._promised: set[str] = set()

    def spawn(self, step: str, limit: int = 0) -> tuple[Any, Connection, str]:
        """Start a process."""
        ours, theirs = self._start.Pipe()
        seldom = step in ("before reaping", "spooled", "before note", "note remembered")
        number = 1 if seldom else self.dice.randint(1, 30)
        process = self._start.Process(target=serve, args=(self.url, self.folder, step, number, theirs, limit))
        process.start()
        theirs.close()
        return process, ours, step

    def kill(self, kills: int, steps: Sequence[str] = STEPS) -> None:
        """Let processes live and die, two at a time; each dies at the next one of these steps."""
        living: list[tuple[Any, Connection, str, float]] = []
        dead = started = 0
        while dead < kills:
            while len(living) < 2 and started < kills:
                step = steps[started % len(steps)]
                deadline = time.monotonic() + (self.dice.uniform(0.05, 0.6) if not step else PATIENCE)
                living.append((*self.spawn(step), deadline))
                started += 1
            self._attend([one[1] for one in living], 0.02)
            for one in list(living):
                process, pipe, step, deadline = one
                if process.is_alive() and time.monotonic() > deadline:
                    process.kill()
                    process.join()
                    step = "any time"
                if not process.is_alive():
                    self._drain(pipe)
                    living.remove(one)
                    dead += 1
                    self.report.kills[step or "any time"] += 1
                    if process.exitcode != -signal.SIGKILL:
                        self.report.faults.append(f"{step}: exit code {process.exitcode}")

    def _attend(self, pipes: list[Connection], seconds: float) -> None:
        for pipe in wait(pipes, seconds):
            assert isinstance(pipe, Connection)
            with contextlib.suppress(EOFError, OSError):
                self._hear(pipe)

    def _drain(self, pipe: Connection) -> None:
        with contextlib.suppress(EOFError, OSError):
            while pipe.poll():
                self._hear(pipe)
        pipe.close()

    def _hear(self, pipe: Connection) -> None:
        kind, ident = pipe.recv()
        if kind == "done":
            self._promised.add(ident)
            return
        self._calls.add(ident)
        if not self._sees(ident):
            self.report.faults.append(f"call without a durable intent: {ident}")
        pipe.send(ident)

    def judge(self) -> None:
        """Close the house with a last process that comes to its end, and read the book."""
        process, pipe, _ = self.spawn("", limit=1)
        while process.is_alive():
            self._attend([pipe], 0.02)
        self._drain(pipe)
        self._close()
        with Ledger(config(self.url, self.folder)) as ledger:
            ledger.start()  # whoever died last is seen to, and then there is nobody
            give_up = time.monotonic() + 180  # what a killed commit left behind is seen to in the next round
            while (verdict := ledger.verify()).open_intents + verdict.unsequenced and time.monotonic() < give_up:
                time.sleep(0.05)
            rows = list(rows_of(ledger))
        intents = {row.id for row in rows if row.type == "intent"}
        ends = Counter(row.ref for row in rows if row.type in ("outcome", "outcome.unknown"))
        fault = self.report.faults.append
        if (verdict.exit_code, verdict.surplus_ends, verdict.unsequenced) != (0, 0, 0):
            fault(f"the log does not verify: {verdict.text()}")
        if set(ends) != intents or set(ends.values()) - {1}:
            fault("an intent has not exactly one end")
        if not self._calls <= intents or not self._promised <= {row.id for row in rows}:
            fault("something is lost")
        if [row.idx for row in rows] != list(range(len(rows))):
            fault("the index has a hole")
        if list((self.folder / "spool").iterdir()):
            fault("something waits still on disk")
        report = self.report
        report.spooled += sum(row.type == "finding.spool" for row in rows)
        report.calls += len(self._calls)
        report.receipts += len(self._promised)
        report.records += len(rows)
        report.ends += Counter(row.type for row in rows if row.type.startswith("outcome"))


def torture(urls: Callable[[Path], str], kills: int, seed: int) -> Report:
    """Kill so many processes, a fresh house for each few of them."""
    report, dice = Report(), random.Random(seed)
    for at in range(0, kills, PER_HOUSE):
        with tempfile.TemporaryDirectory() as name:
            house = House(urls(Path(name)), Path(name) / "keys", report, dice)
            house.kill(min(PER_HOUSE, kills - at))
            house.judge()
    return report


def _say(what: str, report: Report, seconds: float) -> None:
    print(f"{what}: {sum(report.kills.values())} kills in {seconds:.0f} s; {report.calls} provider calls, "
          f"{report.receipts} receipts of ends, {report.records} records; {dict(report.ends)}; "
          f"{report.spooled} times outcomes came from disk; faults: {report.faults or 'none'}")
    print(f"  killed at: {dict(report.kills)}; load {os.getloadavg()[0]:.1f}", flush=True)


def databases(only: str | None = None) -> Iterator[tuple[str, Callable[[Path], str]]]:
    """Yield the kinds of databases, and how to make an empty one of each."""
    if only != "postgresql":
        yield "sqlite", lambda folder: f"sqlite:///{folder}/audit.sqlite"
    if only != "sqlite":
        with running_server() as server:
            yield "postgresql", lambda _: server.database()


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    bad = False
    for kind, urls in databases(options.only):
        began = time.monotonic()
        report = torture(urls, options.kills if options.only else options.kills // 2, options.seed)
        _say(kind, report, time.monotonic() - began)
        bad = bad or bool(report.faults)
    return int(bad)


if __name__ == "__main__":
    raise SystemExit(main())
