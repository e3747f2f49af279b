"""Reads suites (``tests/*.yaml``) and says what is wrong with them, in the same words as for policy files.

What a suite says about the policies must exist there: departments, groups, roles, models, kinds of finding, rules. What
it *asks* may be anything, since asking for a model that does not exist is a test as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from gateway.errors import CODES
from gateway.model.entities import ENTITIES
from gateway.model.people import ROLES
from gateway.policy.names import Problems, known, unknown
from gateway.policy.policyset import PolicySet
from gateway.policy.problems import PolicyErrors, PolicyProblem, shown
from gateway.policy.rule_ids import every_rule
from gateway.policy.schema import DEFAULT_KIND
from gateway.policy.schema_suite import Caller, Case, Suite
from gateway.policy.source import Path_, Source, read
from gateway.policy.suite import LoadedSuite
from gateway.policy.translate import validate

FOLDER: Final = "tests"


def load_suites(folder: Path, policies: PolicySet) -> tuple[LoadedSuite, ...]:
    """Return the suites of a folder (``policies/tests``), none if it is not there. Raises `PolicyErrors`."""
    problems: list[PolicyProblem] = []
    found: list[LoadedSuite] = []
    rules = every_rule(policies).keys()
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        name = f"{folder.parent.name}/{folder.name}/{path.name}"
        if path.suffix != ".yaml":
            problems.append(PolicyProblem(name, 0, "", "Der Dateiname endet nicht auf „.yaml“", "benennen Sie sie um"))
            continue
        source, mistakes = read(path, name)
        problems += mistakes
        if source is None:
            continue
        content, mistakes = validate(Suite, source)
        problems += mistakes
        if content is not None:
            problems += check(source, content, policies, rules)
            found.append(LoadedSuite(source, content))
    if problems:
        raise PolicyErrors(problems)
    return tuple(found)


def check(source: Source, suite: Suite, policies: PolicySet, rules: Collection[str]) -> Problems:
    """Yield what the suite says about policies that do not say it; `rules` are the ids of all there are."""
    yield from known(source, ("profiles",), suite.profiles or (), policies.profiles, "Das Profil")
    yield from _each(source, ("in_service",), suite.in_service, policies.models, "Das Modell")
    for key, caller in suite.callers.items():
        yield from _caller(source, ("callers", key), caller, policies)
    names = set[str]()
    for i, case in enumerate(suite.tests):
        at = ("tests", i)
        if case.name in names:
            yield source.problem((*at, "name"), f"Den Test {shown(case.name)} gibt es schon",
                                 "geben Sie jedem Test einen eigenen Namen")
        names.add(case.name)
        yield from known(source, (*at, "caller"), case.caller, suite.callers, "Die Person")
        yield from known(source, (*at, "request", "stopped"), case.request.stopped, policies.models, "Das Modell")
        yield from _request(source, at, case)
        yield from _expectation(source, (*at, "expect"), case, policies)
        yield from known(source, (*at, "expect", "rules"), case.expect.rules, rules, "Die Regel")


def _each(source: Source, path: Path_, names: Iterable[str], possible: Iterable[str], what: str) -> Problems:
    """As `known`, for names that are keys."""
    possible = list(possible)
    yield from (unknown(source, (*path, name), name, possible, what) for name in names if name not in possible)


def _caller(source: Source, path: Path_, caller: Caller, policies: PolicySet) -> Problems:
    yield from known(source, (*path, "department"), [caller.department], policies.files, "Die Abteilung")
    yield from known(source, (*path, "groups"), caller.groups, policies.groups, "Die Gruppe")
    yield from known(source, (*path, "roles"), caller.roles, ROLES, "Die Rolle")
    yield from _each(source, (*path, "passes"), caller.passes, policies.kipass.scopes, "Den KI-Pass")


def _request(source: Source, at: Path_, case: Case) -> Iterator[PolicyProblem]:
    asked, expect = case.request, case.expect
    yield from _each(source, (*at, "request", "found"), asked.found or (), ENTITIES, "Die Art von Angabe")
    yield from known(source, (*at, "request", "held"), asked.held, ENTITIES, "Die Art von Angabe")
    if asked.text is None:
        for name in ("leaves", "contains", "lacks"):
            if getattr(expect, name):
                yield source.problem((*at, "expect", name), "Der Test sendet keinen Text, also verlässt keiner das "
                                     "Haus", "ergänzen Sie „text“ unter „request“ oder streichen Sie die Zeile")


def _expectation(source: Source, path: Path_, case: Case, policies: PolicySet) -> Problems:
    expect = case.expect
    for name, kinds in (("found", expect.found or ()), ("actions", expect.actions),
                        ("answers", expect.answers.keys() - {DEFAULT_KIND})):
        yield from _each(source, (*path, name), kinds, ENTITIES, "Die Art von Angabe")
    yield from known(source, (*path, "held"), expect.held or (), ENTITIES, "Die Art von Angabe")
    yield from known(source, (*path, "fallbacks"), expect.fallbacks or (), policies.models, "Das Modell")
    if expect.model is not None:
        yield from known(source, (*path, "model"), [expect.model], policies.models, "Das Modell")
    if expect.code is not None:
        yield from known(source, (*path, "code"), [expect.code], CODES, "Die Kennung")
