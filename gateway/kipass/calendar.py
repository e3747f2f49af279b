"""Days and months as a town hall counts them: Europe/Berlin, whole days, §§ 187 and 188 BGB.

A period of months that begins with an event ends with the *end* of the day of the same number (completed on
22.11.2026, 24 months: good until the end of 22.11.2028); where that month has no such day, with its last day. A period
that begins with a day counts that day. Every moment returned is aware and in UTC; midnight is found through the time
zone, so a day of 23 or 25 hours is one day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


@lru_cache(maxsize=4096)
def midnight(day: date) -> datetime:
    """Return the moment at which `day` begins in Berlin. (Clocks change at 2 and 3 o'clock: midnight exists once.)"""
    if day == date.min:
        return datetime.min.replace(tzinfo=UTC)  # there is nothing before it to begin in
    return datetime.combine(day, time(), BERLIN).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """Return the day that the calendar in the office shows at `moment`."""
    return moment.astimezone(BERLIN).date()


def end_after_months(completed: datetime, months: int) -> datetime:
    """Return the moment at which something completed at `completed` and good for `months` stops being good."""
    start = day_of(completed)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return midnight(date.max)
    last = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    return midnight(_later(last, 1))


def end_of_grace(valid_from: date, days: int) -> datetime:
    """Return the moment at which a grace of `days` ends that begins with `valid_from`."""
    return midnight(_later(valid_from, days))


def _later(day: date, days: int) -> date:
    """Return the day so many days later, or the last one there is: who writes 9999 means that it never ends."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


def last_day(end: datetime) -> date:
    """Return the last day on which something that stops at `end` is still good: what "gilt bis" means."""
    return day_of(end - timedelta(microseconds=1))
