"""Ways in which somebody could get more out of a policy than it says, tried out; each of them stays closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.model.principal import PassStatus
from gateway.policy import AdmitFacts, PolicySet, ReleaseFacts, admit, release, visible_models
from gateway.policy.compile import work_out
from gateway.policy.decide import admit_here, background
from gateway.policy.policyset import ModelAlias
from gateway.policy.schema import Department, Group, Organisation
from gateway.policy.vocabulary import DATA_CLASSES
from tests.unit.policy.policy_sets import NOW, SCOPES, all_on, person, shipped

ZONES: Mapping[str, Any] = {"eu-cloud": "EU", "mistral-large": "EU", "gpt-azure-eu": "EU", "claude": "drittland"}
CLEAR = {"title": "Urkunden", "clear_text": {
    "entities": ["PERSON", "IBAN", "HEALTH", "LITERAL"], "departments": ["amt"], "reasons": {"wortlaut": "Zitat"}}}


def town(*, outside: Mapping[str, str] | None = None, department: Mapping[str, Any] | None = None,
         group: Mapping[str, Any] | None = None, alias: tuple[str, ...] = ("claude", "eu-cloud", "vllm-haus"),
         **organisation: Any) -> PolicySet:
    """Return the shipped organisation with one department of its own and every model in service."""
    written = shipped().organisation.model_dump()
    written |= {"profiles": [], "limits": {}, "background": {"answer": "same"}, "conversations": {"keep_hours": 24}}
    written["routing"] = {"in_house": ["vllm-haus"], "fallback": {"eu-cloud": ["claude", "mistral-large", "vllm-haus"]}}
    written["models"] = {"allow": list(all_on().models)}
    written["purposes"]["allow"]["urkunde"] = CLEAR
    written["content"]["outside"]["findings"] |= outside or {}
    written |= organisation
    plain = {"version": "1", "name": "Amt", "legal_basis": "x"}
    models = {k: replace(m, zone=ZONES.get(k, m.zone), dialects=m.dialects | {"chat"}, data_classes=all_)
              for all_ in (frozenset(DATA_CLASSES),) for k, m in all_on().models.items()}
    members = {"version": "1", "name": "A", **(group or {})}
    return work_out(
        "d" * 64, Organisation.model_validate(written),
        {"amt": Department.model_validate({**plain, **(department or {})}), "andere": Department.model_validate(plain)},
        models, shipped().kipass, groups={"azubis": Group.model_validate(members)},
        aliases={"beste": ModelAlias("beste", "Beste", alias, "urkunde")})


def asking(model: str = "eu-cloud", purpose: str | None = None, department: str = "amt", groups: tuple[str, ...] = (),
           **more: Any) -> AdmitFacts:
    who = replace(person(department), groups=frozenset(groups))
    return AdmitFacts(who, model, purpose, "chat", more.pop("now", NOW), **more)


def answered(policies: PolicySet, asked: AdmitFacts, opaque: tuple[str, ...] = (), **found: int) -> str:
    """Return the model that answers, or the code of the refusal."""
    admission = admit(policies, asked)
    if admission.denial is not None:
        return admission.denial.code
    decision = release(policies, ReleaseFacts(asked, found, frozenset(opaque)))
    return decision.model.id if decision.model else decision.denial.code if decision.denial else ""


def test_an_alias_never_leads_further_away_than_what_stands_before_it() -> None:
    policies = town(alias=("vllm-haus", "claude", "eu-cloud"))
    assert policies.aliases["beste"].models == ("vllm-haus",)
    for stopped in ("vllm-haus", "claude"):
        assert answered(policies, asking("beste", stopped=frozenset({stopped}))) in ("modell_gestoppt", "vllm-haus")
    assert "claude" not in {m.id for m in admit(town(), asking("beste", stopped=frozenset({"claude"}))).candidates}


def test_a_stand_in_never_leaves_the_union() -> None:
    decision = release(town(), ReleaseFacts(asking(), {"PERSON": 1}))
    assert [m.id for m in decision.fallbacks] == ["mistral-large", "vllm-haus"]


def test_a_finding_does_not_open_the_way_for_a_picture_that_was_refused() -> None:
    policies = town(outside={"PERSON": "in_house"})
    assert answered(policies, asking(), ("audio",)) == "nicht_pruefbar"
    assert answered(policies, asking(), ("audio",), PERSON=1) != "vllm-haus"
    assert answered(policies, asking(), PERSON=1) == "vllm-haus"


def test_a_refusal_stays_one_when_something_for_the_house_is_added() -> None:
    policies = town(outside={"PERSON": "in_house", "CLASSIFIED": "refuse"})
    assert answered(policies, asking(), CLASSIFIED=1) == "inhalt_gesperrt"
    assert answered(policies, asking(), CLASSIFIED=1, PERSON=1) == "inhalt_gesperrt"


@pytest.mark.parametrize("asked", [
    asking(purpose="urkunde", department="andere", clear_text="wortlaut"),
    asking(purpose="urkunde", clear_text="Wortlaut"), asking(purpose="urkunde", clear_text="wortlaut\nwortlaut"),
    asking(purpose="allgemein", clear_text="wortlaut"), asking(purpose="urkunde", clear_text=" "),
    asking("beste", department="andere", clear_text="wortlaut")])
def test_clear_text_without_the_right_purpose_reason_or_department_is_refused_and_hides_everything(
        asked: AdmitFacts) -> None:
    policies = town()
    assert answered(policies, asked) == "zweck_nicht_erlaubt"
    decision = release(policies, ReleaseFacts(asked, {"PERSON": 1}))
    assert decision.actions["PERSON"] == "placeholder", "nor does the second question alone give it"


def test_clear_text_opens_neither_what_is_refused_nor_the_placeholders_of_the_house() -> None:
    policies = town(outside={"HEALTH": "in_house", "IBAN": "refuse"})
    asked = asking("beste", clear_text="wortlaut")
    decision = release(policies, ReleaseFacts(asked, {"PERSON": 1}))
    assert (decision.actions["PERSON"], decision.actions["LITERAL"]) == ("note", "placeholder")
    assert answered(policies, asked, IBAN=1) == "vllm-haus", "of the models behind the name only the house may have it"
    assert answered(policies, replace(asked, model="eu-cloud", purpose="urkunde"), IBAN=1) == "inhalt_gesperrt"


def test_a_group_that_forbids_clear_text_counts_wherever_its_members_work() -> None:
    policies = town(group={"clear_text": "refuse"})
    assert answered(policies, asking(purpose="urkunde", clear_text="wortlaut")) == "eu-cloud"
    assert answered(policies, asking(purpose="urkunde", clear_text="wortlaut", groups=("azubis",))) == (
        "zweck_nicht_erlaubt")


def test_what_the_house_serves_itself_obeys_the_groups_as_well() -> None:
    policies = town(group={"conversations": {"keep_hours": 0}, "ki_pass": {"required": ["bild"]}})
    who = replace(person("amt", bild=PassStatus("fehlt")), groups=frozenset({"azubis"}))
    assert admit_here(policies, replace(who, groups=frozenset())).keep_hours == 24
    denial = admit_here(policies, who).denial
    assert denial is not None
    assert denial.code == "ki_pass_fehlt"


def test_a_call_that_a_program_makes_of_its_own_accord_goes_no_further_than_the_conversation() -> None:
    policies = town(background={"answer": "model", "model": "claude"})
    assert background(policies, asking("claude")) == "claude"
    assert background(policies, asking("eu-cloud")) is None
    assert background(policies, asking("vllm-haus")) is None


def test_two_rules_that_name_different_models_for_such_calls_name_none() -> None:
    policies = town(background={"answer": "model", "model": "eu-cloud"},
                    department={"background": {"answer": "model", "model": "vllm-haus"}})
    assert background(policies, asking()) is None


@pytest.mark.parametrize("model", ["EU-Cloud", "eu-cloud ", "@nah", "eu-cloud\n", "beste,eu-cloud", "Beste", ""])
def test_another_spelling_of_a_model_is_no_model(model: str) -> None:
    assert answered(town(), asking(model)) == "modell_unbekannt"


@pytest.mark.parametrize("purpose", ["Social_Scoring", " social_scoring\t", "SOCIAL_SCORING"])
def test_another_spelling_of_a_forbidden_purpose_is_as_forbidden(purpose: str) -> None:
    denial = admit(town(), asking(purpose=purpose)).denial
    assert denial is not None
    assert denial.rule == "organisation:purposes.forbid.social_scoring"


def test_an_alias_is_no_way_to_a_purpose_that_the_department_may_not_have() -> None:
    assert answered(town(department={"purposes": {"deny": ["urkunde"]}}), asking("beste")) == "zweck_nicht_erlaubt"


def test_who_may_not_use_the_models_behind_a_name_does_not_see_the_name() -> None:
    policies = town(department={"models": {"allow": ["demo"]}})
    assert [m.id for m in visible_models(policies, "amt")] == ["demo"]
    denial = admit(policies, asking("beste")).denial
    assert denial is not None
    for hidden in ("eu-cloud", "mistral", "vllm"):
        assert hidden not in denial.message


@pytest.mark.parametrize(("moment", "is_open"), [
    (datetime(2026, 10, 25, 0, 59, tzinfo=UTC), True),  # 02:59 in summer time
    (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), True),  # 02:00 again: the clock was put back
    (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),  # 03:00
    (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),  # 01:59 in winter time
    (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),  # 03:00 in summer time: there is no 02:00 on this day
])
def test_hours_are_those_of_the_clock_on_the_wall_on_the_days_on_which_it_is_changed(moment: datetime,
                                                                                      is_open: bool) -> None:
    policies = town(department={"hours": {"begin": "02:00", "end": "03:00"}})
    assert (answered(policies, asking(now=moment)) == "eu-cloud") is is_open


def test_a_day_ends_at_midnight_in_the_office_and_not_elsewhere() -> None:
    policies = town(department={"hours": {"days": ["mo"], "begin": "00:00", "end": "24:00"}})
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # Tuesday, 00:00 in the office
    assert answered(policies, asking(now=midnight - timedelta(microseconds=1))) == "eu-cloud"
    assert answered(policies, asking(now=midnight)) == "zeit_nicht_erlaubt"


def test_every_pass_that_is_asked_for_here_exists() -> None:
    assert {"basis", "bild"} <= set(SCOPES)
