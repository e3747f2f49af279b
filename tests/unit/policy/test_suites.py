"""Suites: what passes, what fails and how that reads, which mistakes in them are named, and what they cover."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.model.decision import Action
from gateway.model.finding import Finding
from gateway.policy import PolicyErrors
from gateway.policy.check_suite import load_suites
from gateway.policy.coverage import Places, coverage
from gateway.policy.policyset import PolicySet
from gateway.policy.suite import Report, Result, run
from gateway.wire.bridges import spoken
from tests.unit.policy.policy_sets import SHIPPED, shipped


class WordLens:
    """Calls the word GEHEIM a name and leaves a star for it."""

    def find(self, text: str) -> Sequence[Finding]:
        at = text.find("GEHEIM")
        return [] if at < 0 else [Finding(at, at + 6, "PERSON", 1.0, "format")]

    def leaves(self, text: str, findings: Sequence[Finding], actions: Mapping[str, Action]) -> str | None:
        return None if "UNSICHER" in text else text.replace("GEHEIM", f"<{actions['PERSON']}>")

    def speaks(self, dialect: str) -> frozenset[str]:
        return spoken(dialect)


HEAD = {"version": "1", "name": "Probe", "now": "2026-11-23 10:00",
        "callers": {"amt": {"department": "bauamt"}, "sozial": {"department": "sozialamt"},
                    "neu": {"department": "bauamt", "passes": {}}}}


def suite(folder: Path, *tests: dict[str, Any], policies: PolicySet | None = None, **more: Any) -> Report:
    where = folder / "policies" / "tests"
    where.mkdir(parents=True, exist_ok=True)
    (where / "probe.yaml").write_text(json.dumps({**HEAD, **more, "tests": list(tests)}, indent=1), encoding="utf-8")
    policies = policies or shipped()
    return run(policies, load_suites(where, policies), WordLens())


def case(request: dict[str, Any], expect: dict[str, Any], caller: Any = "amt", name: str = "Es gilt") -> dict[str, Any]:
    return {"name": name, "caller": caller, "request": request, "expect": expect}


def only(report: Report) -> Result:
    [result] = report.results
    return result


ALLOWED = {"decision": "allowed"}
IN_SERVICE = {"gpt-azure-eu": {}, "eu-cloud": {"agreement_until": "2026-12-31"}}


@pytest.mark.parametrize(("request_", "expect"), [
    ({"model": "demo"}, ALLOWED),
    ({"model": "demo", "text": "Herr GEHEIM"}, {
        "decision": "allowed", "model": "demo", "found": {"PERSON": "1", "IBAN": "0"}, "leaves": "Herr <placeholder>",
        "actions": {"PERSON": "placeholder"}, "contains": ["Herr"], "lacks": "GEHEIM", "label": "none",
        "answers": "show", "fallbacks": [], "held": [], "stripped": [], "reads": ["image", "file"],
        "rules": ["ki-pass:basis", "organisation:content.in_house.findings.PERSON"]}),
    ({"model": "demo", "purpose": "social_scoring"}, {"decision": "denied", "code": "zweck_nicht_erlaubt"}),
    ({"model": "demo", "stopped": ["demo"]}, {"decision": "denied", "code": "modell_gestoppt"}),
    ({"model": "eu-cloud", "now": "2027-01-01 00:00"}, {"decision": "denied", "code": "avv_abgelaufen"}),
    ({"model": "eu-cloud", "now": "2026-12-31T23:59"}, ALLOWED),
    ({"model": "gpt-azure-eu", "held": ["HEALTH"]}, {"decision": "denied", "code": "inhalt_gesperrt"}),
    ({"model": "demo", "opaque": ["audio"]}, {"decision": "denied", "code": "nicht_pruefbar"}),
])
def test_what_holds_passes(tmp_path: Path, request_: dict[str, Any], expect: dict[str, Any]) -> None:
    assert only(suite(tmp_path, case(request_, expect), in_service=IN_SERVICE)).mismatches == ()


@pytest.mark.parametrize(("request_", "expect", "what", "got", "rule"), [
    ({"model": "demo"}, {"decision": "denied"}, "decision", "allowed", "organisation:purposes.allow.allgemein"),
    ({"model": "x"}, ALLOWED, "decision", "denied (modell_unbekannt)", "models"),
    ({"model": "x"}, {"decision": "denied", "code": "modell_gestoppt"}, "code", "modell_unbekannt", "models"),
    ({"model": "demo"}, {"decision": "allowed", "model": "claude"}, "model", "demo", "departments/bauamt:models"),
    ({"model": "demo"}, {"decision": "allowed", "actions": {"IBAN": "mask"}}, "actions.IBAN", "placeholder",
     "organisation:content.in_house.findings.IBAN"),
    ({"model": "demo"}, {"decision": "allowed", "rules": "ki-pass:bild"}, "rules", None, ""),
    ({"model": "demo", "text": "GEHEIM"}, {"decision": "allowed", "found": {"PERSON": "2"}}, "found.PERSON", "1", ""),
    ({"model": "demo", "text": "GEHEIM"}, {"decision": "allowed", "leaves": "x"}, "leaves", "<placeholder>", ""),
    ({"model": "demo", "text": "a"}, {"decision": "allowed", "contains": "b"}, "contains", "a", ""),
    ({"model": "demo", "text": "ab"}, {"decision": "allowed", "lacks": "b"}, "lacks", "ab", ""),
    ({"model": "demo", "text": "UNSICHER"}, {"decision": "allowed", "lacks": "b"}, "leaves", None, ""),
    ({"model": "demo"}, {"decision": "allowed", "notice": "Kulanz"}, "notice", "kein Hinweis", ""),
    ({"model": "demo"}, {"decision": "allowed", "label": "Entwurf"}, "label", "none", ""),
    ({"model": "demo"}, {"decision": "allowed", "answers": "mask"}, "answers", "show", ""),
    ({"model": "demo"}, {"decision": "allowed", "answers": {"default": "show", "HEALTH": "mask"}}, "answers.HEALTH",
     "show", ""),
    ({"model": "demo"}, {"decision": "allowed", "fallbacks": ["claude"]}, "fallbacks", "nichts", ""),
    ({"model": "demo"}, {"decision": "allowed", "limits": {"person": {"euro_per_day": "2.50"}}},
     "limits.person.micro_euro_per_day", "keine Grenze", ""),
])
def test_what_does_not_hold_is_said_with_the_rule_behind_it(
        tmp_path: Path, request_: dict[str, Any], expect: dict[str, Any], what: str, got: str | None,
        rule: str) -> None:
    result = only(suite(tmp_path, case(request_, expect)))
    [found] = result.mismatches
    assert not result.passed
    assert found.what == what
    assert got is None or found.got == got
    assert found.rule == rule
    assert bool(found.because) == bool(rule)


def test_a_test_holds_for_each_of_its_callers_or_names_the_one(tmp_path: Path) -> None:
    report = suite(tmp_path, case({"model": "demo"}, ALLOWED, ["amt", "neu", "sozial"]))
    assert [(r.caller, r.passed) for r in report.results] == [("amt", True), ("neu", False), ("sozial", True)]
    assert [r.caller for r in report.failed] == ["neu"]
    assert report.failed[0].line > 1


def test_models_taken_to_be_in_service_are_so_in_this_suite_only(tmp_path: Path) -> None:
    assert only(suite(tmp_path, case({"model": "mistral-large"}, ALLOWED), in_service={"mistral-large": {}})).passed
    assert not only(suite(tmp_path, case({"model": "mistral-large"}, ALLOWED))).passed
    assert not shipped().models["mistral-large"].enabled


@pytest.mark.parametrize(("change", "says"), [
    ({"callers": {"amt": {"department": "bauampt"}}}, "Die Abteilung „bauampt“ gibt es nicht; meinten Sie „bauamt“?"),
    ({"callers": {"amt": {"department": "bauamt", "groups": ["x"]}}}, "Die Gruppe „x“ gibt es nicht"),
    ({"callers": {"amt": {"department": "bauamt", "passes": {"bsis": "gueltig"}}}}, "meinten Sie „basis“?"),
    ({"callers": {"amt": {"department": "bauamt", "passes": {"basis": "ok"}}}}, "„ok“ gibt es hier nicht"),
    ({"in_service": {"gpt": {}}}, "Das Modell „gpt“ gibt es nicht"), ({"now": "heute"}, "Hier steht kein Zeitpunkt"),
    ({"now": "2026-13-40 10:00"}, "Hier steht kein Zeitpunkt"), ({"version": "2"}, "version"),
    ({"tests": []}, "Die Liste ist leer"), ({"callers": {}}, "Die Liste ist leer"),
    ({"tests": [case({"model": "demo"}, ALLOWED, "wer")]}, "Die Person „wer“ gibt es nicht"),
    ({"tests": [case({"model": "demo"}, ALLOWED)] * 2}, "gibt es schon"),
    ({"tests": [case({"model": "demo", "found": {"NAME": "1"}}, ALLOWED)]}, "Die Art von Angabe „NAME“ gibt es nicht"),
    ({"tests": [case({"model": "demo", "found": {"PERSON": "1"}, "text": "x"}, ALLOWED)]}, "stehen zusammen"),
    ({"tests": [case({"model": "demo"}, {"decision": "allowed", "leaves": "x"})]}, "sendet keinen Text"),
    ({"tests": [case({"model": "demo"}, {"decision": "allowed", "code": "inhalt_gesperrt"})]}, "„code“ gehört zu"),
    ({"tests": [case({"model": "demo"}, {"decision": "denied", "model": "demo"})]}, "„model“ gibt es nicht, wenn"),
    ({"tests": [case({"model": "demo"}, {"decision": "denied", "code": "gesperrt"})]}, "Die Kennung „gesperrt“"),
    ({"tests": [case({"model": "demo"}, {"decision": "vielleicht"})]}, "„vielleicht“ gibt es hier nicht"),
    ({"tests": [case({"model": "demo"}, {"decision": "allowed", "rules": ["ki-pass:basi"]})]}, "Die Regel"),
    ({"tests": [case({"model": "demo"}, {"decision": "allowed", "modell": "x"})]}, "meinten Sie „model“?"),
])
def test_a_mistake_in_a_suite_is_named_with_its_line_and_what_would_be_right(
        tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(PolicyErrors) as refused:
        suite(tmp_path, *change.pop("tests", [case({"model": "demo"}, ALLOWED)]), **change)
    assert says in str(refused.value)
    assert all(problem.line and problem.remedy for problem in refused.value.problems)
    assert "policies/tests/probe.yaml" in str(refused.value)


def test_what_no_test_touches_is_listed_and_what_has_no_effect_is_apart(tmp_path: Path) -> None:
    some = coverage(shipped(), suite(tmp_path, case({"model": "demo", "text": "GEHEIM"}, ALLOWED)))
    touched, untouched, dead = ({r.id for r in rules} for rules in (some.touched, some.untouched, some.without_effect))
    assert "organisation:content.in_house.findings.PERSON" in touched
    assert "organisation:content.in_house.findings.IBAN" in untouched
    assert "organisation:content.outside.findings.PERSON" in dead  # no model outside is in service
    assert not touched & untouched
    assert not (touched | untouched) & dead
    more = coverage(shipped(), suite(tmp_path, case({"model": "demo"}, ALLOWED), in_service={"eu-cloud": {}}))
    assert "organisation:content.outside.findings.PERSON" in {r.id for r in more.untouched}
    assert 0 < some.percent < 50


def test_a_rule_is_found_in_its_file(tmp_path: Path) -> None:
    place = Places(SHIPPED, shipped())
    at = place("departments/sozialamt:content.outside.findings.HEALTH")
    file, _, line = at.partition(":")
    assert file == "policies/departments/sozialamt.yaml"
    assert "HEALTH" in (SHIPPED / "departments/sozialamt.yaml").read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert place("default:PERSON") == place("unfug") == ""
