"""The report for the Personalrat, every quarter (R-PR4): what is watched, by which rules, and who looked at what.

Tells of the acts of offices one by one, and of the use by staff in groups of five and more only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from audit.reid_state import REASONS as REID_REASONS
from gateway.model.content_mode import ContentMode, last_day
from gateway.paper.report import Block, Column, Report, Section, Table, Text
from gateway.reports import parts
from gateway.reports.happenings import UNSAID, Happening, counted, of
from gateway.reports.situation import Situation
from gateway.reports.wording import CLASSES, CONTENT_REASONS, ENDS, REID_STATES, SINK_NOTE
from gateway.web import words

KIND: Final = "works-council"
TITLE: Final = "Bericht für den Personalrat"
_POLICY: Final = {
    "policy.change": "Neue Fassung eines Dokuments", "policy.monitoring": "Regeln zur Überwachung in Kraft gesetzt",
    "policy.approved": "Zustimmung des Personalrats eingetragen", "policy.promoted": "Richtlinien in Kraft gesetzt",
    "model.stopped": "Modell angehalten", "model.started": "Modell wieder zugelassen"}


def paper(situation: Situation) -> Report:
    """Return the report."""
    lead = (f"Wie die KI-Pforte im {situation.period.words} genutzt wurde, welche Regeln zur Überwachung galten und "
            "wer in das Protokoll gesehen hat. Der Bericht nennt keine Person. Leistung und Verhalten einzelner "
            "Beschäftigter lassen sich daraus nicht ablesen.")
    sections = (
        parts.usage(situation), parts.refusals(situation), parts.passes(situation), _reidentification(situation),
        _content_mode(situation), _rules(situation), _retention(situation), _verification(situation),
        _anchors(situation), _looks(situation))
    return situation.house.paper(KIND, TITLE, lead, sections, situation.period.words, (
        parts.shared(situation.house),))


def _reidentification(situation: Situation) -> Section:
    now = int(situation.house.now.timestamp() * 1_000_000)
    rows = tuple((_day_of(request.at_us), REID_REASONS.get(request.reason, request.reason), request.case,
                  REID_STATES.get(request.state(now), request.state(now))) for request in situation.requests)
    return Section("Feststellen von Personen", (
        Text("Wer hinter einem Pseudonym steht, lässt sich nur feststellen, wenn die oder der Datenschutzbeauftragte "
             "und der Personalrat zustimmen und beide ihren Schlüssel benutzen."),
        Table("reid", "Anträge in diesem Zeitraum", (Column("Tag"), Column("Grund"), Column("Fall"), Column("Stand")),
              rows, "Es gab keinen Antrag.")))


def _content_mode(situation: Situation) -> Section:
    rows = tuple(_mode(situation, mode) for mode in situation.modes)
    return Section("Inhaltsmodus", (
        Text("Nur solange der Inhaltsmodus für ein Amt eingeschaltet ist, werden Inhalte von Anfragen aufbewahrt, "
             "verschlüsselt und für höchstens 14 Tage. Dafür braucht es zwei Zustimmungen, eine davon Ihre."),
        Table("inhaltsmodus", "Zeiträume mit aufbewahrten Inhalten",
              (Column("Amt"), Column("Grund"), Column("Fall"), Column("Von"), Column("Bis"), Column("Ende")), rows,
              "Es wurden keine Inhalte aufbewahrt.")))


def _mode(situation: Situation, mode: ContentMode) -> tuple[str, ...]:
    since = words.day(mode.on_since) if mode.on_since else "–"
    end = words.day(mode.off_at) if mode.off_at else f"{last_day(mode):%d.%m.%Y}"
    return (situation.house.department(mode.department), CONTENT_REASONS.get(mode.reason, mode.reason), mode.case,
            since, end, ENDS.get(mode.end or "", "läuft noch"))


def _rules(situation: Situation) -> Section:
    found = of(situation.happenings, *_POLICY)
    rows = tuple((one.day, _POLICY[one.type], _about(one)) for one in found)
    return Section("Änderungen der Regeln", (
        Text("Änderungen, die die Überwachung von Beschäftigten berühren, gelten erst, wenn der Personalrat zugestimmt "
             "hat. Was genau sich geändert hat, zeigt „ki-pforte policy diff“ mit den beiden Prüfsummen."),
        Table("regeln", "Änderungen in diesem Zeitraum",
              (Column("Tag"), Column("Was"), Column("Prüfsumme oder Fassung", "hash")), rows,
              "Es hat sich nichts geändert.")))


def _about(one: Happening) -> str:
    document = " ".join(text for text in (one.text("document"), one.text("version")) if text)
    return document or one.text("policy") or one.text("name") or one.text("monitoring")


def _retention(situation: Situation) -> Section:
    rows = tuple((CLASSES.get(name, name), days) for name, days in sorted(situation.house.retention.items()))
    deleted: dict[str, int] = {}
    for one in of(situation.happenings, "retention.delete"):
        pieces = one.meta.get("parts")
        for name, count in (pieces.items() if isinstance(pieces, dict) else ()):
            deleted[name] = deleted.get(name, 0) + (count if isinstance(count, int) else 0)
    gone = tuple((CLASSES.get(name, name), count) for name, count in sorted(deleted.items()))
    others = [(label, len(of(situation.happenings, type_))) for type_, label in (
        ("erasure", "Löschungen auf Antrag (Art. 17 DSGVO)"), ("prune", "Gelöschte Anfänge des Protokolls"),
        ("hold.set", "Für einen Fall festgehalten"), ("hold.release", "Wieder freigegeben"))]
    return Section("Aufbewahrung und Löschung", (
        Table("fristen", "Fristen, die heute gelten", (Column("Was"), Column("Tage", "number")), rows),
        Table("geloescht", "Nach Frist gelöscht", (Column("Was"), Column("Teile", "number")), gone,
              "In diesem Zeitraum lief keine Frist ab."),
        Table("weiteres", "Weitere Schritte", (Column("Was"), Column("Anzahl", "number")), tuple(others))))


def _verification(situation: Situation) -> Section:
    rows = tuple((one.day, one.text("verdict"), one.number("size"), one.number("covered"))
                 for one in of(situation.happenings, "verify.result"))
    return Section("Prüfungen des Protokolls", (
        Text("Der Prüfer stellt fest, ob Einträge verändert, gelöscht oder eingefügt wurden."),
        Table("pruefungen", "Ergebnisse", (Column("Tag"), Column("Ergebnis"), Column("Einträge", "number"),
                                           Column("unterschrieben", "number")), rows,
              "In diesem Zeitraum wurde nicht geprüft.")))


def _anchors(situation: Situation) -> Section:
    sent, largest = of(situation.happenings, "anchor.sent"), Counter[str]()
    for one in sent:
        largest[one.text("sink") or UNSAID] = max(largest[one.text("sink") or UNSAID], one.number("size"))
    rows = tuple((sink, count, largest[sink]) for sink, count in counted(sent, "sink"))
    return Section("Anker", (
        Text(SINK_NOTE),
        Table("anker", "Versandte Notizen", (Column("Ort"), Column("Notizen", "number"),
                                             Column("Letzter Stand (Einträge)", "number")), rows,
              "In diesem Zeitraum ging keine Notiz hinaus.")))


def _looks(situation: Situation) -> Section:
    views = of(situation.happenings, "view")
    taken = of(situation.happenings, "export", "report", "release", "case.export")
    blocks: Sequence[Block] = (
        Text("Jede Einsicht und jede Datei, die jemand mitnimmt, steht selbst im Protokoll."),
        Table("einsichten", "Einsichten nach Seite", (Column("Seite"), Column("Anzahl", "number")),
              _named(views, "page", lambda key: words.PAGES.get(key, key)), "Niemand hat hineingesehen."),
        Table("ausgaben", "Mitgenommene Dateien", (Column("Tag"), Column("Was"), Column("Format")),
              tuple((one.day, _what(one), one.text("format") or "–") for one in taken), "Keine."))
    return Section("Einsichten und Ausgaben", tuple(blocks))


def _what(one: Happening) -> str:
    told = one.text("report") or one.text("case") or one.text("kind") or one.text("list") or one.text("reason")
    return f"{words.TYPES.get(one.type, one.type)}: {told}" if told else words.TYPES.get(one.type, one.type)


def _named(found: Sequence[Happening], fact: str, name: Callable[[str], str]) -> tuple[tuple[str, int], ...]:
    return tuple((name(key), count) for key, count in counted(found, fact))


def _day_of(at_us: int) -> str:
    """Return the day of a moment of the ledger."""
    return words.day(datetime.fromtimestamp(at_us / 1e6, UTC))
