"""`admit` and `release`: which code, in which order, with which words."""

from __future__ import annotations

import ast
import inspect
from datetime import UTC, date, datetime

import pytest

from gateway.errors import CODES
from gateway.model.decision import Denial
from gateway.model.principal import PassState, PassStatus
from gateway.policy import admit, release, visible_models, words
from tests.unit.policy.policy_sets import NOW, all_on, asking, found, person, shipped


def denial(of: object) -> Denial:
    answer = getattr(of, "denial", None)
    assert isinstance(answer, Denial)
    return answer


def test_who_may_passes_and_is_told_under_which_rules() -> None:
    answer = admit(shipped(), asking())
    assert (answer.denial, answer.purpose, answer.asked, answer.notice) == (None, "allgemein", "demo", "")
    assert answer.model is shipped().models["demo"]
    assert answer.policy == shipped().digest
    assert [r.rule for r in answer.reasons] == ["ki-pass:basis", "departments/bauamt:models",
                                                "organisation:purposes.allow.allgemein"]
    assert {r.effect for r in answer.reasons} == {"allow"}


@pytest.mark.parametrize(("state", "code"), [
    ("fehlt", "ki_pass_fehlt"), ("abgelaufen", "ki_pass_abgelaufen"), ("dv_neu", "ki_pass_dv_neu"),
    ("gesperrt", "ki_pass_gesperrt")])
def test_a_pass_that_does_not_hold_is_refused_with_its_own_words(state: PassState, code: str) -> None:
    answer = admit(shipped(), asking(principal=person(basis=PassStatus(state, message="Bitte lesen."))))
    assert (denial(answer).code, denial(answer).message, answer.model) == (code, "Bitte lesen.", None)
    assert denial(answer).rule == "ki-pass:basis"
    bare = denial(admit(shipped(), asking(principal=person(basis=PassStatus(state)))))
    assert "„Grundlagen“" in bare.message
    assert shipped().kipass.link in bare.message


def test_grace_admits_with_a_notice() -> None:
    answer = admit(shipped(), asking(principal=person(basis=PassStatus("kulanz", notice="Bitte bald lesen."))))
    assert (answer.denial, answer.notice) == (None, "Bitte bald lesen.")
    assert answer.reasons[0].effect == "note"


def test_the_pass_is_asked_for_before_the_model_and_the_model_before_the_purpose() -> None:
    nobody = person(basis=PassStatus("fehlt"))
    assert denial(admit(all_on(), asking("nope", "social_scoring", nobody))).code == "ki_pass_fehlt"
    assert denial(admit(all_on(), asking("nope", "social_scoring"))).code == "modell_unbekannt"
    expired = asking("claude", "social_scoring", now=datetime(2027, 1, 1, tzinfo=UTC))
    assert denial(admit(all_on(date(2026, 12, 31)), expired)).code == "avv_abgelaufen"
    assert denial(admit(all_on(), asking("claude", "social_scoring"))).code == "zweck_nicht_erlaubt"


@pytest.mark.parametrize("model", ["gpt-5", "claude", "", "DEMO"])
def test_an_unknown_model_and_one_that_is_switched_off_look_alike(model: str) -> None:
    answer = admit(shipped(), asking(model))
    assert denial(answer).code == "modell_unbekannt"
    assert denial(answer).message == ("Ihre Anfrage wurde nicht gesendet. Das gewünschte Modell gibt es hier nicht. "
                                      "Wählen Sie „demo“.")
    assert answer.asked == ""


@pytest.mark.parametrize(("department", "model", "rule", "why"), [
    ("sozialamt", "claude", "departments/sozialamt:models.deny", "ist im Bereich „Sozialamt“ nicht freigegeben"),
    ("personalamt", "eu-cloud", "departments/personalamt:models.zones", "nicht zugelassen"),
    ("kaemmerei", "claude", "departments/kaemmerei:handles.tax", "Steuergeheimnis"),
])
def test_a_model_that_the_department_may_not_use_names_the_rule_and_the_way_out(department: str, model: str, rule: str,
                                                                               why: str) -> None:
    answer = admit(all_on(), asking(model, principal=person(department)))
    assert (denial(answer).code, denial(answer).rule, answer.asked) == ("modell_nicht_erlaubt", rule, model)
    assert why in denial(answer).message
    assert "„demo“" in denial(answer).message


@pytest.mark.parametrize(("moment", "allowed"), [
    ("2026-12-31T23:59:59+01:00", True), ("2027-01-01T00:00:00+01:00", False), ("2025-12-31T12:00:00+01:00", False)])
def test_an_agreement_holds_through_its_last_day_in_berlin(moment: str, allowed: bool) -> None:
    policies = all_on(date(2026, 12, 31))
    now = datetime.fromisoformat(moment)
    answer = admit(policies, asking("gpt-azure-eu", now=now))
    assert (answer.denial is None) == allowed
    if not allowed:
        assert denial(answer).code == "avv_abgelaufen"
        assert "„GPT (Azure, EU)“ gilt nur bis 31.12.2026" in denial(answer).message
        assert "claude" not in denial(answer).message, "a model with the same trouble is no way out"
    assert admit(policies, asking("vllm-haus", now=now)).denial is None, "in the house none is needed"


@pytest.mark.parametrize("purpose", [None, "", "  ", "allgemein", " Allgemein "])
def test_without_a_purpose_the_general_one_applies(purpose: str | None) -> None:
    assert admit(shipped(), asking(purpose=purpose)).purpose == "allgemein"


@pytest.mark.parametrize("purpose", ["social_scoring", "emotionserkennung", "bewerberauswahl"])
def test_a_forbidden_purpose_is_named_as_forbidden(purpose: str) -> None:
    answer = admit(shipped(), asking(purpose=purpose))
    assert (denial(answer).code, answer.purpose) == ("zweck_nicht_erlaubt", purpose)
    assert "Dieser Zweck ist verboten" in denial(answer).message
    assert denial(answer).rule == f"organisation:purposes.forbid.{purpose}"


def test_what_the_client_wrote_is_repeated_nowhere() -> None:
    for facts in (asking(purpose="Kündigung für Erika Beispiel"), asking("Erika Beispiel")):
        answer = admit(shipped(), facts)
        assert answer.denial is not None
        assert "Erika" not in repr(answer)
        assert "erika" not in repr(answer)
    assert admit(shipped(), asking(purpose="Kündigung für Erika Beispiel")).purpose == "unbekannt"


def test_a_purpose_may_ask_for_a_further_pass() -> None:
    basic = person(personenbezogen=PassStatus("fehlt"))
    refused = denial(admit(shipped(), asking(purpose="bescheidentwurf", principal=basic)))
    assert (refused.code, refused.rule) == ("ki_pass_fehlt", "ki-pass:personenbezogen")
    assert admit(shipped(), asking(purpose="bescheidentwurf")).denial is None
    assert admit(shipped(), asking(purpose="textentwurf", principal=basic)).denial is None


def test_a_department_without_rules_may_nothing() -> None:
    stranger = person("raumfahrtamt")
    assert denial(admit(shipped(), asking(principal=stranger))).code == "modell_nicht_erlaubt"
    assert visible_models(shipped(), "raumfahrtamt") == ()
    assert denial(release(shipped(), found(department="raumfahrtamt"))).code == "modell_nicht_erlaubt"


def test_release_gives_an_action_for_every_kind_and_says_what_was_found() -> None:
    answer = release(all_on(), found("gpt-azure-eu", PERSON=2, IBAN=1))
    assert answer.denial is None
    assert answer.model is all_on().models["gpt-azure-eu"]
    assert [(r.rule, r.effect, r.text) for r in answer.reasons] == [
        ("organisation:content.outside.findings.PERSON", "note",
         "2 × Name: wird ersetzt und in der Antwort wieder eingesetzt"),
        ("organisation:content.outside.findings.IBAN", "note",
         "1 × IBAN: wird ersetzt und in der Antwort wieder eingesetzt")]
    assert answer.untrusted_tools == frozenset()
    assert release(all_on(), found(department="it")).untrusted_tools >= {"http_request", "shell"}


def test_content_that_a_model_may_not_have_is_refused_with_a_model_that_may() -> None:
    answer = release(all_on(), found("gpt-azure-eu", CLASSIFIED=1, PERSON=4))
    assert (denial(answer).code, answer.model) == ("inhalt_gesperrt", None)
    assert denial(answer).message == (
        "Ihre Anfrage wurde nicht gesendet. Sie enthält: Verschlusssachen-Kennzeichnung. „GPT (Azure, EU)“ "
        "darf das nicht erhalten. Wählen Sie „demo“ oder entfernen Sie die Angaben.")
    assert denial(answer).rule == "organisation:content.outside.findings.CLASSIFIED"
    assert release(all_on(), found("demo", CLASSIFIED=1)).denial is None


def test_where_no_model_may_have_it_nobody_is_sent_to_one() -> None:
    text = denial(release(all_on(), found("eu-cloud", "standesamt", CLASSIFIED=1, HEALTH=1))).message
    assert "„demo“" in text
    rules = all_on().departments["bauamt"].models["claude"]
    assert "Entfernen Sie die Angaben und senden" in words.content(rules, ["CLASSIFIED"], []).message


@pytest.mark.parametrize("model", ["demo", "claude"])
@pytest.mark.parametrize("kind", ["image", "audio", "file", "hologram"])
def test_what_cannot_be_looked_into_does_not_leave(model: str, kind: str) -> None:
    answer = release(all_on(), found(model, opaque=(kind,)))
    assert (denial(answer).code, answer.model) == ("nicht_pruefbar", None)
    assert "als Text ein" in denial(answer).message


def test_a_kind_of_finding_that_nobody_knows_is_a_mistake_and_not_a_release() -> None:
    with pytest.raises(KeyError):
        release(shipped(), found(SHOE_SIZE=1))


def test_release_refuses_a_model_that_was_never_admitted() -> None:
    assert denial(release(all_on(), found("claude", "sozialamt"))).code == "modell_nicht_erlaubt"
    assert denial(release(all_on(), found("nope"))).code == "modell_unbekannt"


def test_every_denial_is_short_calm_and_known_to_the_contract() -> None:
    answers = [denial(admit(all_on(), asking(purpose=p, principal=person(d))))
               for d in all_on().departments for p in ("dichtung", *all_on().departments[d].forbidden)]
    answers += [denial(admit(all_on(date(2026, 1, 2)), asking(m, principal=person(d))))
                for d in all_on().departments for m in ("nope", "claude", "gpt-azure-eu")]
    answers += [denial(release(all_on(), found("claude", "bauamt", HEALTH=1, RELIGION=1, ORIGIN=1, ADDRESS_BLOCK=1)))]
    for answer in answers:
        assert answer.code in CODES
        assert len(answer.message) <= 300, answer.message
        assert answer.message.startswith("Ihre Anfrage wurde nicht gesendet.")
        assert "!" not in answer.message


def test_deciding_reads_no_clock() -> None:
    for module in (words, __import__("gateway.policy.decide", fromlist=["_"]),
                   __import__("gateway.policy.policyset", fromlist=["_"])):
        calls = {n.func.attr for n in ast.walk(ast.parse(inspect.getsource(module)))
                 if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
        assert not calls & {"now", "today", "utcnow", "time"}


def test_the_moment_of_the_facts_is_the_only_time_there_is() -> None:
    facts = asking("claude", now=NOW)
    assert admit(all_on(date(2026, 11, 22)), facts) == admit(all_on(date(2026, 11, 22)), facts)
    assert admit(all_on(date(2026, 11, 22)), facts).denial is None
