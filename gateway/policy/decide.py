"""The policy decision point: two pure questions, answered by looking up what `compile` worked out.

`admit`: may this person, with this KI-Pass, use this model for this purpose, now? Asked before anybody looks at
content. `release`: given what was found, may it leave, to which model, and what happens to each kind of finding?

Kept true: the same facts give the same answer; the first denial ends the questioning, and nothing after a denial can
turn it into a release; what policy does not know (a department, a kind of content) is refused; where a request goes
instead (an alias, a model in the house, a stand-in) is asked the same questions as where it was meant to go. Reasons
and denials hold no word that the client sent: names of models and purposes appear only if the policy itself knows them.

Not asked here: how much of a limit is used, and whether an adapter can reach the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gateway.model.decision import DEFAULT_PURPOSE, UNKNOWN_PURPOSE, Action, Admission, Denial, Reason, ReleaseDecision
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy import words
from gateway.policy.clear_text import asked_for, left_readable
from gateway.policy.policyset import DepartmentRules, ModelRules, PolicySet, agreement_covers, attested, office_day
from gateway.policy.schema import Purpose

_PASS_CODES: Final = {"fehlt": "ki_pass_fehlt", "abgelaufen": "ki_pass_abgelaufen", "dv_neu": "ki_pass_dv_neu",
                      "gesperrt": "ki_pass_gesperrt"}
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class AdmitFacts:
    """What is known before anybody looks at the content. ``model`` and ``purpose`` are as the client wrote them."""

    principal: Principal
    model: str
    purpose: str | None
    dialect: str
    now: datetime
    clear_text: str | None = None
    """The reason (a key of the policy) for which the client wants some kinds of finding to stay readable."""
    stopped: frozenset[str] = _NONE
    """Models that somebody switched off a moment ago, by id."""
    speaks: frozenset[str] | None = None
    """Dialects that a model may speak to answer this request; None: any."""


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What is known after inspection: findings per kind (as numbers), and which unreadable content there is."""

    admitted: AdmitFacts
    counts: Mapping[str, int]
    opaque: frozenset[str] = field(default_factory=frozenset)
    held: frozenset[str] = _NONE
    """Kinds that were found earlier in this conversation and decided where it goes."""


def admit(policies: PolicySet, facts: AdmitFacts) -> Admission:
    """Answer the first question."""
    principal = facts.principal
    department = policies.department(principal.department, principal.groups)
    named = _targets(policies, facts)
    asked = named[0].id if named else ""
    if department is None:
        return Admission(policies.digest, UNKNOWN_PURPOSE, None, (), words.no_department(policies), asked=asked)
    purpose = _purpose(policies, facts)
    known = purpose if purpose in department.purposes or purpose in department.forbidden else UNKNOWN_PURPOSE
    reasons: list[Reason] = []
    for step in _admit_steps(policies, department, facts, purpose):
        if isinstance(step, Denial):
            denied = Reason(step.rule, "deny", step.message)
            return Admission(policies.digest, known, None, (*reasons, denied), step, asked=asked)
        reasons.append(step)
    candidates = tuple(m for m in named if _unusable(policies, department, facts, m.id) is None)
    rules, chosen = department.models[candidates[0].id], department.purposes[purpose]
    return Admission(policies.digest, purpose, candidates[0], tuple(reasons),
                     notice=_notice(department, chosen, principal), asked=asked, keep_hours=department.keep_hours,
                     reads=rules.read_opaque, refuses_unknown_fields=department.refuses_unknown_fields,
                     candidates=candidates, limits=rules.limits, clear_text=facts.clear_text or "",
                     recalls=any(department.models[m.id].decisive for m in candidates))


def admit_here(policies: PolicySet, principal: Principal) -> Admission:
    """Answer the first question for what the house itself serves: no model is asked, so the KI-Pass alone decides."""
    department = policies.department(principal.department, principal.groups)
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
    department = policies.department(facts.principal.department, facts.principal.groups)
    if department is None or department.background.answer == "same":
        return facts.model  # who may nothing is refused, whatever he asks
    named = department.background.model
    return named if named in department.models else None


def release(policies: PolicySet, facts: ReleaseFacts) -> ReleaseDecision:
    """Answer the second question. Raises KeyError for a kind of finding that the house does not know."""
    asked = facts.admitted
    department = policies.department(asked.principal.department, asked.principal.groups)
    if department is None:
        return _refusal(policies, words.no_department(policies))
    candidates = [m.id for m in _targets(policies, asked)]
    usable = [id_ for id_ in candidates if _unusable(policies, department, asked, id_) is None]
    if not usable:
        unusable = _unusable(policies, department, asked, candidates[0] if candidates else "")
        return _refusal(policies, unusable or words.unknown_model(_usable(department, asked)))
    answers = [_to(policies, department, facts, id_) for id_ in usable]
    decision = next((a for a in answers if a.denial is None), answers[0])
    if decision.denial is None and decision is not answers[0]:
        decision = _instead(department, zip(usable, answers, strict=True), decision)
    if decision.denial is not None and _reroutes(department, facts, usable[0]):
        at_home = (_to(policies, department, facts, id_, moved_from=usable[0]) for id_ in department.in_house
                   if id_ not in usable and _unusable(policies, department, asked, id_) is None)
        decision = next((_instead(department, [(usable[0], answers[0])], a) for a in at_home if a.denial is None),
                        decision)
    if decision.model is None:
        return decision
    return replace(decision, held=frozenset(_found(facts)) & department.decisive,
                   fallbacks=_fallbacks(policies, department, facts, decision.model))


def visible_models(policies: PolicySet, department: str, groups: frozenset[str] = _NONE) -> tuple[RegisteredModel, ...]:
    """Return what members of a department find in their lists: aliases, then models in the order of the register.

    An alias looks like the first of its models that may be used, under its own name, with the shortest context of them.
    """
    rules = policies.department(department, groups)
    if rules is None:
        return ()
    named = []
    for alias in policies.aliases.values():
        behind = [rules.models[id_].model for id_ in alias.models if id_ in rules.models]
        if behind:
            named.append(replace(behind[0], id=alias.key, name=alias.name,
                                 context_length=min(m.context_length for m in behind)))
    return (*named, *(r.model for r in rules.models.values()))


def _targets(policies: PolicySet, facts: AdmitFacts) -> list[RegisteredModel]:
    """Return the models in service that the client's word stands for."""
    alias = policies.aliases.get(facts.model)
    ids = (facts.model,) if alias is None else alias.models
    return [m for m in (policies.models.get(id_) for id_ in ids) if m is not None and m.enabled]


def _purpose(policies: PolicySet, facts: AdmitFacts) -> str:
    """Return the purpose: what the request says, else the name of the model, else the key, else the general one."""
    alias = policies.aliases.get(facts.model)
    said = (facts.purpose or "").strip().casefold()
    return said or (alias.purpose if alias and alias.purpose else "") or facts.principal.purpose or DEFAULT_PURPOSE


def _admit_steps(policies: PolicySet, department: DepartmentRules, facts: AdmitFacts,
                 purpose: str) -> Iterator[Reason | Denial]:
    """Yield what each rule says, in the order in which a person would want to hear it."""
    for scope in department.scopes:
        yield _pass(policies, facts.principal, scope)
    for hours in department.hours:
        yield (Reason(hours.rule, "allow", "Es ist Dienstzeit.") if hours.open_at(facts.now) else words.closed(hours))
    yield from _model_steps(policies, department, facts)
    if purpose in department.forbidden:
        yield words.forbidden(policies, department.forbidden[purpose], purpose)
    elif purpose not in department.purposes:
        yield words.purpose(department, purpose)
    else:
        chosen = department.purposes[purpose]
        yield Reason(f"organisation:purposes.allow.{purpose}", "allow", f"Zweck „{chosen.title}“ ist zulässig.")
        for scope in chosen.pass_scopes:
            yield _pass(policies, facts.principal, scope)
        if facts.clear_text:
            yield asked_for(facts.clear_text, purpose, chosen, department, facts.principal)


def _model_steps(policies: PolicySet, department: DepartmentRules, facts: AdmitFacts) -> Iterator[Reason | Denial]:
    """Yield whether any of the models meant may be used: the first that may, or why the first may not."""
    named = _targets(policies, facts)
    why: Denial | None = None
    skipped: list[Reason] = []
    for model in named:
        unusable = _unusable(policies, department, facts, model.id)
        if unusable is None:
            yield from skipped
            yield Reason(f"departments/{department.key}:models", "allow", f"„{model.name}“ ist freigegeben.")
            if not model.in_house:
                yield Reason(f"models:{model.id}.avv", "allow", "Die Auftragsverarbeitung ist vereinbart.")
            return
        why = why or unusable
        skipped.append(words.passed_over(model, unusable))
    yield why or words.unknown_model(_usable(department, facts))


def _unusable(policies: PolicySet, department: DepartmentRules, facts: AdmitFacts, model: str) -> Denial | None:
    """Return why this model cannot be used now, or None. Switched off and never heard of are the same to a client."""
    rules = department.models.get(model)
    if rules is None:
        usable, denial = _usable(department, facts), department.closed.get(model)
        return words.unknown_model(usable) if denial is None else words.closed_model(denial, usable)
    if model in facts.stopped:
        return words.stopped(rules.model, _usable(department, facts))
    if not agreement_covers(rules.model, office_day(facts.now)):
        return words.agreement(policies, rules.model, _usable(department, facts))
    if not attested(rules, office_day(facts.now)):
        return words.attest(rules, _usable(department, facts))
    return None


def _pass(policies: PolicySet, principal: Principal, scope: str) -> Reason | Denial:
    status = principal.pass_for(scope)
    if status.admits:
        return Reason(f"ki-pass:{scope}", "note" if status.state == "kulanz" else "allow",
                      "Der KI-Pass gilt noch in der Kulanzzeit." if status.state == "kulanz" else "Der KI-Pass gilt.")
    return Denial(_PASS_CODES[status.state], status.message or words.no_pass(policies, scope), f"ki-pass:{scope}")


def _usable(department: DepartmentRules, facts: AdmitFacts) -> list[RegisteredModel]:
    """Return the models of a department that would not be refused at this moment."""
    today = office_day(facts.now)
    return [r.model for r in department.models.values()
            if r.model.id not in facts.stopped and agreement_covers(r.model, today) and attested(r, today)]


def _notice(department: DepartmentRules, purpose: Purpose, principal: Principal) -> str:
    """Return what the person is told beside the answer, ASCII: first the pass, then what policy wants said."""
    scopes = (principal.pass_for(s) for s in (*department.scopes, *purpose.pass_scopes))
    grace = next((p.notice for p in scopes if p.notice), "")
    said = (words.ascii_text(n) for n in (*department.notices, purpose.notice) if n)
    return " | ".join(n for n in (grace, *said) if n)


def _refusal(policies: PolicySet, denial: Denial) -> ReleaseDecision:
    return ReleaseDecision(policies.digest, None, reasons=(Reason(denial.rule, "deny", denial.message),), denial=denial)


def _to(policies: PolicySet, department: DepartmentRules, facts: ReleaseFacts, model: str,
        moved_from: str = "") -> ReleaseDecision:
    """Answer the second question for one model that may be used."""
    rules, asked = department.models[model], facts.admitted
    if asked.speaks is not None and not rules.model.dialects & asked.speaks:
        return _refusal(policies, words.wrong_dialect(rules.model))
    found = _found(facts)
    key = _purpose(policies, asked)
    purpose = department.purposes.get(key)
    clear = left_readable(asked.clear_text, purpose, rules)
    reasons = [words.left_readable(kind, facts.counts.get(kind, 0), key) if kind in clear else
               _finding_reason(rules, kind, facts.counts.get(kind, 0)) for kind in found]
    stripped = facts.opaque & rules.stripped_opaque
    if moved_from:
        reasons.insert(0, words.moved(department.models[moved_from], rules.model))
    reasons += (words.not_text(rules, kind) for kind in sorted(stripped | (facts.opaque & rules.passed_opaque)))
    denial = _content(department, facts, rules, found)
    if denial is not None:
        reasons.append(Reason(denial.rule, "deny", denial.message))
    note: Action = "note"
    actions = {**rules.actions, **dict.fromkeys(clear, note)} if clear else rules.actions
    return ReleaseDecision(policies.digest, None if denial else rules.model, actions, tuple(reasons), denial,
                           rules.untrusted_tools, rules.answers, stripped, rules.trusts_undeclared,
                           label=purpose.label or "" if purpose else "")


def _found(facts: ReleaseFacts) -> list[str]:
    found = [kind for kind, count in facts.counts.items() if count > 0]
    return found + sorted(facts.held.difference(found)) if facts.held else found


def _instead(department: DepartmentRules, before: Iterable[tuple[str, ReleaseDecision]],
             decision: ReleaseDecision) -> ReleaseDecision:
    """Return `decision` with what spoke against the models that were meant before it."""
    against: list[Reason] = []
    for id_, answer in before:
        if answer.denial is None:
            break
        found = [Reason(r.rule, "note", r.text) for r in answer.reasons[:-1] if r.effect == "deny"]
        against += found or [words.passed_over(department.models[id_].model, answer.denial)]
    return replace(decision, reasons=(*against, *decision.reasons))


def _content(department: DepartmentRules, facts: ReleaseFacts, rules: ModelRules, found: list[str]) -> Denial | None:
    """Return why this content may not go to this model, or None."""
    refused = [kind for kind in found if kind in rules.refused] or [k for k in found if k in rules.rerouted]
    if refused:
        others = [m for m in _usable(department, facts.admitted) if m.id != rules.model.id
                  and not any(k in department.models[m.id].refused or k in department.models[m.id].rerouted
                              for k in found)]
        return words.content(rules, refused, others)
    unread = sorted(facts.opaque - rules.passed_opaque - (facts.opaque & rules.stripped_opaque))
    return words.opaque(rules, unread) if unread else None


def _reroutes(department: DepartmentRules, facts: ReleaseFacts, model: str) -> bool:
    """Whether what was found goes into the house, and nothing of it may go nowhere at all."""
    rules, found = department.models[model], _found(facts)
    return any(k in rules.rerouted for k in found) and not any(k in rules.refused for k in found)


def _fallbacks(policies: PolicySet, department: DepartmentRules, facts: ReleaseFacts,
               model: RegisteredModel) -> tuple[RegisteredModel, ...]:
    """Return the stand-ins that could take this very request."""
    names = department.fallback.get(model.id, ())
    able = (id_ for id_ in names if _unusable(policies, department, facts.admitted, id_) is None)
    answers = (_to(policies, department, facts, id_) for id_ in able)
    return tuple(a.model for a in answers if a.model is not None)


def _finding_reason(rules: ModelRules, kind: str, count: int) -> Reason:
    rule = rules.findings[kind]
    said = f"{count} × {rule.text}" if count else f"Früher im Gespräch: {rule.text}"
    return Reason(rule.rule, "deny" if rule.action in ("refuse", "in_house") else "note", said)


