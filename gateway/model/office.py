"""What the pass office asks for and is shown. Values only; names stand in them, so they stay out of logs and ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from gateway.model.completions import Columns
from gateway.model.kipass import Document, Evidence, PassEvent
from gateway.model.people import Person
from gateway.model.principal import PassState, PassStatus

Sort = Literal["name", "adresse", "amt", "bis"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people a list is to show, and in which order. Empty: all."""

    scope: str = "basis"
    state: PassState | Literal[""] = ""
    department: str = ""
    before: datetime | None = None
    """Those whose pass (or grace) ends before this moment."""
    text: str = field(default="", repr=False)
    sort: Sort = "name"


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One line of the list, worked out at this moment."""

    person: Person
    status: PassStatus


@dataclass(frozen=True, slots=True)
class OnList:
    """One line of the list as it is taken along."""

    name: str
    email: str
    department: str
    state: PassState
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of the list, and where the next one begins."""

    lines: tuple[ListedPerson, ...]
    after: str
    """The last person looked at: the next page begins behind them. Empty: this is the last page."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the house stands, in numbers. `waiting`: people whose line is being worked out anew."""

    states: Mapping[str, int]
    ending: int
    grace_ends: int
    waiting: int
    people: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One piece of evidence with where it comes from."""

    id: int
    evidence: Evidence
    source: str
    recorded_by: str
    recorded_at: datetime
    revoke_reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Acted:
    """One act of the pass office, with the reason it gave."""

    event: PassEvent
    by_role: str
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PersonFile:
    """What is on file about the pass of one person."""

    person: Person
    held: Mapping[str, PassStatus]
    evidence: tuple[Shown, ...]
    events: tuple[Acted, ...]


@dataclass(frozen=True, slots=True)
class FileSeen:
    """What a page shows of a file that was handed in."""

    id: str = field(repr=False)
    """Opens the file; stands in the form and nowhere else."""
    headings: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...] = field(repr=False)
    guess: Columns
    courses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that somebody wants to publish, as they wrote it. ``kind``: ``leitlinien``, ``kurs:grundlagen``."""

    kind: str
    content: bytes = field(repr=False)
    suffix: str
    version: str
    change: str
    valid_from: date
    title: str = ""
    grace_days: int = 28


@dataclass(frozen=True, slots=True)
class DraftSeen:
    """What publishing a version would do: how many people it asks to read anew, until when, and what differs."""

    entry: Document
    last: Document | None
    people: int
    grace_ends: datetime | None
    diff: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentKindView:
    """All versions of one document or course, the newest first."""

    name: str
    versions: tuple[Document, ...]
    in_force: Document | None
