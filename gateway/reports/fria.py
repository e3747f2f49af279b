"""A template for the fundamental rights impact assessment (Art. 27 AI Act), filled in as far as the policies tell."""

from __future__ import annotations

from typing import Final

from gateway.paper.report import Check, Column, Facts, Points, Report, Section, Table, Text
from gateway.reports.situation import InForce
from gateway.web import register, words

KIND: Final = "fria"
TITLE: Final = "Grundrechte-Folgenabschätzung (Art. 27 KI-VO), Vorlage"


def paper(house: InForce) -> Report:
    """Return the template."""
    return house.paper(KIND, TITLE, "Für Einsätze mit hohem Risiko, bevor sie beginnen. Ausgefüllt ist, was die "
                       "Richtlinien sagen; alles Weitere ergänzen Sie.", (
                           _scope(house), _process(house), _people(), _risks(), _oversight(house), _measures(house)))


def _scope(house: InForce) -> Section:
    rows = tuple((m.name, m.risk_class or "keine Angabe", words.AI_ROLES[m.ai_role],
                  words.day(m.high_risk.impact_assessment) if m.high_risk else "–",
                  m.high_risk.registered if m.high_risk else "–") for m in register.in_service(house.policies))
    return Section("Wann sie nötig ist", (
        Text("Öffentliche Stellen führen sie für KI-Systeme mit hohem Risiko nach Anhang III durch. Ein allgemeiner "
             "Chat gehört nicht von selbst dazu; der Einsatz für Entscheidungen über Leistungen, Personal oder Bildung "
             "kann dazu gehören."),
        Table("modelle", "Modelle im Einsatz", tuple(Column(title) for title in (
            "Modell", "Risikoklasse", "Rolle", "Abschätzung vom", "Registriert als")), rows,
            "Zurzeit ist kein Modell im Einsatz."),
        Check("Die Pflichten für Anhang III gelten nach dem Omnibus ab dem 2. Dezember 2027.")))


def _process(house: InForce) -> Section:
    return Section("a) Verfahren, in denen das System eingesetzt wird", (
        Facts((("Einsatzzweck", None), ("Verfahren und Schritt", None), ("Zeitraum und Häufigkeit", None),
               ("Zuständige Stelle", None), ("Rechtsgrundlage", house.policies.organisation.legal_basis))),
        Text("Zwecke, die die Richtlinien vorsehen:"),
        Points(tuple(p.title for p in house.policies.organisation.purposes.allow.values()))))


def _people() -> Section:
    return Section("b) Betroffene Personen und Gruppen", (
        Facts((("Betroffene Gruppen", None), ("Besonders schutzbedürftige Personen", None),
               ("Ungefähre Zahl", None))),))


def _risks() -> Section:
    rows = (
        ("Gleichbehandlung", "Benachteiligung nach Herkunft, Geschlecht oder Sprache in Texten und Zusammenfassungen"),
        ("Datenschutz", "Übersehene Angaben erreichen einen Anbieter"),
        ("Rechtliches Gehör", "Eine erfundene Tatsache geht in einen Bescheid ein"),
        ("Wirksamer Rechtsbehelf", "Der Anteil der KI an einer Entscheidung ist nicht erkennbar"))
    return Section("c) Risiken für Grundrechte", (
        Table("risiken", "Bekannte Risiken von Sprachmodellen", (Column("Recht"), Column("Risiko"),
                                                                 Column("Bewertung")),
              tuple((*row, "zu ergänzen") for row in rows)),))


def _oversight(house: InForce) -> Section:
    rows = tuple((m.name, m.overseer or "keine Angabe") for m in register.in_service(house.policies))
    return Section("d) Menschliche Aufsicht", (
        Table("aufsicht", "Wer beaufsichtigt", (Column("Modell"), Column("Aufsicht")), rows),
        Points(("Jedes Modell lässt sich sofort anhalten.",
                "Antworten tragen einen Hinweis; Entwürfe von Bescheiden sind als Entwurf gekennzeichnet.",
                "Entscheidungen trifft ein Mensch."))))


def _measures(house: InForce) -> Section:
    return Section("e) Maßnahmen, wenn sich ein Risiko verwirklicht", (
        Facts((("Zuständig", house.policies.organisation.contact.datenschutz),
               ("Beschwerde", f"{house.policies.organisation.base_url}/transparency/ruege"),
               ("Ablauf bei einem Vorfall", "Anhalten des Modells, Vorfall eröffnen, Meldung nach Art. 33 DSGVO und "
                "Art. 26 Abs. 5 KI-VO prüfen"),
               ("Verbundene Datenschutz-Folgenabschätzung", None), ("Datum und Unterschrift", None))),))
