"""Finding out who a pseudonym is, as pages and commands see it: a case and its steps, keys, and the person at the end.

The rules are in ``audit.reid_state``; this is the same in words and moments. A `Found` carries a name and stays out of
logs and of the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

STATES: Final = {"open": "wartet auf Zustimmung", "approved": "zugestimmt", "handed_out": "Siegel ausgegeben",
                 "resolved": "aufgelöst, Person noch nicht informiert", "informed": "erledigt", "denied": "abgelehnt",
                 "expired": "abgelaufen"}
STEPS: Final = {"reid.request": "Antrag gestellt", "reid.approve": "zugestimmt", "reid.deny": "abgelehnt",
                "reid.handout": "Siegel ausgegeben", "reid.resolve": "beide Hüllen geöffnet, Person festgestellt",
                "reid.inform": "Person informiert", "reid.expire": "Antrag abgelaufen"}
WAYS: Final = {"web": "angemeldet auf dieser Seite", "cli": "am Terminal, ohne Anmeldung",
               "": "nicht aufgezeichnet"}
"""How a step was made: nobody knows who sits at a terminal."""
ORDER: Final = "AUFTRAG"
ENVELOPE: Final = "UMSCHLAG"
ANSWER: Final = "ANTWORT"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that was made."""

    type: str
    at: datetime
    role: str
    via: str


@dataclass(frozen=True, slots=True)
class Case:
    """One request, as somebody sees it who is signed in."""

    id: str
    at: datetime
    case: str
    reason: str
    pseudonym: str = field(repr=False)
    """Whom it is about; empty once that was deleted."""
    epoch: str
    vorgang: str
    state: str
    approved: frozenset[str]
    """The roles in which somebody agreed."""
    steps: tuple[Step, ...]
    mine: bool
    """Whether whoever looks made the request: they see the answer, and nobody else."""
    ends_at: datetime
    answer_until: datetime | None
    """When what was handed out has to be back."""
    shown_until: datetime | None
    informed_on: str
    piece: str = field(default="", repr=False)
    """What waits for the next of the two, kind and text; ciphertext."""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Who it is. `name` is empty when the person is not on file any more."""

    id: str = field(repr=False)
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    department: str = ""


@dataclass(frozen=True, slots=True)
class SealKey:
    """The public key of a trustee."""

    role: str
    id: str
    fingerprint: str
    in_force: bool


@dataclass(frozen=True, slots=True)
class SealKeys:
    """All of them that count or wait, and what keeps identities from being kept, if anything does."""

    keys: tuple[SealKey, ...]
    problem: str

    def of(self, role: str, *, in_force: bool) -> SealKey | None:
        """Return the key of a role."""
        return next((key for key in self.keys if key.role == role and key.in_force == in_force), None)
