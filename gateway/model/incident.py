"""The fields of an incident, in the order of Art. 33(3) GDPR, and what the decision needs. Pure.

What the log knows is filled in and marked as such, until somebody writes something else there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from gateway.model.casework import LONGEST
from gateway.model.deadlines import BERLIN, after_hours, read_moment

FieldKind = Literal["line", "text", "number", "day", "time", "choice"]
SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form."""

    name: str
    label: str
    kind: FieldKind = "text"
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    report: bool = False
    """Whether a report to the authority must say it."""

    def shown(self, value: str) -> str:
        """Return a value as people read it."""
        if self.kind == "day" and value:
            try:
                return f"{datetime.strptime(value, '%Y-%m-%d'):%d.%m.%Y}"
            except ValueError:
                return value
        return dict(self.choices).get(value, value) if self.choices else value


@dataclass(frozen=True, slots=True)
class Group:
    """Some fields under one heading."""

    key: str
    title: str
    norm: str
    fields: tuple[Field, ...]


_RISKS: Final = (("", "noch nicht bewertet"), ("kein", "voraussichtlich kein Risiko"), ("risiko", "Risiko"),
                 ("hoch", "hohes Risiko"))
_LEVELS: Final = (("", "noch nicht bewertet"), ("gering", "gering"), ("mittel", "mittel"), ("hoch", "hoch"))
_TOLD: Final = (("", "noch offen"), ("nicht_noetig", "nicht nötig"), ("ja", "ja, benachrichtigt"),
                ("oeffentlich", "durch öffentliche Bekanntmachung"))
GROUPS: Final[tuple[Group, ...]] = (
    Group("bekannt", "Bekannt geworden", "Art. 33 Abs. 1", (
        Field("bekannt_tag", "Tag", "day", "An dem Tag begann die Frist.", report=True),
        Field("bekannt_zeit", "Uhrzeit", "time", "Zum Beispiel 14:05.", report=True),
        Field("bekannt_wie", "Wie der Vorfall bekannt wurde", hint="Keine Namen von Beschäftigten."),
    )),
    Group("art", "Art der Verletzung", "Art. 33 Abs. 3 Buchst. a", (
        Field("beschreibung", "Was ist geschehen?", report=True),
        Field("zeitraum", "Zeitraum", "line"),
        Field("personen", "Kategorien betroffener Personen", "line", "Zum Beispiel: Antragstellende im Bauamt.",
              report=True),
        Field("personen_zahl", "Ungefähre Zahl der Personen", "line", "Eine Zahl oder „nicht bekannt“.", report=True),
        Field("datensaetze", "Kategorien der Daten", "line", report=True),
        Field("datensaetze_zahl", "Ungefähre Zahl der Datensätze", "line", report=True),
        Field("empfaenger", "Wer die Daten erhalten hat", "line", "Modell, Anbieter und Ort."),
    )),
    Group("stelle", "Anlaufstelle", "Art. 33 Abs. 3 Buchst. b", (
        Field("anlaufstelle", "Name und Kontakt für weitere Auskünfte", "line", report=True),
    )),
    Group("folgen", "Wahrscheinliche Folgen", "Art. 33 Abs. 3 Buchst. c", (
        Field("folgen", "Welche Folgen sind für die Betroffenen wahrscheinlich?", report=True),
    )),
    Group("massnahmen", "Maßnahmen", "Art. 33 Abs. 3 Buchst. d", (
        Field("massnahmen", "Was wurde getan, was ist geplant?", report=True),
        Field("abmilderung", "Was mildert die Folgen für die Betroffenen?"),
    )),
    Group("bewertung", "Bewertung des Risikos", "Art. 33 Abs. 1, Erwägungsgrund 85", (
        Field("schwere", "Schwere möglicher Schäden", "choice", choices=_LEVELS),
        Field("wahrscheinlichkeit", "Wahrscheinlichkeit", "choice", choices=_LEVELS),
        Field("risiko", "Ergebnis", "choice", choices=_RISKS),
        Field("risiko_grund", "Begründung der Bewertung"),
    )),
    Group("betroffene", "Benachrichtigung der Betroffenen", "Art. 34", (
        Field("benachrichtigt", "Benachrichtigung", "choice",
              "Nötig bei hohem Risiko, außer ein Fall des Art. 34 Abs. 3 liegt vor.", choices=_TOLD),
        Field("benachrichtigt_tag", "Am", "day"),
        Field("benachrichtigt_grund", "Begründung oder Wortlaut"),
    )),
    Group("meldung", "Meldung", "Art. 33 Abs. 1, KI-Verordnung Art. 26 Abs. 5", (
        Field("gemeldet_tag", "Der Aufsichtsbehörde gemeldet am", "day"),
        Field("gemeldet_zeit", "Uhrzeit", "time"),
        Field("gemeldet_zeichen", "Aktenzeichen der Behörde", "line"),
        Field("verspaetung", "Gründe, wenn später als nach Ablauf der Frist gemeldet wird"),
        Field("anbieter_tag", "Anbieter des KI-Systems informiert am", "day",
              "Bei einem schwerwiegenden Vorfall zuerst der Anbieter."),
        Field("markt_tag", "Marktüberwachungsbehörde informiert am", "day"),
    )),
)
FIELDS: Final[dict[str, Field]] = {field.name: field for group in GROUPS for field in group.fields}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field."""

    name: str
    text: str


def read(form: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Return the fields as they were sent, and what is wrong with them."""
    values = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS}
    problems = []
    for name, field in FIELDS.items():
        most = SHORT if field.kind != "text" else LONGEST
        if len(values[name]) > most:
            problems.append(Problem(name, f"{field.label}: höchstens {most} Zeichen."))
        elif field.kind == "choice" and values[name] not in dict(field.choices):
            problems.append(Problem(name, f"{field.label}: Bitte wählen Sie eine der Möglichkeiten."))
        elif field.kind == "day" and values[name] and read_moment(values[name], "12:00") is None:
            problems.append(Problem(name, f"{field.label}: Bitte geben Sie einen Tag an, zum Beispiel 22.11.2026."))
        elif field.kind == "time" and values[name] and read_moment("2026-01-01", values[name]) is None:
            problems.append(Problem(name, f"{field.label}: Bitte geben Sie eine Uhrzeit an, zum Beispiel 14:05."))
    for day, clock in (("bekannt_tag", "bekannt_zeit"),):
        if not values[day] or not values[clock]:
            missing = day if not values[day] else clock
            problems.append(Problem(missing, "Bitte geben Sie an, wann der Vorfall bekannt wurde. Davon hängt die "
                                             "Frist ab."))
    return {name: _plain(FIELDS[name], value) for name, value in values.items()}, problems


def _plain(field: Field, value: str) -> str:
    """Return a day as date fields want it, whatever way it was typed."""
    found = read_moment(value, "12:00") if field.kind == "day" and value else None
    return f"{found.astimezone(BERLIN):%Y-%m-%d}" if found else value


def known_at(values: Mapping[str, str]) -> datetime | None:
    """Return when the incident became known."""
    return read_moment(values.get("bekannt_tag", ""), values.get("bekannt_zeit", ""))


def reported_at(values: Mapping[str, str]) -> datetime | None:
    """Return when it was reported to the authority; without a time of day the end of that day."""
    return read_moment(values.get("gemeldet_tag", ""), values.get("gemeldet_zeit", "") or "23:59")


def deadline(values: Mapping[str, str], hours: int) -> datetime | None:
    """Return until when it has to be reported."""
    found = known_at(values)
    return after_hours(found, hours) if found else None


def missing(values: Mapping[str, str]) -> list[Field]:
    """Return what a report still has to say."""
    return [field for field in FIELDS.values() if field.report and not values.get(field.name)]


def wrong_order(values: Mapping[str, str], now: datetime) -> str:
    """Return what cannot be about the moment it became known, in a sentence; empty: nothing."""
    found = known_at(values)
    if found is not None and found > now:
        return "Der Vorfall kann nicht in der Zukunft bekannt geworden sein."
    return ""
