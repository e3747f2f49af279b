"""What can fail in the house, in one list: for ``/readyz`` in short, for the page of IT with since when and what to do.

A part is down (``no``) when nothing can be served without it; it is worth a look (``warn``) when somebody has something
to say about it. Since when is remembered from look to look, so it is as exact as somebody looks.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.model.condition import Part, Standing
from gateway.ports import Clock

NEEDED: Final = ("datenbank", "protokoll", "pruefung", "richtlinien")
"""Without these nothing is served."""
PARTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "datenbank": ("Datenbank", "Antwortet.",
                  "Prüfen Sie, ob der Datenbankserver läuft und von hier erreichbar ist. Bis dahin wird "
                  "alles abgelehnt."),
    "protokoll": ("Protokoll", "Lässt sich schreiben.",
                  "Prüfen Sie Datenbank und Platz des Protokolls. Solange es sich nicht schreiben lässt, wird nichts "
                  "gesendet. „ki-pforte audit status“ sagt mehr."),
    "pruefung": ("Erkennung", "Findet ihre Probe.",
                 "Starten Sie die KI-Pforte neu. Bleibt es dabei, zeigt „ki-pforte doctor“ den Grund."),
    "richtlinien": ("Richtlinien", "In Kraft.",
                    "„ki-pforte policy check“ nennt Datei und Zeile. Bis dahin gelten die bisherigen Richtlinien."),
    "modelle": ("Modelle", "Keine Frist läuft ab, keines ist angehalten.",
                "„ki-pforte model check“ nennt, was fehlt. Fristen stehen in models.yaml."),
    "anker": ("Anker des Protokolls", "Alle Stellen haben die letzten Prüfpunkte.",
              "Prüfen Sie die Stellen in KI_PFORTE_ANCHORS. Ohne sie lässt sich eine Kürzung des Protokolls nicht "
              "nachweisen."),
    "identitaeten": ("Versiegelte Identitäten", "Beide Schlüssel sind hinterlegt.",
                     "„ki-pforte reid status“ nennt, was fehlt."),
    "grenzen": ("Grenzen und Budgets", "Werden gezählt.", "Prüfen Sie Redis oder Valkey."),
    "anmeldung": ("Anmeldung", "Eingerichtet.", "„ki-pforte doctor“ nennt die Einstellung."),
    "inhalte": ("Aufbewahrung von Inhalten", "Ausgeschaltet.",
                "Das haben Datenschutz und Personalrat befristet beschlossen. Es endet von selbst."),
    "platz": ("Speicherplatz", "Reicht.",
              "Schaffen Sie Platz, bevor das Protokoll nicht mehr geschrieben werden kann."),
}
"""Name, what is said while it is in order, what to do otherwise."""


LEAST_FREE: Final = 1 << 30
"""Bytes below which IT should hear of it."""


def short_of_space(folder: Path) -> list[str]:
    """Return a sentence when there is little space where the house keeps its files."""
    free = shutil.disk_usage(folder).free
    return [f"Nur noch {free / (1 << 30):.1f} GB frei.".replace(".", ",", 1)] if free < LEAST_FREE else []


class Board:
    """Remembers since when each part stands as it does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, tuple[Standing, datetime | None]] = {}

    def parts(self, down: Mapping[str, str], concerns: Mapping[str, Sequence[str]]) -> tuple[Part, ...]:
        """Return all parts: ``down`` says why nothing can be served, ``concerns`` what somebody should look at."""
        strange = (down.keys() | concerns.keys()) - PARTS.keys()
        assert not strange, f"parts without words: {strange}"
        return tuple(self._part(key, down.get(key, ""), tuple(concerns.get(key, ()))) for key in PARTS)

    def _part(self, key: str, down: str, concerns: tuple[str, ...]) -> Part:
        name, fine, todo = PARTS[key]
        standing: Standing = "no" if down else "warn" if concerns else "ok"
        before = self._since.get(key)
        if before is None or before[0] != standing:
            self._since[key] = standing, self._clock.now() if before is not None else None
        sentences = ((down, *concerns) if down else concerns) or (fine,)
        return Part(key, name, standing, sentences, "" if standing == "ok" else todo, self._since[key][1])
