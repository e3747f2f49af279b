"""The record of a request names the rules that an explanation of it names: each once, in order, without any content."""

from __future__ import annotations

import json

import pytest

from gateway.policy import PolicySet
from gateway.policy.decide import AdmitFacts
from gateway.policy.rule_ids import every_rule
from gateway.policy.trial import attempt
from gateway.wire.bridges import spoken
from tests.support.fake_house import NOW
from tests.unit.pipeline.test_routing import NAME, ask, house, policies
from tests.unit.policy.policy_sets import person

CASES = [
    ("eu-cloud", "Guten Tag", {}), ("eu-cloud", f"Bitte schreiben Sie {NAME}.", {"PERSON": 1}),
    ("brief", f"Bitte schreiben Sie {NAME}.", {"PERSON": 1}), ("demo", f"{NAME} und Otto Weber", {"PERSON": 2}),
]


def expected(made: PolicySet, model: str, counts: dict[str, int]) -> list[str]:
    facts = AdmitFacts(person("bauamt"), model, None, "chat", NOW, speaks=spoken("chat"))
    return list(dict.fromkeys(r.rule for r in attempt(made, facts, counts).reasons))


@pytest.mark.parametrize(("model", "text", "counts"), CASES)
def test_the_book_holds_the_trace_that_an_explanation_shows(model: str, text: str, counts: dict[str, int]) -> None:
    of = house()
    assert ask(of, text, model=model)[0] == 200
    meta = of.book[0].meta
    assert meta["rules"] == expected(policies(), model, counts)
    assert set(meta["rules"]) <= every_rule(policies()).keys()
    assert "denied_by" not in meta
    assert NAME not in json.dumps(meta, default=str)


def test_a_refusal_says_which_rule_said_no() -> None:
    made = policies("refuse")
    of = house(made)
    assert ask(of, f"{NAME}, {NAME} und {NAME}")[0] == 400
    meta = of.book[0].meta
    assert meta["denied_by"] == ["organisation:content.outside.findings.PERSON"]
    assert meta["rules"] == expected(made, "eu-cloud", {"PERSON": 3})
    assert len(json.dumps(meta["rules"])) < 400
