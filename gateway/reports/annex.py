"""The technical annex to the agreement with the staff council (Dienstvereinbarung), from what is in force (R-PR1).

What both sides sign for: what is kept about staff, who may see it, what is never made of it, and every setting that
touches monitoring with the value it has today. `gateway.policy.monitoring` says which settings these are; a change of
one of them waits for the staff council, and the comparison with the released version shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from gateway.kipass.documents import in_force
from gateway.model.content_mode import LONGEST
from gateway.model.limits import Limit
from gateway.model.reporting import KINDS
from gateway.paper.report import Check, Column, Facts, Points, Report, Section, Table, Text
from gateway.policy import monitoring
from gateway.policy.diff_rules import amount
from gateway.reports.described import data, flows, own_periods
from gateway.reports.situation import InForce
from gateway.web import register, words

KIND: Final = "technical-annex"
TITLE: Final = "Technische Anlage zur Dienstvereinbarung"
_PER_PERSON: Final = frozenset(one.name for one in fields(Limit))


def paper(house: InForce) -> Report:
    """Return the annex."""
    sections = (_what_for(house), flows(), data(house), _periods(house), _who_sees(), _never(), _settings(house),
                _pass(house), _identity(house), _content_mode(), _models(house), _reports(), _signed())
    return house.paper(KIND, TITLE, "Was die KI-Pforte über Beschäftigte festhält, wer es sehen kann und was daraus "
                       "nie gemacht wird, mit den Einstellungen, die gerade gelten.", sections)


def _what_for(house: InForce) -> Section:
    newest = in_force(house.policies.kipass.documents.get("dienstvereinbarung", ()), house.now)
    return Section("Wozu diese Anlage gehört", (
        Facts((("Dienststelle", house.policies.organisation.name),
               ("Dienstvereinbarung", f"{newest.title}, Fassung {newest.version}" if newest else None),
               ("Prüfsumme der Fassung (SHA-256)", newest.sha256 if newest else None),
               ("Stand der Einstellungen zur Überwachung", monitoring.digest(monitoring.facts(house.policies))))),
        Text("Der Stand ist eine Prüfsumme über alle Einstellungen, denen der Personalrat zustimmen muss. Ändert sich "
             "eine, ändert sich die Prüfsumme.")))


def _periods(house: InForce) -> Section:
    return Section("Wie lange etwas bleibt", (
        Table("fristen", "Fristen", (Column("Was"), Column("Frist")), own_periods(house)),
        Text("Gelöscht wird von selbst, alle sechs Stunden. Die Zahlen des Hauses je Monat bleiben; hinter jeder "
             "stehen mindestens fünf Personen.")))


def _who_sees() -> Section:
    rows = (
        ("Jede Person", "die eigenen Vorgänge und was mit jedem geschah", "nein"),
        ("Vorgesetzte", "nichts über einzelne Personen; nur veröffentlichte Berichte", "nein"),
        ("Leitung", "Bericht für die Leitung, ohne Personen", "nein"),
        ("Datenschutzbeauftragte", "Vorgänge unter Pseudonym, Befunde, Berichte", "nur gemeinsam mit dem Personalrat"),
        ("Personalrat", "Bericht je Vierteljahr, Zustimmungen, wer was eingesehen hat",
         "nur gemeinsam mit dem Datenschutz"),
        ("KI-Pass-Stelle", "wer welchen Schritt des KI-Passes wann abgeschlossen hat", "Namen, keine Vorgänge"),
        ("IT", "Zustand der Anlage, Zahlen für Gruppen ab fünf Personen", "nein"))
    return Section("Wer was sieht", (
        Table("rollen", "Rollen", (Column("Rolle"), Column("Sieht"), Column("Erfährt, wer gehandelt hat")), rows),
        Text("Jede Einsicht in einen Vorgang, jede Suche und jede mitgenommene Datei steht selbst im Protokoll; der "
             "Personalrat sieht die Liste."),
        Text("Wer zugleich in die Datenbank und in den Ordner der Schlüssel greifen kann, könnte Pseudonyme des "
             "laufenden Quartals mit der Liste der Beschäftigten vergleichen. Der Zugang zu diesem Ordner ist auf die "
             "nötigen Personen zu beschränken."),
        Check("Wer hat Zugang zum Ordner der Schlüssel? Bitte namentlich in einer eigenen Liste festhalten.")))


def _never() -> Section:
    return Section("Was nicht geschieht", (Points((
        "Inhalte von Fragen und Antworten stehen nicht im Protokoll (Ausnahme: Inhaltsmodus, unten).",
        "Es gibt keine Auswertung, Sortierung oder Zählung nach einzelnen Personen, auf keiner Seite, in keinem Befehl "
        "und in keiner Kennzahl.",
        "Zahlen für Gruppen unter fünf Personen werden nicht gezeigt, sondern mit anderen zusammengefasst.",
        "Ergebnisse, Versuche und Antworten aus den Kursen des KI-Passes werden nicht gespeichert.",
        "IP-Adressen stehen nicht im Protokoll.")),))


def _settings(house: InForce) -> Section:
    facts = monitoring.facts(house.policies)
    rows = tuple(row for place, said in facts.items() for row in _setting(house, place, said))
    return Section("Einstellungen, die der Zustimmung bedürfen", (
        Table("einstellungen", "Stand heute", (Column("Wo"), Column("Was"), Column("Wert")), rows,
              "Keine dieser Einstellungen ist gesetzt."),
        Text("Eine neue oder schärfere Einstellung dieser Art gilt erst, wenn der Personalrat auf seiner Seite "
             "zugestimmt hat. Bis dahin gilt weiter, was hier steht.")))


def _setting(house: InForce, place: str, said: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    where = _place(house, place)
    if place.startswith("ki-pass/"):
        yield where, "Nachweise über jede Person", ", ".join(house.policies.kipass.modules[name].title for name in said)
        return
    for name, number in said.items():
        if name == "member":
            yield where, "Gruppe von Personen mit eigenen Regeln", "ja"
        elif name == "keep_hours":
            yield where, "Gespräche aufbewahrt", words.many(number, "Stunde", "Stunden") if number else "nein"
        elif name in _PER_PERSON:
            yield where, "Grenze je Person", amount(name, number) if number else "keine"
        else:
            yield where, "Grund für Klartext, der im Vorgang steht", name


def _place(house: InForce, place: str) -> str:
    kind, _, key = place.partition("/")
    if place == monitoring.HOUSE:
        return "Ganzes Haus"
    if kind == "gruppe":
        return f"Gruppe {house.policies.groups[key].name}"
    if kind == "klartext":
        return f"Zweck {house.policies.organisation.purposes.allow[key].title}"
    if kind == "ki-pass":
        return f"KI-Pass {house.policies.kipass.scopes[key].name}"
    return house.department(place)


def _pass(house: InForce) -> Section:
    modules = house.policies.kipass.modules.values()
    rows = tuple((module.title, f"{module.minutes} Minuten" if module.minutes else "–",
                  words.many(module.valid_months, "Monat", "Monate") if module.valid_months else "dauerhaft")
                 for module in modules)
    return Section("KI-Pass", (
        Table("schritte", "Schritte", (Column("Schritt"), Column("Dauer"), Column("Gilt")), rows),
        Text("Gespeichert wird je Schritt, dass und wann er abgeschlossen wurde und woher der Nachweis kommt.")))


def _identity(house: InForce) -> Section:
    ready = not house.identities_problem
    return Section("Feststellen, wer gehandelt hat", (
        Facts((("Schlüssel beider Vertrauenspersonen", "eingerichtet" if ready else "noch nicht eingerichtet"),)),
        Points((
            "Nur aus einem der vereinbarten Anlässe, für einen Vorgang oder ein Pseudonym, mit Fallnummer und Grund.",
            "Nur wenn Datenschutz und Personalrat zustimmen und beide ihren Schlüssel benutzen; dieselbe Person kann "
            "nicht beides sein.",
            "Jeder Schritt steht im Protokoll. Das Ergebnis ist 24 Stunden sichtbar und wird nicht gespeichert.",
            "Die betroffene Person wird informiert; die KI-Pforte erinnert, bis der Tag eingetragen ist.")
            if ready else (
            "Solange die Schlüssel fehlen, bewahrt die KI-Pforte keine Identität auf, und niemand kann festgestellt "
            "werden.",))))


def _content_mode() -> Section:
    return Section("Inhaltsmodus", (Points((
        f"Ausnahme für einen Vorfall, für ein Amt, höchstens {LONGEST.days} Tage; er endet von selbst.",
        "Er gilt nur mit Zustimmung von Datenschutz und Personalrat; eine Seite genügt, um ihn zu beenden.",
        "Wer im Amt anfragt, liest während dieser Zeit einen Hinweis.",
        "Lesbar sind die Texte nur mit den Schlüsseln beider, einzeln und mit Eintrag im Protokoll.")),))


def _models(house: InForce) -> Section:
    rows = tuple((model.name, "im Haus" if model.in_house else model.provider, words.ZONES[model.zone])
                 for model in register.in_service(house.policies))
    return Section("Modelle im Einsatz", (
        Table("modelle", "Modelle", (Column("Modell"), Column("Anbieter"), Column("Ort")), rows),))


def _reports() -> Section:
    every = {"": "auf Abruf", "quarter": "jedes Vierteljahr", "year": "jedes Jahr"}
    return Section("Berichte, die der Personalrat erhält", (Points(tuple(
        f"{kind.title} ({every[kind.every]})" for kind in KINDS.values() if "personalrat" in kind.readers)),))


def _signed() -> Section:
    return Section("Zeichnung", (Facts((
        ("Für die Dienststelle (Ort, Tag, Name)", None), ("Für den Personalrat (Ort, Tag, Name)", None),
        ("Nächste gemeinsame Durchsicht", None))),))
