"""A KI-Pass that a model or a kind of finding takes: asked on every way to the model, said with the way out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.model.decision import Denial
from gateway.model.principal import PassState, PassStatus, Principal
from gateway.policy import PolicyErrors, PolicySet, admit, release
from gateway.policy.compile import reworked
from gateway.policy.decide import background
from gateway.policy.diff import differences
from gateway.policy.explain import explain
from gateway.policy.policyset import ModelAlias
from gateway.policy.rule_ids import every_rule, in_effect
from gateway.policy.schema import Department, Organisation
from gateway.policy.simulate import simulate
from gateway.policy.titles import in_words
from gateway.policy.trial import attempt
from gateway.policy.words import LIMIT
from gateway.wire.bridges import spoken
from tests.support.fake_house import NOW, FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, asking, found, person, shipped
from tests.unit.policy.test_diff import append, edited, replaced

CLERK = person(personenbezogen=PassStatus("fehlt"), bild=PassStatus("fehlt"))
TRAINED = person()


def demanding(*, models: dict[str, tuple[str, ...]] | None = None, of: PolicySet | None = None,
              bauamt: dict[str, Any] | None = None, organisation: dict[str, Any] | None = None) -> PolicySet:
    """Return policies with every model in service that demand more: of models, in the Bauamt, of everybody."""
    old = of or all_on()
    written = {**old.files["bauamt"].model_dump(mode="json"), **(bauamt or {})}
    whole = {**old.organisation.model_dump(mode="json"), **(organisation or {})}
    return reworked(old, "e" * 64, models={
        key: replace(m, pass_scopes=(models or {}).get(key, m.pass_scopes)) for key, m in old.models.items()},
        organisation=Organisation.model_validate(whole),
        departments={**old.files, "bauamt": Department.model_validate(written)})


def outside(**asked: list[str]) -> dict[str, Any]:
    content = all_on().files["bauamt"].model_dump(mode="json")["content"]
    return {"content": {**content, "outside": {**content["outside"], "pass_scopes": asked}}}


def refusal(answer: Any) -> Denial:
    assert isinstance(answer.denial, Denial)
    return answer.denial


TAKES = demanding(models={"eu-cloud": ("personenbezogen",)})
PERSONAL = demanding(bauamt=outside(personal=["personenbezogen"]))


def test_a_model_that_takes_a_pass_is_refused_without_it_and_says_which_rule_asked() -> None:
    answer = admit(TAKES, asking("eu-cloud", principal=CLERK))
    assert (refusal(answer).code, refusal(answer).rule) == ("ki_pass_fehlt", "ki-pass:personenbezogen")
    assert [r.rule for r in answer.reasons][-2:] == ["models:eu-cloud.pass_scopes", "ki-pass:personenbezogen"]
    assert admit(TAKES, asking("eu-cloud", principal=TRAINED)).denial is None
    assert admit(TAKES, asking("demo", principal=CLERK)).denial is None


@pytest.mark.parametrize(("state", "code"), [("abgelaufen", "ki_pass_abgelaufen"), ("dv_neu", "ki_pass_dv_neu"),
                                             ("gesperrt", "ki_pass_gesperrt")])
def test_every_state_of_the_pass_has_its_code_at_models_and_at_findings(state: PassState, code: str) -> None:
    one = person(personenbezogen=PassStatus(state, message="Bitte lesen."))
    assert refusal(admit(TAKES, asking("eu-cloud", principal=one))).code == code
    asked = replace(found("eu-cloud", PERSON=1), admitted=asking("eu-cloud", principal=one))
    assert refusal(release(PERSONAL, asked)).code == code
    assert "Bitte lesen." in refusal(release(PERSONAL, asked)).message


def test_a_layer_asks_more_for_a_model_or_a_group_of_them_and_only_of_its_people() -> None:
    policies = replace_groups(demanding(), {"ausland": ("claude", "gpt-azure-eu")}, {
        "ki_pass": {"models": {"@ausland": ["bild"], "eu-cloud": ["personenbezogen"]}}})
    for model in ("claude", "gpt-azure-eu", "eu-cloud"):
        assert refusal(admit(policies, asking(model, principal=CLERK))).code == "ki_pass_fehlt"
        assert admit(policies, asking(model, principal=TRAINED)).denial is None
    elsewhere = replace(CLERK, department="it", passes={**CLERK.passes, "personenbezogen": PassStatus("gueltig")})
    assert admit(policies, asking("gpt-azure-eu", principal=elsewhere)).denial is None
    ruled = admit(policies, asking("gpt-azure-eu", principal=TRAINED))
    assert "departments/bauamt:ki_pass.models.@ausland" in {r.rule for r in ruled.reasons}


def replace_groups(old: PolicySet, groups: dict[str, tuple[str, ...]], bauamt: dict[str, Any]) -> PolicySet:
    from gateway.policy.compile import work_out
    written = Department.model_validate({**old.files["bauamt"].model_dump(mode="json"), **bauamt})
    return work_out("f" * 64, old.organisation, {**old.files, "bauamt": written}, old.models, old.kipass,
                    profiles=old.profiles, groups=old.groups, model_groups=groups)


def test_the_message_names_the_model_and_what_works_without_as_long_as_it_stays_short() -> None:
    said = refusal(admit(TAKES, asking("eu-cloud", principal=CLERK))).message
    assert "„Llama 70B (EU-Cloud)“ verlangt den KI-Pass „Personenbezogenes“." in said
    assert "Wählen Sie" in said
    long = person(personenbezogen=PassStatus("fehlt", message="x" * 250))
    said = refusal(admit(TAKES, asking("eu-cloud", principal=long))).message
    assert "Wählen Sie" not in said
    assert len(said) <= LIMIT


def test_no_other_refusal_offers_a_model_that_the_person_could_not_use() -> None:
    none = refusal(admit(TAKES, asking("gibt-es-nicht", principal=CLERK))).message
    assert "eu-cloud" not in none
    offered = refusal(release(PERSONAL, replace(found("claude", PERSON=1, CLASSIFIED=1), admitted=asking(
        "claude", principal=CLERK)))).message
    assert all(model not in offered for model in ("eu-cloud", "mistral-large"))


def test_findings_take_a_pass_although_they_are_replaced_and_only_on_that_side_of_the_door() -> None:
    asked = replace(found("eu-cloud", PERSON=2, IBAN=1), admitted=asking("eu-cloud", principal=CLERK))
    answer = release(PERSONAL, asked)
    assert refusal(answer).code == "ki_pass_fehlt"
    assert "Name, IBAN" in refusal(answer).message
    assert [r.rule for r in answer.reasons if r.effect == "deny"] == [
        "departments/bauamt:content.outside.pass_scopes.personal", "ki-pass:personenbezogen"]
    assert release(PERSONAL, replace(asked, counts={"FINANCE": 1})).denial is None
    assert release(PERSONAL, replace(asked, counts={"PERSON": 0})).denial is None
    at_home = replace(asked, admitted=asking("demo", principal=CLERK))
    assert release(PERSONAL, at_home).denial is None
    trained = release(PERSONAL, replace(asked, admitted=asking("eu-cloud", principal=TRAINED)))
    assert trained.actions["PERSON"] == "placeholder"
    assert "ki-pass:personenbezogen" in {r.rule for r in trained.reasons}


def test_what_is_answered_in_the_house_asks_for_no_pass_of_those_who_send_outside() -> None:
    policies = demanding(bauamt=outside(HEALTH=["personenbezogen"], personal=["bild"]))
    asked = replace(found("eu-cloud", HEALTH=1), admitted=asking("eu-cloud", principal=CLERK))
    moved = release(policies, asked)
    assert moved.model is not None
    assert moved.model.in_house
    both = replace(asked, counts={"HEALTH": 1, "PERSON": 1})
    assert release(policies, both).denial is not None, "more found never gets further"


def test_the_house_is_no_detour_to_a_model_that_takes_a_pass() -> None:
    policies = demanding(models={"vllm-haus": ("bild",)})
    asked = replace(found("eu-cloud", HEALTH=1), admitted=asking("eu-cloud", principal=CLERK))
    moved = release(policies, asked)
    assert moved.model is not None
    assert moved.model.id == "ollama-lokal"
    both = demanding(models={"vllm-haus": ("bild",), "ollama-lokal": ("bild",)})
    assert refusal(release(both, asked)).code == "inhalt_gesperrt"
    trained = release(both, replace(asked, admitted=asking("eu-cloud", principal=TRAINED)))
    assert trained.model is both.models["vllm-haus"]
    assert {"models:vllm-haus.pass_scopes", "ki-pass:bild"} <= {r.rule for r in trained.reasons}


def test_who_stands_in_takes_the_same_pass_from_the_same_people() -> None:
    policies = demanding(models={"eu-cloud": ("bild",)})
    plain = found("mistral-large")
    names = {of: [m.id for m in release(policies, replace(plain, admitted=asking(
        "mistral-large", principal=principal))).fallbacks] for of, principal in (("all", TRAINED), ("clerk", CLERK))}
    assert names == {"all": ["eu-cloud", "vllm-haus"], "clerk": ["vllm-haus"]}


def test_behind_a_name_the_next_model_answers_who_lacks_the_pass_for_the_first() -> None:
    policies = replace(TAKES, aliases={"beste": ModelAlias("beste", "Beste", ("eu-cloud", "vllm-haus"))})
    admission = admit(policies, asking("beste", principal=CLERK))
    assert [m.id for m in admission.candidates] == ["vllm-haus"]
    assert admission.reasons[1].rule == "models:eu-cloud.pass_scopes", "not the pass: that would say it holds"
    released = release(policies, replace(found("beste"), admitted=asking("beste", principal=CLERK)))
    assert released.model is policies.models["vllm-haus"]


def test_behind_a_name_findings_go_to_the_model_that_takes_no_pass_for_them() -> None:
    policies = replace(PERSONAL, aliases={"beste": ModelAlias("beste", "Beste", ("eu-cloud", "demo"))})
    asked = replace(found("beste", PERSON=1), admitted=asking("beste", principal=CLERK))
    released = release(policies, asked)
    assert released.model is policies.models["demo"]
    assert released.held == {"PERSON"}, "cut the conversation as you like: it stays there"
    assert admit(policies, asked.admitted).recalls
    trained = replace(asked, admitted=asking("beste", principal=TRAINED))
    assert release(policies, trained).held == frozenset()


def test_a_call_that_a_client_makes_of_its_own_accord_is_answered_in_the_house_instead() -> None:
    policies = demanding(models={"vllm-haus": ("bild",)}, organisation={
        "background": {"answer": "model", "model": "vllm-haus"}})
    assert background(policies, asking("eu-cloud", principal=TRAINED)) == "vllm-haus"
    assert background(policies, asking("eu-cloud", principal=CLERK)) is None


def test_a_stop_is_said_before_a_pass_that_would_not_help() -> None:
    stopped = replace(asking("eu-cloud", principal=CLERK), stopped=frozenset({"eu-cloud"}))
    assert refusal(admit(TAKES, stopped)).code == "modell_gestoppt"


def test_a_scope_that_everybody_needs_anyway_is_asked_once() -> None:
    policies = demanding(models={"eu-cloud": ("basis",)}, bauamt={
        **outside(personal=["personenbezogen"]), "ki_pass": {"required": ["personenbezogen"]}})
    rules = policies.departments["bauamt"].models["eu-cloud"]
    assert (rules.demands, rules.kind_demands) == ((), ())


def grace(text: str) -> Principal:
    return person(personenbezogen=PassStatus("kulanz", notice=text))


def test_grace_of_what_a_model_or_a_finding_takes_is_a_notice() -> None:
    assert admit(TAKES, asking("eu-cloud", principal=grace("Bald lesen."))).notice == "Bald lesen."
    asked = replace(found("eu-cloud", PERSON=1), admitted=asking("eu-cloud", principal=grace("Bald lesen.")))
    assert release(PERSONAL, asked).notices == ("Bald lesen.",)
    assert release(PERSONAL, replace(asked, counts={})).notices == ()


def through(house: FakeHouse, body: dict[str, Any]) -> Any:
    return asyncio.run(house.ask(orjson.dumps(body)))[0]


def test_on_the_way_a_missing_pass_sends_nothing_and_a_notice_is_told_once() -> None:
    mail = chat("Verloren: L01X00T47", model="eu-cloud")
    house = FakeHouse(lambda: PERSONAL, CLERK)
    answer = through(house, mail)
    assert (answer.status, house.sent) == (403, [])
    assert house.book[-1].meta["denied_by"] == ["departments/bauamt:content.outside.pass_scopes.personal",
                                                "ki-pass:personenbezogen"]
    told = PassStatus("kulanz", notice="KI-Pass: bald lesen.")
    house = FakeHouse(lambda: PERSONAL, person(basis=told, personenbezogen=told))
    assert through(house, mail).headers["x-ki-pforte-hinweis"].count("bald lesen") == 1


def test_the_log_replays_what_was_demanded_and_guesses_nothing() -> None:
    body = chat("Verloren: L01X00T47", model="eu-cloud")
    for policies in (TAKES, PERSONAL):
        for principal in (CLERK, TRAINED):
            house = FakeHouse(lambda policies=policies: policies, principal)  # type: ignore[misc]
            through(house, body)
            log = [(e.kind, NOW, e.meta) for e in house.book if e.kind != "outcome"]
            again = simulate(policies, log, spoken, lambda key: key)
            assert (again.compared, again.same) == (1, 1)
            before = simulate(all_on(), log, spoken, lambda key: key)
            if policies is TAKES and principal is CLERK:
                assert dict(before.skipped) == {"unread": 1}, "refused before anybody looked at it"
            else:
                assert (before.compared, before.different) == (1, principal is CLERK)
    house = FakeHouse(all_on, CLERK)
    through(house, body)
    log = [(e.kind, NOW, e.meta) for e in house.book if e.kind != "outcome"]
    assert dict(simulate(PERSONAL, log, spoken, lambda key: key).skipped) == {"ki_pass": 1}


def test_an_explanation_names_who_demands_the_pass_and_where_it_stands() -> None:
    trial = attempt(PERSONAL, asking("eu-cloud", principal=CLERK), {"PERSON": 1})
    steps = {step.rule: step for step in explain(PERSONAL, trial).steps}
    step = steps["departments/bauamt:content.outside.pass_scopes.personal"]
    assert step.title == "Bauamt, Modelle außer Haus: KI-Pass für Namen, Anschriften, Nummern"
    assert step.effect == "deny"
    assert in_words("models:eu-cloud.pass_scopes", TAKES) == "KI-Pass, den „Llama 70B (EU-Cloud)“ verlangt"


def test_new_demands_are_rules_with_a_place_and_stricter_in_a_comparison(tmp_path: Path) -> None:
    new = edited(tmp_path, append("departments/bauamt.yaml", "ki_pass: {models: {demo: [bild]}}"),
                 replaced("models.yaml", r"^  demo:\n", "  demo:\n    pass_scopes: [fachverfahren]\n"),
                 replaced("organisation.yaml", r"^  in_house:\n", "  in_house:\n    pass_scopes: {HEALTH: "
                          "[personenbezogen], special: [bild]}\n"))
    known, alive = every_rule(new), in_effect(new)
    for rule in ("departments/bauamt:ki_pass.models.demo", "models:demo.pass_scopes",
                 "organisation:content.in_house.pass_scopes.HEALTH",
                 "organisation:content.in_house.pass_scopes.special"):
        assert known[rule].file
        assert rule in alive
        assert in_words(rule, new) != rule
    said = {str(change): change.looser for change in differences(shipped(), new)}
    assert not any(said.values())
    for part in ("Modell „Demo (kein Sprachmodell)“: verlangt den KI-Pass „fachverfahren“",
                 "Modelle im Haus: KI-Pass „bild“ wird verlangt",
                 "Modelle im Haus: Gesundheitsangabe: KI-Pass „personenbezogen“ wird verlangt",
                 "Modelle im Haus: Religion: KI-Pass „bild“ wird verlangt"):
        assert part in said, said
    assert all(differences(new, shipped())[i].looser for i in range(3))


def test_a_model_that_is_not_cleared_replaces_although_asked_not_to_and_says_so() -> None:
    clerk = person("standesamt")
    asked = replace(asking("eu-cloud", "urkundenuebersetzung", clerk), clear_text="urkunde")
    answer = release(all_on(), replace(found("eu-cloud", PERSON=1), admitted=asked))
    assert answer.actions["PERSON"] == "placeholder"
    assert answer.notices == ("Trotz 'X-KI-Klartext' werden Angaben ersetzt: 'Llama 70B (EU-Cloud)' ist fuer "
                              "personenbezogene Daten nicht freigegeben.",)
    said = [r.text for r in (*admit(all_on(), asked).reasons, *answer.reasons)]
    assert not any("bleiben lesbar" in text or "bleibt auf Wunsch lesbar" in text for text in said)
    at_home = replace(asked, model="vllm-haus")
    readable = release(all_on(), replace(found("vllm-haus", PERSON=1), admitted=at_home))
    assert (readable.actions["PERSON"], readable.notices) == ("note", ())


def test_a_pass_in_the_register_must_exist_and_what_everybody_needs_for_a_model_stands_there(tmp_path: Path) -> None:
    with pytest.raises(PolicyErrors) as wrong:
        edited(tmp_path, replaced("models.yaml", r"^  demo:\n", "  demo:\n    pass_scopes: [bilder]\n"),
               replaced("organisation.yaml", r"^  required: .*", "  required: [basis]\n  models: {demo: [bild]}"))
    said = [str(problem) for problem in wrong.value.problems]
    assert any("models.demo.pass_scopes[1]: Den KI-Pass „bilder“ gibt es nicht; meinten Sie „bild“?" in s for s in said)
    assert any("ki_pass.models: Was ein Modell von allen verlangt, steht im Register; schreiben Sie in models.yaml bei "
               "dem Modell „pass_scopes: […]“" in s for s in said)
