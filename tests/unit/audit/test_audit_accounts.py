"""Parts that were let go are accounted for in the log; what somebody else removed is told, by both ways of checking."""

from __future__ import annotations

from pathlib import Path

from audit import Ledger, Verdict
from audit.bundle import verify_bundle
from audit.verify import Trust


def exchange(ledger: Ledger, n: int) -> None:
    intent = ledger.append_wait(ledger.draft("intent", {"vorgang": f"V{n}"}, subject="anna"))
    ledger.append_wait(ledger.draft("outcome", {"vorgang": f"V{n}"}, ref=intent.record_id, subject="anna"))


def judged(ledger: Ledger, tmp_path: Path) -> Verdict:
    here = ledger.verify(vkeys=ledger.vkeys())
    ledger.export_bundle(tmp_path / "bundle.zip")
    there = verify_bundle(tmp_path / "bundle.zip", Trust((), ledger.vkeys()))
    assert (here.exit_code, here.unaccounted) == (there.exit_code, there.unaccounted)
    return here


def test_what_was_deleted_in_time_is_accounted_for_and_what_somebody_removed_is_not(
        ledger: Ledger, tmp_path: Path) -> None:
    for number in range(3):
        exchange(ledger, number)
    ledger.sequence()
    with ledger._store.write() as run:
        run("UPDATE audit_part SET expires_at = expires_at - 100 * 86400")
    assert ledger.delete_due()
    ledger.erase_subject("anna", "antrag")
    said = judged(ledger, tmp_path)
    assert said.deleted_parts > 0
    assert said.unaccounted == 0
    exchange(ledger, 9)
    ledger.sequence()
    with ledger._store.write() as run:
        run("DELETE FROM audit_part WHERE name = 'meta' AND record_id IN "
            "(SELECT record_id FROM audit_seq WHERE idx >= (SELECT max(idx) - 1 FROM audit_seq))")
    said = judged(ledger, tmp_path)
    assert (said.exit_code, said.unaccounted) == (0, 2)
    assert "kein Eintrag über eine Löschung erklärt: 2." in said.text()
