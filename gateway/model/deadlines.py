"""Until when something has to be done. Pure. (How much time that leaves is said by `gateway.web.words.left`.)

The 72 hours of Art. 33(1) GDPR are hours, not days: they are counted on the absolute clock, so a night in which the
clocks change makes them neither longer nor shorter, and what a person reads is the deadline in Berlin. A month (Art.
12(3)) ends with the day of the same number, or with the last day of a shorter month. That a deadline on a weekend would
end on the next working day is not used: who keeps to the earlier day is never late.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from typing import Final
from zoneinfo import ZoneInfo

from gateway.model.casework import Severity

BERLIN: Final = ZoneInfo("Europe/Berlin")
DUE_DAYS: Final[dict[Severity, int]] = {"hoch": 3, "mittel": 14, "niedrig": 60}
"""By when a finding should be looked into."""


def after_hours(known_at: datetime, hours: int) -> datetime:
    """Return the moment that many hours later."""
    return known_at.astimezone(UTC) + timedelta(hours=hours)


def begin_of(day: date) -> datetime:
    """Return the first moment of a day in Berlin."""
    return datetime.combine(day, day_time(), BERLIN).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the last minute of a day in Berlin."""
    return datetime.combine(day, day_time(23, 59), BERLIN).astimezone(UTC)


def months_after(day: date, months: int) -> date:
    """Return the day of the same number that many months later, or the last one of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_after(moment: datetime, days: int) -> datetime:
    """Return the end of the day that many days later."""
    return end_of(moment.astimezone(BERLIN).date() + timedelta(days=days))


def read_moment(day: str, clock: str) -> datetime | None:
    """Read a day (2026-11-22 or 22.11.2026) and a time of day in Berlin (14:05); None: it is none.

    Of the two hours that a night in autumn has twice the first one counts: the deadline ends earlier then.
    """
    for form in ("%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M"):
        try:
            found = datetime.strptime(f"{day.strip()} {clock.strip()}", form).replace(tzinfo=BERLIN)
        except ValueError:
            continue
        return found.astimezone(UTC)
    return None
