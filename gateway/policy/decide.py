"""The policy decision point: two pure questions, answered by looking up what `compile` worked out.

`admit`: may this person, with this KI-Pass, use this model for this purpose, now? Asked before anybody looks at
content. `release`: given what was found, may it leave, to which model, and what happens to each kind of finding?

Kept true: the same facts give the same answer; the first denial ends the questioning, and nothing after a denial can
turn it into a release; what policy does not know (a department, a kind of content) is refused; where a request goes
instead (an alias, a model in the house, a stand-in) is asked the same questions as where it was meant to go, and never
lies further away. Reasons and denials hold no word that the client sent: names of models and purposes appear only if
the policy itself knows them.

Not asked here: how much of a limit is used, and whether an adapter can reach the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from gateway.model.decision import DEFAULT_PURPOSE, UNKNOWN_PURPOSE, Action, Admission, Denial, Reason, ReleaseDecision
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy import words
from gateway.policy.clear_text import asked_for, left_readable
from gateway.policy.pass_demands import unmet
from gateway.policy.policyset import DepartmentRules, ModelRules, PassDemand, PolicySet
from gateway.policy.question import AdmitFacts as AdmitFacts
from gateway.policy.question import Question, targets
from gateway.policy.question import ReleaseFacts as ReleaseFacts
from gateway.policy.schema import Purpose

_NONE: Final[frozenset[str]] = frozenset()


def admit(policies: PolicySet, facts: AdmitFacts) -> Admission:
    """Answer the first question."""
    principal = facts.principal
    department = policies.department(principal.department, principal.groups)
    if department is None:
        named = targets(policies, facts.model)
        return Admission(policies.digest, UNKNOWN_PURPOSE, None, (), words.no_department(policies),
                         asked=named[0].id if named else "")
    question = Question(policies, department, facts)
    asked = question.targets[0].id if question.targets else ""
    purpose = question.purpose
    reasons: list[Reason] = []
    for step in _admit_steps(question):
        if isinstance(step, Denial):
            known = purpose if purpose in department.purposes or purpose in department.forbidden else UNKNOWN_PURPOSE
            denied = Reason(step.rule, "deny", step.message)
            return Admission(policies.digest, known, None, (*reasons, denied), step, asked=asked)
        reasons.append(step)
    usable = [rules for model in question.targets if (rules := question.rules(model.id)) is not None]
    return Admission(policies.digest, purpose, usable[0].model, tuple(reasons),
                     notice=_notice(department, department.purposes[purpose], usable[0], principal), asked=asked,
                     keep_hours=department.keep_hours, reads=usable[0].read_opaque,
                     refuses_unknown_fields=department.refuses_unknown_fields,
                     candidates=tuple(rules.model for rules in usable), limits=usable[0].limits,
                     clear_text=facts.clear_text or "", recalls=any(
                         rules.decisive or unmet(rules.kind_demands, principal) is not None for rules in usable))


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
    """Return the model that a call goes to which a client made of its own accord; None: it is answered in the house.

    Such a call holds what the conversation holds, so it goes no further away than the model that was asked for.
    """
    department = policies.department(facts.principal.department, facts.principal.groups)
    if department is None or department.background.answer == "same":
        return facts.model  # who may nothing is refused, whatever he asks
    instead = department.models.get(department.background.model or "")
    meant = targets(policies, facts.model)
    asked = next((m for m in meant if m.id in department.models), meant[0] if meant else None)
    if instead is None or (asked is not None and instead.model.distance > asked.distance) or unmet(
            instead.demands, facts.principal) is not None:
        return None
    return instead.model.id


def release(policies: PolicySet, facts: ReleaseFacts) -> ReleaseDecision:
    """Answer the second question. Raises KeyError for a kind of finding that the house does not know."""
    asked = facts.admitted
    department = policies.department(asked.principal.department, asked.principal.groups)
    if department is None:
        return _refusal(policies, words.no_department(policies))
    question, found = Question(policies, department, asked), facts.found
    usable = [rules for model in question.targets if (rules := question.rules(model.id)) is not None]
    if not usable:
        return _refusal(policies, *_model_steps(question))
    refused: list[_Answer] = []
    for rules in usable:
        answer = _to(question, facts, found, rules)
        if answer.denial is None:
            if refused and rules.demands:
                answer = answer._replace(reasons=[*_met(question, rules.demands), *answer.reasons])
            return _released(question, facts, found, answer, refused)
        refused.append(answer)
    first = next((rules for rules in usable if _would_take(question, facts, found, rules)), None)
    if first is not None:
        for id_ in department.in_house:
            at_home = question.rules(id_)
            if at_home is not None and at_home not in usable and _takes(question, facts, found, at_home):
                answer = _to(question, facts, found, at_home)
                moved = answer._replace(reasons=[words.moved(first, at_home.model),
                                                 *_met(question, at_home.demands), *answer.reasons])
                return _released(question, facts, found, moved, refused)
    return _decision(question, refused[0], refused[0].reasons)


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


def _admit_steps(question: Question) -> Iterator[Reason | Denial]:
    """Yield what each rule says, in the order in which a person would want to hear it."""
    policies, department, facts = question.policies, question.department, question.facts
    for scope in department.scopes:
        yield _pass(policies, facts.principal, scope)
    for hours in department.hours:
        yield hours.said if hours.open_at(question.here) else words.closed(hours)
    yield from _model_steps(question)
    purpose = question.purpose
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


def _model_steps(question: Question) -> Iterator[Reason | Denial]:
    """Yield whether any of the models meant may be used: the first that may, or why the first may not."""
    skipped: list[Reason] = []
    for model in question.targets:
        rules = question.rules(model.id)
        if rules is not None:
            yield from skipped
            yield from rules.said
            if rules.demands:
                yield from _met(question, rules.demands)
            return
        missing = question.missing(model.id)
        skipped.append(words.passed_over(model, missing.rule if missing else question.unusable(model.id).rule))
    first = question.targets[0].id if question.targets else ""
    if (missing := question.missing(first)) is not None:
        yield Reason(missing.rule, "deny", missing.text)
    yield question.unusable(first) if first else question.unknown()


def _met(question: Question, demands: Iterable[PassDemand]) -> Iterator[Reason]:
    """Yield who asked for a KI-Pass, and that it holds."""
    for demand in demands:
        yield Reason(demand.rule, "note", demand.text)
        yield _holds(question.facts.principal, demand.scope)


def _pass(policies: PolicySet, principal: Principal, scope: str) -> Reason | Denial:
    if principal.pass_for(scope).admits:
        return _holds(principal, scope)
    return words.pass_refused(policies, principal, scope)


def _holds(principal: Principal, scope: str) -> Reason:
    grace = principal.pass_for(scope).state == "kulanz"
    return Reason(f"ki-pass:{scope}", "note" if grace else "allow",
                  "Der KI-Pass gilt noch in der Kulanzzeit." if grace else "Der KI-Pass gilt.")


def _notice(department: DepartmentRules, purpose: Purpose, rules: ModelRules, principal: Principal) -> str:
    """Return what the person is told beside the answer, ASCII: first the pass, then what policy wants said."""
    said = [words.ascii_text(notice) for notice in (*department.notices, purpose.notice) if notice]
    for scope in (*department.scopes, *purpose.pass_scopes):
        if grace := principal.pass_for(scope).notice:
            return " | ".join((grace, *said))
    grace = _grace(principal, rules.demands)
    return " | ".join((grace, *said) if grace else said)


def _grace(principal: Principal, demands: Iterable[PassDemand]) -> str:
    """Return what the first of the KI-Passes demanded that is in its grace period has to say."""
    for demand in demands:
        if notice := principal.pass_for(demand.scope).notice:
            return notice
    return ""


class _Answer(NamedTuple):
    """The answer to the second question for one model."""

    rules: ModelRules
    reasons: Sequence[Reason]
    denial: Denial | None = None
    clear: frozenset[str] = _NONE
    notice: str = ""
    met: Sequence[PassDemand] = ()
    """The KI-Passes that it takes for what was found, and that hold."""


def _refusal(policies: PolicySet, *steps: Reason | Denial) -> ReleaseDecision:
    """Return the refusal that the last step is."""
    denial = next(step for step in steps if isinstance(step, Denial))
    reasons = [step for step in steps if isinstance(step, Reason)]
    return ReleaseDecision(policies.digest, None, denial=denial,
                           reasons=(*reasons, Reason(denial.rule, "deny", denial.message)))


def _takes(question: Question, facts: ReleaseFacts, found: Sequence[str], rules: ModelRules) -> bool:
    """Whether this model may be given what was found: `_to` without the words."""
    return rules.rerouted.isdisjoint(found) and _would_take(question, facts, found, rules)


def _would_take(question: Question, facts: ReleaseFacts, found: Sequence[str], rules: ModelRules) -> bool:
    """Whether this model may be given everything but what stays in the house.

    Only then does a request go into the house instead: what is refused for another reason stays refused, whatever
    is found beside it.
    """
    speaks = question.facts.speaks
    return ((speaks is None or not rules.model.dialects.isdisjoint(speaks)) and rules.refused.isdisjoint(found)
            and (not rules.kind_demands or question.lacks(rules, found) is None)
            and (not facts.opaque or facts.opaque <= rules.passed_opaque | rules.stripped_opaque))


def _to(question: Question, facts: ReleaseFacts, found: Sequence[str], rules: ModelRules) -> _Answer:
    """Answer the second question for one model that may be used."""
    department, asked = question.department, question.facts
    if asked.speaks is not None and not rules.model.dialects & asked.speaks:
        unspoken = words.wrong_dialect(rules.model)
        return _Answer(rules, [Reason(unspoken.rule, "deny", unspoken.message)], unspoken)
    purpose = department.purposes.get(question.purpose)
    clear, uncleared = (left_readable(asked.clear_text, purpose, department, asked.principal, rules)
                        if asked.clear_text and purpose else (_NONE, _NONE))
    reasons = [words.left_readable(kind, facts.counts.get(kind, 0), question.purpose) if kind in clear else
               _finding_reason(rules, kind, facts.counts.get(kind, 0)) for kind in found]
    if facts.opaque:
        reasons += (words.not_text(rules, kind)
                    for kind in sorted(facts.opaque & (rules.stripped_opaque | rules.passed_opaque)))
    replaced = None if uncleared.isdisjoint(found) else words.replaced_all_the_same(rules.model, question.purpose)
    if replaced is not None:
        reasons.append(replaced)
    met = question.met(rules, found) if rules.kind_demands else ()
    reasons += _met(question, met)
    if _takes(question, facts, found, rules):
        return _Answer(rules, reasons, None, clear, words.ascii_text(replaced.text) if replaced else "", met)
    lacking = question.lacks(rules, found)
    denial = _content(question, facts, found, rules)
    if denial is None and lacking is not None:
        reasons.append(Reason(lacking.rule, "deny", lacking.text))
        denial = words.pass_for_finding(question.policies, asked.principal, lacking, found)
    assert denial is not None, "what is not taken is not taken for one of these reasons"
    return _Answer(rules, [*reasons, Reason(denial.rule, "deny", denial.message)], denial, clear)


def _content(question: Question, facts: ReleaseFacts, found: Sequence[str], rules: ModelRules) -> Denial | None:
    """Return why this content may not go to this model from anybody, or None."""
    refused = [kind for kind in found if kind in rules.refused] or [k for k in found if k in rules.rerouted]
    if not refused:
        unread = sorted(facts.opaque - rules.passed_opaque - rules.stripped_opaque)
        return words.opaque(rules, unread) if unread else None
    other = next((one.model for one in question.usable() if one.model.id != rules.model.id
                  and one.refused.isdisjoint(found) and one.rerouted.isdisjoint(found)
                  and question.lacks(one, found) is None), None)
    return words.content(rules, refused, other)


def _released(question: Question, facts: ReleaseFacts, found: Sequence[str], answer: _Answer,
              before: Sequence[_Answer]) -> ReleaseDecision:
    """Return the release, with what spoke against the models that were meant before it, and who may stand in."""
    against: list[Reason] = []
    for refused in before:
        assert refused.denial is not None
        denied = [Reason(r.rule, "note", r.text) for r in refused.reasons[:-1] if r.effect == "deny"]
        against += denied or [words.passed_over(refused.rules.model, refused.denial.rule)]
    department, principal = question.department, facts.admitted.principal
    names = department.fallback.get(answer.rules.model.id, ())
    stand_ins = tuple(rules.model for id_ in names if (rules := question.rules(id_)) is not None
                      and _takes(question, facts, found, rules))
    held = department.decisive.intersection(found) if found else _NONE
    if found and department.decisive_without:
        held = held.union(*(kinds.intersection(found) for scope, kinds in department.decisive_without.items()
                            if not principal.pass_for(scope).admits))
    decision = _decision(question, answer, [*against, *answer.reasons], facts.opaque, held, stand_ins)
    grace = _grace(principal, (*answer.rules.demands, *answer.met))
    if not (grace or answer.notice):
        return decision
    notices = tuple(notice for notice in (grace, answer.notice) if notice)
    return replace(decision, notices=notices)


def _decision(question: Question, answer: _Answer, reasons: Sequence[Reason], opaque: frozenset[str] = _NONE,
              held: frozenset[str] = _NONE, stand_ins: tuple[RegisteredModel, ...] = ()) -> ReleaseDecision:
    rules, purpose = answer.rules, question.department.purposes.get(question.purpose)
    note: Action = "note"
    actions: Mapping[str, Action] = {**rules.actions, **dict.fromkeys(answer.clear, note)} if answer.clear else (
        rules.actions)
    return ReleaseDecision(
        question.policies.digest, None if answer.denial else rules.model, actions, tuple(reasons), answer.denial,
        rules.untrusted_tools, rules.answers, opaque & rules.stripped_opaque, rules.trusts_undeclared, stand_ins, held,
        _label(question.department.labels, purpose.label if purpose else None))


def _label(everywhere: tuple[str, ...], own: str | None) -> str:
    """Return what ends the answer: the sentences of all layers and that of the purpose, each once."""
    if not everywhere:
        return own or ""
    return "\n".join(dict.fromkeys((*everywhere, own) if own else everywhere))


def _finding_reason(rules: ModelRules, kind: str, count: int) -> Reason:
    rule = rules.findings[kind]
    said = f"{count} × {rule.text}" if count else f"Früher im Gespräch: {rule.text}"
    return Reason(rule.rule, "deny" if rule.action in ("refuse", "in_house") else "note", said)
