"""Works policy out: organisation, profiles, departments and groups become one `DepartmentRules` each.

All inheritance happens here. Below the organisation stand *layers* of one shape (`schema.Rules`): ready profiles, the
department, the groups of a person. Each value is the strictest that any layer says, so the order of layers does not
matter and no layer can loosen anything, even if it had got past `check`. Which layer set a value is kept as the id of
the rule: ``departments/sozialamt:content.outside.findings.HEALTH``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Final

from gateway.model.decision import Denial
from gateway.model.entities import ENTITIES, Entity
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.model.limits import LIMITED_BY, NO_LIMIT, Limit, LimitedBy, Limits
from gateway.model.municipality import NOWHERE, Municipality
from gateway.model.register import RegisteredModel, Zone
from gateway.policy.demands import lacks
from gateway.policy.policyset import (
    DID,
    NOBODY,
    DepartmentRules,
    FindingRule,
    ModelAlias,
    ModelRules,
    OfficeHours,
    OpaqueRule,
    PolicySet,
)
from gateway.policy.schema import (
    Background,
    Department,
    Group,
    LimitRules,
    ModelSelection,
    Organisation,
    OrganisationModels,
    Profile,
    Rules,
    Side,
)
from gateway.policy.vocabulary import (
    ANSWERS,
    BACKGROUND,
    DATA_CLASSES,
    DEFAULTS_IN_HOUSE,
    DEFAULTS_OUTSIDE,
    FORBIDDEN_PURPOSES,
    OPAQUE_KINDS,
    OPAQUE_STRICTNESS,
    READABLE,
    STRICTNESS,
    OpaqueKind,
    opaque_actions,
)

_EVERYWHERE: Final = ModelSelection()


@dataclass(frozen=True, slots=True)
class _Layer:
    """Rules and where they are written (``departments/sozialamt``)."""

    where: str
    rules: Rules
    name: str
    """Whom a refusal names: the department, the profile or the group."""


@dataclass(frozen=True, slots=True)
class _Town:
    """What all departments are worked out from."""

    organisation: Organisation
    departments: Mapping[str, Department]
    models: Mapping[str, RegisteredModel]
    profiles: Mapping[str, Profile]
    groups: Mapping[str, Group]
    model_groups: Mapping[str, tuple[str, ...]]

    def rules(self, key: str, groups: frozenset[str] = NOBODY) -> DepartmentRules:
        """Work out one department for members of these groups."""
        written = self.departments[key]
        profiles = dict.fromkeys((*self.organisation.profiles, *written.profiles))
        layers = [_Layer(f"departments/{key}", written, written.name),
                  *(_Layer(f"profiles/{p}", self.profiles[p], self.profiles[p].name) for p in profiles),
                  *(_Layer(f"groups/{g}", self.groups[g], self.groups[g].name) for g in sorted(groups))]
        return _department(self, key, written.name, layers)

    def named(self, names: Iterable[str]) -> frozenset[str]:
        """Return the ids of models behind names and groups (``@name``)."""
        return frozenset(id_ for name in names
                         for id_ in (self.model_groups.get(name[1:], ()) if name.startswith("@") else (name,)))


def work_out(digest: str, organisation: Organisation, departments: Mapping[str, Department],
             models: Mapping[str, RegisteredModel], kipass: KiPassConfig, municipality: Municipality = NOWHERE, *,
             profiles: Mapping[str, Profile] | None = None, groups: Mapping[str, Group] | None = None,
             model_groups: Mapping[str, tuple[str, ...]] | None = None,
             aliases: Mapping[str, ModelAlias] | None = None) -> PolicySet:
    """Build a policy set from checked parts."""
    town = _Town(organisation, departments, models, profiles or {}, groups or {}, model_groups or {})
    rules = {key: town.rules(key) for key in departments}
    return PolicySet(digest, organisation, MappingProxyType(dict(models)), kipass, MappingProxyType(rules),
                     MappingProxyType(dict(departments)), municipality, MappingProxyType(dict(town.profiles)),
                     MappingProxyType(dict(town.groups)), MappingProxyType(dict(town.model_groups)),
                     MappingProxyType(dict(aliases or {})), town.rules)


def reworked(policies: PolicySet, digest: str, *, organisation: Organisation | None = None,
             models: Mapping[str, RegisteredModel] | None = None,
             departments: Mapping[str, Department] | None = None,
             aliases: Mapping[str, ModelAlias] | None = None) -> PolicySet:
    """Return another generation with some parts exchanged."""
    return work_out(digest, organisation or policies.organisation,
                    policies.files if departments is None else departments,
                    policies.models if models is None else models, policies.kipass, policies.municipality,
                    profiles=policies.profiles, groups=policies.groups, model_groups=policies.model_groups,
                    aliases=policies.aliases if aliases is None else aliases)


def _department(town: _Town, key: str, name: str, layers: Sequence[_Layer]) -> DepartmentRules:
    organisation = town.organisation
    open_, closed = {}, {}
    for model in town.models.values():
        if model.enabled:
            denial = _closed(town, layers, model)
            if denial is None:
                open_[model.id] = _model_rules(organisation, layers, model)
            else:
                closed[model.id] = denial
    forbidden = {**organisation.purposes.forbid, **FORBIDDEN_PURPOSES}
    closed_purposes = dict(_closed_purposes(organisation, layers))
    purposes = {k: p for k, p in organisation.purposes.allow.items() if k not in forbidden and k not in closed_purposes}
    scopes = dict.fromkeys((BASIS, *organisation.ki_pass.required,
                            *(s for layer in layers for s in layer.rules.ki_pass.required)))
    return DepartmentRules(
        key, name, tuple(scopes), MappingProxyType(purposes), MappingProxyType(forbidden), MappingProxyType(open_),
        min((organisation.conversations.keep_hours,
             *(layer.rules.conversations.keep_hours for layer in layers if layer.rules.conversations is not None))),
        "refuse" in (organisation.unknown_fields, *(layer.rules.unknown_fields for layer in layers)),
        reduce(_stricter_background, (layer.rules.background for layer in layers), organisation.background),
        MappingProxyType(closed), MappingProxyType(closed_purposes), tuple(_hours(organisation, layers)),
        tuple(dict.fromkeys(n for n in (organisation.notice, *(layer.rules.notice for layer in layers)) if n)),
        not any(layer.rules.clear_text == "refuse" for layer in layers),
        tuple(id_ for id_ in organisation.routing.in_house if id_ in open_ and town.models[id_].in_house),
        MappingProxyType({id_: tuple(_nearer(town.models[id_], others, open_))
                          for id_, others in organisation.routing.fallback.items() if id_ in open_}),
        NOBODY.union(*(rules.refused | rules.rerouted for rules in open_.values())))


def _nearer(model: RegisteredModel, others: Iterable[str], open_: Mapping[str, ModelRules]) -> Iterator[str]:
    """Yield the models that may stand in: none that runs further away than the one that fails."""
    return (id_ for id_ in others if id_ in open_ and id_ != model.id and open_[id_].model.distance <= model.distance)


def _hours(organisation: Organisation, layers: Sequence[_Layer]) -> Iterator[OfficeHours]:
    if organisation.hours is not None:
        yield OfficeHours("organisation:hours", organisation.hours)
    for layer in layers:
        if layer.rules.hours is not None:
            yield OfficeHours(f"{layer.where}:hours", layer.rules.hours)


def _closed_purposes(organisation: Organisation, layers: Sequence[_Layer]) -> Iterator[tuple[str, str]]:
    """Yield each purpose that some layer takes away, with its rule; the last one of a purpose counts."""
    for layer in reversed(layers):
        chosen = layer.rules.purposes
        for key in organisation.purposes.allow:
            if key in chosen.deny:
                yield key, f"{layer.where}:purposes.deny"
            elif chosen.allow is not None and key not in chosen.allow:
                yield key, f"{layer.where}:purposes.allow"


def _stricter_background(above: Background, own: Background | None) -> Background:
    """Return the stricter rule: what sends less. A layer may name another model, but none where none was asked."""
    if own is None or BACKGROUND.index(own.answer) < BACKGROUND.index(above.answer):
        return above
    return own


def _closed(town: _Town, layers: Sequence[_Layer], model: RegisteredModel) -> Denial | None:
    """Return why these layers may not use a model, or None when they may."""
    if model.quickstart:
        return None
    organisation = town.organisation.models
    if model.id not in town.named(organisation.allow):
        return _no(f"„{model.name}“ ist hier nicht freigegeben.", "organisation:models.allow")
    denial = _wrong_kind("organisation", "hier", organisation, model)
    if denial is not None:
        return denial
    for layer in layers:
        chosen = layer.rules.models
        said = f"„{model.name}“ ist im Bereich „{layer.name}“ nicht freigegeben."
        if chosen.deny and model.id in town.named(chosen.deny):
            return _no(said, f"{layer.where}:models.deny")
        if chosen.allow is not None and model.id not in town.named(chosen.allow):
            return _no(said, f"{layer.where}:models.allow")
        denial = _uncleared(layer, model) or _wrong_kind(layer.where, f"im Bereich „{layer.name}“", chosen, model)
        if denial is not None:
            return denial
    return None


def _uncleared(layer: _Layer, model: RegisteredModel) -> Denial | None:
    missing = next((c for c in layer.rules.handles if c not in model.data_classes), None)
    return None if missing is None else _no(
        f"{layer.name}: „{model.name}“ ist nicht freigegeben für {DATA_CLASSES[missing]}.",
        f"{layer.where}:handles.{missing}")


def _wrong_kind(where: str, whom: str, chosen: OrganisationModels | ModelSelection,
                model: RegisteredModel) -> Denial | None:
    """Return why a model is of a kind that these rules do not let in: too far away, or too little known about it."""
    if chosen.zones is not None and model.zone not in chosen.zones:
        return _no(f"„{model.name}“ läuft an einem Ort, der {whom} nicht zugelassen ist ({_place(model.zone)}).",
                   f"{where}:models.zones")
    missing = next((demand for demand in chosen.require if lacks(model, demand)), None)
    return None if missing is None else _no(f"„{model.name}“ erfüllt nicht, was {whom} verlangt ist.",
                                            f"{where}:models.require.{missing}")


def _place(zone: Zone) -> str:
    return {"haus": "im Haus", "DE": "Deutschland", "EU": "EU und EWR", "drittland": "Drittland"}[zone]


def _no(message: str, rule: str) -> Denial:
    return Denial("modell_nicht_erlaubt", message, rule)


def _model_rules(organisation: Organisation, layers: Sequence[_Layer], model: RegisteredModel) -> ModelRules:
    side = "in_house" if model.in_house else "outside"
    above: Side = getattr(organisation.content, side)
    own: list[tuple[str, Side]] = [(f"{layer.where}:content.{side}", getattr(layer.rules.content, side))
                                   for layer in layers]
    rules = {e.key: reduce(lambda rule, one: _stricter_rule(e, one, rule), own,
                           _organisation_rule(e, model, above, f"organisation:content.{side}"))
             for e in ENTITIES.values()}
    opaque: dict[str, OpaqueRule] = {
        k: _stricter_opaque(k, [(f"organisation:content.{side}", above), *own], model) for k in OPAQUE_KINDS}
    untrusted = frozenset(organisation.untrusted_tools).union(*(layer.rules.untrusted_tools for layer in layers))
    return ModelRules(
        model, MappingProxyType(rules), MappingProxyType({k: r.action for k, r in rules.items()}),
        frozenset(k for k, r in rules.items() if r.action == "refuse"),
        frozenset(k for k, r in rules.items() if r.action == "in_house"),
        frozenset(k for k, rule in opaque.items() if rule.action == "pass"),
        frozenset(k for k, rule in opaque.items() if rule.action == "inspect"),
        frozenset(k for k, rule in opaque.items() if rule.action == "strip"),
        frozenset() if model.quickstart else untrusted,
        max((s.answers or "show" for s in (above, *(s for _, s in own))), key=ANSWERS.index),
        _limits(organisation, layers, model), MappingProxyType(opaque), model.quickstart,
        _attested_until(organisation, layers, model))


def _attested_until(organisation: Organisation, layers: Sequence[_Layer], model: RegisteredModel) -> date | None:
    """Return the last day of the C5 report, if these rules demand one."""
    if model.in_house or model.c5 is None:
        return None
    demanded = {*organisation.models.require, *(demand for layer in layers for demand in layer.rules.models.require)}
    return model.c5.until if demanded & {"c5", "c5_type_2"} else None


def _stricter_opaque(kind: OpaqueKind, sides: Sequence[tuple[str, Side]], model: RegisteredModel) -> OpaqueRule:
    """Return the strictest, the first that says so; what may not be done with this kind is refused."""
    said = [OpaqueRule(side.opaque[kind], f"{where}.opaque.{kind}") for where, side in sides if kind in side.opaque]
    if kind not in sides[0][1].opaque:
        said.insert(0, OpaqueRule("refuse", f"default:opaque.{kind}"))
    strictest = max(said, key=lambda rule: OPAQUE_STRICTNESS.index(rule.action))
    return strictest if strictest.action in opaque_actions(kind, model.in_house) else OpaqueRule(
        "refuse", strictest.rule)


def _organisation_rule(entity: Entity, model: RegisteredModel, above: Side, where: str) -> FindingRule:
    """Return what the organisation says; what stays readable needs a model that is cleared for its class of data."""
    if entity.key in above.findings:
        action, rule = above.findings[entity.key], f"{where}.findings.{entity.key}"
    else:
        defaults = DEFAULTS_IN_HOUSE if model.in_house else DEFAULTS_OUTSIDE
        action, rule = defaults[entity.key], f"default:{entity.key}"
    if action in READABLE and entity.data_class in DATA_CLASSES and entity.data_class not in model.data_classes:
        action, rule = "refuse", f"models:{model.id}.data_classes"
    if action == "in_house" and model.in_house:
        action = "refuse"  # there is no house within the house
    return FindingRule(action, rule, f"{entity.name}: {DID[action]}")


def _stricter_rule(entity: Entity, own: tuple[str, Side], above: FindingRule) -> FindingRule:
    """Return the rule above, or the layer's where that is stricter.

    The organisation's is worked out to its end first, clearance included: a layer that asks for less than keeping a
    finding readable does not thereby open a model that the organisation refuses it.
    """
    where, side = own
    action = side.findings.get(entity.key)
    if action is None or STRICTNESS.index(action) <= STRICTNESS.index(above.action):
        return above
    return FindingRule(action, f"{where}.findings.{entity.key}", f"{entity.name}: {DID[action]}")


def _limits(organisation: Organisation, layers: Sequence[_Layer], model: RegisteredModel) -> Limits:
    if model.quickstart:
        return MappingProxyType({})
    written = [organisation.limits, *(layer.rules.limits for layer in layers)]
    found: dict[LimitedBy, Limit] = {
        by: reduce(Limit.tightened, (limit(getattr(w, by)) for w in written if hasattr(w, by)), NO_LIMIT)
        for by in LIMITED_BY}
    found["model"] = found["model"].tightened(model.limit)
    return MappingProxyType({by: it for by, it in found.items() if it != NO_LIMIT})


def limit(written: LimitRules) -> Limit:
    """Return a limit as the counters work with it."""
    return Limit(written.requests_per_minute, written.requests_per_day, written.tokens_per_day,
                 written.tokens_per_month, written.concurrent, micro(written.euro_per_day),
                 micro(written.euro_per_month))


def micro(euros: Decimal | None) -> int | None:
    """Return euros in millionths."""
    return None if euros is None else int(euros * 1_000_000)
