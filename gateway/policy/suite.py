"""Runs suites of tests against a policy set: the same questions that the server asks, with a clock that stands still.

``run(policies, suites, lens)`` asks, compares, and says for each difference what was expected, what came, and because
of which rule. Nothing is sent, stored or counted. Whether a text is really inspected depends on the lens; with
``found:`` a test needs none of it.

Kept true: the same policies, suites and findings give the same report; a test that fails names at least one
difference; models that a suite takes to be in service are so for this suite only, and never outside this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final, TypeVar

from gateway.model.decision import Reason
from gateway.model.entities import ENTITIES, TOPICS
from gateway.model.limits import LIMITED_BY, NO_LIMIT, Limit
from gateway.model.principal import PassStatus, Principal
from gateway.model.register import Attest, Avv, RegisteredModel
from gateway.policy.compile import limit, reworked
from gateway.policy.decide import AdmitFacts
from gateway.policy.policyset import PolicySet
from gateway.policy.rule_ids import in_effect
from gateway.policy.schema import DEFAULT_KIND
from gateway.policy.schema_suite import Asked, Caller, Case, Expected, InService, Suite
from gateway.policy.source import Source
from gateway.policy.trial import Lens, Trial, attempt, counted
from gateway.policy.words import ascii_text

_ASSUMED_SINCE: Final = date(2000, 1, 1)
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class LoadedSuite:
    """A suite and the file it was read from."""

    source: Source
    content: Suite


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference, in words, and the rule behind what came instead."""

    what: str
    expected: str
    got: str
    rule: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One test with one caller."""

    file: str
    line: int
    name: str
    caller: str
    mismatches: tuple[Mismatch, ...]
    touched: frozenset[str]
    """The rules that took part."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.mismatches


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all suites. ``in_effect``: the rules that can take part, in any of them."""

    results: tuple[Result, ...]
    in_effect: frozenset[str]

    @property
    def failed(self) -> tuple[Result, ...]:
        """The tests that failed."""
        return tuple(r for r in self.results if not r.passed)

    @property
    def touched(self) -> frozenset[str]:
        """The rules that took part in any test."""
        return frozenset[str]().union(*(r.touched for r in self.results))


def run(policies: PolicySet, suites: Iterable[LoadedSuite], lens: Lens, wanted: str = "") -> Report:
    """Run every test whose suite, name, caller or file holds `wanted`. Raises what the lens raises."""
    results: list[Result] = []
    alive = in_effect(policies)
    for suite in suites:
        here = in_service(policies, suite.content)
        if here is not policies:
            alive |= in_effect(here)
        results += _results(here, suite, lens, wanted.casefold())
    return Report(tuple(results), alive)


def failing(policies: PolicySet, suites: Iterable[LoadedSuite], lens: Lens) -> tuple[Result, ...]:
    """Return only the tests that fail, in a tenth of the time: a change that comes into force waits for this.

    Works out only the departments that a suite asks about, and not what coverage wants to know.
    """
    return tuple(result for suite in suites for result in _results(in_service(policies, suite.content, frozenset(
        caller.department for caller in suite.content.callers.values())), suite, lens, "") if not result.passed)


def in_service(policies: PolicySet, suite: Suite, only: frozenset[str] | None = None) -> PolicySet:
    """Return the policies as they would be with the models in service and the profiles chosen that the suite names.

    `only` names the departments that are needed; None: all.
    """
    if not suite.in_service and suite.profiles is None:
        return policies
    changed = {key: _assumed(policies.models[key], said) for key, said in suite.in_service.items()}
    organisation = policies.organisation if suite.profiles is None else policies.organisation.model_copy(
        update={"profiles": suite.profiles})
    departments = None if only is None else {key: file for key, file in policies.files.items() if key in only}
    return reworked(policies, policies.digest, models={**policies.models, **changed}, organisation=organisation,
                    departments=departments)


def _assumed(model: RegisteredModel, said: InService) -> RegisteredModel:
    avv = None if model.in_house else Avv(_ASSUMED_SINCE, "0" * 64, said.agreement_until)
    return replace(
        model, enabled=True, avv=avv, sub_processors=_or(said.sub_processors, model.sub_processors),
        data_classes=model.data_classes if said.data_classes is None else frozenset(said.data_classes),
        c5=model.c5 if said.c5_until is None else Attest(2, "0" * 64, said.c5_until),
        retention_days=_or(said.retention_days, model.retention_days),
        social_notice=_or(said.social_notice, model.social_notice), secrecy=_or(said.secrecy, model.secrecy))


def _or(said: _Told | None, known: _Told | None) -> _Told | None:
    return known if said is None else said


def _results(policies: PolicySet, suite: LoadedSuite, lens: Lens, wanted: str) -> Iterator[Result]:
    source, content = suite.source, suite.content
    for i, case in enumerate(content.tests):
        for name in case.caller:
            if wanted not in f"{source.file} {content.name} {case.name} {name}".casefold():
                continue
            trial, left = _asked(policies, content, content.callers[name], case, lens)
            mismatches = tuple(_compare(policies, case.expect, trial, left))
            yield Result(source.file, source.line("tests", i, "name"), case.name, name, mismatches,
                         frozenset(r.rule for r in trial.reasons))


def _asked(policies: PolicySet, suite: Suite, caller: Caller, case: Case, lens: Lens) -> tuple[Trial, str | None]:
    """Return what policy says, and the text as it would leave."""
    asked = case.request
    findings = lens.find(asked.text) if asked.text is not None else ()
    counts = counted(findings) if asked.found is None else asked.found
    facts = _facts(suite, caller, asked, lens)
    trial = attempt(policies, facts, counts, frozenset(asked.opaque), frozenset(asked.held))
    if trial.release is None or trial.denial is not None or asked.text is None:
        return trial, None
    return trial, lens.leaves(asked.text, findings, trial.release.actions)


def _facts(suite: Suite, caller: Caller, asked: Asked, lens: Lens) -> AdmitFacts:
    principal = Principal("test", caller.department, frozenset(caller.roles), groups=frozenset(caller.groups),
                          passes={scope: PassStatus(state) for scope, state in caller.passes.items()},
                          purpose=caller.purpose or "")
    return AdmitFacts(principal, asked.model, asked.purpose, asked.dialect, asked.now or suite.now, asked.clear_text,
                      frozenset(asked.stopped), lens.speaks(asked.dialect))


def _compare(policies: PolicySet, expect: Expected, trial: Trial, left: str | None) -> Iterator[Mismatch]:
    """Yield every difference; when already the decision differs, only that."""
    last = trial.reasons[-1] if trial.reasons else Reason("", "note", "")
    denial = trial.denial
    decision = "allowed" if denial is None else "denied"
    if decision != expect.decision:
        shown = decision if denial is None else f"denied ({denial.code})"
        yield Mismatch("decision", expect.decision, shown, last.rule, last.text)
        return
    if denial is not None and expect.code not in (None, denial.code):
        yield Mismatch("code", str(expect.code), denial.code, denial.rule, denial.message)
    named = {r.rule for r in trial.reasons}
    for rule in expect.rules:
        if rule not in named:
            yield Mismatch("rules", rule, ", ".join(sorted(named)) or "keine Regel")
    yield from _counts(expect, trial)
    notice = " | ".join((trial.admission.notice, *(trial.release.notices if trial.release else ())))
    for said in expect.notice:
        if ascii_text(said) not in notice:
            yield Mismatch("notice", ascii_text(said), notice or "kein Hinweis")
    if denial is None:
        yield from _obligations(policies, expect, trial)
        yield from _what_leaves(expect, left)


def _counts(expect: Expected, trial: Trial) -> Iterator[Mismatch]:
    for kind, number in (expect.found or {}).items():
        if trial.counts.get(kind, 0) != number:
            yield Mismatch(f"found.{kind}", str(number), str(trial.counts.get(kind, 0)))


def _obligations(policies: PolicySet, expect: Expected, trial: Trial) -> Iterator[Mismatch]:
    decision, model = trial.release, trial.model
    assert decision is not None
    assert model is not None, "what is released goes somewhere"
    department = policies.department(trial.facts.principal.department, trial.facts.principal.groups)
    assert department is not None, "who has no department is refused"
    rules = department.models[model.id]
    if expect.model not in (None, model.id):
        why = next((r for r in reversed(trial.reasons) if r.rule.endswith((":models", "routing.in_house"))),
                   Reason("", "note", ""))
        yield Mismatch("model", str(expect.model), model.id, why.rule, why.text)
    for kind, action in expect.actions.items():
        if decision.actions[kind] != action:
            rule = rules.findings[kind]
            yield Mismatch(f"actions.{kind}", action, decision.actions[kind], rule.rule, rule.text)
    label = decision.label.replace("\n", " | ") or "none"
    if expect.label not in (None, label):
        yield Mismatch("label", str(expect.label), label)
    for kind, word in expect.answers.items():
        meant = [k for k in ENTITIES if k not in TOPICS | expect.answers.keys()] if kind == DEFAULT_KIND else [kind]
        other = next((is_ for k in meant if (is_ := decision.answers.get(k, "show")) != word), None)
        if other is not None:
            yield Mismatch("answers" if kind == DEFAULT_KIND else f"answers.{kind}", word, other)
    for what, wanted, got in (("fallbacks", expect.fallbacks, [m.id for m in decision.fallbacks]),
                              ("held", expect.held, sorted(decision.held)),
                              ("reads", expect.reads, sorted(rules.read_opaque)),
                              ("stripped", expect.stripped, sorted(decision.stripped))):
        if wanted is not None and (list(wanted) if what == "fallbacks" else sorted(wanted)) != got:
            yield Mismatch(what, _listed(wanted), _listed(got))
    for by in LIMITED_BY:
        yield from _limits(by, limit(getattr(expect.limits, by)), rules.limits.get(by, NO_LIMIT))


def _limits(by: str, wanted: Limit, got: Limit) -> Iterator[Mismatch]:
    for one in fields(Limit):
        number = getattr(wanted, one.name)
        if number is not None and number != getattr(got, one.name):
            yield Mismatch(f"limits.{by}.{one.name}", str(number), str(getattr(got, one.name) or "keine Grenze"))


def _what_leaves(expect: Expected, left: str | None) -> Iterator[Mismatch]:
    if left is None:
        if expect.leaves is not None or expect.contains or expect.lacks:
            yield Mismatch("leaves", "ein Text", "nichts: Es ließ sich nicht alles sicher ersetzen")
        return
    if expect.leaves is not None and expect.leaves != left:
        yield Mismatch("leaves", expect.leaves, left)
    for text in expect.contains:
        if text not in left:
            yield Mismatch("contains", text, left)
    for text in expect.lacks:
        if text in left:
            yield Mismatch("lacks", f"nicht: {text}", left)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "nichts"
