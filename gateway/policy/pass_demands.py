"""Which KI-Pass it takes to use a model, and to send it what was found: worked out from the register and all layers.

The register says what a model takes for everybody (``pass_scopes``), a layer what it takes beyond that for its
people (``ki_pass: models``); ``content: outside: pass_scopes`` says what it takes to send a kind of finding, or any of
a class, to models on that side. Layers only add: what holds is the union. A scope that everybody in the department
needs anyway is no demand of its own, and of two places that ask the same the first counts as the one that said it.

A kind that never reaches a model (refused, or answered in the house instead) asks nothing of who sends it there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.model.entities import ENTITIES
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.policy.policyset import NOBODY, ModelRules, PassDemand
from gateway.policy.schema import Side
from gateway.policy.vocabulary import FOUND_CLASSES

_SIDES: Final = {"in_house": "im Haus", "outside": "außer Haus"}


@dataclass(frozen=True, slots=True)
class ModelsDemand:
    """What one line of a layer demands of who uses some models."""

    rule: str
    models: frozenset[str]
    scopes: tuple[str, ...]


def kinds_of(key: str) -> frozenset[str]:
    """Return the kinds of finding that a key speaks of: those of a class, or the one that is called so."""
    found = FOUND_CLASSES.get(key)
    return frozenset({key}) if found is None else found.kinds


def of_model(model: RegisteredModel, layers: Iterable[ModelsDemand], known: Collection[str],
             names: Mapping[str, str]) -> tuple[PassDemand, ...]:
    """Return what it takes to use a model; `known` are the scopes that everybody needs, `names` those of all."""
    said = [(f"models:{model.id}.pass_scopes", model.pass_scopes),
            *((line.rule, line.scopes) for line in layers if model.id in line.models)]
    found: dict[str, PassDemand] = {}
    for rule, scopes in said:
        for scope in scopes:
            if scope not in known and scope not in found:
                found[scope] = PassDemand(scope, rule, f"„{model.name}“ verlangt den KI-Pass "
                                                       f"„{names.get(scope, scope)}“.",
                                           what=f"das Modell „{model.name}“")
    return tuple(found.values())


def of_side(name: str, said: Sequence[tuple[str, Side]], known: Collection[str],
            names: Mapping[str, str]) -> tuple[PassDemand, ...]:
    """Return what it takes to send findings to models on one side of the door."""
    found: list[PassDemand] = []
    asked: dict[str, frozenset[str]] = {}
    for where, side in said:
        for key, scopes in side.pass_scopes.items():
            for scope in scopes:
                kinds = kinds_of(key) - asked.get(scope, NOBODY)
                if kinds and scope not in known:
                    asked[scope] = asked.get(scope, NOBODY) | kinds
                    found.append(PassDemand(scope, f"{where}:content.{name}.pass_scopes.{key}",
                                            f"{_named(key)}: nur mit dem KI-Pass „{names.get(scope, scope)}“.", kinds,
                                            f"{_named(key)} in Anfragen an Modelle {_SIDES[name]}"))
    return tuple(found)


def reaching(demands: Iterable[PassDemand], kept_away: frozenset[str]) -> tuple[PassDemand, ...]:
    """Return the demands about kinds that reach a model, of which it never gets some."""
    left = (replace(demand, kinds=demand.kinds - kept_away) for demand in demands)
    return tuple(demand for demand in left if demand.kinds)


def decisive_without(models: Iterable[ModelRules]) -> Mapping[str, frozenset[str]]:
    """Return, by scope, the kinds that some model takes from its holders only."""
    found: dict[str, frozenset[str]] = {}
    for demand in (demand for rules in models for demand in rules.kind_demands):
        found[demand.scope] = found.get(demand.scope, NOBODY) | demand.kinds
    return found


def unmet(demands: Iterable[PassDemand], principal: Principal,
          found: Iterable[str] | None = None) -> PassDemand | None:
    """Return the first demand that this person does not meet, of those about what was found if that is given."""
    for demand in demands:
        if (found is None or not demand.kinds.isdisjoint(found)) and not principal.pass_for(demand.scope).admits:
            return demand
    return None


def _named(key: str) -> str:
    return FOUND_CLASSES[key].name if key in FOUND_CLASSES else ENTITIES[key].name
