"""The entry for the record of processing activities (Art. 30 GDPR), from what is in force (R-30).

The table of recipients is the one that the information for the people concerned has to follow (R-13): whoever becomes a
recipient is to be named there, also when names are replaced before anything is sent.
"""

from __future__ import annotations

from typing import Final

from gateway.model.register import RegisteredModel
from gateway.paper.report import Check, Column, Facts, Points, Report, Section, Table, Text
from gateway.reports.described import data, retention
from gateway.reports.situation import InForce
from gateway.web import register, words

KIND: Final = "processing-record"
TITLE: Final = "Verzeichnis der Verarbeitungstätigkeiten: Nutzung von KI-Modellen"
RECIPIENTS: Final = "empfaenger"
"""Key of the table that the information of Art. 13 and 14 follows."""


def paper(house: InForce) -> Report:
    """Return the entry."""
    sections = (_responsible(house), _purposes(house), _people(), data(house), _recipients(house), retention(house),
                measures(house))
    return house.paper(KIND, TITLE, "Eintrag nach Art. 30 Abs. 1 DSGVO, erzeugt aus den Richtlinien und Einstellungen, "
                       "die gerade gelten.", sections)


def _responsible(house: InForce) -> Section:
    organisation = house.policies.organisation
    return Section("Verantwortliche Stelle", (Facts((
        ("Verantwortlich", organisation.name), ("Anschrift und Vertretung", None),
        ("Datenschutzbeauftragte", organisation.contact.datenschutz), ("Ansprechstelle IT", organisation.contact.it),
        ("Personalvertretung", organisation.contact.personalrat),
        ("Gemeinsam Verantwortliche", None))),))


def _purposes(house: InForce) -> Section:
    organisation = house.policies.organisation
    titles = tuple((p.title, ", ".join(p.pass_scopes) or "–", "ja, für benannte Gründe" if p.clear_text else "nein")
                   for p in organisation.purposes.allow.values())
    bases = tuple((rules.name, house.policies.files[key].legal_basis)
                  for key, rules in house.policies.departments.items())
    return Section("Zwecke und Rechtsgrundlagen", (
        Text(f"Für das ganze Haus: {organisation.legal_basis}"),
        Table("zwecke", "Zwecke", (Column("Zweck"), Column("Zusätzlicher KI-Pass"),
                                     Column("Klartext möglich")), titles),
        Table("grundlagen", "Rechtsgrundlagen der Ämter", (Column("Amt"), Column("Rechtsgrundlage")), bases),
        Check("Die Rechtsgrundlagen nennt die Richtlinie; ob sie tragen, entscheidet die verantwortliche Stelle.")))


def _people() -> Section:
    return Section("Betroffene Personen", (Points((
        "Beschäftigte, die KI-Modelle nutzen oder für die ein KI-Pass geführt wird",
        "Bürgerinnen, Bürger und andere Personen, über die in Anfragen geschrieben wird")),))


def _recipients(house: InForce) -> Section:
    rows = tuple(_recipient(model) for model in register.in_service(house.policies) if not model.in_house)
    inside = [model.name for model in register.in_service(house.policies) if model.in_house]
    return Section("Empfänger", (
        Text("Auch wer nur Texte mit ersetzten Angaben erhält, ist Empfänger und in der Information nach Art. 13 und "
             "14 DSGVO zu nennen."),
        Table(RECIPIENTS, "Empfänger außer Haus", tuple(Column(title) for title in (
            "Modell", "Anbieter", "Betreiber", "Ort", "Grundlage der Übermittlung", "Weitere Auftragnehmer",
            "Vertrag")), rows, "Es gibt keinen Empfänger außer Haus."),
        Text(f"Im Haus, ohne Empfänger: {words.listed(inside) or 'kein Modell'}.")))


def _recipient(model: RegisteredModel) -> tuple[str, ...]:
    agreed = f"AVV vom {words.day(model.avv.concluded)}" if model.avv else "keiner"
    return (model.name, model.provider, model.operator or "–", f"{words.ZONES[model.zone]}, {model.region}",
            model.transfer_basis or "nicht nötig", register.sub_processors(model), agreed)


def measures(house: InForce) -> Section:
    """Return the technical and organisational measures (Art. 32), as this house has them."""
    late = [anchor.sink for anchor in house.anchors if anchor.late]
    kept = [anchor.sink for anchor in house.anchors if not anchor.late]
    return Section("Technische und organisatorische Maßnahmen", (
        Points((
            "Angaben zu Personen werden vor dem Senden gesucht und nach den Richtlinien ersetzt, oder die Anfrage wird "
            "abgelehnt. Fällt die Suche aus, wird nichts gesendet.",
            "Zugang nur mit persönlichem Schlüssel oder Anmeldung und gültigem KI-Pass; Rollen getrennt, jede Seite "
            "mit einer festen Liste, wer sie öffnen darf.",
            "Vor jeder Anfrage wird ein Eintrag ins Protokoll geschrieben; ohne ihn wird nichts gesendet.",
            "Das Protokoll ist ein Merkle-Baum mit unterschriebenen Prüfpunkten: Ändern, Löschen und Einfügen fällt "
            "auf.",
            "Personen stehen im Protokoll unter einem Pseudonym, das jedes Quartal wechselt. "
            + ("Wer dahinter steht, lässt sich nur zu zweit und mit zwei Schlüsseln feststellen."
               if not house.identities_problem else "Die Schlüssel der Vertrauenspersonen fehlen noch."),
            "Einsichten und mitgenommene Dateien stehen selbst im Protokoll.",
            "Regeln, die die Überwachung von Beschäftigten berühren, gelten erst mit Zustimmung des Personalrats.",
            "Geheimnisse der Anbieter liegen nicht in der Datenbank.",
            f"Anmeldung an den Seiten: {house.sign_in or 'mit persönlichem Schlüssel'}.",
            f"Anker außerhalb des Hauses: {words.listed(kept) or 'keiner aktuell'}."
            + (f" Überfällig: {words.listed(late)}." if late else ""))),))
