"""The policy decision point: two pure questions, answered by looking up what `policyset` worked out.

`admit`: may this person, with this KI-Pass, use this model for this purpose? Asked before anybody looks at content.
`release`: given what was found, may it leave, to which model, and what happens to each kind of finding?

Kept true: the same facts give the same answer; the first denial ends the questioning, and nothing after a denial can
turn it into a release; what policy does not know (a department, a kind of content) is refused. Reasons and denials
hold no word that the client sent: names of models and purposes appear only if the policy itself knows them.

Not asked here: limits and budgets, the stop switch, and whether an adapter can reach the model. `dialect` is a fact for
rules to come; version 1 of the language has none that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.model.decision import DEFAULT_PURPOSE, UNKNOWN_PURPOSE, Admission, Denial, Reason, ReleaseDecision
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy import words
from gateway.policy.policyset import DepartmentRules, ModelRules, PolicySet, agreement_covers, office_day

_PASS_CODES: Final = {"fehlt": "ki_pass_fehlt", "abgelaufen": "ki_pass_abgelaufen", "dv_neu": "ki_pass_dv_neu",
                      "gesperrt": "ki_pass_gesperrt"}


@dataclass(frozen=True, slots=True)
class AdmitFacts:
    """What is known before anybody looks at the content. ``model`` and ``purpose`` are as the client wrote them."""

    principal: Principal
    model: str
    purpose: str | None
    dialect: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What is known after inspection: findings per kind (as numbers), and which unreadable content there is."""

    admitted: AdmitFacts
    counts: Mapping[str, int]
    opaque: frozenset[str] = field(default_factory=frozenset)


def admit(policies: PolicySet, facts: AdmitFacts) -> Admission:
    """Answer the first question."""
    purpose = (facts.purpose or "").strip().casefold() or DEFAULT_PURPOSE
    department = policies.department(facts.principal.department)
    registered = policies.models.get(facts.model)
    asked = facts.model if registered is not None and registered.enabled else ""
    if department is None:
        return Admission(policies.digest, UNKNOWN_PURPOSE, None, (), words.no_department(policies), asked=asked)
    known = purpose if purpose in department.purposes or purpose in department.forbidden else UNKNOWN_PURPOSE
    reasons: list[Reason] = []
    for step in _admit_steps(policies, department, facts, purpose):
        if isinstance(step, Denial):
            denied = Reason(step.rule, "deny", step.message)
            return Admission(policies.digest, known, None, (*reasons, denied), step, asked=asked)
        reasons.append(step)
    passes = (facts.principal.pass_for(s) for s in (*department.scopes, *department.purposes[purpose].pass_scopes))
    return Admission(policies.digest, purpose, registered, tuple(reasons),
                     notice=next((p.notice for p in passes if p.notice), ""), asked=asked,
                     keep_hours=department.keep_hours, reads=department.models[facts.model].read_opaque,
                     refuses_unknown_fields=department.refuses_unknown_fields)


def admit_here(policies: PolicySet, principal: Principal) -> Admission:
    """Answer the first question for what the house itself serves: no model is asked, so the KI-Pass alone decides."""
    department = policies.department(principal.department)
    if department is None:
        return Admission(policies.digest, DEFAULT_PURPOSE, None, (), words.no_department(policies))
    reasons: list[Reason] = []
    for scope in department.scopes:
        step = _pass(policies, principal, scope)
        if isinstance(step, Denial):
            denied = Reason(step.rule, "deny", step.message)
            return Admission(policies.digest, DEFAULT_PURPOSE, None, (*reasons, denied), step)
        reasons.append(step)
    return Admission(policies.digest, DEFAULT_PURPOSE, None, tuple(reasons), keep_hours=department.keep_hours)


def background(policies: PolicySet, facts: AdmitFacts) -> str | None:
    """Return the model that a call goes to which a client made of its own accord; None: it is answered in the house."""
    department = policies.department(facts.principal.department)
    if department is None or department.background.answer == "same":
        return facts.model  # who may nothing is refused, whatever he asks
    named = department.background.model
    return named if named in department.models else None


def release(policies: PolicySet, facts: ReleaseFacts) -> ReleaseDecision:
    """Answer the second question. Raises KeyError for a kind of finding that the house does not know."""
    department = policies.department(facts.admitted.principal.department)
    rules = None if department is None else department.models.get(facts.admitted.model)
    if department is None or rules is None:
        denial = words.no_department(policies) if department is None else _closed(policies, department, facts.admitted)
        return ReleaseDecision(policies.digest, None, reasons=(Reason(denial.rule, "deny", denial.message),),
                               denial=denial)
    found = [kind for kind, count in facts.counts.items() if count > 0]
    reasons = tuple(_finding_reason(rules, kind, facts.counts[kind]) for kind in found)
    refused = [kind for kind in found if kind in rules.refused]
    stripped = facts.opaque & rules.stripped_opaque
    unread = sorted(facts.opaque - rules.passed_opaque - stripped)
    if stripped:
        reasons = (*reasons, words.stripped(rules))
    denial_ = None
    if refused:
        usable = _usable(department, facts.admitted.now)
        others = [m for m in usable if department.models[m.id].refused.isdisjoint(found)]
        denial_ = words.content(rules, refused, others)
    elif unread:
        denial_ = words.opaque(rules, unread)
    if denial_ is not None:
        reasons = (*reasons, Reason(denial_.rule, "deny", denial_.message))
    return ReleaseDecision(policies.digest, None if denial_ else rules.model, rules.actions, reasons, denial_,
                           rules.untrusted_tools, rules.answers, stripped, rules.trusts_undeclared)


def visible_models(policies: PolicySet, department: str) -> tuple[RegisteredModel, ...]:
    """Return the models that a department may use, in the order of the register."""
    rules = policies.department(department)
    return () if rules is None else tuple(r.model for r in rules.models.values())


def _admit_steps(policies: PolicySet, department: DepartmentRules, facts: AdmitFacts,
                 purpose: str) -> Iterator[Reason | Denial]:
    """Yield what each rule says, in the order in which a person would want to hear it."""
    for scope in department.scopes:
        yield _pass(policies, facts.principal, scope)
    rules = department.models.get(facts.model)
    if rules is None:
        yield _closed(policies, department, facts)
        return
    yield Reason(f"departments/{department.key}:models", "allow", f"„{rules.model.name}“ ist freigegeben.")
    if not rules.model.in_house:
        covered = agreement_covers(rules.model, office_day(facts.now))
        yield (Reason(f"models:{rules.model.id}.avv", "allow", "Die Auftragsverarbeitung ist vereinbart.") if covered
               else words.agreement(policies, rules.model, _usable(department, facts.now)))
    if purpose in department.forbidden:
        yield words.forbidden(policies, department.forbidden[purpose], purpose)
    elif purpose not in department.purposes:
        yield words.purpose(department)
    else:
        yield Reason(f"organisation:purposes.allow.{purpose}", "allow",
                     f"Zweck „{department.purposes[purpose].title}“ ist zulässig.")
        for scope in department.purposes[purpose].pass_scopes:
            yield _pass(policies, facts.principal, scope)


def _pass(policies: PolicySet, principal: Principal, scope: str) -> Reason | Denial:
    status = principal.pass_for(scope)
    if status.admits:
        return Reason(f"ki-pass:{scope}", "note" if status.state == "kulanz" else "allow",
                      "Der KI-Pass gilt noch in der Kulanzzeit." if status.state == "kulanz" else "Der KI-Pass gilt.")
    return Denial(_PASS_CODES[status.state], status.message or words.no_pass(policies, scope), f"ki-pass:{scope}")


def _closed(policies: PolicySet, department: DepartmentRules, facts: AdmitFacts) -> Denial:
    """Return why a model is not there for a department: switched off and never heard of are the same to a client."""
    usable = _usable(department, facts.now)
    denial = department.closed.get(facts.model)
    return words.unknown_model(usable) if denial is None else words.closed_model(denial, usable)


def _usable(department: DepartmentRules, now: datetime) -> list[RegisteredModel]:
    """Return the models of a department that would not be refused for their agreement."""
    today = office_day(now)
    return [r.model for r in department.models.values() if agreement_covers(r.model, today)]


def _finding_reason(rules: ModelRules, kind: str, count: int) -> Reason:
    rule = rules.findings[kind]
    return Reason(rule.rule, "deny" if rule.action == "refuse" else "note", f"{count} × {rule.text}")
