"""What a decision is asked about, and what is looked up for it once: facts, models meant, purpose, day and time.

Kept true: whether a model can be used at this moment is answered in one place, `Question.rules`, for the model that was
asked for as for every other that may take its place. What the client wrote is compared, never repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Final

from gateway.model.decision import DEFAULT_PURPOSE, Denial
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy import words
from gateway.policy.pass_demands import unmet
from gateway.policy.policyset import (
    BERLIN,
    DepartmentRules,
    ModelRules,
    PassDemand,
    PolicySet,
    agreement_covers,
    attested,
)

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

    @property
    def found(self) -> list[str]:
        """The kinds that decide: found now, then those held."""
        found = [kind for kind, count in self.counts.items() if count > 0]
        return found + sorted(self.held.difference(found)) if self.held else found


def targets(policies: PolicySet, model: str) -> list[RegisteredModel]:
    """Return the models in service that the client's word stands for."""
    alias = policies.aliases.get(model)
    ids = (model,) if alias is None else alias.models
    return [m for m in (policies.models.get(id_) for id_ in ids) if m is not None and m.enabled]


class Question:
    """One question about people of one department."""

    __slots__ = ("_today", "department", "facts", "here", "policies", "purpose", "targets")

    def __init__(self, policies: PolicySet, department: DepartmentRules, facts: AdmitFacts) -> None:
        self.policies, self.department, self.facts = policies, department, facts
        self.here = facts.now.astimezone(BERLIN)
        self._today: date = self.here.date()
        alias = policies.aliases.get(facts.model)
        self.targets = targets(policies, facts.model)
        said = (facts.purpose or "").strip().casefold()
        self.purpose = (said or (alias.purpose if alias and alias.purpose else "") or facts.principal.purpose
                        or DEFAULT_PURPOSE)
        """What the request says, else the name of the model, else the key, else the general one."""

    def unusable(self, model: str) -> Denial:
        """Return why a model without `rules` cannot be used now. Switched off and never heard of are the same to a
        client."""
        rules = self.department.models.get(model)
        if rules is None:
            denial = self.department.closed.get(model)
            return self.unknown() if denial is None else words.closed_model(denial, self._choice())
        if model in self.facts.stopped:
            return words.stopped(rules.model, self._choice())
        if not agreement_covers(rules.model, self._today):
            return words.agreement(self.policies, rules.model, self._choice())
        missing = self.missing(model)
        if missing is not None:
            return words.pass_for_model(self.policies, self.facts.principal, missing, self._choice())
        return words.attest(rules, self._choice())

    def missing(self, model: str) -> PassDemand | None:
        """Return the KI-Pass for want of which alone this person cannot use a model now, or None."""
        rules = self.department.models.get(model)
        if rules is None or not rules.demands or not self._in_service(rules):
            return None
        return unmet(rules.demands, self.facts.principal)

    def lacks(self, rules: ModelRules, found: Iterable[str]) -> PassDemand | None:
        """Return the KI-Pass that is missing to send this model what was found, or None."""
        return unmet(rules.kind_demands, self.facts.principal, found)

    def met(self, rules: ModelRules, found: Iterable[str]) -> list[PassDemand]:
        """Return the demands about what was found that this person meets."""
        return [demand for demand in rules.kind_demands
                if not demand.kinds.isdisjoint(found) and self.facts.principal.pass_for(demand.scope).admits]

    def unknown(self) -> Denial:
        """Return the refusal of a model that nobody knows."""
        return words.unknown_model(self._choice())

    def rules(self, model: str) -> ModelRules | None:
        """Return the rules for a model that can be used now, or None."""
        rules = self.department.models.get(model)
        return rules if rules is not None and self._in_use(rules) else None

    def usable(self) -> Iterator[ModelRules]:
        """Yield the models of the department that would not be refused at this moment."""
        return (rules for rules in self.department.models.values() if self._in_use(rules))

    def _choice(self) -> list[RegisteredModel]:
        """Return some of them, one more than a refusal names."""
        return [rules.model for rules in islice(self.usable(), words.NAMED + 1)]

    def _in_use(self, rules: ModelRules) -> bool:
        return self._in_service(rules) and (not rules.demands or unmet(rules.demands, self.facts.principal) is None)

    def _in_service(self, rules: ModelRules) -> bool:
        """Whether anybody may use it now."""
        return (rules.model.id not in self.facts.stopped and agreement_covers(rules.model, self._today)
                and attested(rules, self._today))
