"""An import of completions: which column says what, and what the file would change. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the file says what, by its heading. Every other column is not looked at, scores least of all."""

    person: str = ""
    """An address, or how the directory service calls the person."""
    completed: str = ""
    status: str = ""
    """Empty: every line with a date is a completion."""
    done: frozenset[str] = frozenset()
    """What stands in the status of who has completed, in lower case."""
    module: str = ""
    """The module that all lines are about; empty: the column `course` says it."""
    course: str = ""
    courses: Mapping[str, str] = field(default_factory=dict)
    """Course as the file calls it -> module; a course that is not named here is left out."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line (the heading is line 1), and what to write instead."""

    line: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Completed:
    """One line that says: this person completed this module then."""

    line: int
    person: str = field(repr=False)
    module: str
    at: datetime


@dataclass(slots=True)
class FileRead:
    """What the file says."""

    completed: list[Completed] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    unfinished: int = 0
    other_courses: dict[str, int] = field(default_factory=dict)
    """Courses that no module belongs to, and how many lines each has."""


@dataclass(slots=True)
class ImportPlan:
    """What the file would change, compared with who is there and what they can show already."""

    read: FileRead
    new: list[tuple[str, Completed]] = field(default_factory=list)
    """Person id and what is to be entered."""
    there: int = 0
    unknown: list[Completed] = field(default_factory=list)
    leavers: list[Completed] = field(default_factory=list)
    entered: int = 0
    """How many were entered; fewer than `new` where somebody else was quicker."""


@dataclass(frozen=True, slots=True)
class ImportState:
    """How far an import is. ``state``: offen, laeuft, fertig, fehler, unterbrochen."""

    name: str
    state: str
    done: int
    total: int
    since: datetime
