"""Several processes, and processes that are killed: nothing is lost, every intent has one end, the log verifies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit import Filters, Ledger, LedgerConfig
from tests.support.postgres import Server

LOG = "test.example/ki-pforte/1"
ROOT = Path(__file__).parents[3]

WRITE = """
import asyncio, sys
from pathlib import Path
from audit import Ledger, LedgerConfig

async def main(ledger):
    async def one(n):
        intent = await ledger.append(ledger.draft("intent", {"vorgang": f"V{n}"}, subject="anna"))
        print(intent.record_id, flush=True)
        await asyncio.sleep(3600)
    await asyncio.gather(*[one(n) for n in range(20)])

url, folder = sys.argv[1:]
with Ledger(LedgerConfig(url, "test.example/ki-pforte/1", Path(folder))) as ledger:
    ledger.start()
    asyncio.run(main(ledger))
"""


def test_a_killed_process_loses_nothing_and_its_intents_get_exactly_one_end(url: str, tmp_path: Path) -> None:
    config = LedgerConfig(url, LOG, tmp_path / "keys")
    process = subprocess.Popen([sys.executable, "-c", WRITE, url, str(config.folder)], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE)
    assert process.stdout is not None
    promised = [process.stdout.readline().strip() for _ in range(10)]
    os.kill(process.pid, signal.SIGKILL)
    promised += process.communicate()[0].split()
    with Ledger(config) as first, Ledger(config) as second:
        first.start()
        second.start()
        while first.verify().open_intents or not first.reader.page(Filters(types=["outcome.unknown"])).rows:
            time.sleep(0.02)
        verdict = first.verify()
        assert (verdict.exit_code, verdict.open_intents, verdict.surplus_ends) == (0, 0, 0)
        rows = first.reader.page(Filters(types=["intent"]), limit=1000).rows
        assert set(promised) <= {row.id for row in rows}
        ends = first.reader.page(Filters(types=["outcome.unknown"]), limit=1000).rows
        assert sorted(row.ref for row in ends) == sorted(row.id for row in rows)
        assert {row.vorgang for row in ends} == {row.vorgang for row in rows}


def test_a_living_process_keeps_its_intents(sqlite_url: str, tmp_path: Path) -> None:
    config = LedgerConfig(sqlite_url, LOG, tmp_path / "keys")
    with Ledger(config) as alive, Ledger(config) as other:
        intent = alive.append_wait(alive.draft("intent", {"vorgang": "V"}))
        other.start()
        other.append_wait(other.draft("config", {}))
        other.sequence()
        other._keeper.reap()
        alive.append_wait(alive.draft("outcome", {"vorgang": "V"}, ref=intent.record_id))
        other.sequence()
        assert [row.type for row in other.reader.page(Filters(vorgang="V")).rows] == ["outcome", "intent"]


def test_a_server_that_stops_leaves_no_intent_open(sqlite_url: str, tmp_path: Path) -> None:
    config = LedgerConfig(sqlite_url, LOG, tmp_path / "keys")
    with Ledger(config) as server:
        server.start()
        server.append_wait(server.draft("intent", {"vorgang": "V"}))
    with Ledger(config) as reader:
        assert (reader.verify().open_intents, reader.status().unsequenced) == (0, 0)
        assert [row.type for row in reader.reader.vorgang("V")] == ["intent", "outcome.unknown"]


def test_an_intent_whose_commit_came_through_after_its_process_was_seen_to_is_ended_in_the_next_round(
        sqlite_url: str, tmp_path: Path) -> None:
    """PostgreSQL ends a commit alone when the process that asked for it was killed meanwhile."""
    config = LedgerConfig(sqlite_url, LOG, tmp_path / "keys")
    with Ledger(config) as killed, Ledger(config) as house:
        dead = killed._writer().id
        killed._presence.close()  # the kernel lets go of the lock of a process that was killed
        keeper = house._keeper
        keeper._dead = house._presence.claim_dead()
        keeper._reap()
        killed.append_wait(killed.draft("intent", {"vorgang": "V"}))
        house.sequence()
        assert (config.folder / "writers" / dead).exists()
        keeper._reap()
        house.sequence()
        assert [row.type for row in house.reader.vorgang("V")] == ["intent", "outcome.unknown"]
        assert not (config.folder / "writers" / dead).exists()


def test_a_dead_writer_whose_successor_dies_before_the_second_look_is_found_by_the_next(
        sqlite_url: str, tmp_path: Path) -> None:
    config = LedgerConfig(sqlite_url, LOG, tmp_path / "keys")
    with Ledger(config) as killed, Ledger(config) as hasty, Ledger(config) as house:
        dead = killed._writer().id
        killed._presence.close()
        hasty._keeper._dead = hasty._presence.claim_dead()
        hasty._keeper._reap()
        assert dead not in house._presence.claim_dead()  # one process sees to it at a time
        hasty._presence.close()
        killed.append_wait(killed.draft("intent", {"vorgang": "V"}))
        house.sequence()
        house._keeper._dead = house._presence.claim_dead()
        assert dead in house._keeper._dead
        house._keeper._reap()
        house.sequence()
        assert [row.type for row in house.reader.vorgang("V")] == ["intent", "outcome.unknown"]


def test_an_intent_older_than_any_exchange_is_ended_once(sqlite_url: str, tmp_path: Path) -> None:
    with Ledger(LedgerConfig(sqlite_url, LOG, tmp_path / "keys", longest_exchange=-400)) as ledger:
        ledger.append_wait(ledger.draft("intent", {"vorgang": "V"}))
        ledger.sequence()
        assert ledger._keeper.reap() == 1
        assert ledger._keeper.reap() == 1  # not sequenced yet: tried again, written once
        verdict = ledger.verify()
        assert (verdict.open_intents, verdict.surplus_ends, verdict.size) == (0, 0, 3)
        assert ledger._keeper.reap() == 0


@pytest.mark.postgres
def test_a_server_that_restarts_costs_no_record(postgres_server: Server, tmp_path: Path) -> None:
    with Ledger(LedgerConfig(postgres_server.database(), LOG, tmp_path / "keys")) as ledger:
        first = ledger.append_wait(ledger.draft("intent", {"vorgang": "V"}))
        postgres_server.control("stop", "-m", "immediate")
        try:
            # An end is durable once it lies on the disk of this machine.
            ledger.append_wait(ledger.draft("outcome", {"vorgang": "V"}, ref=first.record_id))
            assert not ledger.healthy
        finally:
            postgres_server.control("start")
        while not ledger.healthy:
            time.sleep(0.02)
        ledger.append_wait(ledger.draft("config", {}))
        verdict = ledger.verify()
        assert (verdict.exit_code, verdict.size, verdict.open_intents) == (0, 5, 0)
        assert [row.type for row in ledger.reader.tail(-1, 9)][2:4] == ["outcome", "finding.spool"]
