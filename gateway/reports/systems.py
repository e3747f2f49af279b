"""The register of AI systems (R-T1): one entry per model in service, in the fields of the federal register (MaKI).

As far as the policies tell them; what they do not know is None, in a paper "noch zu ergänzen". What is internal stays
inside: no address of a provider, no name of a secret, no price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from audit.sheet import table as sheet
from gateway.model.register import RegisteredModel
from gateway.paper.report import Check, Column, Facts, Report, Section, Table, Text
from gateway.reports.situation import InForce
from gateway.web import register, words

KIND: Final = "model-register"
TITLE: Final = "Register der KI-Systeme"
FIELDS: Final = (
    "Bezeichnung", "Stand", "Beschreibung", "Zwecke", "Verantwortliche Stelle", "Nutzende Stellen", "Rechtsgrundlage",
    "Modell", "Anbieter", "Betreiber", "Ort der Verarbeitung", "Übermittlung in Drittländer", "Weitere Auftragnehmer",
    "Auftragsverarbeitung", "Arten von Daten", "Schutz der Daten", "Speicherung beim Anbieter",
    "Training mit den Daten", "Rolle nach der KI-Verordnung", "Risikoklasse", "Menschliche Aufsicht",
    "Automationsstufe", "Im Einsatz seit", "Kontakt")
"""The fields of an entry, in this order in every form."""
_PROTECTION: Final = ("Personenbezogene Angaben werden vor dem Senden gesucht und nach den Richtlinien ersetzt oder "
                      "abgelehnt")


@dataclass(frozen=True, slots=True)
class System:
    """One entry: a value for each of `FIELDS`; None: somebody has to fill it in."""

    key: str
    values: tuple[str | None, ...]

    @property
    def named(self) -> dict[str, str | None]:
        """The values by their field."""
        return dict(zip(FIELDS, self.values, strict=True))


def systems(house: InForce) -> tuple[System, ...]:
    """Return the entries of all models in service."""
    return tuple(System(model.id, tuple(_values(house, model))) for model in register.in_service(house.policies))


def _values(house: InForce, model: RegisteredModel) -> Iterator[str | None]:
    organisation = house.policies.organisation
    yield model.name
    yield "angehalten" if model.id in house.stopped else "im Einsatz"
    yield model.description or None
    yield words.listed(_purposes(house))
    yield organisation.name
    yield words.listed(_departments(house, model)) or "keine"
    yield organisation.legal_basis
    yield model.target
    yield model.provider
    yield model.operator or None
    yield f"{words.ZONES[model.zone]}: {model.region}" if model.region else words.ZONES[model.zone]
    yield model.transfer_basis or None
    yield register.sub_processors(model)
    yield _agreement(model)
    yield words.listed(list(register.classes(model))) or "keine"
    yield _PROTECTION
    yield register.retention(model)
    yield "ausgeschlossen" if model.training_excluded or model.in_house else "nicht ausgeschlossen"
    yield words.AI_ROLES.get(model.ai_role, model.ai_role)
    yield model.risk_class or None
    yield model.overseer or None
    yield None  # ITEG § 5 and its like: no policy says it
    yield None
    yield organisation.contact.datenschutz


def _agreement(model: RegisteredModel) -> str:
    if model.in_house:
        return "nicht nötig, das Modell läuft im Haus"
    if model.avv is None:
        return "nicht vereinbart"
    until = f", gilt bis {words.day(model.avv.until)}" if model.avv.until else ""
    return f"vereinbart am {words.day(model.avv.concluded)}{until}"


def _purposes(house: InForce) -> list[str]:
    return [purpose.title for purpose in house.policies.organisation.purposes.allow.values()]


def _departments(house: InForce, model: RegisteredModel) -> list[str]:
    return sorted(rules.name for rules in house.policies.departments.values() if model.id in rules.models)


def as_json(house: InForce) -> list[dict[str, Any]]:
    """Return the entries for programs; null: not known here."""
    return [{"id": one.key, **one.named} for one in systems(house)]


def as_csv(house: InForce) -> str:
    """Return the entries as a table, one a line; empty where nobody has filled it in yet: "prüfen"."""
    rows = [(one.key, *("prüfen" if value is None else value for value in one.values)) for one in systems(house)]
    return "".join(sheet(("Kennung", *FIELDS), rows))


def paper(house: InForce) -> Report:
    """Return the register as a paper."""
    entries = systems(house)
    overview = Table("systeme", "KI-Systeme im Überblick", tuple(Column(title) for title in (
        "System", "Stand", "Ort der Verarbeitung", "Risikoklasse")), tuple(
            (one.named["Bezeichnung"] or one.key, one.named["Stand"] or "", one.named["Ort der Verarbeitung"] or "",
             one.named["Risikoklasse"] or "prüfen") for one in entries), "Zurzeit ist kein Modell im Einsatz.")
    forbidden = house.policies.organisation.purposes.forbid
    sections = [
        Section("Überblick", (overview,)),
        *(Section(one.named["Bezeichnung"] or one.key, (Facts(tuple(zip(FIELDS, one.values, strict=True))),))
          for one in entries),
        Section("Einsatzzwecke", (
            Text("Jede Anfrage hat einen dieser Zwecke. Andere werden abgelehnt."),
            Table("zwecke", "Vorgesehene Zwecke", (Column("Zweck"), Column("Voraussetzung"), Column("Kennzeichnung")),
                  tuple((p.title, ", ".join(p.pass_scopes) or "KI-Pass", p.label or "–")
                        for p in house.policies.organisation.purposes.allow.values())),
            Table("verboten", "Zusätzlich zu Art. 5 KI-VO verboten", (Column("Zweck"),),
                  tuple((text,) for text in forbidden.values())))),
        Section("Hinweis", (Check("Die Felder folgen dem Steckbrief des Marktplatzes der KI-Möglichkeiten (MaKI), "
                                  "soweit er öffentlich beschrieben ist. Gleichen Sie sie vor einer Meldung mit dem "
                                  "amtlichen Formular ab."),))]
    return house.paper(KIND, TITLE, "Welche KI-Modelle die Verwaltung einsetzt, wofür, wo sie laufen und wer sie "
                       "beaufsichtigt. Erzeugt aus den Richtlinien, die gerade gelten.", sections)
