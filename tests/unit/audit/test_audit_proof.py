"""The proof of one record, given by a ledger over either database and checked without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfigError
from audit.cli import main
from audit.proof import Proof, verify_proof, write_proof
from tests.support.audit_example import line, note, signer


def test_a_record_proves_itself_and_what_it_says(ledger: Ledger) -> None:
    receipts = [ledger.append_wait(ledger.draft("note", {"what": str(n)}, subject="anna")) for n in range(5)]
    text = ledger.proof(receipts[2].record_id)
    said = verify_proof(text, ledger.vkeys())
    assert (said["exit_code"], said["id"], said["parts"]["meta"]) == (0, receipts[2].record_id, {"what": "2"})
    assert Proof.parse(text).index == said["index"] == 3
    assert verify_proof(text, [])["exit_code"] == 1


def test_a_record_that_lost_its_person_still_proves_itself(ledger: Ledger) -> None:
    receipt = ledger.append_wait(ledger.draft("note", {"what": "etwas"}, subject="anna"))
    ledger.erase_subject("anna", "art17")
    said = verify_proof(ledger.proof(receipt.record_id), ledger.vkeys())
    assert (said["exit_code"], said["deleted_parts"]) == (0, ["subject"])


def test_there_is_no_proof_of_what_is_not_there(ledger: Ledger) -> None:
    with pytest.raises(LedgerConfigError, match="gibt es nicht"):
        ledger.proof(ledger.new_id())


def test_what_a_record_says_cannot_speak_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters, the upper ones too, and what turns the direction of writing, are shown as what they are."""
    said = {"wort": "a\u202eb\u009bc\u2028d\u200be\U000e0041 Grüße 🏛"}
    one, path = line(0, "note", said), tmp_path / "a.tlog-proof"
    path.write_text(write_proof(one, [], note(signer(1), [one])), encoding="utf-8", newline="")
    assert main(["verify-proof", str(path), "--vkey", str(signer(1).vkey)]) == 0
    out = capsys.readouterr().out
    assert r"a\u202eb\u009bc\u2028d\u200be\udb40\udc41 Grüße 🏛" in out
    assert main(["verify-proof", str(path), "--vkey", str(signer(1).vkey), "--json"]) == 0
    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert json.loads(out)["parts"]["meta"] == said
