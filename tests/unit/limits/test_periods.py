"""Days and months are those of the calendar in the office, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.kipass.calendar import BERLIN
from gateway.limits.periods import Period, day_before, stretch

MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(("period", "now", "name", "ends"), [
    ("day", "2026-11-22 23:59:59", "2026-11-22", "2026-11-23 00:00"),
    ("day", "2026-11-23 00:00:00", "2026-11-23", "2026-11-24 00:00"),
    ("month", "2026-11-30 23:59:59", "2026-11", "2026-12-01 00:00"),
    ("month", "2026-12-31 12:00:00", "2026-12", "2027-01-01 00:00"),
    ("day", "2026-10-25 12:00:00", "2026-10-25", "2026-10-26 00:00"),
    ("day", "2027-03-28 12:00:00", "2027-03-28", "2027-03-29 00:00"),
])
def test_a_stretch_has_the_name_and_the_end_of_the_calendar(period: Period, now: str, name: str, ends: str) -> None:
    found = stretch(period, berlin(now))
    assert (found.name, found.ends) == (name, berlin(ends))


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2027-03-28", 23), ("2026-11-22", 24)])
def test_a_day_on_which_the_clocks_change_is_one_day(day: str, hours: int) -> None:
    begins = berlin(f"{day} 00:00")
    inside = {stretch("day", begins + timedelta(minutes=m)).name for m in range(0, hours * 60, 30)}
    assert inside == {day}
    assert stretch("day", begins).ends - begins == timedelta(hours=hours)


@given(MOMENTS, st.sampled_from(["minute", "day", "month", "now"]))
def test_every_moment_lies_in_a_stretch_that_ends_later_and_is_followed_by_another(now: datetime,
                                                                                    period: Period) -> None:
    found = stretch(period, now)
    assert found.ends > now
    assert stretch(period, found.ends - timedelta(microseconds=1)).name == found.name
    assert stretch(period, found.ends).name != found.name


@given(MOMENTS)
def test_yesterday_is_the_day_that_ended_when_today_began(now: datetime) -> None:
    begun = stretch("day", now).ends - timedelta(hours=26)
    assert day_before(now) in {stretch("day", begun - timedelta(hours=h)).name for h in (0, 1, 2)}
