"""The model register as people read it: which model, where it runs, what may go there. Taken from policy, not decided.

What is internal stays inside: no address of a provider, no name of a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.model.register import RegisteredModel
from gateway.policy import DepartmentRules, ModelRules, PolicySet
from gateway.policy.policyset import DID, agreement_covers, attested
from gateway.policy.vocabulary import DATA_CLASSES
from gateway.web import words
from gateway.web.i18n import N_, _, ngettext

_LABELS: Final[dict[Action, str]] = {
    "placeholder": N_("Wird ersetzt"), "mask": N_("Wird unkenntlich"), "hash": N_("Wird zu Prüfwerten"),
    "generalise": N_("Wird vergröbert"), "note": N_("Bleibt lesbar")}
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
    closed: str
    """Why it cannot be used at this moment; empty: it can."""
    price: str
    """What it costs, in words; empty: nobody has written it down."""


def classes(model: RegisteredModel) -> tuple[str, ...]:
    """Return what the model is cleared for, in words, in the order of sensitivity."""
    return tuple(_(name).replace("§ ", "§\u00a0").replace("Art. ", "Art.\u00a0") for key, name in DATA_CLASSES.items()
                 if key in model.data_classes)


def in_service(policies: PolicySet) -> list[RegisteredModel]:
    """Return the models that anybody in the house can use."""
    return [m for m in policies.models.values() if m.enabled and m.id in policies.organisation.models.allow]


def for_department(rules: DepartmentRules, today: date, stopped: Collection[str]) -> list[ModelForMe]:
    """Return the models of a department; some may be stopped."""
    return [_for_me(rule, today, stopped) for rule in rules.models.values()]


def _for_me(rules: ModelRules, today: date, stopped: Collection[str]) -> ModelForMe:
    shown = [e for e in ENTITIES.values() if e.data_class != "technical"]
    by_action: dict[str, list[str]] = {}
    for entity in shown:
        by_action.setdefault(rules.actions[entity.key], []).append(_(entity.name))
    treatments = tuple(Treatment(_(label), _(DID[action]), tuple(by_action[action]))
                       for action, label in _LABELS.items() if action in by_action)
    return ModelForMe(rules.model, classes(rules.model), treatments, tuple(by_action.get("refuse", ())),
                      _closed(rules, today, stopped), _price(rules.model))


def _closed(rules: ModelRules, today: date, stopped: Collection[str]) -> str:
    if rules.model.id in stopped:
        return _("Zurzeit angehalten.")
    if not agreement_covers(rules.model, today):
        return _("Zurzeit nicht nutzbar: Die Vereinbarung zur Auftragsverarbeitung gilt heute nicht.")
    return "" if attested(rules, today) else _("Zurzeit nicht nutzbar: Das verlangte C5-Testat ist abgelaufen.")


def _price(model: RegisteredModel) -> str:
    if model.prices is None:
        return ""
    into, out = (words.euro(millionths) for millionths in (model.prices.input, model.prices.output))
    return _("{into} für eine Million Token der Anfragen, {out} für eine Million Token der Antworten").format(
        into=into, out=out)


Mark = Callable[[str], str]
"""How a page marks what the house wrote in German (`gateway.web.heard.data`); papers mark nothing."""


def sub_processors(model: RegisteredModel, mark: Mark = str) -> str:
    """Return who works for the provider, in words."""
    if model.in_house:
        return _("niemand, das Modell läuft im Haus")
    if model.sub_processors is None:
        return _("keine Angabe")
    return mark(words.listed(list(model.sub_processors))) or _("keine")


def retention(model: RegisteredModel, mark: Mark = str) -> str:
    """Return how long the provider keeps requests, in words."""
    days = model.retention_days
    if days is None:
        return mark(model.retention) or _("keine Angabe")
    counted = _("keine") if days == 0 else \
        ngettext("{count} Tag", "{count} Tage", days).format(count=words.number(days))
    if not model.retention:
        return counted
    marked = mark(model.retention)
    return type(marked)("{} ({})").format(counted, marked)


def attest(model: RegisteredModel) -> str:
    """Return the C5 report in words."""
    if model.in_house:
        return _("nicht nötig, das Modell läuft im Haus")
    if model.c5 is None:
        return _("keines")
    return _("Typ {type}, gültig bis {day}").format(type=model.c5.type, day=words.day(model.c5.until))


def public_entry(model: RegisteredModel, stopped: Collection[str]) -> Mapping[str, Any]:
    """Return a model for the public register, as JSON. Prices stay out: contracts may keep them secret."""
    avv = None if model.avv is None else {
        "abgeschlossen_am": model.avv.concluded.isoformat(),
        "gilt_bis": model.avv.until.isoformat() if model.avv.until else None}
    return {
        "id": model.id, "name": model.name, "stand": "angehalten" if model.id in stopped else "im Einsatz",
        "beschreibung": model.description, "anbieter": model.provider,
        "betreiber": model.operator, "im_haus": model.in_house, "zone": words.ZONES[model.zone], "ort": model.region,
        "uebermittlung": model.transfer_basis, "freigegeben_fuer": list(classes(model)),
        "auftragsverarbeitung": avv, "training_ausgeschlossen": model.training_excluded,
        "unterauftragnehmer": None if model.sub_processors is None else list(model.sub_processors),
        "speicherung": model.retention, "speicherung_tage": model.retention_days,
        "c5": None if model.c5 is None else {"typ": model.c5.type, "gilt_bis": model.c5.until.isoformat()},
        "ki_rolle": words.AI_ROLES[model.ai_role], "risikoklasse": model.risk_class, "aufsicht": model.overseer,
    }
