"""Who writes a checkpoint of their own into the database does not choose which requests are looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from audit import Ledger, LedgerConfig
from audit.checkpoint import Checkpoint
from audit.sample import REQUESTS
from audit.signing import Signer

LOG = "neudorf.example/ki-pforte/1"


def test_a_checkpoint_that_the_log_did_not_sign_seeds_no_sample(tmp_path: Path) -> None:
    with Ledger(LedgerConfig(f"sqlite:///{tmp_path / 'p.db'}", LOG, tmp_path / "keys")) as ledger:
        for _ in range(40):
            ledger.append_wait(ledger.draft(REQUESTS[1], {}))
        ledger.checkpoint()
        with ledger._store.write() as run:  # the first 30 were written in October, the others in November
            for first, day in ((0, datetime(2026, 10, 5, tzinfo=UTC)), (30, datetime(2026, 11, 5, tzinfo=UTC))):
                run("UPDATE audit_facet SET t = ? WHERE idx >= ?", (int(day.timestamp()) * 1_000_000, first))
        honest = ledger.sample(date(2026, 10, 1), 3)
        assert len(honest.drawn) == 3
        mallory = Signer.open(tmp_path / "mallory", LOG)
        for size, note in ((32, mallory.sign(Checkpoint(LOG, 32, bytes(32)))), (33, "kein Prüfpunkt")):
            with ledger._store.write() as run:
                run("INSERT INTO checkpoint (size, note, created_at) VALUES (?, ?, 0)", (size, note))
        assert ledger.sample(date(2026, 10, 1), 3) == honest
