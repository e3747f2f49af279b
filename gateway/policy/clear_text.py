"""Leaving some kinds of finding readable for a purpose: who may ask for it, and what it changes.

An urgent need of few: a certificate is translated word for word, with the names in it. The organisation names the
purpose, the kinds, the reasons and the people; a layer below can only forbid it. Kept true: it turns placeholders and
coarser forms into "stays and is counted", nothing else. What the policy refuses or keeps in the house stays refused or
in the house, and only a model cleared for the class of data reads it.
"""

from __future__ import annotations

from typing import Final

from gateway.model.decision import Action, Denial, Reason
from gateway.model.entities import ENTITIES
from gateway.model.principal import Principal
from gateway.policy import words
from gateway.policy.policyset import DepartmentRules, ModelRules
from gateway.policy.schema import ClearText, Purpose
from gateway.policy.vocabulary import FIXED

_NONE: Final[frozenset[str]] = frozenset()
_CAN_BE_READABLE: Final[frozenset[Action]] = frozenset({"generalise", "hash", "placeholder", "mask"})


def asked_for(reason: str, purpose: str, chosen: Purpose, department: DepartmentRules,
              principal: Principal) -> Reason | Denial:
    """Return whether this person may have it for this purpose and reason."""
    granted, rule = _granted(chosen, department, principal), f"organisation:purposes.allow.{purpose}.clear_text"
    if granted is None:
        return words.no_clear_text(chosen.title, rule)
    if reason not in granted.reasons:
        return words.no_such_reason(list(granted.reasons), rule)
    return Reason(rule, "note", f"Angaben dürfen lesbar bleiben: {granted.reasons[reason]}")


def left_readable(reason: str, purpose: Purpose, department: DepartmentRules, principal: Principal,
                  rules: ModelRules) -> tuple[frozenset[str], frozenset[str]]:
    """Return the kinds that stay readable for this model, and those that would if it were cleared for their class.

    None of either for whoever may not ask for it.
    """
    granted = _granted(purpose, department, principal)
    if granted is None or reason not in granted.reasons:
        return _NONE, _NONE
    wanted = frozenset(kind for kind in granted.entities
                       if kind not in FIXED and rules.actions.get(kind) in _CAN_BE_READABLE)
    cleared = (*rules.model.data_classes, "financial")
    readable = frozenset(kind for kind in wanted if ENTITIES[kind].data_class in cleared)
    return readable, wanted - readable


def _granted(purpose: Purpose, department: DepartmentRules, principal: Principal) -> ClearText | None:
    granted = purpose.clear_text
    return granted if granted is not None and department.allows_clear_text and _is_meant(granted, principal) else None


def _is_meant(granted: ClearText, principal: Principal) -> bool:
    return ((not granted.departments or principal.department in granted.departments)
            and (not granted.roles or not principal.roles.isdisjoint(granted.roles))
            and (not granted.groups or not principal.groups.isdisjoint(granted.groups)))
