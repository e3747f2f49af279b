"""Works policy out: organisation, profiles, departments and groups become one `DepartmentRules` each.

All inheritance happens here. Below the organisation stand *layers* of one shape (`schema.Rules`): ready profiles, the
department, the groups of a person. Each value is the strictest that any layer says, so the order of layers does not
matter and no layer can loosen anything, even if it had got past `check`. Which layer set a value is kept as the id of
the rule: ``departments/sozialamt:content.outside.findings.HEALTH``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Final

from gateway.model.decision import Denial, Reason
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.model.limits import LIMITED_BY, NO_LIMIT, Limit, LimitedBy
from gateway.model.municipality import NOWHERE, Municipality
from gateway.model.register import RegisteredModel, Zone
from gateway.policy.demands import lacks
from gateway.policy.pass_demands import ModelsDemand, decisive_without, of_model, of_side, reaching
from gateway.policy.policyset import (
    NOBODY,
    DepartmentRules,
    FindingRule,
    ModelAlias,
    ModelRules,
    OfficeHours,
    PassDemand,
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
)
from gateway.policy.strictest import RANK, SIDES, SideName, Strictest, both, organisation_rules
from gateway.policy.vocabulary import BACKGROUND, DATA_CLASSES, FORBIDDEN_PURPOSES

IN_HOURS: Final = "Es ist Dienstzeit."


@dataclass(frozen=True, slots=True)
class _Layer:
    """Rules, where they are written (``departments/sozialamt``), and the models behind the names in them."""

    where: str
    rules: Rules
    name: str
    """Whom a refusal names: the department, the profile or the group."""
    allowed: frozenset[str] | None
    denied: frozenset[str]
    passes: tuple[ModelsDemand, ...] = ()
    """The KI-Pass that single models take here."""


@dataclass(frozen=True, slots=True)
class _Town:
    """What all departments are worked out from."""

    organisation: Organisation
    models: Mapping[str, RegisteredModel]
    allowed: frozenset[str]
    """The models that the organisation allows."""
    findings: Mapping[str, Mapping[str, FindingRule]]
    """What the organisation says about each kind of finding, for each model in service."""
    layers: Mapping[str, _Layer]
    """Of all files, by where they are written."""
    profiles: Mapping[str, frozenset[str]]
    """Those of each department, the organisation's among them."""
    scopes: Mapping[str, str]
    """The name of each scope of the KI-Pass."""

    def rules(self, key: str, groups: frozenset[str] = NOBODY) -> DepartmentRules:
        """Work out one department for members of these groups."""
        names = (f"departments/{key}", *(f"profiles/{p}" for p in sorted(self.profiles[key])),
                 *(f"groups/{g}" for g in sorted(groups)))
        return _department(self, key, [self.layers[name] for name in names])


def work_out(digest: str, organisation: Organisation, departments: Mapping[str, Department],
             models: Mapping[str, RegisteredModel], kipass: KiPassConfig, municipality: Municipality = NOWHERE, *,
             profiles: Mapping[str, Profile] | None = None, groups: Mapping[str, Group] | None = None,
             model_groups: Mapping[str, tuple[str, ...]] | None = None,
             aliases: Mapping[str, ModelAlias] | None = None,
             said: Mapping[str, object] | None = None) -> PolicySet:
    """Build a policy set from checked parts."""
    profiles, groups, model_groups = profiles or {}, groups or {}, model_groups or {}
    files: Mapping[str, Mapping[str, Department | Profile | Group]] = {
        "profiles": profiles, "departments": departments, "groups": groups}
    layers = (_layer(f"{folder}/{key}", written, model_groups)
              for folder, contents in files.items() for key, written in contents.items())
    town = _Town(
        organisation, models, _named(organisation.models.allow, model_groups),
        {m.id: organisation_rules(organisation, m) for m in models.values() if m.enabled},
        {layer.where: layer for layer in layers},
        {key: frozenset((*organisation.profiles, *written.profiles)) for key, written in departments.items()},
        {key: scope.name for key, scope in kipass.scopes.items()})
    rules = {key: town.rules(key) for key in departments}
    return PolicySet(digest, organisation, MappingProxyType(dict(models)), kipass, MappingProxyType(rules),
                     MappingProxyType(dict(departments)), municipality, MappingProxyType(dict(profiles)),
                     MappingProxyType(dict(groups)), MappingProxyType(dict(model_groups)),
                     MappingProxyType({key: _no_further(alias, models) for key, alias in (aliases or {}).items()}),
                     frozenset(_labels(organisation, files)), said or {}, town.rules)


def _labels(organisation: Organisation, files: Mapping[str, Mapping[str, Rules]]) -> Iterator[str]:
    said = (organisation.label, *(purpose.label for purpose in organisation.purposes.allow.values()),
            *(written.label for contents in files.values() for written in contents.values()))
    return (label for label in said if label)


def reworked(policies: PolicySet, digest: str, *, organisation: Organisation | None = None,
             models: Mapping[str, RegisteredModel] | None = None,
             departments: Mapping[str, Department] | None = None,
             aliases: Mapping[str, ModelAlias] | None = None) -> PolicySet:
    """Return another generation with some parts exchanged."""
    return work_out(digest, organisation or policies.organisation,
                    policies.files if departments is None else departments,
                    policies.models if models is None else models, policies.kipass, policies.municipality,
                    profiles=policies.profiles, groups=policies.groups, model_groups=policies.model_groups,
                    aliases=policies.aliases if aliases is None else aliases, said=policies.said)


def _layer(where: str, rules: Department | Profile | Group, model_groups: Mapping[str, tuple[str, ...]]) -> _Layer:
    chosen = rules.models
    return _Layer(where, rules, rules.name, None if chosen.allow is None else _named(chosen.allow, model_groups),
                  _named(chosen.deny, model_groups),
                  tuple(ModelsDemand(f"{where}:ki_pass.models.{name}", _named([name], model_groups), scopes)
                        for name, scopes in rules.ki_pass.models.items()))


def _named(names: Iterable[str], model_groups: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the ids of models behind names and groups (``@name``)."""
    return frozenset(id_ for name in names
                     for id_ in (model_groups.get(name[1:], ()) if name.startswith("@") else (name,)))


def _no_further(alias: ModelAlias, models: Mapping[str, RegisteredModel]) -> ModelAlias:
    """Return the alias without models that run further away than one that it names before them.

    What is stopped, runs out, is forbidden or was found must not send a request further than it would have gone.
    """
    kept: list[str] = []
    for model in (models[id_] for id_ in alias.models if id_ in models):
        if not kept or model.distance <= models[kept[-1]].distance:
            kept.append(model.id)
    return replace(alias, models=tuple(kept))


def _department(town: _Town, key: str, layers: Sequence[_Layer]) -> DepartmentRules:
    organisation = town.organisation
    said = [("organisation", organisation.content), *((layer.where, layer.rules.content) for layer in layers)]
    sides = both(said)
    scopes = dict.fromkeys((BASIS, *organisation.ki_pass.required,
                            *(s for layer in layers for s in layer.rules.ki_pass.required)))
    to_send = {name: of_side(name, [(where, getattr(content, name)) for where, content in said], scopes, town.scopes)
               for name in SIDES}
    shared = _limits(organisation, layers)
    untrusted = frozenset(organisation.untrusted_tools).union(*(layer.rules.untrusted_tools for layer in layers))
    open_, closed = {}, {}
    for model in town.models.values():
        if model.enabled:
            denial = _closed(town, layers, model)
            if denial is None:
                side: SideName = "in_house" if model.in_house else "outside"
                open_[model.id] = _with_passes(
                    _model_rules(town, key, layers, model, sides[side], untrusted, shared),
                    of_model(model, [line for layer in layers for line in layer.passes], scopes, town.scopes),
                    to_send[side])
            else:
                closed[model.id] = denial
    forbidden = {**organisation.purposes.forbid, **FORBIDDEN_PURPOSES}
    closed_purposes = dict(_closed_purposes(organisation, layers))
    purposes = {k: p for k, p in organisation.purposes.allow.items() if k not in forbidden and k not in closed_purposes}
    own = town.layers[f"departments/{key}"]
    return DepartmentRules(
        key, own.name, tuple(scopes), MappingProxyType(purposes), MappingProxyType(forbidden), MappingProxyType(open_),
        min((organisation.conversations.keep_hours,
             *(layer.rules.conversations.keep_hours for layer in layers if layer.rules.conversations is not None))),
        "refuse" in (organisation.unknown_fields, *(layer.rules.unknown_fields for layer in layers)),
        _background(organisation, layers),
        MappingProxyType(closed), MappingProxyType(closed_purposes), tuple(_hours(organisation, layers)),
        tuple(dict.fromkeys(n for n in (organisation.notice, *(layer.rules.notice for layer in layers)) if n)),
        tuple(dict.fromkeys(n for n in (organisation.label, *(layer.rules.label for layer in layers)) if n)),
        not any(layer.rules.clear_text == "refuse" for layer in layers),
        tuple(id_ for id_ in organisation.routing.in_house if id_ in open_ and town.models[id_].in_house),
        MappingProxyType({id_: tuple(_nearer(town.models[id_], others, open_))
                          for id_, others in organisation.routing.fallback.items() if id_ in open_}),
        NOBODY.union(*(rules.refused | rules.rerouted for rules in open_.values())),
        MappingProxyType(dict(decisive_without(open_.values()))))


def _with_passes(rules: ModelRules, demands: tuple[PassDemand, ...], to_send: tuple[PassDemand, ...]) -> ModelRules:
    """Return the rules with the KI-Pass that the model takes; most take none of its own."""
    if not demands and not to_send:
        return rules
    return replace(rules, demands=demands, kind_demands=reaching(to_send, rules.refused | rules.rerouted))


def _nearer(model: RegisteredModel, others: Iterable[str], open_: Mapping[str, ModelRules]) -> Iterator[str]:
    """Yield the models that may stand in: none that runs further away than the one that fails."""
    return (id_ for id_ in others if id_ in open_ and id_ != model.id and open_[id_].model.distance <= model.distance)


def _hours(organisation: Organisation, layers: Sequence[_Layer]) -> Iterator[OfficeHours]:
    if organisation.hours is not None:
        yield OfficeHours(Reason("organisation:hours", "allow", IN_HOURS), organisation.hours)
    for layer in layers:
        if layer.rules.hours is not None:
            yield OfficeHours(Reason(f"{layer.where}:hours", "allow", IN_HOURS), layer.rules.hours)


def _closed_purposes(organisation: Organisation, layers: Sequence[_Layer]) -> Iterator[tuple[str, str]]:
    """Yield each purpose that some layer takes away, with its rule; the last one of a purpose counts."""
    for layer in reversed(layers):
        chosen = layer.rules.purposes
        for key in organisation.purposes.allow:
            if key in chosen.deny:
                yield key, f"{layer.where}:purposes.deny"
            elif chosen.allow is not None and key not in chosen.allow:
                yield key, f"{layer.where}:purposes.allow"


def _background(organisation: Organisation, layers: Sequence[_Layer]) -> Background:
    """Return the strictest rule for calls that clients make of their own accord: what sends less.

    Where two rules name different models, no model is the one that both allow: the house itself answers.
    """
    said = [organisation.background, *(layer.rules.background for layer in layers if layer.rules.background)]
    strictest = max(said, key=lambda one: BACKGROUND.index(one.answer))
    named = {one.model for one in said if one.model is not None}
    return strictest if len(named) <= 1 else Background(answer="local")


def _closed(town: _Town, layers: Sequence[_Layer], model: RegisteredModel) -> Denial | None:
    """Return why these layers may not use a model, or None when they may."""
    if model.quickstart:
        return None
    organisation = town.organisation.models
    if model.id not in town.allowed:
        return _no(f"„{model.name}“ ist hier nicht freigegeben.", "organisation:models.allow")
    denial = _wrong_kind("organisation", "hier", organisation, model)
    if denial is not None:
        return denial
    for layer in layers:
        chosen = layer.rules.models
        said = f"„{model.name}“ ist im Bereich „{layer.name}“ nicht freigegeben."
        if model.id in layer.denied:
            return _no(said, f"{layer.where}:models.deny")
        if layer.allowed is not None and model.id not in layer.allowed:
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


def _model_rules(town: _Town, key: str, layers: Sequence[_Layer], model: RegisteredModel, side: Strictest,
                 untrusted: frozenset[str], shared: Mapping[LimitedBy, Limit]) -> ModelRules:
    above, opaque = town.findings[model.id], side.opaque
    rules = {**above, **{k: own for k, own in side.findings.items() if RANK[own.action] > RANK[above[k].action]}}
    limits: dict[LimitedBy, Limit] = {} if model.quickstart else {
        **shared, "model": shared["model"].tightened(model.limit)}
    return ModelRules(
        model, MappingProxyType(rules), MappingProxyType({k: r.action for k, r in rules.items()}),
        frozenset(k for k, r in rules.items() if r.action == "refuse"),
        frozenset(k for k, r in rules.items() if r.action == "in_house"),
        frozenset(k for k, rule in opaque.items() if rule.action == "pass"),
        frozenset(k for k, rule in opaque.items() if rule.action == "inspect"),
        frozenset(k for k, rule in opaque.items() if rule.action == "strip"),
        frozenset() if model.quickstart else untrusted, side.answers,
        MappingProxyType({by: it for by, it in limits.items() if it != NO_LIMIT}), opaque, model.quickstart,
        _attested_until(town.organisation, layers, model), tuple(_admitted(key, model)))


def _attested_until(organisation: Organisation, layers: Sequence[_Layer], model: RegisteredModel) -> date | None:
    """Return the last day of the C5 report, if these rules demand one."""
    if model.in_house or model.c5 is None:
        return None
    demanded = {*organisation.models.require, *(demand for layer in layers for demand in layer.rules.models.require)}
    return model.c5.until if demanded & {"c5", "c5_type_2"} else None


def _admitted(key: str, model: RegisteredModel) -> Iterator[Reason]:
    yield Reason(f"departments/{key}:models", "allow", f"„{model.name}“ ist freigegeben.")
    if not model.in_house:
        yield Reason(f"models:{model.id}.avv", "allow", "Die Auftragsverarbeitung ist vereinbart.")


def _limits(organisation: Organisation, layers: Sequence[_Layer]) -> dict[LimitedBy, Limit]:
    """Return the limits that are the same for every model."""
    written = [organisation.limits, *(layer.rules.limits for layer in layers)]
    return {by: reduce(Limit.tightened, (limit(getattr(w, by)) for w in written if hasattr(w, by)), NO_LIMIT)
            for by in LIMITED_BY}


def limit(written: LimitRules) -> Limit:
    """Return a limit as the counters work with it."""
    return Limit(written.requests_per_minute, written.requests_per_day, written.tokens_per_day,
                 written.tokens_per_month, written.concurrent, micro(written.euro_per_day),
                 micro(written.euro_per_month))


def micro(euros: Decimal | None) -> int | None:
    """Return euros in millionths."""
    return None if euros is None else int(euros * 1_000_000)
