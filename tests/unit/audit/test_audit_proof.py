"""The proof of one record, given by a ledger over either database and checked without it."""

from __future__ import annotations

import pytest

from audit import Ledger, LedgerConfigError
from audit.proof import Proof, verify_proof


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
