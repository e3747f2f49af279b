"""Whatever the language can say: one more word of it, one more finding, one more stop only ever tightens.

Compared are two policies (or two requests) of which the second is the first and something more. The second must refuse
what the first refused, send nothing further away, hide no less, allow no more.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.decision import Admission, ReleaseDecision
from gateway.model.entities import ENTITIES
from gateway.model.limits import LIMITED_BY, NO_LIMIT, Limit, Limits
from gateway.model.principal import PassStatus
from gateway.model.register import RegisteredModel
from gateway.policy import AdmitFacts, PolicySet, ReleaseFacts, admit, release, visible_models
from gateway.policy.decide import admit_here, background
from gateway.policy.policyset import DepartmentRules, ModelRules
from gateway.policy.strictest import RANK
from gateway.policy.vocabulary import ANSWERS, BACKGROUND, FIXED, FORBIDDEN_PURPOSES, OPAQUE_STRICTNESS
from tests.support.policy_worlds import (
    KINDS,
    MODEL_GROUPS,
    MODELS,
    NAMES,
    RULES,
    SCOPES,
    World,
    ids,
    one_rule,
    requests,
    worlds,
)

many = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
cases = st.lists(requests, min_size=6, max_size=6)
GROUPS = (frozenset[str](), frozenset({"azubis"}))


def ask(policies: PolicySet, facts: ReleaseFacts) -> tuple[Admission, ReleaseDecision | None]:
    """Ask as the pipeline does: the second question only after the first was answered with yes."""
    admission = admit(policies, facts.admitted)
    return admission, None if admission.denial else release(policies, facts)


def no_higher(before: Limits, after: Limits) -> bool:
    def most(limits: Limits, by: Any, name: str) -> float:
        value = getattr(limits.get(by, NO_LIMIT), name)
        return float("inf") if value is None else value
    return all(most(after, by, f.name) <= most(before, by, f.name) for by in LIMITED_BY for f in fields(Limit))


def no_looser(before: PolicySet, of: ReleaseFacts, after: PolicySet, more: ReleaseFacts) -> None:
    """Compare two answers, of which the second may only be the stricter one."""
    (first, left), (second, leaves) = ask(before, of), ask(after, more)
    assert second.denial is not None or first.denial is None
    if leaves is None or leaves.model is None:
        return
    assert left is not None
    assert left.model is not None, (left.denial, leaves.reasons)
    assert leaves.model.distance <= left.model.distance
    if leaves.model == left.model:
        assert all(RANK[leaves.actions[k]] >= RANK[action] for k, action in left.actions.items())
        assert set(leaves.fallbacks) <= set(left.fallbacks)
        assert leaves.untrusted_tools >= left.untrusted_tools
        assert all(ANSWERS.index(leaves.answers[kind]) >= ANSWERS.index(a) for kind, a in left.answers.items())
    if second.model == first.model:
        assert no_higher(first.limits, second.limits)
    assert (second.refuses_unknown_fields, -second.keep_hours) >= (first.refuses_unknown_fields, -first.keep_hours)


def tighter_rules(above: ModelRules, rules: ModelRules) -> None:
    assert all(RANK[rules.actions[k]] >= RANK[a] for k, a in above.actions.items())
    assert {rules.actions[kind] for kind in FIXED} == {"placeholder"}
    assert all(OPAQUE_STRICTNESS.index(rules.opaque[k].action) >= OPAQUE_STRICTNESS.index(o.action)
               for k, o in above.opaque.items())
    assert rules.model.in_house or not {"provider_tool", "audio"} & rules.passed_opaque
    assert rules.untrusted_tools >= above.untrusted_tools
    assert no_higher(above.limits, rules.limits)


def tighter(above: DepartmentRules, rules: DepartmentRules) -> None:
    assert rules.models.keys() <= above.models.keys()
    assert rules.purposes.keys() <= above.purposes.keys()
    assert rules.purposes.keys().isdisjoint(FORBIDDEN_PURPOSES)
    assert rules.forbidden.keys() >= above.forbidden.keys()
    assert set(rules.scopes) >= set(above.scopes)
    assert set(rules.in_house) <= set(above.in_house)
    assert len(rules.hours) >= len(above.hours)
    assert set(rules.notices) >= set(above.notices)
    assert above.allows_clear_text or not rules.allows_clear_text
    assert BACKGROUND.index(rules.background.answer) >= BACKGROUND.index(above.background.answer)
    for key, model_rules in rules.models.items():
        tighter_rules(above.models[key], model_rules)
        assert set(rules.fallback.get(key, ())) <= set(above.fallback.get(key, ()))


@many
@given(worlds, one_rule, st.sampled_from(["profile", "organisation's profile", "group"]), cases)
def test_one_more_layer_only_tightens(world: World, layer: dict[str, Any], where: str,
                                      asked: list[ReleaseFacts]) -> None:
    before = replace(world, group={}) if where == "group" else world
    if where == "group":
        after = replace(world, group=layer)
    else:
        after = replace(world, profiles={**world.profiles, "drei": layer})
    old, new = before.policies(), after.policies()
    for groups in GROUPS:
        above, rules = old.department("amt", groups), new.department("amt", groups)
        assert above is not None
        assert rules is not None
        tighter(above, rules)
        assert {m.id for m in visible_models(new, "amt", groups)} <= {m.id for m in visible_models(old, "amt", groups)}
    for facts in asked:
        no_looser(old, facts, new, facts)
        meant, instead = (background(p, facts.admitted) for p in (old, new))
        assert instead is None or meant is not None or instead == facts.admitted.model


def forbidding(draw: st.DrawFn, world: World) -> World:
    """Return the world with one more prohibition in the department's own file."""
    name = draw(st.sampled_from(["models.deny", "purposes.deny", "models.zones", "handles", "finding", "limits",
                                 "pass for a model", "pass for a kind"]))
    changed = {**world.department}
    match name:
        case "models.deny" | "purposes.deny":
            key = name.split(".")[0]
            more = draw(ids) if key == "models" else draw(st.sampled_from(["allgemein", "brief"]))
            written = changed.get(key, {})
            changed[key] = {**written, "deny": [*written.get("deny", []), more]}
        case "models.zones":
            written = changed.get("models", {})
            near = [zone for zone in written.get("zones", ["haus", "DE", "EU"]) if zone != "drittland"]
            changed["models"] = {**written, "zones": near or written["zones"]}
        case "handles":
            changed["handles"] = [*changed.get("handles", []), draw(st.sampled_from(["special", "social"]))]
        case "finding":
            written, outside = changed.get("content", {}), changed.get("content", {}).get("outside", {})
            found = {**outside.get("findings", {}), draw(st.sampled_from(KINDS)): "refuse"}
            changed["content"] = {**written, "outside": {**outside, "findings": found}}
        case "pass for a model":
            written = changed.get("ki_pass", {})
            models = {**written.get("models", {}), draw(st.sampled_from(NAMES)): SCOPES}
            changed["ki_pass"] = {**written, "models": models}
        case "pass for a kind":
            written, outside = changed.get("content", {}), changed.get("content", {}).get("outside", {})
            asked = {**outside.get("pass_scopes", {}), draw(st.sampled_from([*KINDS[:6], "personal"])): SCOPES}
            changed["content"] = {**written, "outside": {**outside, "pass_scopes": asked}}
        case _:
            changed["limits"] = {"person": {"concurrent": 1}, **changed.get("limits", {})}
    return replace(world, department=changed)


@many
@given(worlds, st.data(), cases)
def test_one_more_prohibition_never_turns_a_refusal_into_a_release(world: World, data: st.DataObject,
                                                                    asked: list[ReleaseFacts]) -> None:
    old, new = world.policies(), data.draw(st.composite(forbidding)(world)).policies()
    for facts in asked:
        no_looser(old, facts, new, facts)


@many
@given(worlds, st.lists(st.tuples(requests, st.sampled_from(KINDS[:6]), ids), min_size=6, max_size=6))
def test_one_more_finding_or_stop_or_unread_file_only_tightens(world: World,
                                                                asked: list[tuple[ReleaseFacts, str, str]]) -> None:
    policies = world.policies()
    for facts, kind, model in asked:
        found = replace(facts, counts={**facts.counts, kind: facts.counts.get(kind, 0) + 1})
        held = replace(facts, held=facts.held | {kind})
        unread = replace(facts, opaque=facts.opaque | {"image"})
        stopped = replace(facts, admitted=replace(facts.admitted, stopped=facts.admitted.stopped | {model}))
        for more in (found, held, unread, stopped):
            no_looser(policies, facts, policies, more)


@many
@given(worlds, cases, st.sampled_from(["basis", *SCOPES]))
def test_who_holds_one_pass_less_gets_no_further(world: World, asked: list[ReleaseFacts], scope: str) -> None:
    policies = world.policies()
    for facts in asked:
        of = facts.admitted.principal
        with_it, without = (replace(facts, admitted=replace(facts.admitted, principal=replace(
            of, passes={**of.passes, scope: PassStatus(state)}))) for state in ("gueltig", "fehlt"))
        no_looser(policies, with_it, policies, without)


@many
@given(worlds, cases)
def test_nobody_reaches_a_model_by_any_way_without_the_pass_that_it_takes(world: World,
                                                                          asked: list[ReleaseFacts]) -> None:
    policies = world.policies()
    for facts in asked:
        decision = ask(policies, facts)[1]
        if decision is not None and decision.model is not None:
            held = {s for s, status in facts.admitted.principal.passes.items() if status.admits}
            for model in (decision.model, *decision.fallbacks):
                assert demanded(world, facts, model) <= held


def demanded(world: World, facts: ReleaseFacts, model: RegisteredModel) -> set[str]:
    """Return every scope that is written somewhere for this model, and for what goes to it."""
    groups = facts.admitted.principal.groups & {"azubis"}
    layers = [world.department, *world.profiles.values(), *([world.group] if groups else [])]
    found = set(model.pass_scopes)
    for said in (world.organisation, *layers):
        for name, scopes in said.get("ki_pass", {}).get("models", {}).items():
            if model.id == name or model.id in MODEL_GROUPS.get(name[1:], ()):
                found |= set(scopes)
        side = said.get("content", {}).get("in_house" if model.in_house else "outside", {})
        for key, scopes in side.get("pass_scopes", {}).items():
            if any(key in (kind, ENTITIES[kind].data_class) for kind in facts.found):
                found |= set(scopes)
    return found


@many
@given(worlds, cases)
def test_wherever_a_request_goes_instead_would_have_been_admitted_and_released_itself(
        world: World, asked: list[ReleaseFacts]) -> None:
    policies = world.policies()
    for facts in asked:
        admission, decision = ask(policies, facts)
        if decision is None or decision.model is None:
            continue
        meant = policies.aliases.get(facts.admitted.model)
        first = MODELS[meant.models[0] if meant else facts.admitted.model]
        assert decision.model.distance <= first.distance
        for model in (decision.model, *decision.fallbacks):
            assert model.distance <= decision.model.distance
            instead = replace(facts.admitted, model=model.id, purpose=admission.purpose)
            assert admit(policies, instead).denial is None
            alone = release(policies, replace(facts, admitted=instead))
            assert alone.model == model
            assert all(RANK[alone.actions[k]] < RANK["in_house"] for k in facts.found)


@many
@given(worlds, cases)
def test_whatever_was_decisive_is_held_so_that_no_later_request_goes_where_this_one_could_not(
        world: World, asked: list[ReleaseFacts]) -> None:
    policies = world.policies()
    for facts in asked:
        _, decision = ask(policies, facts)
        if decision is None or decision.model is None:
            continue
        later = replace(facts, counts={}, held=decision.held)
        for model in MODELS:
            of = replace(facts.admitted, model=model)
            now, then = (ask(policies, replace(f, admitted=of))[1] for f in (facts, later))
            if then is not None and then.model is not None:
                assert now is not None
                assert now.model == then.model


@many
@given(worlds, cases)
def test_the_same_facts_give_the_same_answer_and_a_refusal_says_why(world: World, asked: list[ReleaseFacts]) -> None:
    once, again = world.policies(), world.policies()
    for facts in asked:
        assert admit(once, facts.admitted) == admit(again, facts.admitted)
        assert release(once, facts) == release(again, facts)
        for answer in (admit(once, facts.admitted), release(once, facts)):
            assert (answer.model is None) == (answer.denial is not None)
            denied = [r for r in answer.reasons if r.effect == "deny"]
            assert bool(denied) == (answer.denial is not None)
            if answer.denial is not None:
                assert (denied[-1].rule, denied[-1].text) == (answer.denial.rule, answer.denial.message)
                assert len(answer.denial.message) <= 400


def effect(rules: DepartmentRules) -> object:
    """Return what rules do, without where it is written."""
    return (
        {k: (r.actions, r.passed_opaque, r.read_opaque, r.stripped_opaque, r.untrusted_tools, r.answers, r.limits,
             {d.scope for d in r.demands}, {(d.scope, kind) for d in r.kind_demands for kind in d.kinds})
         for k, r in rules.models.items()}, set(rules.purposes), set(rules.scopes), rules.keep_hours,
        rules.refuses_unknown_fields, rules.background, set(rules.notices), rules.allows_clear_text,
        {str(h.hours) for h in rules.hours}, rules.in_house, rules.fallback, rules.decisive,
        dict(rules.decisive_without))


@many
@given(worlds, st.permutations(["eins", "zwei", "drei"]))
def test_the_order_of_layers_does_not_matter(world: World, names: list[str]) -> None:
    written = [*world.profiles.values(), world.group]
    made = [replace(world, profiles=dict(zip(order, written, strict=False))).policies().department("amt", GROUPS[1])
            for order in (["eins", "zwei", "drei"], names)]
    assert made[0] is not None
    assert made[1] is not None
    assert effect(made[0]) == effect(made[1])


ANYTHING = st.one_of(st.text(max_size=8), st.sampled_from(["\ud800", "a\nb", "@nah", "aus", "constructor", " "]))


@many
@given(worlds, requests, st.lists(ANYTHING, min_size=6, max_size=6), st.sampled_from(["amt", "x", ""]))
def test_whatever_a_client_writes_gets_an_answer_that_repeats_none_of_it(world: World, facts: ReleaseFacts,
                                                                         said: list[str], department: str) -> None:
    policies = world.policies()
    model, purpose, dialect, reason, group, opaque = said
    principal = replace(facts.admitted.principal, department=department, groups=frozenset({group}))
    asked = AdmitFacts(principal, model, purpose, dialect, facts.admitted.now, reason, frozenset({model}), None)
    answers = (admit(policies, asked), admit_here(policies, principal),
               release(policies, replace(facts, admitted=asked, opaque=frozenset({opaque}))))
    background(policies, asked)
    visible_models(policies, department, frozenset({group}))
    for answer in answers:
        for secret in (model, purpose, reason):
            if len(secret) > 4 and not secret.isascii():
                assert secret not in str(answer)


def test_the_worlds_say_everything_that_a_layer_can_say() -> None:
    from gateway.policy.schema import Rules
    assert set(Rules.model_fields) == set(RULES)
