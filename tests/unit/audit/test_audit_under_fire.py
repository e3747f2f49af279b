"""The database goes away under load (full disk, locked file, dead server) and comes back.

Callers are refused in time, nothing goes out meanwhile, nothing is lost, and it goes on by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig, LedgerUnavailable
from audit.store import tables
from tests.support.full_disk import filled, small_disk
from tests.support.postgres import Server

LOG = "test.example/ki-pforte/1"
PATIENCE = 30.0
"""Seconds after which something hangs; nothing is measured with it."""
BULK = "x" * 6000
Trouble = tuple[Ledger, Callable[[], AbstractContextManager[None]]]
"""A ledger, and how to take its database away for a while."""


@pytest.fixture
def full_disk_sqlite(tmp_path: Path) -> Iterator[Trouble]:
    """Database, keys and spool on one small disk, as in a small house."""
    with small_disk(tmp_path / "disk", 4) as disk, Ledger(
            LedgerConfig(f"sqlite:///{disk}/audit.sqlite", LOG, disk / "keys")) as ledger:
        yield ledger, lambda: filled(disk)


@pytest.fixture
def full_disk_postgresql(postgres_server: Server, tmp_path: Path) -> Iterator[Trouble]:
    """The tables on a small disk of the server; our own folder has room."""
    with small_disk(postgres_server.folder / "small", 4) as disk, Ledger(
            LedgerConfig(postgres_server.database(), LOG, tmp_path / "keys")) as ledger:
        place = disk / "tablespace"
        place.mkdir(mode=0o700)
        postgres_server.give(place)
        _say(ledger, f"CREATE TABLESPACE small LOCATION '{place}'", *_all_to("small"))
        yield ledger, lambda: filled(disk)
        ledger.close()
        _say(ledger, *_all_to("pg_default"), "DROP TABLESPACE small")
        ledger._store.close()


def _all_to(place: str) -> list[str]:
    return [f"ALTER TABLE {name} SET TABLESPACE {place}" for name in tables.metadata.tables]


def _say(ledger: Ledger, *statements: str) -> None:
    with ledger._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def locked_sqlite(tmp_path: Path) -> Iterator[Trouble]:
    """Somebody else holds the file, a backup for example."""
    @contextlib.contextmanager
    def locked() -> Iterator[None]:
        with contextlib.closing(sqlite3.connect(tmp_path / "audit.sqlite", isolation_level=None, timeout=20,
                                                check_same_thread=False)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield

    with Ledger(LedgerConfig(f"sqlite:///{tmp_path}/audit.sqlite", LOG, tmp_path / "keys")) as ledger:
        yield ledger, locked


@pytest.fixture
def locked_postgresql(postgres_server: Server, tmp_path: Path) -> Iterator[Trouble]:
    """Somebody else holds a table, a ``VACUUM FULL`` for example."""
    with Ledger(LedgerConfig(postgres_server.database(), LOG, tmp_path / "keys")) as ledger:
        @contextlib.contextmanager
        def locked() -> Iterator[None]:
            with ledger._store.engine.connect() as other, other.begin():
                other.exec_driver_sql("LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE")
                yield

        yield ledger, locked


@pytest.fixture
def dead_postgresql(postgres_server: Server, tmp_path: Path) -> Iterator[Trouble]:
    """The server falls over and is started again."""
    @contextlib.contextmanager
    def dead() -> Iterator[None]:
        postgres_server.control("stop", "-m", "immediate")
        yield
        postgres_server.control("start")

    with Ledger(LedgerConfig(postgres_server.database(), LOG, tmp_path / "keys")) as ledger:
        yield ledger, dead


class Callers:
    """Exchanges under way: each asks the provider only with a receipt in hand."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.calls: list[str] = []
        self.in_a_row = 0
        """Refusals since the last call."""
        self.stop = False

    async def run(self, number: int) -> None:
        await asyncio.gather(*[self._one() for _ in range(number)])

    async def _one(self) -> None:
        while not self.stop:
            try:
                intent = await self._append("intent")
                self.calls.append(intent)
                self.in_a_row = 0
                await self._append("outcome", intent)
            except LedgerUnavailable:
                self.in_a_row += 1
                await asyncio.sleep(0.005)

    async def _append(self, kind: str, ref: str = "") -> str:
        draft = self.ledger.draft(kind, {"bulk": BULK}, subject="anna", ref=ref)
        async with asyncio.timeout(PATIENCE):  # whoever hangs fails here
            return (await self.ledger.append(draft)).record_id


async def until(what: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < give_up, "it does not come to this"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", [
    "full_disk_sqlite", "locked_sqlite",
    *[pytest.param(f"{name}_postgresql", marks=pytest.mark.postgres) for name in ("full_disk", "locked", "dead")]])
def test_whoever_waits_is_refused_nothing_goes_out_and_every_end_is_written_when_the_database_is_back(
        kind: str, request: pytest.FixtureRequest) -> None:
    trouble: Trouble = request.getfixturevalue(kind)
    ledger, database_away = trouble

    async def scene() -> Callers:
        callers = Callers(ledger)
        async with asyncio.TaskGroup() as group:
            group.create_task(callers.run(16))
            await until(lambda: len(callers.calls) >= 32)
            with contextlib.ExitStack() as away:
                await asyncio.to_thread(away.enter_context, database_away())
                await until(lambda: not ledger.healthy)
                await until(lambda: callers.in_a_row >= 64)  # a full disk has room for a small record now and then
                before = len(callers.calls)
            await until(lambda: len(callers.calls) >= before + 16)
            callers.stop = True
        return callers

    ledger.start()
    callers = asyncio.run(scene())
    assert ledger.healthy
    ledger.checkpoint()
    rows = list(ledger.reader.tail(-1, 100_000))
    ends = Counter(row.ref for row in rows if row.type in ("outcome", "outcome.unknown"))
    intents = {row.id for row in rows if row.type == "intent"}
    assert set(callers.calls) <= intents
    assert set(ends) == intents
    assert set(ends.values()) == {1}
    assert {row.type for row in rows if row.ref in set(callers.calls)} == {"outcome"}, "no end of a call is lost"
    verdict = ledger.verify()
    assert (verdict.exit_code, verdict.unsequenced, verdict.gap_count) == (0, 0, 0)
    assert ledger.backlog.spooled == ledger.backlog.memory == ledger.backlog.lost == 0
