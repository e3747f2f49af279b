"""How a new house is set, in words: what was answered, what was taken as a safe default, and where each is changed.

Read from the policies and settings that were written, so it says what is and not what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.model.first_questions import SIZES
from gateway.model.first_setup import Answers
from gateway.model.register import RegisteredModel
from gateway.policy import PolicySet
from gateway.settings import Settings
from gateway.web.i18n import Words, _

_SIZES = Words(SIZES)


class Settled(NamedTuple):
    """One thing that is set."""

    what: str
    how: str
    where: str
    """The file, command or page that changes it; empty: nothing does."""


def settled(answers: Answers, settings: Settings, policies: PolicySet) -> tuple[Settled, ...]:
    """Return how everything is set."""
    return (*_protection(answers, settings, policies), *_people(answers, settings, policies))


def _protection(answers: Answers, settings: Settings, policies: PolicySet) -> Iterator[Settled]:
    yield Settled(_("Personenbezogene Angaben"), _("werden ersetzt, bevor ein Text das Haus verlässt, und in der "
                  "Antwort wieder eingesetzt. Gesundheit, Religion, Herkunft und Straftaten bleiben im Haus."),
                  "organisation.yaml")
    yield Settled(_("KI-Pass"), _("brauchen alle, die fragen."), "ki-pass.yaml")
    model = next(m for m in policies.models.values() if m.enabled)
    yield Settled(_("Modell"), f"{model.name}. {place_of(model)}", "models.yaml")
    if model.id != answers["model"]:
        yield Settled(_("Noch ausgeschaltet"), lacking(policies.models[answers["model"]]), "models.yaml")
    yield Settled(_("Größe"), _SIZES[answers["size"]], "organisation.yaml")
    yield Settled(_("Protokoll"), _("ohne Inhalte. Sein Name {name} bleibt so.").format(name=policies.organisation.id),
                  "")
    yield Settled(_("Anker des Protokolls"),
                  settings.anchors.replace(",", ", ") or _("noch keiner. Zwei Orte außerhalb dieses Rechners sind "
                                                            "nötig, damit eine Kürzung auffällt."),
                  "pforte.yaml: anchors")


def _people(answers: Answers, settings: Settings, policies: PolicySet) -> Iterator[Settled]:
    yield Settled(_("Adresse"), settings.address, "pforte.yaml: public_url; organisation.yaml: base_url")
    yield Settled(_("Anmeldung"), _("mit dem Anmeldedienst der Verwaltung") if settings.pages_use_oidc else
                  _("mit E-Mail-Adresse und Kennwort"), "pforte.yaml: oidc_…")
    yield Settled(_("Ämter"), ", ".join(rules.name for rules in policies.departments.values()),
                  "departments/")
    if not answers.get("council_email", "").strip():
        yield Settled(_("Personalrat"), _("noch niemand."), "ki-pforte person add … --role personalrat")


def lacking(model: RegisteredModel) -> str:
    """Return why a chosen model is not switched on yet, and what to do."""
    if model.avv is None:
        return _("{model}: Es fehlt die Vereinbarung zur Auftragsverarbeitung. Tragen Sie sie als „avv“ ein, setzen "
                 "Sie „enabled: true“, und schalten Sie die Demo aus.").format(model=model.name)
    return _("{model}: Für Ihre Größe verlangt das Profil mehr, zum Beispiel ein C5-Testat. „ki-pforte model check“ "
             "nennt, was fehlt; danach setzen Sie „enabled: true“ und schalten die Demo aus.").format(model=model.name)


def place_of(model: RegisteredModel) -> str:
    """Return who processes the texts, where and under which terms, as the register says it."""
    if model.in_house:
        return _("Die Texte verarbeitet {operator} im eigenen Haus; sie verlassen es nicht.").format(
            operator=model.operator)
    said = [_("Die Texte verarbeitet {operator}, Ort: {region}.").format(operator=model.operator, region=model.region),
            _("Grundlage: {basis}.").format(basis=model.transfer_basis)]
    if model.avv is not None:
        said.append(_("Vereinbarung zur Auftragsverarbeitung vom {day}.").format(
            day=f"{model.avv.concluded:%d.%m.%Y}"))
    said.append(_("Speicherung beim Anbieter: {retention}. Training mit Ihren Eingaben ist ausgeschlossen.").format(
        retention=model.retention))
    return " ".join(said)
