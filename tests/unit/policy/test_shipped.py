"""The policies that come with the house: they load, and this is what they say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from gateway.kipass import Evidence, status
from gateway.model.entities import ENTITIES
from gateway.policy import ReleaseFacts, admit, load_policies, release, visible_models, with_base_url, with_quickstart
from gateway.policy.register_check import pressing
from gateway.policy.source import read
from gateway.policy.vocabulary import DATA_CLASSES, DEFAULTS_IN_HOUSE, DEFAULTS_OUTSIDE, FIXED
from tests.unit.policy.policy_sets import NOW, SHIPPED, all_on, asking, found, person, shipped

HOUSE = ["demo", "vllm-haus", "ollama-lokal"]
OUTSIDE = ["eu-cloud", "mistral-large", "gpt-azure-eu", "claude"]
EVERY = ["allgemein", "textentwurf", "zusammenfassung", "leichte_sprache", "uebersetzung", "recherche",
         "programmierung", "bescheidentwurf", "fachverfahren", "urkundenuebersetzung"]
OFFICE = EVERY[:7]
NINE = {"HEALTH", "RELIGION", "ORIGIN", "ART9", "CRIME"}

GOLDEN: dict[str, tuple[list[str], list[str], dict[str, str]]] = {
    # department: models if all were switched on; purposes; what it does differently from the organisation outside
    "auslaenderbehoerde": (HOUSE + OUTSIDE, [p for p in EVERY if p != "programmierung"],
                           {"RESIDENCE_PERMIT": "mask", "PASSPORT": "mask", "ID_CARD": "mask"}),
    "bauamt": (HOUSE + OUTSIDE, EVERY, {"PARCEL": "mask"}),
    "buergerbuero": (HOUSE + OUTSIDE, EVERY, {"ID_CARD": "mask", "PASSPORT": "mask", "DRIVER_LICENCE": "mask"}),
    "it": (HOUSE + OUTSIDE, OFFICE, {"USERNAME": "mask"}),
    "jugendamt": (["demo", "vllm-haus"], EVERY, {}),
    "kaemmerei": (HOUSE, EVERY, {}),
    "personalamt": (HOUSE, [*OFFICE, "bescheidentwurf"], {}),
    "pressestelle": (HOUSE + OUTSIDE, OFFICE, {"PERSON": "in_house", "ADDRESS": "in_house", "BIRTHDATE": "in_house"}),
    "sozialamt": (HOUSE, EVERY, {}),
    "standesamt": (HOUSE + OUTSIDE, EVERY, {
        "RELIGION": "refuse", "ORIGIN": "refuse", "ART9": "refuse", "DATE_SENSITIVE": "mask"}),
}


def test_the_shipped_policies_load() -> None:
    policies = shipped()
    assert policies.organisation.name == "Stadt Musterstadt"
    assert policies.organisation.id == "musterstadt.example/ki-pforte/1"
    assert len(policies.digest) == 64
    assert list(policies.departments) == sorted(GOLDEN)


def test_only_the_demo_is_switched_on_and_every_department_may_use_it() -> None:
    for department in GOLDEN:
        assert [m.id for m in visible_models(shipped(), department)] == ["demo"]
        assert admit(shipped(), asking(principal=person(department))).denial is None


@pytest.mark.parametrize("department", GOLDEN)
def test_what_each_department_may_do(department: str) -> None:
    models, purposes, outside = GOLDEN[department]
    rules = all_on().departments[department]
    assert [m.id for m in visible_models(all_on(), department)] == models
    assert list(rules.purposes) == purposes
    for id_, model in rules.models.items():
        expected: dict[str, str] = dict(DEFAULTS_IN_HOUSE if model.model.in_house else {
            **DEFAULTS_OUTSIDE, **dict.fromkeys(NINE, "in_house"), **outside})
        # What stays readable goes only where that class of data is cleared.
        expected |= {k: "refuse" for k, a in expected.items()
                     if a == "note" and ENTITIES[k].data_class in DATA_CLASSES.keys() - model.model.data_classes}
        assert model.actions == expected, id_


def test_pictures_of_plans_and_identity_cards_stay_in_the_house_and_are_read_there() -> None:
    for key, department in all_on().departments.items():
        for rules in department.models.values():
            reads = {"file"} if key in ("bauamt", "buergerbuero") and not rules.model.in_house else {"file", "image"}
            assert rules.read_opaque == reads, (key, rules.model.id)


def test_trainees_have_the_rules_of_their_department_and_fewer_purposes() -> None:
    trainees = frozenset({"auszubildende"})
    for key in GOLDEN:
        own, theirs = all_on().department(key), all_on().department(key, trainees)
        assert own is not None
        assert theirs is not None
        assert list(theirs.purposes) == [p for p in own.purposes if p in OFFICE]
        assert theirs.models == own.models
        assert not theirs.allows_clear_text
        assert theirs.notices[:-1] == own.notices


def test_nobody_may_have_names_readable_but_those_who_translate_certificates() -> None:
    granted = {k: p.clear_text for k, p in shipped().organisation.purposes.allow.items() if p.clear_text is not None}
    assert list(granted) == ["urkundenuebersetzung"]
    assert granted["urkundenuebersetzung"].departments == ("standesamt", "auslaenderbehoerde")


def test_personal_data_is_replaced_everywhere_and_restricted_data_stays_in_the_house() -> None:
    for rules in all_on().departments.values():
        for model in rules.models.values():
            personal = [k for k, e in ENTITIES.items() if e.data_class == "personal"]
            assert {model.actions[k] for k in personal} <= {"placeholder", "mask", "in_house"}
            if not model.model.in_house:
                assert model.refused >= {"CLASSIFIED", "ADDRESS_BLOCK"}
                assert model.refused | model.rerouted >= NINE


def test_every_kind_of_finding_is_written_out_in_the_organisation() -> None:
    content = shipped().organisation.content
    assert set(content.in_house.findings) == set(content.outside.findings) == ENTITIES.keys() - FIXED


def test_the_digest_depends_on_what_the_files_say_and_not_on_how(tmp_path: Path) -> None:
    policies = tmp_path / "policies"
    for path in SHIPPED.rglob("*"):
        target = policies / path.relative_to(SHIPPED)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.write_bytes(path.read_bytes())
    rewritten, _ = read(SHIPPED / "models.yaml", "models.yaml")
    assert rewritten is not None
    (policies / "models.yaml").write_text("# other layout\n" + json.dumps(rewritten.data), encoding="utf-8")
    assert load_policies(policies).digest == shipped().digest
    (policies / "departments/bauamt.yaml").write_text(
        (SHIPPED / "departments/bauamt.yaml").read_text(encoding="utf-8") + "\nhandles: [tax]\n", encoding="utf-8")
    assert load_policies(policies).digest != shipped().digest


def test_a_person_can_be_in_every_state_of_the_pass_under_the_shipped_rules() -> None:
    config = shipped().kipass
    old, previous, current = (d.sha256 for d in config.documents["dienstvereinbarung"])
    def state(sha: str | None, years: int = 0) -> str:
        done = NOW.replace(year=NOW.year - years)
        evidence = [Evidence(m, done, sha if m == "kenntnisnahme_dv" else None) for m in config.scopes["basis"].modules]
        return status(evidence, [], config, NOW).state
    assert [state(current), state(previous), state(old), state(current, 3)] == [
        "gueltig", "kulanz", "dv_neu", "abgelaufen"]


def test_the_quick_start_model_is_allowed_everywhere_and_never_refuses_for_content() -> None:
    policies = with_quickstart(shipped(), base_url="http://127.0.0.1:9/v1", model="m", dialects=["chat", "embeddings"])
    everything = dict.fromkeys(ENTITIES, 3)
    for department in GOLDEN:
        facts = asking("schnellstart", principal=person(department))
        admission = admit(policies, facts)
        assert admission.denial is None
        assert admission.purpose == "allgemein"
        decision = release(policies, ReleaseFacts(facts, everything))
        assert decision.denial is None
        assert decision.untrusted_tools == frozenset()
        assert {a for k, a in decision.actions.items() if ENTITIES[k].data_class == "personal"} == {"placeholder"}
        assert decision.model is not None
        assert decision.model.data_classes == DATA_CLASSES.keys()
        assert decision.model.dialects == {"chat", "embeddings"}
    assert policies.digest != shipped().digest
    assert "schnellstart" not in shipped().models, "the policies it was added to are as they were"


def test_the_quick_start_does_not_open_anything_else() -> None:
    policies = with_quickstart(all_on(), base_url="http://127.0.0.1:9/v1", model="m", dialects=["chat"])
    for department, (models, *_) in GOLDEN.items():
        assert [m.id for m in visible_models(policies, department)] == [*models, "schnellstart"]
        for model in models:
            assert (policies.departments[department].models[model]
                    == all_on().departments[department].models[model])


def test_links_name_the_address_at_which_the_server_is_reached() -> None:
    policies = with_base_url(shipped(), "http://127.0.0.1:9999/")
    assert policies.kipass.link == "http://127.0.0.1:9999/pass"
    assert policies.digest == shipped().digest


def test_agreements_that_end_soon_are_listed_the_most_urgent_first() -> None:
    policies = all_on(date(2026, 12, 31))
    for day in (date(2026, 11, 1), date(2026, 12, 1)):
        assert [(f.model, f.until) for f in pressing(policies, day)] == [(k, date(2026, 12, 31)) for k in
                                                                        sorted(OUTSIDE)]
    assert pressing(policies, date(2026, 10, 31)) == []
    assert pressing(all_on(), date(2026, 12, 1)) == []


def test_found_here_means_counted_here() -> None:
    assert release(all_on(), found("gpt-azure-eu", HEALTH=0)).model == all_on().models["gpt-azure-eu"]
    assert release(all_on(), found("gpt-azure-eu", HEALTH=1)).model == all_on().models["vllm-haus"]
    assert release(all_on(), found("gpt-azure-eu", CLASSIFIED=1)).denial is not None
