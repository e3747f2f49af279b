"""Years and quarters, as reports name them: ``2026`` and ``2026-Q3``. By the calendar of the office (Europe/Berlin)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from gateway.kipass.calendar import BERLIN

_FORM: Final = re.compile(r"(20[0-9]{2})(?:-Q([1-4]))?")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar year, or a quarter of one."""

    year: int
    quarter: int = 0
    """0: the whole year."""

    @property
    def key(self) -> str:
        """How it is written in addresses, commands and files."""
        return f"{self.year}-Q{self.quarter}" if self.quarter else str(self.year)

    @property
    def words(self) -> str:
        """How people call it."""
        return f"{self.quarter}. Quartal {self.year}" if self.quarter else f"Jahr {self.year}"

    @property
    def months(self) -> tuple[str, ...]:
        """Its months, as ``2026-07``."""
        first = 3 * self.quarter - 2 if self.quarter else 1
        return tuple(f"{self.year}-{m:02d}" for m in range(first, first + (3 if self.quarter else 12)))

    @property
    def begin(self) -> date:
        """Its first day."""
        return date(self.year, int(self.months[0][5:]), 1)

    @property
    def end(self) -> date:
        """The day after its last one."""
        return month_after(self.months[-1])

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.begin <= moment.astimezone(BERLIN).date() < self.end


def read(text: str) -> Period | None:
    """Return the period of this name; None: it names none."""
    found = _FORM.fullmatch(text)
    return Period(int(found[1]), int(found[2] or 0)) if found else None


def quarters(today: date, count: int) -> tuple[Period, ...]:
    """Return the present quarter and those before it, the newest first."""
    number = today.year * 4 + (today.month - 1) // 3
    return tuple(Period(n // 4, n % 4 + 1) for n in range(number, number - count, -1))


def years(today: date, months: Iterable[str]) -> tuple[Period, ...]:
    """Return the present year and every year of which some month is known, the newest first."""
    known = {int(month[:4]) for month in months} | {today.year}
    return tuple(Period(year) for year in sorted(known, reverse=True))


def month_after(month: str) -> date:
    """Return the day on which a month is over."""
    year, number = int(month[:4]), int(month[5:])
    return date(year + number // 12, number % 12 + 1, 1)


def month_of(moment: datetime) -> str:
    """Return the month of a moment."""
    return f"{moment.astimezone(BERLIN):%Y-%m}"


def microseconds(day: date) -> int:
    """Return the beginning of a day, as the ledger counts."""
    return int(datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC).timestamp()) * 1_000_000
