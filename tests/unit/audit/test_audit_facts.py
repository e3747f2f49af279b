"""Reading the facts of many records at once: in order, piece by piece, without those that were deleted."""

from __future__ import annotations

import pytest

from audit import Ledger, time_us
from audit import reader as audit_reader


def test_facts_come_in_the_order_of_the_log_from_a_moment_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_reader, "MAX_PAGE", 2)
    written = [ledger.append_wait(ledger.draft("denied", {"vorgang": f"V-{n}", "found": {"PERSON": n}}, subject="p"))
               for n in range(5)]
    ledger.append_wait(ledger.draft("view", {"vorgang": "V-9"}))
    ledger.checkpoint()
    found = list(ledger.reader.facts(0, ["denied"]))
    assert [meta["found"]["PERSON"] for _, _, meta in found] == list(range(5))
    third = ledger.reader.get(written[2].record_id)
    assert third is not None
    assert next(meta["vorgang"] for _, _, meta in ledger.reader.facts(time_us(third.t), ["denied"])) == "V-2"
    assert list(ledger.reader.facts(time_us(third.t) + 10**12, ["denied"])) == []
