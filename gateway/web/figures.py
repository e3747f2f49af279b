"""Figures for the public, counted from the ledger, about nobody.

Counted while reading on from where the last count ended, so a page costs what was added since; the first one after a
start reads in pieces (`STEP` records at a time) and says so until it has caught up. Only searchable columns are read:
no pseudonym, no time finer than a quarter.

Kept true: a department with fewer than five people never stands alone, nor does a rest of fewer than five people; a
number of requests under five is shown as "unter 5". Not known here: what was deleted before the count began.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from audit import RecordRow
from gateway.web.context import Reader
from gateway.web.words import BERLIN

SMALL: Final = 5
STEP: Final = 20_000
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: a key, and a number (None: too small to show)."""

    key: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one quarter."""

    quarter: str
    allowed: int
    denied: int
    models: tuple[Line, ...]
    refusals: tuple[Line, ...]
    departments: tuple[Line, ...]
    complete: bool

    @property
    def total(self) -> int:
        """All requests."""
        return self.allowed + self.denied


@dataclass(slots=True)
class _Quarter:
    decisions: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)


class Tally:
    """Counts requests per quarter. Blocks; may be called from several threads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._quarters: dict[str, _Quarter] = {}
        self._last = -1
        self._lock = threading.Lock()

    def figures(self, now: datetime, department_size: Callable[[str], int]) -> Figures:
        """Read what was added and return the figures of the quarter of `now`."""
        with self._lock:
            complete = self._read_on()
            name = quarter_of(now)
            counted = self._quarters.get(name, _Quarter())
            return Figures(
                quarter=name, allowed=counted.decisions["allowed"], denied=counted.decisions["denied"],
                models=_lines(counted.models), refusals=_lines(counted.refusals),
                departments=_lines(merged(counted.departments, department_size)), complete=complete)

    def _read_on(self) -> bool:
        for _ in range(STEP // _BATCH):
            rows = self._reader.tail(self._last, _BATCH)
            for row in rows:
                self._count(row)
            if len(rows) < _BATCH:
                return True
        return False

    def _count(self, row: RecordRow) -> None:
        self._last = row.idx
        if row.type not in ("intent", "denied"):
            return
        name = quarter_of(datetime.fromtimestamp(row.t_us / 1e6, UTC))
        quarter = self._quarters.setdefault(name, _Quarter())
        quarter.decisions["denied" if row.type == "denied" else "allowed"] += 1
        quarter.departments[row.department] += 1
        if row.type == "denied":
            quarter.refusals[row.code] += 1
        else:
            quarter.models[row.model] += 1


def merged(departments: Counter[str], size: Callable[[str], int]) -> Counter[str]:
    """Return the counts with departments under five people put together under an empty name.

    If those have fewer than five people together, the smallest other department joins them. Requests without a known
    department (no valid key) belong to nobody and go to the rest as well.
    """
    people = {name: size(name) for name in departments if name}
    small = {name for name, count in people.items() if count < SMALL}
    others = sorted((count, name) for name, count in people.items() if name not in small)
    if small and sum(people[name] for name in small) < SMALL and others:
        small.add(others[0][1])
    elif small and sum(people[name] for name in small) < SMALL:
        return Counter()  # fewer than five people in all: there is nothing that could be said
    result: Counter[str] = Counter()
    for name, count in departments.items():
        result["" if name in small or not name else name] += count
    return result


def quarter_of(moment: datetime) -> str:
    """Return the quarter of a moment in Berlin, for example ``2026-Q4``."""
    local = moment.astimezone(BERLIN)
    return f"{local.year}-Q{(local.month + 2) // 3}"


def _lines(counts: Counter[str]) -> tuple[Line, ...]:
    ordered = sorted(counts.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0]))
    return tuple(Line(name, count if count >= SMALL else None) for name, count in ordered)
