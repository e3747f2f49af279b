"""One generation of policy, worked out: what every department may do, ready to be looked up.

All inheritance happens here, once, at load: for each department and each model the action per kind of finding, with
the rule that set it and the sentence for people. `decide` then only looks up. What is looser in a department than in
the organisation has no effect (the stricter of both is taken), even if it had got past `check`.

Nothing here changes after it was built; a new generation is a new `PolicySet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from gateway.model.decision import Action, Answers, Denial
from gateway.model.entities import ENTITIES, Entity
from gateway.model.kipass import BASIS, KiPassConfig
from gateway.model.municipality import NOWHERE, Municipality
from gateway.model.register import RegisteredModel
from gateway.policy.schema import Background, Department, Organisation, Purpose, Side
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
    OpaqueAction,
    OpaqueKind,
    opaque_actions,
)

BERLIN: Final = ZoneInfo("Europe/Berlin")

DID: Final[dict[Action, str]] = {
    "keep": "bleibt stehen", "note": "bleibt stehen und wird gezählt", "generalise": "wird vergröbert",
    "hash": "wird durch einen Prüfwert ersetzt", "placeholder": "wird ersetzt und in der Antwort wieder eingesetzt",
    "mask": "wird unkenntlich gemacht", "refuse": "darf nicht gesendet werden",
}
"""Each action in words."""


@dataclass(frozen=True, slots=True)
class FindingRule:
    """What happens to one kind of finding, and where that is written."""

    action: Action
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class ModelRules:
    """One department and one model that it may use."""

    model: RegisteredModel
    findings: Mapping[str, FindingRule]
    actions: Mapping[str, Action]
    refused: frozenset[str]
    """Kinds of finding that may not go to this model."""
    passed_opaque: frozenset[str]
    """Kinds of content that is no text and goes to this model as it is."""
    read_opaque: frozenset[str]
    """Those whose text goes there in their place."""
    stripped_opaque: frozenset[str]
    """Those that are taken out of the request."""
    untrusted_tools: frozenset[str]
    answers: Answers
    trusts_undeclared: bool = False
    """Whether tools that the client did not declare are trusted as well."""


@dataclass(frozen=True, slots=True)
class DepartmentRules:
    """One department: what it inherited and what it made stricter."""

    key: str
    name: str
    scopes: tuple[str, ...]
    purposes: Mapping[str, Purpose]
    forbidden: Mapping[str, str]
    models: Mapping[str, ModelRules]
    keep_hours: int
    refuses_unknown_fields: bool
    background: Background
    closed: Mapping[str, Denial]
    """Models that are in service but not for this department, with why (sentence without the way out)."""


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What the municipality decided. ``digest`` names it in every record and answer."""

    digest: str
    organisation: Organisation
    models: Mapping[str, RegisteredModel]
    """The whole register, including what is switched off."""
    kipass: KiPassConfig
    departments: Mapping[str, DepartmentRules]
    files: Mapping[str, Department]
    """The departments as written; from these another generation can be worked out."""
    municipality: Municipality = NOWHERE
    """What the recognition has to know about this town hall."""

    def department(self, key: str) -> DepartmentRules | None:
        """Return the rules of a department; None (and therefore nothing allowed) when nobody wrote any."""
        return self.departments.get(key)


def work_out(digest: str, organisation: Organisation, departments: Mapping[str, Department],
             models: Mapping[str, RegisteredModel], kipass: KiPassConfig,
             municipality: Municipality = NOWHERE) -> PolicySet:
    """Build a policy set from checked parts."""
    rules = {key: _department(key, written, organisation, models) for key, written in departments.items()}
    return PolicySet(digest, organisation, MappingProxyType(dict(models)), kipass, MappingProxyType(rules),
                     MappingProxyType(dict(departments)), municipality)


def agreement_covers(model: RegisteredModel, today: date) -> bool:
    """Whether the model may be used today as far as Art. 28 GDPR is concerned; in the house it needs no agreement."""
    if model.in_house:
        return True
    avv = model.avv
    return avv is not None and avv.concluded <= today and (avv.until is None or today <= avv.until)


def expiring_agreements(policies: PolicySet, today: date, days: int = 60) -> list[tuple[RegisteredModel, date]]:
    """Return the models in service whose agreement ends within `days` or has ended, the most urgent first."""
    ends = [(m, m.avv.until) for m in policies.models.values()
            if m.enabled and not m.in_house and m.avv is not None and m.avv.until is not None]
    return sorted(((m, end) for m, end in ends if (end - today).days <= days), key=lambda pair: (pair[1], pair[0].id))


def _department(key: str, written: Department, organisation: Organisation,
                models: Mapping[str, RegisteredModel]) -> DepartmentRules:
    open_, closed = {}, {}
    for model in models.values():
        if model.enabled:
            denial = _closed(key, written, organisation, model)
            if denial is None:
                open_[model.id] = _model_rules(key, written, organisation, model)
            else:
                closed[model.id] = denial
    chosen = organisation.purposes.allow if written.purposes.allow is None else written.purposes.allow
    forbidden = {**organisation.purposes.forbid, **FORBIDDEN_PURPOSES}
    purposes = {k: p for k, p in organisation.purposes.allow.items()
                if k in chosen and k not in written.purposes.deny and k not in forbidden}
    scopes = dict.fromkeys((BASIS, *organisation.ki_pass.required, *written.ki_pass.required))
    return DepartmentRules(key, written.name, tuple(scopes), MappingProxyType(purposes), MappingProxyType(forbidden),
                           MappingProxyType(open_), _keep_hours(written, organisation),
                           "refuse" in (organisation.unknown_fields, written.unknown_fields),
                           _background(written, organisation), MappingProxyType(closed))


def _keep_hours(written: Department, organisation: Organisation) -> int:
    own = written.conversations or organisation.conversations
    return min(own.keep_hours, organisation.conversations.keep_hours)


def _background(written: Department, organisation: Organisation) -> Background:
    """Return the stricter rule: what sends less. A department may name another model, but none where none was asked."""
    above, own = organisation.background, written.background
    if own is None or BACKGROUND.index(own.answer) < BACKGROUND.index(above.answer):
        return above
    return own


def _closed(key: str, written: Department, organisation: Organisation, model: RegisteredModel) -> Denial | None:
    """Return why a department may not use a model, or None when it may."""
    code, here = "modell_nicht_erlaubt", f"departments/{key}"
    if model.id not in organisation.models.allow:
        return Denial(code, f"„{model.name}“ ist hier nicht freigegeben.", "organisation:models.allow")
    if model.id in written.models.deny:
        return Denial(code, f"„{model.name}“ ist für {written.name} nicht freigegeben.", f"{here}:models.deny")
    if written.models.allow is not None and model.id not in written.models.allow:
        return Denial(code, f"„{model.name}“ ist für {written.name} nicht freigegeben.", f"{here}:models.allow")
    missing = next((c for c in written.handles if c not in model.data_classes), None)
    if missing is not None:
        return Denial(code, f"{written.name}: „{model.name}“ ist nicht freigegeben für {DATA_CLASSES[missing]}.",
                      f"{here}:handles.{missing}")
    return None


def _model_rules(key: str, written: Department, organisation: Organisation, model: RegisteredModel) -> ModelRules:
    side = "in_house" if model.in_house else "outside"
    own: Side = getattr(written.content, side)
    above: Side = getattr(organisation.content, side)
    here, top = f"departments/{key}:content.{side}.findings", f"organisation:content.{side}.findings"
    rules = {e.key: _stricter_rule(e, own, here, _organisation_rule(e, model, above, top)) for e in ENTITIES.values()}
    opaque = {k: _stricter_opaque(k, above, own, model.in_house) for k in OPAQUE_KINDS}
    return ModelRules(model, MappingProxyType(rules), MappingProxyType({k: r.action for k, r in rules.items()}),
                      frozenset(k for k, r in rules.items() if r.action == "refuse"),
                      frozenset(k for k, let in opaque.items() if let == "pass"),
                      frozenset(k for k, let in opaque.items() if let == "inspect"),
                      frozenset(k for k, let in opaque.items() if let == "strip"),
                      frozenset(organisation.untrusted_tools) | frozenset(written.untrusted_tools),
                      max(own.answers or "show", above.answers or "show", key=ANSWERS.index))


def _stricter_opaque(kind: OpaqueKind, above: Side, own: Side, in_house: bool) -> OpaqueAction:
    """Return the stricter of both; what may not be done with this kind is refused."""
    let = max(above.opaque.get(kind, "refuse"), own.opaque.get(kind, "pass"), key=OPAQUE_STRICTNESS.index)
    return let if let in opaque_actions(kind, in_house) else "refuse"


def _organisation_rule(entity: Entity, model: RegisteredModel, above: Side, where: str) -> FindingRule:
    """Return what the organisation says; what stays readable needs a model that is cleared for its class of data."""
    if entity.key in above.findings:
        action, rule = above.findings[entity.key], f"{where}.{entity.key}"
    else:
        defaults = DEFAULTS_IN_HOUSE if model.in_house else DEFAULTS_OUTSIDE
        action, rule = defaults[entity.key], f"default:{entity.key}"
    if action in READABLE and entity.data_class in DATA_CLASSES and entity.data_class not in model.data_classes:
        action, rule = "refuse", f"models:{model.id}.data_classes"
    return FindingRule(action, rule, f"{entity.name}: {DID[action]}")


def _stricter_rule(entity: Entity, own: Side, where: str, above: FindingRule) -> FindingRule:
    """Return the organisation's rule, or the department's where that is stricter.

    The organisation's is worked out to its end first, clearance included: a department that asks for less than keeping
    a finding readable does not thereby open a model that the organisation refuses it.
    """
    action = own.findings.get(entity.key)
    if action is None or STRICTNESS.index(action) <= STRICTNESS.index(above.action):
        return above
    return FindingRule(action, f"{where}.{entity.key}", f"{entity.name}: {DID[action]}")


def ends_on(model: RegisteredModel) -> str:
    """Return the last day of a model's agreement as people write it, or an empty text."""
    return f"{model.avv.until:%d.%m.%Y}" if model.avv is not None and model.avv.until is not None else ""


def office_day(now: datetime) -> date:
    """Return today's date as the calendar in the office shows it."""
    return now.astimezone(BERLIN).date()
