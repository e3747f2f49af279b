"""Why a file is not sent: one word between the two processes, one sentence for the person.

`UnreadableError` is raised where a file is read, crosses the pipe as its `reason` and a number, and becomes a
`GatewayError` in the serving process. Neither holds anything of the file.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import GatewayError

_NOT_SENT: Final = "Ihre Anfrage wurde nicht gesendet."
_AS_TEXT: Final = "Fügen Sie den Inhalt bitte als Text ein"
_SPLIT: Final = "Bitte teilen Sie sie auf oder fügen Sie nur den nötigen Teil als Text ein."

REASONS: Final[dict[str, tuple[str, str]]] = {
    "unknown": ("nicht_pruefbar", "Diese Art von Datei lässt sich nicht lesen. Möglich sind PDF, DOCX, ODT, XLSX, ODS, "
                "PPTX, CSV, HTML, E-Mails (EML) und reiner Text."),
    "old": ("nicht_pruefbar", "Die Datei hat ein altes Format oder ist mit einem Kennwort geschützt. Bitte speichern "
            "Sie sie ohne Kennwort als DOCX, XLSX oder PDF."),
    "encrypted": ("nicht_pruefbar", "Die Datei ist mit einem Kennwort geschützt. Bitte speichern Sie sie ohne Kennwort "
                  "und hängen Sie sie noch einmal an."),
    "broken": ("nicht_pruefbar", "Die Datei ist beschädigt oder anders, als ihr Name sagt. Bitte speichern Sie sie "
               "neu, am besten als PDF."),
    "empty": ("nicht_pruefbar", f"In der Datei steht kein lesbarer Text. {_AS_TEXT}."),
    "scanned": ("nicht_pruefbar", "Die Datei besteht aus eingescannten Seiten ohne lesbaren Text. Bitte hängen Sie sie "
                f"mit Texterkennung gespeichert an. Sonst: {_AS_TEXT}."),
    "picture": ("nicht_pruefbar", f"Bilder lassen sich hier nicht prüfen. {_AS_TEXT}."),
    "blank_picture": ("nicht_pruefbar", "In dem Bild wurde kein Text erkannt. Bilder selbst werden nicht gesendet; "
                      "bitte beschreiben Sie in Worten, worum es geht."),
    "picture_broken": ("nicht_pruefbar", "Das Bild ist beschädigt oder hat ein Format, das sich nicht lesen lässt. "
                       "Bitte hängen Sie es als PNG oder JPEG an."),
    "illegible": ("nicht_pruefbar", "Die Schrift in dem Bild ist nicht sicher zu lesen (zum Beispiel Handschrift). "
                  f"{_AS_TEXT}."),
    "hostile": ("nicht_pruefbar", "Die Datei ist ungewöhnlich aufgebaut und wird zur Sicherheit nicht gelesen. "
                "Bitte speichern Sie sie neu, am besten als PDF."),
    "slow": ("zu_gross", f"Das Lesen der Datei dauert zu lange. {_SPLIT}"),
    "memory": ("zu_gross", f"Die Datei braucht beim Lesen zu viel Speicher. {_SPLIT}"),
    "pages": ("zu_gross", "Die Datei hat mehr als {number} Seiten. " + _SPLIT),
    "scans": ("zu_gross", "Die Datei hat mehr als {number} eingescannte Seiten. " + _SPLIT),
    "sheets": ("zu_gross", "Die Datei hat mehr als {number} Tabellenblätter. " + _SPLIT),
    "cells": ("zu_gross", "Die Datei hat mehr als {number} ausgefüllte Zellen. " + _SPLIT),
    "long": ("zu_gross", "Die Datei enthält mehr als {number} Zeichen Text. " + _SPLIT),
}
"""Reason -> (code, sentence)."""


UNLOCKED: Final = 70
"""With this the process ends that could not lock itself up."""


class UnreadableError(Exception):
    """A file that is not read further; ``str()`` is the reason alone."""

    def __init__(self, reason: str, number: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason if reason in REASONS else "broken"
        self.number = number


def refusal(failure: UnreadableError) -> GatewayError:
    """Return what the person reads."""
    code, sentence = REASONS[failure.reason]
    number = f"{failure.number:,}".replace(",", ".")
    return GatewayError(code, f"{_NOT_SENT} {sentence.format(number=number)}", hint=f"file: {failure.reason}")


def unavailable(hint: str) -> GatewayError:
    """Return the error for a fault of ours."""
    return GatewayError("pruefung_nicht_verfuegbar", "Angehängte Dateien lassen sich zurzeit nicht prüfen. Ihre "
                        "Anfrage wurde deshalb nicht gesendet. Bitte versuchen Sie es in einigen Minuten noch einmal "
                        "oder fügen Sie den Inhalt als Text ein.", hint=f"files: {hint}")
