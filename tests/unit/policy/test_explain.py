"""A decision in words: nothing that took part is left out, nothing is said that was not decided, no content appears."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from gateway.model.entities import ENTITIES
from gateway.policy import AdmitFacts, PolicySet
from gateway.policy.compile import reworked
from gateway.policy.explain import explain
from gateway.policy.policyset import ModelAlias
from gateway.policy.schema import Organisation
from gateway.policy.trial import attempt
from tests.unit.policy.policy_sets import NOW, all_on, asking, person, shipped


def policies(**changed: Any) -> PolicySet:
    written = shipped().organisation.model_dump()
    for key, value in changed.items():
        written[key] = {**written[key], **value} if isinstance(value, dict) else value
    made = reworked(all_on(), "d" * 64, organisation=Organisation.model_validate(written))
    return replace(made, aliases={"brief": ModelAlias("brief", "Für Briefe", ("gpt-azure-eu", "demo"), "textentwurf")})


def test_every_reason_is_a_step_in_the_same_order_with_a_title_and_a_place() -> None:
    trial = attempt(all_on(), asking("gpt-azure-eu"), {"PERSON": 2, "IBAN": 1})
    said = explain(all_on(), trial, lambda rule: f"bei {rule}")
    assert [(s.rule, s.effect, s.text) for s in said.steps] == [tuple(r) for r in trial.reasons]
    assert all(s.title and s.title != s.rule and s.place == f"bei {s.rule}" for s in said.steps)
    assert (said.allowed, said.model, said.code) == (True, "gpt-azure-eu", "")
    assert [(h.kind, h.count, h.action) for h in said.handled] == [("PERSON", 2, "placeholder"),
                                                                  ("IBAN", 1, "placeholder")]


def test_a_refusal_ends_with_the_rule_that_refused_and_the_sentence_for_the_person() -> None:
    trial = attempt(all_on(), asking("gpt-azure-eu"), {"CLASSIFIED": 1})
    said = explain(all_on(), trial)
    assert (said.allowed, said.code, said.model) == (False, "inhalt_gesperrt", "")
    assert said.steps[-1].effect == "deny"
    assert said.verdict == said.steps[-1].text


def test_a_name_for_several_models_says_why_the_first_was_passed_over() -> None:
    made = policies()
    said = explain(made, attempt(made, asking("brief"), {"CLASSIFIED": 1}))
    assert said.model == "demo"
    assert dict(said.asked)["Steht für"] == "gpt-azure-eu, demo"
    assert dict(said.asked)["Zweck"] == "Schreiben und E-Mails entwerfen (textentwurf)"
    over = [s for s in said.steps if s.rule == "organisation:content.outside.findings.CLASSIFIED"]
    assert [s.effect for s in over] == ["note"]
    stopped = attempt(made, replace(asking("brief"), stopped=frozenset({"gpt-azure-eu"})), {})
    assert "models:gpt-azure-eu.stopped" in [r.rule for r in stopped.reasons if r.effect == "note"]


def test_what_moved_a_request_into_the_house_is_named_with_its_rule() -> None:
    content = shipped().organisation.content.model_dump()
    content["outside"]["findings"]["PERSON"] = "in_house"
    made = policies(content=content, routing={"in_house": ["vllm-haus"]})
    said = explain(made, attempt(made, asking("gpt-azure-eu"), {"PERSON": 1}))
    assert said.model == "vllm-haus"
    rules = [s.rule for s in said.steps]
    assert rules.index("organisation:content.outside.findings.PERSON") < rules.index("organisation:routing.in_house")
    assert "bindung" in {label.casefold() for label, _ in said.obligations}


def test_limits_stand_ins_and_groups_are_said_in_german() -> None:
    made = policies(limits={"person": {"requests_per_day": 1200, "euro_per_month": "25.50"}},
                    routing={"fallback": {"eu-cloud": ["vllm-haus"]}})
    said = explain(made, attempt(made, asking("eu-cloud"), {}))
    assert said.limits == ("1.200 Anfragen am Tag je Person", "25,50 Euro im Monat je Person")
    assert dict(said.obligations)["Vertretung bei Ausfall"] == "Mistral Small (eigenes Rechenzentrum) (vllm-haus)"


@pytest.mark.parametrize("kind", ENTITIES)
def test_every_kind_can_be_explained_everywhere(kind: str) -> None:
    for model in all_on().models:
        said = explain(all_on(), attempt(all_on(), asking(model), {kind: 1}))
        assert said.verdict
        json.dumps(asdict(said))


def test_somebody_nobody_wrote_rules_for_gets_an_explanation_as_well() -> None:
    said = explain(all_on(), attempt(all_on(), AdmitFacts(person("nirgendwo"), "x" * 50, "y", "chat", NOW), {}))
    assert not said.allowed
    assert dict(said.caller)["Abteilung"] == "nirgendwo"
    assert "y" not in dict(said.asked)["Zweck"]
