"""What these pages ask of the house (`gateway.reports.desk.ReportDesk`). All methods block.

They raise ``anfrage_ungueltig`` with a sentence when something cannot be done. ``by`` is the opaque id of who acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from audit.statistics import Group
from gateway.model.people import Role
from gateway.paper.changes import Change
from gateway.paper.report import Form, Report


@dataclass(frozen=True, slots=True)
class Given:
    """A file that was given out: when, which report, in which form, about which time, and its SHA-256."""

    at: datetime
    kind: str
    form: str
    period: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Released:
    """A released paper."""

    id: int
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as it would be released now, and how it stands to the last release."""

    report: Report
    releases: Sequence[Released]
    changes: Sequence[Change]
    recipients: Sequence[str]
    """What changed among the recipients: then the information for the people concerned has to follow (Art. 13)."""

    @property
    def open(self) -> bool:
        """Whether there is something to release."""
        return not self.releases or bool(self.changes)


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """What the public is told about one year, and the years there are."""

    period: str
    words: str
    years: Sequence[tuple[str, str]]
    report: Report
    """The numbers as sections."""
    values: Mapping[str, Any]
    """The same for programs."""


@dataclass(frozen=True, slots=True)
class MonthNumbers:
    """What is told about one month that is over (`gateway.reports.figures`): question -> groups."""

    first: date
    told: Mapping[str, Sequence[Group]]


class Reports(Protocol):
    """See the module."""

    def newest_months(self, most: int) -> Sequence[MonthNumbers]:
        """Return the numbers of the newest months that are over and can be told, the oldest first."""
        ...

    def periods(self, kind: str) -> Sequence[tuple[str, str]]:
        """Return the periods that one can ask for, the newest first, with their words; nothing: as of now."""
        ...

    def make(self, kind: str, period: str) -> Report:
        """Return a report."""
        ...

    def give(self, by: str, role: Role, kind: str, period: str, form: Form) -> tuple[str, bytes]:
        """Return a report as a file, with its name; its hash is written down before."""
        ...

    def given(self, kinds: Sequence[str], most: int) -> list[Given]:
        """Return what was given out of these kinds, the newest first, as far as it is among the newest 1000 exports."""
        ...

    def draft(self, kind: str) -> Draft:
        """Return a paper that can be released."""
        ...

    def release(self, by: str, kind: str, seen: str) -> Released:
        """Release a paper; `seen` is the digest of what was looked through."""
        ...

    def release_file(self, by: str, kind: str, id_: int, form: Form) -> tuple[str, bytes]:
        """Return a released paper as a file."""
        ...

    def public(self, year: str) -> PublicFigures:
        """Return the figures of a year; empty: the present one, or the last of which something is known."""
        ...

    def systems(self) -> Sequence[Mapping[str, Any]]:
        """Return the register of AI systems, for programs."""
        ...

    def systems_csv(self) -> str:
        """Return the register of AI systems as a table."""
        ...
