"""Every rule that a decision names is in the one list of rules, has words, and stands where the list says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.model.entities import ENTITIES
from gateway.policy import AdmitFacts, PolicyErrors, ReleaseFacts, admit, load_policies, release
from gateway.policy.compile import reworked
from gateway.policy.decide import admit_here
from gateway.policy.policyset import ModelAlias, PolicySet
from gateway.policy.rule_ids import every_rule, in_effect
from gateway.policy.source import read
from gateway.policy.titles import in_words
from tests.property.test_policy_properties import (
    MODELS,
    PLAIN,
    PURPOSES,
    SHIPPED,
    choice,
    content,
    departments,
    facts,
    folder,
    models,
    purposes,
    seen,
    unread,
)

hours = st.fixed_dictionaries({"begin": st.sampled_from(["00:00", "12:00"]),
                               "end": st.sampled_from(["13:00", "24:00"])})
scopes = st.lists(st.sampled_from(["bild", "personenbezogen"]), min_size=1, max_size=2, unique=True)
more = st.dictionaries(st.sampled_from(["HEALTH", "IBAN", "personal", "special"]), scopes, max_size=2)
sides = st.fixed_dictionaries({"pass_scopes": more})
content = st.builds(lambda said, asked: {
    side: {**said.get(side, {}), **asked.get(side, {})} for side in {*said, *asked}},
    content, st.fixed_dictionaries({}, optional={"outside": sides, "in_house": sides}))
layer = {"hours": hours, "content": content,
         "ki_pass": st.fixed_dictionaries({
             "models": st.dictionaries(st.sampled_from(["demo", "claude"]), scopes)}),
         "models": choice(models, models), "purposes": choice(purposes, purposes),
         "clear_text": st.just("refuse"), "handles": st.lists(st.sampled_from(["social", "tax"]), max_size=2)}
groups = st.fixed_dictionaries({"version": st.just("1"), "name": st.just("Gruppe")}, optional=layer)
profiles = st.fixed_dictionaries({"version": st.just("1"), "name": st.just("Profil"), "description": st.just("x")},
                                 optional=layer)
demands = st.lists(st.sampled_from(["avv", "c5", "no_retention"]), unique=True, max_size=2)
TAKES_MORE = {k: replace(m, pass_scopes=("bild",)) if k == "gpt-azure-eu" else m for k, m in MODELS.items()}
organisations = st.fixed_dictionaries({"content": content}, optional={
    "hours": hours, "profiles": st.just(["vorgabe"]),
    "routing": st.fixed_dictionaries({}, optional={"in_house": st.just(["demo", "vllm-haus"])}),
    "models": st.fixed_dictionaries({"allow": models}, optional={
        "zones": st.lists(st.sampled_from(["haus", "DE", "EU"]), min_size=1, unique=True), "require": demands})})
READABLE = {"entities": ["PERSON", "IBAN"], "reasons": {"wortlaut": "Es kommt auf den Wortlaut an."}}


def with_aliases(policies: PolicySet, readable: bool) -> PolicySet:
    """Return the policies with every model in service, a name that stands for three of them, and a purpose for which
    some kinds may stay readable."""
    organisation = policies.organisation
    if readable:
        allow = {k: p.model_copy(update={"clear_text": type(p).model_validate(
            {"title": p.title, "clear_text": READABLE}).clear_text}) for k, p in organisation.purposes.allow.items()}
        organisation = organisation.model_copy(update={
            "purposes": organisation.purposes.model_copy(update={"allow": allow})})
    return replace(reworked(policies, "d", models=TAKES_MORE, organisation=organisation),
                   aliases={"beste": ModelAlias("beste", "Beste", ("claude", "gpt-azure-eu", "demo"))})


def answers(policies: PolicySet, of: AdmitFacts, counts: dict[str, int], kinds: frozenset[str]) -> Iterator[str]:
    admission = admit(policies, of)
    yield from (r.rule for r in admission.reasons)
    yield from (r.rule for r in admit_here(policies, of.principal).reasons)
    decision = release(policies, ReleaseFacts(of, counts, kinds, frozenset({"HEALTH"})))
    yield from (r.rule for r in decision.reasons)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])  # loosening is refused
@given(organisations, departments, groups, profiles, st.booleans(), st.data())
def test_every_rule_that_is_ever_named_is_in_the_list_has_words_and_a_place(
        organisation: dict[str, Any], department: dict[str, Any], group: dict[str, Any], profile: dict[str, Any],
        readable: bool, data: st.DataObject) -> None:
    with folder(organisation, amt=department, plain=PLAIN) as path:
        for kind, key, written in (("groups", "azubis", group), ("profiles", "vorgabe", profile)):
            shutil.rmtree(path / kind, ignore_errors=True)  # those that are shipped fit the shipped organisation only
            (path / kind).mkdir()
            (path / kind / f"{key}.yaml").write_text(json.dumps(written), encoding="utf-8")
        try:
            policies = with_aliases(load_policies(path), readable)
        except PolicyErrors:
            assume(False)
        known, alive = every_rule(policies), in_effect(policies)
        for asked, counts, kinds in data.draw(st.lists(st.tuples(facts, seen, unread), min_size=6, max_size=6)):
            asked = replace(asked, principal=replace(asked.principal, groups=data.draw(st.sampled_from(
                [frozenset(), frozenset({"azubis"})])), department=data.draw(st.sampled_from(["amt", "plain", "x"]))),
                model=data.draw(st.sampled_from([asked.model, "beste"])),
                clear_text=data.draw(st.sampled_from([None, "wortlaut", "unfug"])),
                stopped=data.draw(st.frozensets(st.sampled_from(sorted(MODELS)), max_size=1)),
                speaks=data.draw(st.sampled_from([None, frozenset({"embeddings"})])))
            for rule in answers(policies, asked, counts, kinds):
                assert rule in known, rule
                assert in_words(rule, policies) != rule, rule
                assert not known[rule].file or rule in alive or known[rule].path[-1] == "clear_text", rule
        for rule in alive:
            assert rule in known, rule
        for rule in known.values():
            if rule.file and rule.path[-1] not in ("clear_text", "avv", "models", "data_classes", "pass_scopes"):
                source, _ = read(path / rule.file, rule.file)
                assert source is not None
                assert rule.path in source.lines, rule


def test_the_shipped_rules_are_listed_once_and_their_ids_are_stable() -> None:
    policies = load_policies(SHIPPED)
    known = every_rule(policies)
    assert known["departments/sozialamt:content.outside.findings.HEALTH"].file == "departments/sozialamt.yaml"
    assert {f"default:{kind}" for kind in ENTITIES} <= known.keys()
    assert {f"organisation:purposes.allow.{key}" for key in PURPOSES} <= known.keys()
    assert in_effect(policies) <= known.keys()
