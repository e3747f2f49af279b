"""Policy for any department that the loader lets through: it decides the same twice, denies first, and never loosens.

Departments are generated as files and go through the real loader; what it refuses is not compared. The organisation is
generated too, so that it is not always the strictest there is.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gateway.model.entities import ENTITIES, TOPICS
from gateway.model.principal import PassState, PassStatus, Principal
from gateway.model.register import Avv
from gateway.policy import AdmitFacts, PolicyErrors, PolicySet, ReleaseFacts, admit, load_policies, release
from gateway.policy.compile import reworked, work_out
from gateway.policy.schema import Department, Organisation
from gateway.policy.source import read
from gateway.policy.vocabulary import ANSWERS, DATA_CLASSES, FIXED, FORBIDDEN_PURPOSES, STRICTNESS, stricter

SHIPPED = Path(__file__).parents[2] / "policies"
BASE = load_policies(SHIPPED)
MODELS = {k: replace(m, enabled=True, avv=None if m.in_house else Avv(date(2026, 1, 1), "a" * 64, date(2026, 12, 31)))
          for k, m in BASE.models.items()}
PURPOSES = list(BASE.organisation.purposes.allow)
KINDS = ["PERSON", "IBAN", "HEALTH", "CRIME", "CLASSIFIED", "BIRTHDATE"]

subset = {"unique": True, "max_size": 5}
findings = st.dictionaries(st.sampled_from(KINDS), st.sampled_from(STRICTNESS), max_size=4)
opaque = st.dictionaries(st.sampled_from(["image", "audio", "file", "provider_tool"]),
                         st.sampled_from(["pass", "inspect", "strip", "refuse"]))
answers = st.one_of(st.sampled_from(ANSWERS), st.dictionaries(st.sampled_from(["default", *KINDS]),
                                                             st.sampled_from(ANSWERS), max_size=3))
side = st.fixed_dictionaries({}, optional={"findings": findings, "opaque": opaque, "answers": answers})
content = st.fixed_dictionaries({}, optional={"in_house": side, "outside": side})
models = st.lists(st.sampled_from(sorted(MODELS)), **subset)
purposes = st.lists(st.sampled_from([*PURPOSES, *FORBIDDEN_PURPOSES, "bewerberauswahl"]), **subset)


def choice(allow: st.SearchStrategy[Any], deny: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={"allow": allow, "deny": deny})


PLAIN = {"version": "1", "name": "Amt", "legal_basis": "x"}
departments = st.fixed_dictionaries({k: st.just(v) for k, v in PLAIN.items()}, optional={
    "handles": st.lists(st.sampled_from(sorted(DATA_CLASSES)), unique=True, max_size=2),
    "models": choice(models, models), "purposes": choice(purposes, purposes), "content": content,
    "ki_pass": st.fixed_dictionaries({"required": st.lists(st.sampled_from(["basis", "bild"]), unique=True)}),
    "untrusted_tools": st.lists(st.sampled_from(["shell", "mail"]), unique=True),
    "unknown_fields": st.sampled_from(["drop", "refuse"])})
organisations = st.fixed_dictionaries({"content": content, "models": st.fixed_dictionaries({"allow": models})})


@contextmanager
def folder(organisation: dict[str, Any], **written: dict[str, Any]) -> Iterator[Path]:
    """Yield a policy folder with this organisation and these departments, beside the shipped register and KI-Pass."""
    source, _ = read(SHIPPED / "organisation.yaml", "organisation.yaml")
    assert source is not None
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "policies"
        shutil.copytree(SHIPPED, path, ignore=shutil.ignore_patterns("departments", "groups"))
        (path / "departments").mkdir()
        said: Any = json.loads(json.dumps(source.data))
        del said["purposes"]["allow"]["urkundenuebersetzung"]  # names departments that are not there
        (path / "organisation.yaml").write_text(json.dumps({**said, **organisation}), encoding="utf-8")
        for key, data in written.items():
            (path / f"departments/{key}.yaml").write_text(json.dumps(data), encoding="utf-8")
        yield path


def in_service(policies: PolicySet) -> PolicySet:
    """Return the same policies with every model switched on."""
    return reworked(policies, policies.digest, models=MODELS)


STATES: tuple[PassState, ...] = ("gueltig", "kulanz", "abgelaufen", "dv_neu", "gesperrt", "fehlt")
passes = st.fixed_dictionaries({s: st.sampled_from((*STATES[:2] * 6, *STATES)).map(PassStatus)
                                for s in ("basis", "bild", "personenbezogen", "fachverfahren")})
facts = st.builds(
    lambda passes, model, purpose, day: AdmitFacts(Principal("p", "amt", passes=passes), model, purpose, "chat",
                                                   datetime(2026, 12, day, 12, tzinfo=UTC)),
    passes, st.sampled_from([*MODELS, "nope"]),
    st.sampled_from([None, *PURPOSES, "social_scoring", "leistungskontrolle", "nope"]), st.integers(1, 31))
seen = st.dictionaries(st.sampled_from(sorted(ENTITIES)), st.integers(0, 3), max_size=6)
unread = st.frozensets(st.sampled_from(["image", "audio", "file", "provider_tool", "provider_state", "hologram"]),
                       max_size=1)


def at(of: AdmitFacts, department: str) -> AdmitFacts:
    return replace(of, principal=replace(of.principal, department=department))


@settings(max_examples=25, deadline=None)
@given(organisations, departments, st.lists(st.tuples(facts, seen, unread), min_size=12, max_size=12))
def test_a_department_that_loads_allows_nothing_that_the_organisation_forbids(
        organisation: dict[str, Any], department: dict[str, Any], cases: list[Any]) -> None:
    with folder(organisation, amt=department, plain=PLAIN) as path:
        try:
            policies = in_service(load_policies(path))
        except PolicyErrors:
            assume(False)
    never_looser(policies, cases)


UNCLEARED = next(m.id for m in MODELS.values() if not m.in_house and "art9" not in m.data_classes)


@settings(max_examples=60, deadline=None)
@example({"content": {}, "models": {"allow": [UNCLEARED]}},
         {**PLAIN, "content": {"outside": {"findings": {"HEALTH": "generalise"}}}}, [])
@given(organisations, departments, st.lists(st.tuples(facts, seen, unread), min_size=12, max_size=12))
def test_even_what_would_slip_past_the_checks_loosens_nothing(
        organisation: dict[str, Any], department: dict[str, Any], cases: list[Any]) -> None:
    written = {"amt": Department.model_validate(department), "plain": Department.model_validate(PLAIN)}
    above = Organisation.model_validate({**BASE.organisation.model_dump(), **organisation})
    never_looser(work_out("d", above, written, MODELS, BASE.kipass), cases)


def never_looser(policies: PolicySet, cases: list[tuple[AdmitFacts, dict[str, int], frozenset[str]]]) -> None:
    plain, amt = policies.departments["plain"], policies.departments["amt"]
    assert amt.models.keys() <= plain.models.keys()
    assert amt.purposes.keys() <= plain.purposes.keys()
    assert amt.purposes.keys().isdisjoint(FORBIDDEN_PURPOSES)
    assert amt.forbidden.keys() >= plain.forbidden.keys() >= FORBIDDEN_PURPOSES.keys()
    assert set(amt.scopes) >= set(plain.scopes)
    assert amt.refuses_unknown_fields or not plain.refuses_unknown_fields
    for key, rules in amt.models.items():
        above = plain.models[key]
        assert rules.untrusted_tools >= above.untrusted_tools
        assert rules.passed_opaque <= above.passed_opaque
        assert rules.model.in_house or "provider_tool" not in rules.passed_opaque
        assert all(stricter(action, above.actions[kind]) == action for kind, action in rules.actions.items())
        assert {rules.actions[kind] for kind in FIXED} == {"placeholder"}
        assert all(ANSWERS.index(rules.answers.get(kind, "show")) >= ANSWERS.index(word)
                   for kind, word in above.answers.items()), "nothing is shown that the organisation hides"
        assert {kind for kind, word in rules.answers.items() if word == "mask"} >= {
            kind for kind, word in said_above(policies, rules.model.in_house).items() if word == "mask"}
    for asked, counts, kinds in cases:
        if admit(policies, asked).denial is None:
            assert admit(policies, at(asked, "plain")).denial is None
        if release(policies, ReleaseFacts(asked, counts, kinds)).denial is None:
            assert release(policies, ReleaseFacts(at(asked, "plain"), counts, kinds)).denial is None


def said_above(policies: PolicySet, in_house: bool) -> dict[str, str]:
    """Return what the organisation itself writes about kinds in answers."""
    content = policies.organisation.content
    written = (content.in_house if in_house else content.outside).answers
    return {kind: word for kind in KINDS if (word := written.get(kind) or (
        "show" if kind in TOPICS else written.get("default", "show")))}


def tightened(draw: st.DrawFn, department: dict[str, Any]) -> dict[str, Any]:
    """Return the department with one more prohibition."""
    kind = draw(st.sampled_from(["model", "purpose", "pass", "handles", "finding"]))
    changed: dict[str, Any] = json.loads(json.dumps(department))
    if kind == "model":
        changed.setdefault("models", {}).setdefault("deny", []).append(draw(st.sampled_from(sorted(MODELS))))
    elif kind == "purpose":
        changed.setdefault("purposes", {}).setdefault("deny", []).append(draw(st.sampled_from(PURPOSES)))
    elif kind == "pass":
        changed.setdefault("ki_pass", {"required": []})["required"].append("fachverfahren")
    elif kind == "handles":
        changed.setdefault("handles", []).append(draw(st.sampled_from(sorted(DATA_CLASSES))))
    else:
        changed.setdefault("content", {}).setdefault("outside", {}).setdefault("findings", {})[
            draw(st.sampled_from(KINDS))] = "refuse"
    return changed


@settings(max_examples=50, deadline=None)
@given(st.data(), departments, st.lists(st.tuples(facts, seen, unread), min_size=12, max_size=12))
def test_one_more_prohibition_never_turns_a_refusal_into_a_release(
        data: st.DataObject, department: dict[str, Any], cases: list[Any]) -> None:
    more = data.draw(st.composite(tightened)(department))
    before, after = (work_out("d", BASE.organisation, {"amt": Department.model_validate(d)}, MODELS, BASE.kipass)
                     for d in (department, more))
    for asked, counts, kinds in cases:
        if admit(before, asked).denial is not None:
            assert admit(after, asked).denial is not None
        finding = ReleaseFacts(asked, counts, kinds)
        if release(before, finding).denial is not None:
            assert release(after, finding).denial is not None


@settings(max_examples=50, deadline=None)
@given(departments, facts, seen, unread)
def test_the_same_facts_give_the_same_answer_and_a_denial_comes_with_its_reason(
        department: dict[str, Any], asked: AdmitFacts, counts: dict[str, int], kinds: frozenset[str]) -> None:
    once, again = (work_out("d", BASE.organisation, {"amt": Department.model_validate(department)}, MODELS, BASE.kipass)
                   for _ in range(2))
    finding = ReleaseFacts(asked, counts, kinds)
    assert admit(once, asked) == admit(again, asked)
    assert release(once, finding) == release(again, finding)
    for answer in (admit(once, asked), release(once, finding)):
        assert (answer.model is None) == (answer.denial is not None)
        denied = [r for r in answer.reasons if r.effect == "deny"]
        assert bool(denied) == (answer.denial is not None)
        if answer.denial is not None:
            assert (denied[-1].rule, denied[-1].text) == (answer.denial.rule, answer.denial.message)
            assert len(answer.denial.message) <= 300


@settings(max_examples=50, deadline=None)
@given(facts, seen)
def test_more_findings_never_turn_a_refusal_into_a_release(asked: AdmitFacts, counts: dict[str, int]) -> None:
    policies = reworked(BASE, "d", departments={"amt": BASE.files["sozialamt"]}, models=MODELS)
    if release(policies, ReleaseFacts(asked, counts)).denial is not None:
        assert release(policies, ReleaseFacts(asked, {k: counts.get(k, 0) + 1 for k in ENTITIES})).denial is not None
