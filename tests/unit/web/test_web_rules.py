"""Every rule that the policies can name has words, and every way an exchange can end has its own."""

from __future__ import annotations

import pytest

from gateway.errors import CODES
from gateway.model.entities import ENTITIES
from gateway.policy import AdmitFacts, PolicySet, admit, release
from gateway.policy.policyset import DepartmentRules
from gateway.policy.titles import in_words
from gateway.web import words
from tests.support.web_client import Browser
from tests.support.web_house import House
from tests.unit.policy.policy_sets import NOW, ReleaseFacts, all_on, person
from tests.unit.web.test_web_review import officer, rows

__all__ = ["officer"]


def every_rule(policies: PolicySet, department: DepartmentRules) -> set[str]:
    who = person(department.key)
    said: set[str] = {denial.rule for denial in department.closed.values()}
    asked = [AdmitFacts(who, model, purpose, "chat", NOW) for model in [*policies.models, "gibtsnicht"]
             for purpose in (None, "unbekannt", *department.purposes, *department.forbidden)]
    said |= {reason.rule for facts in asked for reason in admit(policies, facts).reasons}
    for model, rules in department.models.items():
        facts = AdmitFacts(who, model, None, "chat", NOW)
        for kinds, opaque in ((dict.fromkeys(ENTITIES, 1), ()), ({}, ("image", "audio", "file"))):
            said |= {r.rule for r in release(policies, ReleaseFacts(facts, kinds, frozenset(opaque))).reasons}
        said |= {rule.rule for rule in rules.findings.values()}
    return said


def test_every_rule_has_words_that_name_no_key() -> None:
    policies = all_on()
    said = set().union(*(every_rule(policies, department) for department in policies.departments.values()))
    said |= {"departments", "models"}
    assert len(said) > 50
    for rule in said:
        shown = in_words(rule, policies)
        assert shown != rule, rule
        assert "_" not in shown, rule
        assert "findings" not in shown, rule


@pytest.mark.parametrize(("rule", "shown"), [
    ("departments/aufgeloest:models", "aufgeloest: Auswahl der Modelle"),
    ("models:altes-modell.avv", "Vertrag zur Auftragsverarbeitung für „altes-modell“"),
    ("organisation:gibtsnicht", "organisation:gibtsnicht"), ("unfug", "unfug"),
    ("departments/x:unfug", "departments/x:unfug"),
    ("ki-pass:frueher", "KI-Pass, Bereich „frueher“"), ("default:FRUEHER", "Vorgabe der KI-Pforte: FRUEHER"),
])
def test_a_rule_of_former_times_is_still_readable(rule: str, shown: str) -> None:
    assert in_words(rule, all_on()) == shown


@pytest.mark.parametrize(("status", "verdict", "reason", "sign"), [
    ("ok", "durchgelassen", "–", "M4 10.5"), ("failed", "fehlgeschlagen", "Anbieter antwortet nicht", "M5 5"),
    ("aborted", "abgebrochen", "vom Programm der Person beendet", "M6.5 10"),
    ("", "noch ohne Ergebnis", "wird noch eingetragen", "M10 6"), ("?", "ohne Ergebnis", "nicht bekannt", "M10 6"),
    ("gone", "durchgelassen", "nicht mehr bekannt", "M10 6"),
])
def test_each_end_has_its_word_its_reason_and_its_sign(house: House, officer: Browser, status: str, verdict: str,
                                                       reason: str, sign: str) -> None:
    intent = house.exchange(status="" if status in ("?", "gone") else status)
    if status == "?":
        house.write("outcome.unknown", {"reason": "neustart"}, ref=intent)
    if status == "gone":
        house.write("outcome", {}, ref=intent)
    house.settle()
    text = officer.get("/review/protokoll").text
    line = rows(text)[0]
    assert verdict in line
    assert reason in line
    assert ("durchgelassen" in line) == (status in ("ok", "gone"))
    assert sign in text.split("<tbody>")[1]


def test_a_refused_request_says_so(house: House, officer: Browser) -> None:
    house.denied("inhalt_gesperrt")
    house.settle()
    assert "abgelehnt" in rows(officer.get("/review/protokoll").text)[0]


def test_outcomes_listed_by_themselves_say_how_it_ended(house: House, officer: Browser) -> None:
    for status in ("ok", "failed", "aborted"):
        house.exchange(status=status)
    house.settle()
    shown = " ".join(rows(officer.get("/review/protokoll?art=ergebnisse").text))
    assert all(words.OUTCOMES[status] in shown for status in ("ok", "failed", "aborted"))


def test_every_code_has_words() -> None:
    assert words.CODES.keys() == CODES.keys()


def test_a_record_explains_its_rules_and_shows_their_ids_small(house: House, officer: Browser) -> None:
    record = house.exchange()
    house.settle()
    text = officer.get(f"/review/protokoll/{record}").text
    assert "KI-Pass, Bereich „" in text
    assert "Bauamt: Auswahl der Modelle" in text
    assert "<code>departments/bauamt:models</code>" in text
