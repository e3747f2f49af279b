"""A backup that was put back holds what has been due since: the next start lets it go."""

from __future__ import annotations

import time
from pathlib import Path

from audit import Ledger, LedgerConfig
from audit.record import now_us


def _subjects(ledger: Ledger) -> int:
    with ledger._store.read() as connection:
        found = connection.exec_driver_sql("SELECT count(*) FROM audit_part WHERE name = 'subject'")
        return int(found.scalar() or 0)


def test_a_restored_backup_loses_at_the_start_what_is_due(sqlite_url: str, tmp_path: Path) -> None:
    config = LedgerConfig(sqlite_url, "test.example/ki-pforte/1", tmp_path / "keys")
    with Ledger(config) as ledger:
        intent = ledger.append_wait(ledger.draft("intent", {"vorgang": "V1"}, subject="anna"))
        ledger.append_wait(ledger.draft("outcome", {"vorgang": "V1"}, ref=intent.record_id, subject="anna"))
        ledger.sequence()
        with ledger._store.write() as run:
            run("UPDATE audit_part SET expires_at = 1 WHERE name = 'subject'")
            run(ledger._store.sql("INSERT INTO audit_job (name, at) VALUES ('retention', ?)"), (now_us(),))
    with Ledger(config) as ledger:  # the backup says that a minute ago somebody saw to it
        ledger.start()
        deadline = time.monotonic() + 60
        while _subjects(ledger) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _subjects(ledger) == 0
