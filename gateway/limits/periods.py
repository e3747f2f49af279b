"""The stretches of time over which something is counted: the minute of the clock, the day and month of the office.

Fixed stretches, not sliding ones: people can be told when theirs ends. The price is said in the handbook: at the turn
of a minute two minutes' worth of requests may come in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from gateway.kipass.calendar import day_of, midnight

Period = Literal["minute", "day", "month", "now"]

PERIODS: Final[dict[str, Period]] = {
    "requests_per_minute": "minute", "requests_per_day": "day", "tokens_per_day": "day", "tokens_per_month": "month",
    "micro_euro_per_day": "day", "micro_euro_per_month": "month", "concurrent": "now",
}
"""Over what each field of `gateway.model.limits.Limit` counts."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One minute, day or month: its name, which no other has, and the moment at which the next one begins."""

    name: str
    ends: datetime


def stretch(period: Period, now: datetime) -> Stretch:
    """Return the stretch in which `now` lies. Requests under way count by the day on which they began."""
    return _stretch(period, now.astimezone(UTC).replace(second=0, microsecond=0))


@lru_cache(maxsize=64)
def _stretch(period: Period, minute: datetime) -> Stretch:
    """Return the stretch in which a minute lies: days begin with a minute."""
    if period == "minute":
        return Stretch(f"{minute:%Y-%m-%dT%H:%M}", minute + timedelta(minutes=1))
    today = day_of(minute)
    if period == "month":
        following = date(today.year + today.month // 12, today.month % 12 + 1, 1)
        return Stretch(f"{today:%Y-%m}", midnight(following))
    return Stretch(f"{today}", midnight(today + timedelta(days=1)))


def day_before(now: datetime) -> str:
    """Return the name of yesterday."""
    return _before(stretch("now", now).name)


@lru_cache(maxsize=16)
def _before(day: str) -> str:
    return f"{date.fromisoformat(day) - timedelta(days=1)}"
