"""What the officer's workplace asks of the house. Everything here blocks; pages ask in a thread (`gateway.web.asking`).

``desk`` is `gateway.registry.reviewing.ReviewDesk`, ``takeouts`` `gateway.registry.takeouts.Takeouts`, ``ledger``
`audit.Ledger`; ``pending`` is told by casework: how much of each kind waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from audit import AnchorState, Filters, RecordView
from audit.checkpoint import Vkey
from audit.due import Due
from audit.sample import Sample
from audit.search import Counted
from audit.verdict import Verdict
from gateway.model.people import Role
from gateway.model.review import KeptNote, PolicyText, SavedView


class Pending(Protocol):
    """How much of a kind of work is open (`gateway.model.casework.Counted`)."""

    @property
    def open(self) -> int:
        """How many."""
        ...

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest is there."""
        ...

    @property
    def overdue(self) -> int:
        """How many should be done already."""
        ...

    @property
    def next_due(self) -> datetime | None:
        """When the next one is due."""
        ...


def nothing_pending() -> Mapping[str, Pending]:
    """Say that nothing waits: in a house without casework."""
    return {}


class Reviewing(Protocol):
    """What is kept while reviewing."""

    def views(self, person_id: str) -> list[SavedView]:
        """Return the views that somebody sees."""
        ...

    def save_view(self, by: str, role: Role, name: str, query: str, *, shared: bool) -> SavedView:
        """Keep a filter under a name."""
        ...

    def drop_view(self, by: str, role: Role, id_: str) -> SavedView | None:
        """Remove a view."""
        ...

    def note(self, person_id: str) -> KeptNote | None:
        """Return the note that somebody keeps here."""
        ...

    def keep_note(self, person_id: str, text: str) -> KeptNote:
        """Keep a note in place of the one before."""
        ...

    def judge(self, by: str, role: Role, month: str, record_id: str, verdict: str) -> None:
        """Put down what looking at one request of a sample showed."""
        ...

    def rules(self, digest: str) -> PolicyText | None:
        """Return what the policies with this digest said."""
        ...


class Takeout(Protocol):
    """A file to be fetched."""

    @property
    def name(self) -> str:
        """Its name in addresses."""
        ...

    @property
    def at(self) -> int:
        """Since when it is being made, in seconds since 1970."""
        ...

    @property
    def state(self) -> Literal["running", "ready", "failed"]:
        """How it stands."""
        ...

    @property
    def size(self) -> int:
        """How large it is."""
        ...

    @property
    def path(self) -> Path:
        """Where it lies."""
        ...

    @property
    def ending(self) -> str:
        """What kind of file it is."""
        ...


class Takeouts(Protocol):
    """Files of the ledger."""

    def begin(self, person_id: str, form: str, filters: Filters | None, purpose: str, *, patience: float = 3.0) -> str:
        """Begin to make a file; return its name."""
        ...

    def every(self, person_id: str) -> Sequence[Takeout]:
        """Return the files of a person, the newest first."""
        ...

    def get(self, person_id: str, name: str) -> Takeout | None:
        """Return one file of this person."""
        ...


class ReviewReader(Protocol):
    """What pages read of the ledger beside `gateway.web.context.Reader`."""

    def number(self, filters: Filters) -> Counted:
        """Return how many records a filter finds."""
        ...

    def parts(self, record_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what the parts of some records say."""
        ...

    def get(self, record_id: str) -> RecordView | None:
        """Return one record in full."""
        ...


class ReviewLedger(Protocol):
    """What pages ask the ledger beside `gateway.web.context.Ledger`."""

    @property
    def reader(self) -> ReviewReader:
        """The reading side."""
        ...

    def verify(self, *, pins: Sequence[str] = (), vkeys: Sequence[Vkey] = (), require_pin: bool = False) -> Verdict:
        """Check the whole ledger in place."""
        ...

    def sequence(self) -> None:
        """Give every waiting record its place now."""
        ...

    def due(self) -> Due:
        """Return which parts are deleted next."""
        ...

    def sample(self, month: date, number: int = ...) -> Sample:
        """Return the sample of a month."""
        ...

    def anchors(self) -> list[AnchorState]:
        """Return how the places outside stand."""
        ...

    def proof(self, record_id: str) -> str:
        """Return the proof of one record."""
        ...

    def vkeys(self) -> list[Vkey]:
        """Return the verifier keys."""
        ...

    def pseudonym(self, subject: str, epoch: str | None = None) -> str:
        """Return somebody's pseudonym of this quarter."""
        ...

    def pseudonyms(self, subject: str) -> list[str]:
        """Return somebody's pseudonyms."""
        ...


@dataclass(frozen=True, slots=True)
class ReviewHouse:
    """The one field of `gateway.web.context.WebContext` that this area has."""

    desk: Reviewing
    takeouts: Takeouts
    ledger: ReviewLedger
    pending: Callable[[], Mapping[Any, Pending]] = nothing_pending
    """How much of each kind of work is open; the kinds are those of casework."""
