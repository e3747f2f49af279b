"""The exercise of docs/notfall.md: load, backup, a lost server, another machine; people, passes and log are there."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, GatewayProcess

LONG = 300.0


def ask(gateway: GatewayProcess, key: str) -> int:
    body = {"model": "schnellstart", "messages": [{"role": "user", "content": "Frau Sabine Krüger fragt nach."}]}
    question = urllib.request.Request(gateway.url + "/v1/chat/completions", json.dumps(body).encode(), {
        "Authorization": f"Bearer {key}", "Content-Type": "application/json"})
    with urllib.request.urlopen(question, timeout=PATIENCE) as answer:
        answer.read()
        return int(answer.status)


def note_of(home: Path) -> str:
    with closing(sqlite3.connect(home / "protokoll.db")) as connection:
        return str(connection.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()[0])


@pytest.fixture
def lost(settled: GatewayProcess, provider: EchoProvider, policies: Path, tmp_path: Path) -> Iterator[GatewayProcess]:
    own = shutil.copytree(policies, tmp_path / "policies")
    with GatewayProcess(tmp_path / "verloren", own, provider.url) as running:
        yield running.settle_like(settled)


def test_a_lost_server_comes_back_on_another_machine(lost: GatewayProcess, provider: EchoProvider,
                                                     tmp_path: Path) -> None:
    outside = tmp_path / "tresor"
    outside.mkdir()
    public = lost.cli("backup", str(outside / "geheim.key"), "--new-key", timeout=LONG).stdout.strip()
    holder, barred = lost.holder("gueltig"), lost.holder("gesperrt")
    lost.start()
    with ThreadPoolExecutor(2) as pool:  # it is backed up under load
        asked = [pool.submit(ask, lost, holder.key) for _ in range(4)]
        lost.cli("backup", str(outside / "nacht.kip"), "--to", public, timeout=LONG)
        assert {one.result() for one in asked} == {200}
    ask(lost, holder.key)  # this one is not in the backup any more
    lost.stop()
    erased = json.loads(lost.cli("audit", "erase", holder.email, "--case", "V-2026-1", "--yes", "--json",
                                 timeout=LONG).stdout)
    assert erased["erased"] > 0
    (outside / "notiz.txt").write_text(note_of(lost.home), encoding="utf-8")
    shutil.copy(lost.home / "keys" / "protokoll" / "erased.txt", outside)
    shutil.rmtree(lost.home)

    with GatewayProcess(tmp_path / "neu", tmp_path / "neue-policies", provider.url) as new:
        done = json.loads(new.cli("restore", str(outside / "nacht.kip"), "--key", str(outside / "geheim.key"), "--note",
                                  str(outside / "notiz.txt"), "--erasures", str(outside / "erased.txt"), "--json",
                                  code=1, timeout=LONG).stdout)
        assert done["missing"] > 0
        new.cli("audit", "successor", "--note", str(outside / "notiz.txt"), timeout=LONG)
        new.cli("audit", "verify", timeout=LONG)
        assert not subjects_of_erased(new.home, outside / "erased.txt")
        new.start()
        assert ask(new, holder.key) == 200
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(new, barred.key)
        assert os.listdir(tmp_path / "neue-policies")


def subjects_of_erased(home: Path, journal: Path) -> int:
    """Return how many erased parts are there after all, in any ledger of this home."""
    found = 0
    for database in home.glob("protokoll*.db"):
        with closing(sqlite3.connect(database)) as connection:
            for line in journal.read_text().splitlines():
                found += connection.execute("SELECT count(*) FROM audit_part WHERE record_id = ? AND name = ?",
                                            line.split()).fetchone()[0]
    return found
