"""After everything that the other files of this folder did to one server (this file is the last of them by name)."""

from __future__ import annotations

from collections import Counter

from tests.support.gateway_process import GatewayProcess
from tests.support.http import ask


def test_each_intent_of_the_session_has_exactly_one_end_and_the_ledger_verifies(gateway: GatewayProcess) -> None:
    assert ask("GET", gateway.url + "/readyz").status == 200
    said = gateway.cli("audit", "verify").stdout
    assert "Ende nicht prüfbar" in said, "nobody gave a pinned note"
    records = gateway.records()
    intents = {e.id for e in records if e.type == "intent"}
    ends = Counter(e.ref for e in records if e.type in ("outcome", "outcome.unknown"))
    assert set(ends) == intents
    assert set(ends.values()) <= {1}
    assert all(e.meta.get("code") for e in records if e.type == "denied"), "a refusal carries its reason"
    vorgang = Counter(e.meta["vorgang"] for e in records if e.type in ("intent", "denied", "local")
                      and "instead_of" not in e.meta)  # a stand-in is the second attempt of the same request
    assert set(vorgang.values()) <= {1}


def test_no_fault_of_ours_was_logged(gateway: GatewayProcess) -> None:
    assert "failed unexpectedly" not in gateway.logged()
    assert "Exception in ASGI" not in gateway.logged()
