"""The report for the public, every year (R-T2): which AI the town hall uses, how much, and how to complain."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.paper.report import Block, Check, Column, Points, Report, Section, Table, Text
from gateway.reports import parts
from gateway.reports.happenings import of
from gateway.reports.situation import Situation
from gateway.reports.systems import systems
from gateway.web import words

KIND: Final = "transparency"
TITLE: Final = "Transparenzbericht"


def paper(situation: Situation) -> Report:
    """Return the report. Everything in it may be published."""
    organisation = situation.house.policies.organisation
    lead = (f"Wofür {organisation.name} im {situation.period.words} künstliche Intelligenz genutzt hat, was mit Ihren "
            "Daten geschieht und an wen Sie sich wenden können.")
    sections = (_how(situation), _models(situation), _purposes(situation), parts.usage(situation),
                parts.refusals(situation), parts.found(situation), _oversight(situation), _contact(situation))
    return situation.house.paper(KIND, TITLE, lead, sections, situation.period.words,
                                 (parts.shared(situation.house),))


def numbers(situation: Situation) -> Report:
    """Return the numbers alone, for a page."""
    sections = (parts.usage(situation), *((parts.refusals(situation), parts.found(situation))
                                          if situation.figures.months else ()))
    return replace(situation.house.paper("figures", "Zahlen", "", sections, situation.period.words), sources=())


def _how(situation: Situation) -> Section:
    inside = [m for m in situation.house.policies.models.values() if m.enabled and m.in_house]
    return Section("Was mit Ihren Daten geschieht", (
        Text("Beschäftigte nutzen KI-Modelle nur über die KI-Pforte. Sie sucht in jeder Anfrage nach Namen, "
             "Anschriften, Nummern und anderen Angaben zu Personen und ersetzt sie, bevor ein Anbieter etwas erhält."),
        Points((
            "Entscheidungen trifft immer ein Mensch. Die KI entwirft und fasst zusammen.",
            "Kein Anbieter darf mit den Anfragen trainieren.",
            "Inhalte von Anfragen werden nicht im Protokoll gespeichert. Gespeichert wird, wann welches Amt welches "
            "Modell zu welchem Zweck genutzt hat.",
            "Nicht jede Angabe wird gefunden. Deshalb gilt für jeden Anbieter außer Haus ein Vertrag zur "
            "Auftragsverarbeitung.",
            f"Im eigenen Haus laufen {words.many(len(inside), 'Modell', 'Modelle')}."))))


def _models(situation: Situation) -> Section:
    rows = tuple((named["Bezeichnung"] or one.key, named["Anbieter"] or "", named["Ort der Verarbeitung"] or "",
                  named["Arten von Daten"] or "") for one in systems(situation.house) for named in (one.named,))
    return Section("KI-Modelle im Einsatz", (
        Table("modelle", "Modelle, die heute genutzt werden können", tuple(Column(title) for title in (
            "Modell", "Anbieter", "Ort der Verarbeitung", "Freigegeben für")), rows,
            "Zurzeit ist kein Modell im Einsatz."),))


def _purposes(situation: Situation) -> Section:
    return Section("Wofür KI genutzt wird", (
        Points(tuple(p.title for p in situation.house.policies.organisation.purposes.allow.values())),))


def _oversight(situation: Situation) -> Section:
    checks = of(situation.happenings, "verify.result")
    good = sum(one.number("exit_code") == 0 for one in checks)
    complaints = [one for one in of(situation.happenings, "case.new") if one.text("kind") == "ruege"]
    blocks: list[Block] = [
        Text("Das Protokoll lässt sich nicht unbemerkt ändern. Wer eine unterschriebene Notiz hat, kann das prüfen."),
        Table("aufsicht", "Aufsicht in diesem Zeitraum", (Column("Was"), Column("Anzahl", "number")), (
            ("Prüfungen des Protokolls", len(checks)), ("davon: unverändert", good),
            ("Beschwerden (KI-Rügen)", len(complaints))))]
    return Section("Aufsicht", tuple(blocks))


def _contact(situation: Situation) -> Section:
    organisation = situation.house.policies.organisation
    return Section("Fragen und Beschwerden", (
        Text(f"Fragen zum Datenschutz beantwortet: {organisation.contact.datenschutz}."),
        Text(f"Über den Einsatz von KI können Sie sich hier beschweren: {organisation.base_url}/transparency/ruege"),
        Check("Name und Frist des Beschwerderechts richten sich nach Landesrecht (zum Beispiel KI-Rüge nach "
              "§ 12 ITEG Schleswig-Holstein).")))
