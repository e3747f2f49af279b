"""The strictest of what several layers say about content: findings, answers, and content that is no text.

What depends on the side of the door alone is worked out once for all models on that side (`both`); what the
organisation says for one model, clearance included, once for all departments (`organisation_rules`). Where two layers
say the same, the first counts as the one that said it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from gateway.model.decision import Action, Answers
from gateway.model.entities import ENTITIES, TOPICS, Entity
from gateway.model.register import RegisteredModel
from gateway.policy.policyset import DID, FindingRule, OpaqueRule
from gateway.policy.schema import DEFAULT_KIND, Content, Organisation, Side
from gateway.policy.vocabulary import (
    ANSWERS,
    DATA_CLASSES,
    DEFAULTS_IN_HOUSE,
    DEFAULTS_OUTSIDE,
    FIXED,
    OPAQUE_KINDS,
    OPAQUE_STRICTNESS,
    READABLE,
    STRICTNESS,
    OpaqueKind,
    opaque_actions,
)

SideName = Literal["in_house", "outside"]
SIDES: Final[tuple[SideName, ...]] = ("in_house", "outside")
RANK: Final[Mapping[Action, int]] = MappingProxyType({action: i for i, action in enumerate(STRICTNESS)})


@dataclass(frozen=True, slots=True)
class Strictest:
    """What all layers of a department say together about models in the house, or about all others."""

    findings: Mapping[str, FindingRule]
    opaque: Mapping[str, OpaqueRule]
    answers: Mapping[str, Answers]
    """What happens to each kind in an answer, where it is more than showing."""


def both(where: Sequence[tuple[str, Content]]) -> Mapping[SideName, Strictest]:
    """Return the strictest of what these files say, the organisation's first; its findings are not among them."""
    return {name: _strictest(name, [(file, getattr(content, name)) for file, content in where]) for name in SIDES}


def _strictest(name: SideName, said: Sequence[tuple[str, Side]]) -> Strictest:
    findings: dict[str, FindingRule] = {}
    for where, side in said[1:]:
        for key, rule in _findings(where, name, side):
            if key not in findings or RANK[rule.action] > RANK[findings[key].action]:
                findings[key] = rule
    return Strictest(findings, MappingProxyType({kind: _strictest_opaque(kind, name, said) for kind in OPAQUE_KINDS}),
                     MappingProxyType(dict(_answers([side.answers for _, side in said]))))


def _answers(said: Sequence[Mapping[str, Answers]]) -> Iterator[tuple[str, Answers]]:
    for kind in ENTITIES:
        named = (by_kind.get(kind) or (None if kind in TOPICS else by_kind.get(DEFAULT_KIND)) for by_kind in said)
        strictest = max((word or "show" for word in named), key=ANSWERS.index)
        if strictest != "show":
            yield kind, strictest


def _findings(where: str, name: SideName, said: Side) -> Iterator[tuple[str, FindingRule]]:
    for key, action in said.findings.items():
        if key in ENTITIES and key not in FIXED:
            yield key, _finding_rule(ENTITIES[key], action, f"{where}:content.{name}.findings.{key}", name)


def _strictest_opaque(kind: OpaqueKind, name: SideName, sides: Sequence[tuple[str, Side]]) -> OpaqueRule:
    """Return the strictest, the first that says so; what may not be done with this kind is refused."""
    said = [OpaqueRule(side.opaque[kind], f"{where}:content.{name}.opaque.{kind}")
            for where, side in sides if kind in side.opaque]
    if kind not in sides[0][1].opaque:
        said.insert(0, OpaqueRule("refuse", f"default:opaque.{kind}"))
    strictest = max(said, key=lambda rule: OPAQUE_STRICTNESS.index(rule.action))
    return strictest if strictest.action in opaque_actions(kind, name == "in_house") else OpaqueRule(
        "refuse", strictest.rule)


def organisation_rules(organisation: Organisation, model: RegisteredModel) -> Mapping[str, FindingRule]:
    """Return what the organisation says; what stays readable needs a model that is cleared for its class of data.

    Worked out to its end here, clearance included: a layer that asks for less than keeping a finding readable does not
    thereby open a model that the organisation refuses it.
    """
    side: SideName = "in_house" if model.in_house else "outside"
    above: Side = getattr(organisation.content, side)
    defaults = DEFAULTS_IN_HOUSE if model.in_house else DEFAULTS_OUTSIDE
    rules = {}
    for entity in ENTITIES.values():
        key, action, rule = entity.key, defaults[entity.key], f"default:{entity.key}"
        if key in above.findings and key not in FIXED:
            action, rule = above.findings[key], f"organisation:content.{side}.findings.{key}"
        if action in READABLE and entity.data_class in DATA_CLASSES and entity.data_class not in model.data_classes:
            action, rule = "refuse", f"models:{model.id}.data_classes"
        rules[key] = _finding_rule(entity, action, rule, side)
    return rules


def _finding_rule(entity: Entity, action: Action, rule: str, side: SideName) -> FindingRule:
    if action == "in_house" and side == "in_house":
        action = "refuse"  # there is no house within the house
    return FindingRule(action, rule, f"{entity.name}: {DID[action]}")
