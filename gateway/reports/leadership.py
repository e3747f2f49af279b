"""The report for the heads of the house, every quarter: is it used, is it safe, what is to be decided."""

from __future__ import annotations

from typing import Final

from gateway.kipass.calendar import day_of
from gateway.paper.report import Block, Column, Report, Section, Table, Text
from gateway.policy.register_check import pressing
from gateway.reports import parts
from gateway.reports.happenings import of
from gateway.reports.situation import Situation
from gateway.reports.wording import CASES

KIND: Final = "leadership"
TITLE: Final = "Bericht für die Leitung"


def paper(situation: Situation) -> Report:
    """Return the report."""
    lead = (f"Wie KI im {situation.period.words} genutzt wurde, ob alles in Ordnung ist und was zu entscheiden ist. "
            "Der Bericht nennt keine Person.")
    sections = (_short(situation), _deadlines(situation), parts.usage(situation), parts.refusals(situation),
                parts.found(situation), parts.passes(situation), _cases(situation))
    return situation.house.paper(KIND, TITLE, lead, sections, situation.period.words)


def _short(situation: Situation) -> Section:
    checks = of(situation.happenings, "verify.result")
    bad = [one for one in checks if one.number("exit_code") == 1]
    gaps = of(situation.happenings, "gap.detected")
    anchors = [one for one in situation.house.anchors if not one.late]
    rows = (
        ("Protokoll geprüft", f"{len(checks)} Mal" if checks else "nicht geprüft"),
        ("Ergebnis", "nicht in Ordnung" if bad else "unverändert" if checks else "–"),
        ("Lücken im Protokoll", str(len(gaps)) if gaps else "keine"),
        ("Anker außerhalb des Hauses", f"{len(anchors)} aktuell" if anchors else "keiner aktuell"),
        ("Modelle im Einsatz", str(sum(m.enabled for m in situation.house.policies.models.values()))),
        ("Angehaltene Modelle", str(len(situation.house.stopped)) if situation.house.stopped else "keine"))
    return Section("In Kürze", (Table("kuerze", "Stand", (Column("Was"), Column("Stand")), rows),))


def _deadlines(situation: Situation) -> Section:
    found = pressing(situation.house.policies, day_of(situation.house.now))
    rows = tuple((situation.house.model(one.model), one.text, f"{one.until:%d.%m.%Y}" if one.until else "sofort")
                 for one in found)
    return Section("Zu entscheiden", (
        Table("fristen", "Verträge, Testate und Pflichten, die nicht warten können",
              (Column("Modell"), Column("Was"), Column("Bis")), rows, "Nichts."),))


def _cases(situation: Situation) -> Section:
    findings = len(of(situation.happenings, "finding.new"))
    opened = [one.text("kind") for one in of(situation.happenings, "case.new")]
    rows = tuple((label, findings if kind == "befund" else opened.count(kind)) for kind, label in CASES.items())
    blocks: tuple[Block, ...] = (
        Text("Neu eröffnet in diesem Zeitraum. Einzelheiten kennt die oder der Datenschutzbeauftragte."),
        Table("vorgaenge", "Vorgänge des Datenschutzes", (Column("Was"), Column("Anzahl", "number")), rows))
    return Section("Vorgänge", blocks)
