"""Why something was found, in words for staff. The keys are those of `gateway.model.finding.Finding.reason`."""

from __future__ import annotations

from typing import Final

REASONS: Final[dict[str, str]] = {
    "pruefziffer": "Prüfziffer stimmt",
    "format": "hat die Form einer solchen Angabe",
    "kontext": "steht bei einem Wort, das eine solche Angabe ankündigt",
    "anrede": "steht nach der Anrede",
    "titel": "steht nach einem Titel oder einer Amtsbezeichnung",
    "kennwort": "steht in einem Feld oder nach einem Wort, das die Angabe benennt",
    "unterschrift": "steht an der Stelle der Unterschrift",
    "modell": "vom Namensmodell erkannt",
    "wiederholung": "wiederholt einen Wert, der an anderer Stelle sicher erkannt wurde",
    "platzhalter": "sieht aus wie ein Platzhalter der KI-Pforte",
}


def in_words(reason: str) -> str:
    """Return the reason for a reader; one that has no words yet is shown as it is."""
    return REASONS.get(reason, reason)
