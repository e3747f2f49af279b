"""The annex for the data protection impact assessment (Art. 35 GDPR), by the seven goals of the SDM (R-35).

Facts and known limits, filled in; the assessment is the officer's. The figures of the recognition are those of the
handbook (`measured.json`, a test compares).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gateway.paper.report import Check, Column, Facts, Points, Report, Section, Table, Text
from gateway.reports.described import flows
from gateway.reports.situation import InForce
from gateway.web import register, words

KIND: Final = "dpia"
TITLE: Final = "Anlage zur Datenschutz-Folgenabschätzung: Nutzung von KI-Modellen"


def paper(house: InForce) -> Report:
    """Return the annex."""
    sections = (_description(house), flows(), *_goals(house), _measured(), _residual(house), _decision())
    return house.paper(KIND, TITLE, "Tatsachen, Maßnahmen nach den sieben Gewährleistungszielen des "
                       "Standard-Datenschutzmodells und bekannte Grenzen. Die Bewertung bleibt Ihre.", sections)


def _description(house: InForce) -> Section:
    inside, outside = (
        [m.name for m in register.in_service(house.policies) if m.in_house is where] for where in (True, False))
    return Section("Beschreibung der Verarbeitung", (Facts((
        ("Verantwortlich", house.policies.organisation.name),
        ("Rechtsgrundlage", house.policies.organisation.legal_basis),
        ("Modelle im Haus", words.listed(inside) or "keine"), ("Modelle außer Haus", words.listed(outside) or "keine"),
        ("Ämter", words.listed([rules.name for rules in house.policies.departments.values()])),
        ("Notwendigkeit und Verhältnismäßigkeit", None), ("Standpunkt der betroffenen Personen (Art. 35 Abs. 9)", None),
        ("Rat der oder des Datenschutzbeauftragten (Art. 35 Abs. 2)", None))),))


def _goals(house: InForce) -> tuple[Section, ...]:
    kept = house.policies.organisation.conversations.keep_hours
    days = ", ".join(f"{number} Tage" for number in sorted(set(house.retention.values())))
    goals: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("Datenminimierung", (
            "Das Protokoll enthält keine Inhalte, nur Anzahlen, Prüfsummen und Kennungen.",
            "Anbieter erhalten Platzhalter statt der gefundenen Angaben.",
            f"Gespräche bleiben {kept} Stunden, verschlüsselt." if kept else "Gespräche werden nicht aufbewahrt.",
            f"Fristen im Protokoll: {days}; danach wird von selbst gelöscht.")),
        ("Verfügbarkeit", (
            "Mehrere Prozesse und Rechner arbeiten auf einer Datenbank; fällt ein Anbieter aus, springt nur ein Modell "
            "ein, das genauso nah oder näher läuft.",
            "Fällt Protokoll oder Suche aus, wird nichts gesendet: Die Verfügbarkeit steht hinter dem Schutz zurück.")),
        ("Integrität", (
            "Das Protokoll ist ein Merkle-Baum mit unterschriebenen Prüfpunkten; der Prüfer läuft ohne die KI-Pforte.",
            f"Anker außerhalb der Datenbank: {len(house.anchors)}.",
            "Richtlinien tragen eine Prüfsumme, die in jedem Eintrag steht.")),
        ("Vertraulichkeit", (
            "Jede Anfrage braucht einen persönlichen Schlüssel und einen gültigen KI-Pass.",
            "Besondere Kategorien gehen nach Vorgabe nur an Modelle im Haus oder werden abgelehnt.",
            "Fehlermeldungen und Kennzahlen enthalten keine Inhalte und keine Namen.")),
        ("Nichtverkettung", (
            "Pseudonyme wechseln jedes Quartal; der Schlüssel eines Quartals wird nach der Frist vernichtet.",
            "Auswertungen nennen nie eine Person und nie eine Gruppe unter fünf Personen.",
            "Jede Anfrage hat einen Zweck; verbotene Zwecke werden abgelehnt.")),
        ("Transparenz", (
            "Beschäftigte sehen ihre eigenen Einträge und zu jeder Antwort, was ersetzt wurde.",
            "Die Öffentlichkeit sieht Register, Zwecke und Zahlen.",
            "Einsichten in das Protokoll stehen selbst im Protokoll; der Personalrat erhält jedes Quartal einen "
            "Bericht.")),
        ("Intervenierbarkeit", (
            "Modelle lassen sich sofort anhalten, einzeln oder alle.",
            "Der Bezug zu einer Person lässt sich auf Antrag löschen, ohne dass der Beweis leidet (Art. 17 DSGVO).",
            "Auskunft nach Art. 15 DSGVO für Beschäftigte und unter einem Aktenzeichen.")))
    heading = Section("Maßnahmen nach Gewährleistungszielen", (
        Text("Was die KI-Pforte in ihrer heutigen Einstellung dazu beiträgt."),))
    return (heading, *(Section(name, (Points(lines),), 3) for name, lines in goals))


def _measured() -> Section:
    found = measured()
    return Section("Grenzen der Erkennung", (
        Text("Kein Verfahren dieser Art findet alles. Gemessen wurde an Texten, in denen von Hand ausgezeichnet ist, "
             f"was ein sorgfältiger Mensch geschwärzt hätte ({found['collection']}). Für Ihre eigenen Texte messen Sie "
             "mit „ki-pforte evaluate“."),
        Table("messung", "Was lesbar blieb", (Column("Kennzahl"), Column("Wert"), Column("95-%-Intervall")),
              tuple((name, value, interval or "–") for name, value, interval in found["rows"])),
        Table("bemerkt", "Besondere Angaben (Art. 9 DSGVO): bemerkt", (Column("Art"), Column("Anteil"),
                                                                     Column("95-%-Intervall")),
              tuple((name, value, interval) for name, value, interval in found["noticed"]))))


def _residual(house: InForce) -> Section:
    outside = [m for m in register.in_service(house.policies) if not m.in_house]
    third = [m.name for m in outside if m.zone == "drittland"]
    keeping = [m.name for m in outside if m.retention_days != 0]
    rows = [
        ("Eine Angabe wird übersehen und erreicht einen Anbieter", "Grenzen der Erkennung (siehe oben)",
         "Auftragsverarbeitung, Ausschluss des Trainings, Modelle im Haus für heikle Ämter",
         "besteht" if outside else "keines: kein Modell außer Haus"),
        ("Eine Person ist auch ohne Namen erkennbar", "Zusammenhang des Textes",
         "Weitergabe als Verarbeitung personenbezogener Daten behandeln; Schulung im KI-Pass",
         "besteht" if outside else "keines: kein Modell außer Haus"),
        ("Gesundheit, Religion oder Herkunft werden nicht bemerkt", "Andeutungen, ungewöhnliche Wendungen",
         "Ämter mit solchen Vorgängen nutzen nur Modelle im Haus", "besteht, höher als bei Namen"),
        ("Eine Antwort ist falsch und wird ungeprüft verwendet", "Sprachmodelle erfinden",
         "Kennzeichnung als Entwurf, menschliche Prüfung, Rückmeldung", "besteht"),
        ("Beschäftigte umgehen die KI-Pforte", "Private Zugänge", "Eigenes Angebot, Dienstvereinbarung, KI-Pass",
         "besteht"),
        ("Der Betreiber der Datenbank verändert das Protokoll", "Volle Rechte auf dem Rechner",
         f"Prüfpunkte und {len(house.anchors)} Anker außerhalb", "gering" if house.anchors else "besteht: kein Anker"),
        ("Aus dem Protokoll wird Verhalten einzelner abgelesen", "Pseudonyme mit wenigen Personen",
         "Zusammenfassung unter fünf, zwei Schlüssel, Bericht an den Personalrat", "gering"),
        ("Daten gelangen in ein Drittland", words.listed(third) or "kein Modell in einem Drittland",
         "Grundlage der Übermittlung je Modell; Ämter können Orte ausschließen", "besteht" if third else "keines"),
        ("Der Anbieter speichert Anfragen", words.listed(keeping) or "kein Anbieter speichert",
         "Vertrag; Speicherung abwählen", "besteht" if keeping else "keines")]
    return Section("Restrisiken", (
        Text("Vorbelegt mit den bekannten Grenzen dieser Einrichtung. Eintrittswahrscheinlichkeit und Schwere bewerten "
             "Sie."),
        Table("restrisiken", "Restrisiken", tuple(Column(title) for title in (
            "Risiko", "Ursache", "Maßnahmen", "Rest")), tuple(rows)),
        Check("Jede Zeile: Eintrittswahrscheinlichkeit, Schwere, und ob das Restrisiko getragen wird.")))


def _decision() -> Section:
    return Section("Ergebnis", (Facts((("Bewertung", None), ("Vorherige Konsultation nötig (Art. 36)", None),
                                       ("Nächste Überprüfung", None), ("Datum und Unterschrift", None))),))


@cache
def measured() -> dict[str, Any]:
    """Return the figures of the recognition as the handbook has them."""
    found: dict[str, Any] = json.loads((files("gateway.reports") / "measured.json").read_text(encoding="utf-8"))
    return found


