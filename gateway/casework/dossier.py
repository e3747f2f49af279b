"""The file of an incident as a paper (`gateway.paper`): HTML, PDF/UA and JSON of the same content. Pure.

In the order of Art. 33(3) GDPR, so that its parts can be copied into the form of an authority. It names no employee:
the history says in which step something was done, not by whom. What came from the log says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.model.casework import Matter, Note, Sheet
from gateway.model.deadlines import BERLIN
from gateway.model.incident import GROUPS, Field, known_at, missing, reported_at
from gateway.paper.report import Block, Column, Facts, Report, Section, Table, Text

STATES = {"neu": "neu", "in_pruefung": "in Prüfung", "meldepflichtig": "meldepflichtig",
          "nicht_meldepflichtig": "nicht meldepflichtig", "erledigt": "abgeschlossen"}
_STEPS = {"vermerk": "Vermerk", "stand": "Stand", "zustaendig": "Zuständigkeit", "frist": "Frist",
          "schwere": "Schwere", "angaben": "Angaben", "ausgabe": "Ausgabe", "aufbewahrung": "Aufbewahrung",
          "meldung": "Meldung", "schritt": "Schritt"}
FROM_LOG = "aus dem Protokoll"


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """Everything that the paper is made of."""

    matter: Matter
    sheet: Sheet
    notes: Sequence[Note]
    held: int
    organisation: str
    log: str
    hours: int


def paper(of: IncidentFile, now: datetime) -> Report:
    """Return the file of an incident."""
    return Report(
        "vorfall", f"Vorfall {of.matter.id}", of.organisation, now.astimezone(BERLIN).date(), _lead(of),
        (_clock(of), *(_group(title, norm, fields, of) for title, norm, fields in _parts()), _decision(of),
         _history(of)),
        sources=(f"Akte {of.matter.id}, Fassung {of.sheet.number} der Angaben", f"Protokoll {of.log}",
                 f"{of.held} Einträge des Protokolls werden für diesen Vorfall aufbewahrt"))


def _parts() -> list[tuple[str, str, tuple[Field, ...]]]:
    return [(group.title, group.norm, group.fields) for group in GROUPS]


def _lead(of: IncidentFile) -> str:
    open_fields = missing(of.sheet.values)
    state = STATES.get(of.matter.state, of.matter.state)
    if not open_fields:
        return f"Stand: {state}. Alle Angaben nach Art. 33 Abs. 3 DSGVO sind eingetragen."
    names = ", ".join(field.label for field in open_fields)
    return (f"Stand: {state}. Noch nicht eingetragen: {names}. Angaben können nachgereicht werden (Art. 33 Abs. 4 "
            "DSGVO).")


def _clock(of: IncidentFile) -> Section:
    known, reported = known_at(of.sheet.values), reported_at(of.sheet.values)
    rows: list[tuple[str, str | None]] = [
        ("Bekannt geworden", _moment(known)), (f"Frist ({of.hours} Stunden)", _moment(of.matter.due_at)),
        ("Gemeldet", _moment(reported) if of.sheet.values.get("gemeldet_tag") else "nicht gemeldet")]
    return Section("Frist", (Facts(tuple(rows)),))


def _group(title: str, norm: str, fields: Sequence[Field], of: IncidentFile) -> Section:
    rows = []
    for field in fields:
        value = field.shown(of.sheet.values.get(field.name, ""))
        label = f"{field.label} ({FROM_LOG})" if field.name in of.sheet.logged and value else field.label
        rows.append((label, value or None))
    return Section(f"{title} ({norm})", (Facts(tuple(rows)),))


def _decision(of: IncidentFile) -> Section:
    decided = [note for note in of.notes if note.what == "stand" and
               note.text.partition("\n")[0] in ("meldepflichtig", "nicht_meldepflichtig")]
    if not decided:
        return Section("Entscheidung (Art. 33 Abs. 1 und 5)", (Text("Noch nicht entschieden."),))
    blocks: list[Block] = []
    for note in decided:
        state, _, reason = note.text.partition("\n")
        blocks.append(Facts(((f"Am {_moment(note.at)}", STATES[state]), ("Begründung", reason or None))))
    return Section("Entscheidung (Art. 33 Abs. 1 und 5)", tuple(blocks))


def _history(of: IncidentFile) -> Section:
    rows = tuple((_moment(note.at), _STEPS[note.what], _said(note), note.digest[:16]) for note in of.notes)
    return Section("Verlauf", (Table(
        "verlauf", "Jeder Schritt ist ein Eintrag im Protokoll; die Prüfsumme steht auch dort.",
        (Column("Zeit"), Column("Schritt"), Column("Text"), Column("Prüfsumme", "hash")), rows),))


def _said(note: Note) -> str:
    if note.what == "vermerk":
        return note.text
    if note.what == "stand":
        state, _, reason = note.text.partition("\n")
        return ". ".join(piece for piece in (STATES.get(state, state), reason) if piece)
    if note.what == "aufbewahrung":
        count = int(note.text)
        return f"{abs(count)} Einträge {'aufbewahrt' if count >= 0 else 'wieder frei'}"
    return "Angaben geändert" if note.what == "angaben" else "" if note.what == "zustaendig" else note.text


def _moment(value: datetime | None) -> str | None:
    return f"{value.astimezone(BERLIN):%d.%m.%Y, %H:%M} Uhr" if value else None
