"""Which reports there are, for which time, and who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from gateway.model.people import Role


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One kind of report."""

    key: str
    title: str
    about: str
    """Whom it is for and what it tells, in one sentence."""
    every: Literal["", "quarter", "year"]
    """For which time; empty: as of now."""
    readers: frozenset[Role]
    released: bool = False
    """Whether the data protection officer releases it, version by version."""


_DPO: Final[frozenset[Role]] = frozenset({"dpo"})
KINDS: Final[dict[str, ReportKind]] = {kind.key: kind for kind in (
    ReportKind("works-council", "Bericht für den Personalrat", "Für den Personalrat: Nutzung ohne Personenbezug, "
               "Regeln, Prüfungen, Einsichten.", "quarter", frozenset({"dpo", "personalrat"})),
    ReportKind("leadership", "Bericht für die Leitung", "Für die Leitung: Wird es genutzt, ist alles in Ordnung, was "
               "ist zu entscheiden.", "quarter", frozenset({"dpo", "leitung"})),
    ReportKind("transparency", "Transparenzbericht", "Für die Öffentlichkeit: Modelle, Zwecke, Zahlen, Beschwerde.",
               "year", frozenset({"dpo", "leitung", "personalrat"})),
    ReportKind("literacy", "Maßnahmen zur KI-Kompetenz", "Nach Art. 4 KI-VO: wie viele Personen den KI-Pass haben, "
               "nach Ämtern.", "", frozenset({"dpo", "leitung", "personalrat", "ki-pass-stelle"})),
    ReportKind("processing-record", "Verzeichnis der Verarbeitungstätigkeiten", "Eintrag nach Art. 30 DSGVO.", "",
               _DPO, released=True),
    ReportKind("dpia", "Anlage zur Datenschutz-Folgenabschätzung", "Nach Art. 35 DSGVO, gegliedert nach den sieben "
               "Gewährleistungszielen.", "", _DPO, released=True),
    ReportKind("model-register", "Register der KI-Systeme", "Steckbriefe der Modelle im Einsatz.", "",
               frozenset({"dpo", "leitung", "personalrat"}), released=True),
    ReportKind("technical-annex", "Technische Anlage zur Dienstvereinbarung", "Für beide Seiten: was über Beschäftigte "
               "festgehalten wird, wer es sieht, welche Einstellungen der Zustimmung bedürfen.", "",
               frozenset({"dpo", "personalrat"}), released=True),
    ReportKind("fria", "Grundrechte-Folgenabschätzung", "Vorlage nach Art. 27 KI-VO für Einsätze mit hohem Risiko.", "",
               _DPO))}
"""All kinds, by key."""


def readable(roles: frozenset[str]) -> tuple[ReportKind, ...]:
    """Return the kinds that somebody with these roles may read."""
    return tuple(kind for kind in KINDS.values() if kind.readers & roles)
