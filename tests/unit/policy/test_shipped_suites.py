"""The suites that come with the policies: they speak of every department and profile, and hold for every size of town.

That they pass at all is a test of the house (`tests/house/test_policy_files.py`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gateway.cli.looking import LazyLens
from gateway.policy import PolicySet
from gateway.policy.check_suite import load_suites
from gateway.policy.compile import reworked
from gateway.policy.coverage import coverage
from gateway.policy.schema import Organisation
from gateway.policy.suite import LoadedSuite, Report, run
from tests.unit.policy.policy_sets import SHIPPED, all_on, shipped

SIZES = ("gemeinde-klein", "gemeinde-mittel", "gemeinde-gross")

OUT_OF_REACH = {
    # What no decision of the shipped policies can be made of, and why. Written down, so that nobody has to guess.
    r"organisation:models\.allow": "every model of the register is allowed",
    r"models:[\w-]+\.(data_classes|c5)": "this class of data is replaced or refused before; no report has an end",
    r"ki-pass:bild": "nothing asks for it yet",
    r"profiles/schulung-personenbezogen:content\.outside\.pass_scopes\.(special|criminal)": "the house answers these",
    r"profiles/[\w-]+:content\.outside\.findings\.(HEALTH|RELIGION|ORIGIN|CRIME|ART9)": "the town says the same",
    r"profiles/[\w-]+:models\.require\.(avv|training_excluded|retention_known|sub_processors)":
        "without an agreement no model is switched on; the register says the rest of those that are",
    r"profiles/nur-oeffentlich:content\.outside\.(findings\.(CLASSIFIED|ADDRESS_BLOCK)|opaque\.(audio|provider_tool))":
        "the town refuses it already",
}


@cache
def suites() -> tuple[LoadedSuite, ...]:
    return load_suites(SHIPPED / "tests", shipped())


@cache
def lens() -> LazyLens:
    return LazyLens(shipped().municipality)


@cache
def report(size: str = "") -> Report:
    return run(town(size), suites(), lens())


def town(size: str) -> PolicySet:
    if not size:
        return shipped()
    return reworked(shipped(), size, organisation=shipped().organisation.model_copy(update={"profiles": (size,)}))


@pytest.mark.parametrize("size", SIZES)
def test_what_the_suites_say_holds_for_a_municipality_of_any_size(size: str) -> None:
    failed = report(size).failed
    assert [(r.file, r.line, r.name, r.mismatches) for r in failed] == []


@pytest.mark.parametrize("on", [(), ("vllm-haus",), tuple(shipped().models)])
def test_what_the_suites_say_holds_whatever_a_town_has_switched_on(on: tuple[str, ...]) -> None:
    agreed = all_on().models
    models = {name: replace(agreed[name], enabled=name in on) for name in agreed}
    failed = run(reworked(shipped(), "on", models=models), suites(), lens()).failed
    assert [(r.file, r.line, r.name, r.mismatches) for r in failed] == []


def test_what_the_suites_say_holds_although_a_town_sets_limits_of_its_own() -> None:
    written = shipped().organisation.model_dump() | {"limits": {
        "person": {"requests_per_minute": 5, "concurrent": 1}, "department": {"euro_per_month": 1}}}
    failed = run(reworked(shipped(), "own", organisation=Organisation.model_validate(written)), suites(), lens()).failed
    assert [(r.file, r.line, r.name, r.mismatches) for r in failed] == []


@pytest.mark.parametrize(("size", "per_minute"), list(zip(SIZES, (20, 30, 60), strict=True)))
def test_the_limits_of_a_size_hold_in_every_department(size: str, per_minute: int) -> None:
    rules = [model.limits["person"] for d in town(size).departments.values() for model in d.models.values()]
    assert rules
    assert all(limit.requests_per_minute == per_minute for limit in rules)


@pytest.mark.parametrize("department", shipped().departments)
def test_each_department_has_a_suite_that_shows_what_passes_and_what_does_not(department: str) -> None:
    suite = next(s.content for s in suites() if s.source.file.endswith(f"/{department}.yaml"))
    asked = [c for c in suite.tests if any(suite.callers[name].department == department for name in c.caller)]
    assert len(asked) >= 5
    assert {c.expect.decision for c in asked} == {"allowed", "denied"}
    assert any(c.request.text for c in asked), "at least one real text is inspected"
    assert all(c.expect.code for c in suite.tests if c.expect.decision == "denied")
    assert any(name for name, caller in suite.callers.items() if "auszubildende" in caller.groups)


@pytest.mark.parametrize("profile", sorted(shipped().profiles))
def test_each_profile_is_exercised(profile: str) -> None:
    named = [s for s in suites() if s.content.profiles == (profile,)]
    used = any(profile in d.profiles for d in shipped().files.values())
    assert named or used


def test_every_rule_that_can_take_part_does_so_in_some_test() -> None:
    assert [r.id for r in coverage(shipped(), report()).untouched] == []


def test_rules_that_no_test_can_touch_are_known_with_the_reason() -> None:
    found = [r.id for r in coverage(shipped(), report()).without_effect]
    assert [r for r in found if not any(re.fullmatch(known, r) for known in OUT_OF_REACH)] == []
    assert [known for known in OUT_OF_REACH if not any(re.fullmatch(known, r) for r in found)] == []


@pytest.mark.parametrize("path", sorted((SHIPPED / "departments").glob("*.yaml")), ids=lambda p: p.stem)
def test_each_department_says_in_german_what_is_different_and_what_its_staff_notice(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "Was hier anders ist:" in text
    assert "Was Beschäftigte merken:" in text
