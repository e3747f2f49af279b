"""What the data protection officer works on: findings, incidents, requests of people, complaints of citizens.

All four are a `Matter`: a number, a state, somebody in charge, a day by which it should be done, notes that are only
ever added, and a sheet of fields of which every version stays. A matter never names the person that a record is about;
what people write into notes and sheets stays in the gateway's database and reaches neither log nor ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

Kind = Literal["befund", "vorfall", "anfrage", "ruege"]
KINDS: Final[tuple[Kind, ...]] = ("befund", "vorfall", "anfrage", "ruege")
LETTERS: Final[dict[Kind, str]] = {"befund": "B", "vorfall": "V", "anfrage": "A", "ruege": "R"}
"""How a number begins: ``V-2026-3`` is the third incident of 2026."""

State = Literal["neu", "in_pruefung", "vorfall", "kein_befund", "meldepflichtig", "nicht_meldepflichtig", "erledigt",
                "abgelehnt"]
STATES: Final[tuple[State, ...]] = ("neu", "in_pruefung", "vorfall", "kein_befund", "meldepflichtig",
                                    "nicht_meldepflichtig", "erledigt", "abgelehnt")
CLOSED: Final[frozenset[State]] = frozenset({"vorfall", "kein_befund", "erledigt", "abgelehnt"})
"""States in which nothing more is to be done. A finding that became an incident is done as a finding."""
MOVES: Final[dict[Kind, dict[State, tuple[State, ...]]]] = {
    "befund": {
        "neu": ("in_pruefung", "kein_befund", "erledigt", "vorfall"),
        "in_pruefung": ("kein_befund", "erledigt", "vorfall"),
        "kein_befund": ("in_pruefung",), "erledigt": ("in_pruefung",), "vorfall": (),
    },
    "vorfall": {
        "neu": ("in_pruefung", "meldepflichtig", "nicht_meldepflichtig"),
        "in_pruefung": ("meldepflichtig", "nicht_meldepflichtig"),
        "meldepflichtig": ("erledigt", "in_pruefung"), "nicht_meldepflichtig": ("erledigt", "in_pruefung"),
        "erledigt": ("in_pruefung",),
    },
    "anfrage": {
        "neu": ("in_pruefung", "erledigt", "abgelehnt"), "in_pruefung": ("erledigt", "abgelehnt"),
        "erledigt": ("in_pruefung",), "abgelehnt": ("in_pruefung",),
    },
    "ruege": {
        "neu": ("in_pruefung", "erledigt", "abgelehnt"), "in_pruefung": ("erledigt", "abgelehnt"),
        "erledigt": ("in_pruefung",), "abgelehnt": ("in_pruefung",),
    },
}
"""From which state one comes to which. Nothing becomes new again."""

Severity = Literal["niedrig", "mittel", "hoch"]
SEVERITIES: Final[tuple[Severity, ...]] = ("niedrig", "mittel", "hoch")

NoteKind = Literal["vermerk", "stand", "zustaendig", "frist", "schwere", "angaben", "ausgabe", "aufbewahrung",
                   "meldung", "schritt"]
NOTE_KINDS: Final[tuple[NoteKind, ...]] = ("vermerk", "stand", "zustaendig", "frist", "schwere", "angaben", "ausgabe",
                                           "aufbewahrung", "meldung", "schritt")
REQUESTS: Final = {"auskunft_person": "Auskunft an Beschäftigte (Art. 15 DSGVO)",
                "auskunft_buerger": "Auskunft an Bürgerinnen und Bürger (Art. 15 DSGVO)",
                "loeschung_person": "Löschung des Personenbezugs (Art. 17 DSGVO)"}
"""What people ask for."""
STEPS: Final = {"identitaet": "Identität geprüft", "geantwortet": "Antwort versandt",
                "abgegeben": "An die zuständige Stelle abgegeben"}
"""What is written down of a request, one by one."""
KINDS_OF_PROBLEM: Final = {"falsch": "Die Antwort war falsch oder erfunden",
                           "uebersehen": "Angaben zu Personen wurden nicht ersetzt",
                           "zuviel": "Es wurde zu viel ersetzt",
                           "abgelehnt": "Eine Anfrage wurde zu Unrecht abgelehnt",
                           "diskriminierend": "Die Antwort war benachteiligend oder beleidigend",
                           "bedienung": "Etwas war nicht bedienbar oder nicht verständlich",
                           "anderes": "Etwas anderes"}
"""What feedback is about."""
PLACES: Final = {"chat": "im Chat", "vorschau": "in der Vorschau", "antwort": "in einer Antwort",
                 "seiten": "auf den Seiten der KI-Pforte", "anderes": "anderswo"}
LONGEST: Final = 8000
"""Characters of a note or a field."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One finding, incident, request or complaint."""

    id: str
    kind: Kind
    about: str
    """Of a finding the rule that raised it, of a request what is asked for; else empty."""
    scope: str
    """Of a finding what it is about: a department of five or more, a model, an anchor; else empty."""
    severity: Severity
    state: State
    opened_at: datetime
    due_at: datetime | None = None
    owner: str | None = None
    """The opaque id of who takes care of it."""
    closed_at: datetime | None = None
    parent: str | None = None
    """The finding that an incident came from, or the complaint that a finding is about."""
    cause: str | None = None
    version: int = 0
    """Moves with every change, so that a form that was opened before somebody else's change does not overwrite it."""

    @property
    def open(self) -> bool:
        """Whether something is still to be done."""
        return self.state not in CLOSED


@dataclass(frozen=True, slots=True)
class Note:
    """One entry in the history of a matter. Never changed, never deleted but with the matter."""

    number: int
    at: datetime
    by: str
    """The opaque id of who wrote it; empty: the house itself."""
    what: NoteKind
    text: str = field(repr=False)
    digest: str
    """SHA-256 over a random salt and the text; the ledger has it, too."""
    name: str = field(default="", repr=False)
    """What that person is called now; empty: nobody, or no longer there."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The fields of a matter as one version has them."""

    number: int
    at: datetime
    by: str
    values: Mapping[str, str] = field(repr=False)
    logged: frozenset[str] = frozenset()
    """The fields that still say what the log said."""


EMPTY: Final = Sheet(0, datetime.min, "", {})
"""No version yet."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened that a finding counts, and when first and last."""

    cause: str
    about: str
    scope: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of matters shows; empty means everything."""

    kinds: tuple[Kind, ...] = ()
    states: tuple[State, ...] = ()
    severity: str = ""
    about: str = ""
    owner: str = ""
    open: bool | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many matters of a kind are open, how old the oldest is, how many are overdue, and which is due next."""

    open: int = 0
    oldest: datetime | None = None
    overdue: int = 0
    next_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One matter with everything that belongs to it."""

    matter: Matter
    notes: tuple[Note, ...]
    sheet: Sheet
    parent: Matter | None
    children: tuple[Matter, ...]
    tally: Tally | None
    records: tuple[str, ...]
    held: int
    owners: tuple[tuple[str, str], ...]
    """Who can be in charge: id and name."""
    words: tuple[str, str, str] = ("", "", "")
    """Of a finding: what happened, why it matters, what to do."""
