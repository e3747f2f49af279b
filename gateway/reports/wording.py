"""Words for what stands in records as a code, as reports say it."""

from __future__ import annotations

from typing import Final

STANDING_WORDS: Final = {"gilt": "gilt", "galt": "gilt nicht mehr", "offen": "noch nicht oder gesperrt"}
"""How a KI-Pass stands, coarsely."""
STATES: Final = {"gueltig": "gültig", "kulanz": "gültig in der Kulanzzeit", "abgelaufen": "abgelaufen",
                 "dv_neu": "neue Dienstvereinbarung offen", "fehlt": "Schritte offen", "gesperrt": "gesperrt"}
CLASSES: Final = {
    "meta-standard": "Angaben zu Anfragen und Vorgängen", "subject": "Pseudonym der Person",
    "security": "Sicherheitsereignisse", "nachweis": "Nachweise über Löschungen", "content": "Inhalte (Inhaltsmodus)"}
"""Classes of parts of the ledger."""
REID_STATES: Final = {
    "open": "wartet auf Zustimmung", "approved": "zugestimmt", "handed_out": "in Arbeit",
    "resolved": "festgestellt, Person noch nicht informiert", "informed": "festgestellt, Person informiert",
    "denied": "abgelehnt", "expired": "abgelaufen"}
CONTENT_REASONS: Final = {
    "sicherheitsvorfall": "Sicherheitsvorfall", "datenschutzvorfall": "Verletzung des Datenschutzes",
    "missbrauch": "begründeter Verdacht auf Missbrauch", "anordnung": "Anordnung eines Gerichts oder einer Behörde",
    "fehlersuche": "Fehlersuche"}
ENDS: Final = {"ended": "nach Ablauf", "stopped": "vorzeitig beendet", "withdrawn": "zurückgezogen",
               "lapsed": "ohne Zustimmung verfallen"}
SINK_NOTE: Final = ("Ein Anker ist eine unterschriebene Notiz über den Stand des Protokolls, die außerhalb der "
                    "Datenbank liegt. Wer eine hat, merkt, wenn später etwas fehlt.")
CASES: Final = {"befund": "Befunde", "vorfall": "Vorfälle", "anfrage": "Anfragen betroffener Personen",
                "ruege": "Beschwerden (KI-Rüge)"}
