"""Whether records could be written now: tried for real, without leaving one."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import event

from audit import Ledger


def types(ledger: Ledger) -> list[str]:
    ledger.sequence()
    return [row.type for row in ledger.reader.tail(-1, 100)]


def exchange(ledger: Ledger) -> None:
    ledger.append_wait(ledger.draft("denied", {"code": "inhalt_gesperrt"}))


def test_whether_writing_works_is_tried_without_a_record(ledger: Ledger) -> None:
    exchange(ledger)
    before = types(ledger)
    assert ledger.accepts_writes()
    assert ledger.accepts_writes()
    assert types(ledger) == before
    assert ledger.verify().exit_code == 0


def test_a_locked_database_is_noticed_by_trying_and_forgotten_when_it_is_free(
    sqlite_ledger: Ledger, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.ledger._TRY_MS", 20)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert sqlite_ledger.healthy, "nobody has written anything yet"
    assert not sqlite_ledger.accepts_writes()
    other.execute("ROLLBACK")
    assert sqlite_ledger.accepts_writes()
    other.close()
    exchange(sqlite_ledger)


def test_a_disk_that_takes_nothing_is_noticed_by_trying(sqlite_ledger: Ledger) -> None:
    """A lock alone would still be given: something must really be written."""
    engine = sqlite_ledger._store.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
    engine.dispose()
    assert not sqlite_ledger.accepts_writes()
