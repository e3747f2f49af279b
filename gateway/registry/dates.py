"""Days and times as learning platforms and spreadsheets write them: read in Europe/Berlin."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from gateway.kipass.calendar import BERLIN

_MONTHS: Final = {name: number for number, names in enumerate((
    "januar jan jän jänner january", "februar feb february", "märz mär mrz maerz march mar", "april apr",
    "mai may", "juni jun june", "juli jul july", "august aug", "september sep sept", "oktober okt october oct",
    "november nov", "dezember dez december dec"), start=1) for name in names.split()}
_GERMAN: Final = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})(?:[ ,T]+(.*))?\Z")
_WRITTEN: Final = re.compile(r"(?:[^\W\d_]+\.?,\s*)?(\d{1,2})\.?\s+([^\W\d_]+)\.?\s+(\d{4})(?:[ ,]+(.*))?\Z")
_TIME: Final = re.compile(r"(?:um\s+)?(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:\s*(AM|PM|Uhr))?\Z", re.IGNORECASE)
_SERIAL: Final = re.compile(r"\d{5}(?:[.,]\d{1,12})?\Z")
_EXCEL: Final = datetime(1899, 12, 30)  # day 0 of spreadsheets


def moment(text: str) -> datetime | None:
    """Return the moment, in UTC; a day without a time is its beginning; None for what is no date."""
    text = " ".join(text.split())
    try:
        return _iso(text) or _german(text) or _written(text) or _serial(text)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d{2}-\d{2}", text):
        return None
    found = datetime.fromisoformat(text)
    return _utc(found) if found.tzinfo is None else found.astimezone(UTC)


def _german(text: str) -> datetime | None:
    if (found := _GERMAN.match(text)) is None:
        return None
    day, month, year, rest = found.groups()
    return _at(date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)), rest)


def _written(text: str) -> datetime | None:
    """Sonntag, 22. November 2026, 10:15; 22 Nov 2026."""
    found = _WRITTEN.match(text)
    month = _MONTHS.get(found[2].lower()) if found else None
    return None if found is None or month is None else _at(date(int(found[3]), month, int(found[1])), found[4])


def _serial(text: str) -> datetime | None:
    """Days since 1900, as a spreadsheet writes a date whose cell has no format."""
    if not _SERIAL.match(text):
        return None
    return _utc(_EXCEL + timedelta(seconds=round(float(text.replace(",", ".")) * 86_400)))


def _at(day: date, rest: str | None) -> datetime:
    if not rest:
        return _utc(datetime.combine(day, time()))
    if (found := _TIME.match(rest.strip())) is None:
        raise ValueError("no time of day")
    hour, half = int(found[1]), (found[4] or "").upper()
    if half in ("AM", "PM"):
        hour = hour % 12 + (12 if half == "PM" else 0)
    return _utc(datetime.combine(day, time(hour, int(found[2]), int(found[3] or 0))))


def _utc(local: datetime) -> datetime:
    if not 1990 <= local.year <= 2200:
        raise ValueError("no year that anybody means")
    return local.replace(tzinfo=BERLIN).astimezone(UTC)
