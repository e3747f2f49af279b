"""What ``model check``, `doctor` and ``/readyz`` say about the register, and when a C5 report blocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.model.limits import Limit
from gateway.model.register import Attest, Avv, Prices, RegisteredModel
from gateway.policy import PolicySet, admit
from gateway.policy.compile import reworked
from gateway.policy.register_check import RegisterFinding, examined, pressing
from gateway.policy.schema import Organisation
from tests.unit.policy.policy_sets import all_on, asking, shipped

TODAY = date(2026, 11, 22)
COMPLETE: dict[str, Any] = {
    "enabled": True, "avv": Avv(date(2026, 1, 1), "a" * 64, date(2028, 1, 1)), "sub_processors": (),
    "retention_days": 0, "c5": Attest(2, "c" * 64, date(2028, 1, 1)), "prices": Prices(1, 1)}


def with_model(organisation: dict[str, Any] | None = None, **changes: Any) -> PolicySet:
    """The shipped policies with nothing in service but ``eu-cloud``, complete but for `changes`."""
    base = shipped()
    models = {k: replace(m, enabled=False) for k, m in base.models.items()}
    models["eu-cloud"] = replace(base.models["eu-cloud"], **{**COMPLETE, **changes})
    written = base.organisation.model_dump() | (organisation or {})
    written["untrusted_tools"] = []
    return reworked(base, "d" * 64, organisation=Organisation.model_validate(written), models=models)


def said(policies: PolicySet, model: RegisteredModel | None = None) -> list[tuple[str, bool]]:
    found = examined(policies, TODAY, None if model is None else [model])
    assert all(f.text.endswith(".") for f in found)
    return [(f.what, f.serious) for f in found]


def test_a_complete_entry_has_nothing_to_be_said() -> None:
    assert said(with_model()) == []
    assert said(shipped()) == []


@pytest.mark.parametrize(("changes", "expected"), [
    ({"avv": None}, [("avv", True)]),
    ({"avv": Avv(date(2026, 12, 1), "a" * 64)}, [("avv", True)]),
    ({"avv": Avv(date(2026, 1, 1), "a" * 64, date(2026, 11, 21))}, [("avv", True)]),
    ({"avv": Avv(date(2026, 1, 1), "a" * 64, date(2026, 11, 22))}, [("avv", False)]),
    ({"avv": Avv(date(2026, 1, 1), "a" * 64, date(2027, 1, 21))}, [("avv", False)]),
    ({"avv": Avv(date(2026, 1, 1), "a" * 64, date(2027, 1, 22))}, []),
    ({"avv": Avv(date(2026, 1, 1), "a" * 64)}, []),
    ({"training_excluded": False}, [("training_excluded", True)]),
    ({"sub_processors": None}, [("sub_processors", False)]),
    ({"retention_days": None}, [("retention_days", False)]),
    ({"c5": None}, []),
    ({"c5": None, "data_classes": frozenset({"public", "personal"})}, [("c5", False)]),
    ({"c5": Attest(1, "c" * 64, date(2027, 1, 21))}, [("c5", False)]),
    ({"c5": Attest(1, "c" * 64, date(2026, 11, 21))}, [("c5", False)]),
    ({"data_classes": frozenset({"public", "social"})}, [("social_notice", True)]),
    ({"data_classes": frozenset({"public", "social"}), "zone": "drittland", "social_notice": TODAY}, [("zone", True)]),
    ({"data_classes": frozenset({"public", "tax"})}, [("secrecy", True)]),
    ({"risk_class": "hoch"}, [("high_risk", True)]),
    ({"prices": None}, []),
    ({"prices": None, "limit": Limit(micro_euro_per_day=1)}, [("prices", True)]),
])
def test_what_is_missing_or_ends_is_said_as_soon_as_it_matters(changes: dict[str, Any],
                                                              expected: list[tuple[str, bool]]) -> None:
    assert said(with_model(**changes)) == expected


@pytest.mark.parametrize("where", ["person", "department", "model", "organisation"])
def test_a_euro_budget_anywhere_needs_prices(where: str) -> None:
    budget = {"limits": {where: {"euro_per_month": 100}}}
    assert said(with_model(budget)) == []
    assert said(with_model(budget, prices=None)) == [("prices", True)]


def test_a_model_that_is_off_is_looked_at_when_it_is_named() -> None:
    policies = with_model({"models": {"allow": ["eu-cloud"], "require": ["c5"]}})
    kinds = said(policies, policies.models["mistral-large"])
    assert ("avv", True) in kinds
    assert ("require", True) in kinds
    assert "mistral-large" not in {f.model for f in examined(policies, TODAY)}


def test_keys_of_providers_are_told_by_who_can_see_them() -> None:
    policies = with_model()
    for state, words in (("da", []), ("fehlt", ["fehlt"]), ("offen", ["0600"])):
        found = examined(policies, TODAY, key=lambda _, state=state: state)
        assert [f.what for f in found] == ["api_key_env"] * len(words)
        assert all(word in found[0].text for word in words)


def test_what_presses_comes_in_the_order_of_days_and_leaves_gaps_out() -> None:
    policies = with_model(avv=Avv(date(2026, 1, 1), "a" * 64, date(2026, 12, 31)), sub_processors=None,
                          c5=Attest(1, "c" * 64, date(2026, 12, 1)))
    assert [(f.what, f.until) for f in pressing(policies, TODAY)] == [
        ("c5", date(2026, 12, 1)), ("avv", date(2026, 12, 31))]


def denial(policies: PolicySet, day: date) -> str:
    facts = asking("eu-cloud", now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    found = admit(policies, facts).denial
    return "" if found is None else f"{found.code} {found.rule}"


def test_a_c5_report_that_has_run_out_blocks_where_it_is_demanded_and_only_there() -> None:
    c5 = Attest(2, "c" * 64, date(2026, 12, 31))
    demanded = with_model({"models": {"allow": ["eu-cloud"], "require": ["c5_type_2"]}}, c5=c5)
    assert [denial(demanded, day) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [
        "", "modell_nicht_erlaubt models:eu-cloud.c5"]
    assert denial(with_model(c5=c5), date(2027, 1, 1)) == ""
    [finding] = examined(demanded, date(2027, 1, 1))
    assert (finding.what, finding.serious) == ("c5", True)
    assert "models:eu-cloud.c5" not in denial(all_on(), date(2027, 1, 1))


def test_every_finding_is_a_german_sentence_that_fits_a_line_of_a_table() -> None:
    bare = replace(shipped().models["claude"], avv=None, training_excluded=False, sub_processors=None, c5=None,
                   retention_days=None, risk_class="hoch", data_classes=frozenset({"social", "tax"}))
    found: list[RegisterFinding] = examined(shipped(), TODAY, [bare])
    assert {f.what for f in found} >= {"avv", "c5", "training_excluded", "sub_processors", "retention_days", "zone",
                                       "social_notice", "secrecy", "high_risk"}
    assert all(len(f.text) < 200 for f in found)
