"""The model register as people read it: which model, where it runs, what may go there. Taken from policy, not decided.

What is internal stays inside: no address of a provider, no name of a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.model.register import RegisteredModel
from gateway.policy import DepartmentRules, ModelRules, PolicySet
from gateway.policy.policyset import DID, agreement_covers
from gateway.policy.vocabulary import DATA_CLASSES

_LABELS: Final[dict[Action, str]] = {
    "placeholder": "Wird ersetzt", "mask": "Wird unkenntlich", "hash": "Wird zu Prüfwerten",
    "generalise": "Wird vergröbert", "note": "Bleibt lesbar"}
"""What happens to data on the way out, most frequent first; refused data have a line of their own."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """Kinds of data that one model gets in the same way: a short label, and what happens in words."""

    label: str
    what: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelForMe:
    """One model as a department may use it."""

    model: RegisteredModel
    open_for: tuple[str, ...]
    treatments: tuple[Treatment, ...]
    refused: tuple[str, ...]
    covered: bool
    """Whether the agreement with the provider holds today."""


def classes(model: RegisteredModel) -> tuple[str, ...]:
    """Return what the model is cleared for, in words, in the order of sensitivity."""
    return tuple(name.replace("§ ", "§\u00a0").replace("Art. ", "Art.\u00a0") for key, name in DATA_CLASSES.items()
                 if key in model.data_classes)


def in_service(policies: PolicySet) -> list[RegisteredModel]:
    """Return the models that anybody in the house can use."""
    return [m for m in policies.models.values() if m.enabled and m.id in policies.organisation.models.allow]


def for_department(rules: DepartmentRules, today: date) -> list[ModelForMe]:
    """Return the models of a department."""
    return [_for_me(rule, today) for rule in rules.models.values()]


def _for_me(rules: ModelRules, today: date) -> ModelForMe:
    shown = [e for e in ENTITIES.values() if e.data_class != "technical"]
    by_action: dict[str, list[str]] = {}
    for entity in shown:
        by_action.setdefault(rules.actions[entity.key], []).append(entity.name)
    treatments = tuple(Treatment(label, DID[action], tuple(by_action[action])) for action, label in _LABELS.items()
                       if action in by_action)
    return ModelForMe(rules.model, classes(rules.model), treatments, tuple(by_action.get("refuse", ())),
                      agreement_covers(rules.model, today))


def public_entry(model: RegisteredModel) -> Mapping[str, Any]:
    """Return a model for the public register, as JSON."""
    avv = None if model.avv is None else {
        "abgeschlossen_am": model.avv.concluded.isoformat(),
        "gilt_bis": model.avv.until.isoformat() if model.avv.until else None}
    return {
        "id": model.id, "name": model.name, "beschreibung": model.description, "anbieter": model.provider,
        "betreiber": model.operator, "im_haus": model.in_house, "ort": model.region,
        "uebermittlung": model.transfer_basis, "freigegeben_fuer": list(classes(model)),
        "auftragsverarbeitung": avv, "training_ausgeschlossen": model.training_excluded,
        "speicherung": model.retention, "risikoklasse": model.risk_class, "aufsicht": model.overseer,
    }
