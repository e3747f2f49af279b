"""Months put together tell of no fewer people than each of them did, and nothing follows by taking away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.statistics import Group
from gateway.reports.desk import ReportDesk
from gateway.reports.figures import QUESTIONS, figures, together
from gateway.reports.periods import Period, microseconds, month_after, quarters, read
from gateway.store import reports as shelf
from tests.support.web_house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as house:
        yield house


def next_month(house: House) -> str:
    """Let the month that runs be over; return its name."""
    now = datetime.now(UTC)
    month = f"{now:%Y-%m}"
    house.clock.time = datetime.combine(month_after(month), datetime.min.time(), UTC) + timedelta(days=1)
    return month


def desk(house: House) -> ReportDesk:
    return ReportDesk(house.books, house.ledger, "0.1.0", patience=60)


def partition(names: list[str], cuts: list[int]) -> list[Group]:
    """Names cut into groups; how many people stand behind a group is its count."""
    found: dict[int, list[str]] = {}
    for name, cut in zip(names, cuts, strict=True):
        found.setdefault(cut, []).append(name)
    return [Group(tuple(sorted(group)), 5 + len(group)) for group in found.values()]


NAMES = list("abcdefg")
months = st.lists(st.lists(st.integers(0, 4), min_size=len(NAMES), max_size=len(NAMES)).map(
    lambda cuts: partition(NAMES, cuts)), max_size=5)


@given(months)
def test_the_sum_of_months_keeps_every_group_whole(parts: list[list[Group]]) -> None:
    told = together(parts)
    names = [name for group in told for name in group.names]
    assert len(names) == len(set(names))
    assert sum(g.count for g in told) == sum(g.count for part in parts for g in part)
    for group in (group for part in parts for group in part):
        home = [one for one in told if set(group.names) & set(one.names)]
        assert len(home) == 1
        assert set(group.names) <= set(home[0].names), "half a group would be a number of fewer people"


@given(months)
def test_no_group_of_the_sum_could_be_cut_further(parts: list[list[Group]]) -> None:
    """Names that no month tells together stand apart: nothing is hidden that could be told."""
    for group in together(parts):
        reached, ahead = set[str](), [group.names[0]]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead += [other for part in parts for one in part if name in one.names for other in one.names]
        assert reached == set(group.names)


def test_the_month_that_runs_is_never_told(house: House) -> None:
    for n in range(8):
        house.exchange(subject=f"person-{n}")
    house.settle()
    house.clock.time = datetime.now(UTC)
    assert desk(house).count_months() == 0
    assert desk(house).public("").values["anfragen"] == 0


def test_a_month_that_is_over_is_counted_once_and_stays(house: House) -> None:
    for n in range(8):
        house.exchange(department="bauamt", subject=f"person-{n}")
    for _ in range(6):
        house.denied("inhalt_gesperrt", department="sozialamt")
    house.settle()
    month = next_month(house)
    assert desk(house).count_months() == 1
    assert desk(house).count_months() == 0
    assert house.types().count("figures.month") == 1
    with house.books.reading() as connection:
        kept = shelf.months(connection)
    found = figures(kept, Period(int(month[:4])))
    assert found.months == (month,)
    assert found.total == 14
    assert {question: sum(g.count for g in found.told[question]) for question in ("department", "model")} == {
        "department": 14, "model": 14}, "no table leaves a rest to another one"
    assert found.of("decision", "denied") is None, "one person was refused: told together with the others"


def test_a_month_of_four_people_is_silent(house: House) -> None:
    for n in range(4):
        house.exchange(subject=f"person-{n}")
    house.settle()
    month = next_month(house)
    desk(house).count_months()
    with house.books.reading() as connection:
        found = figures(shelf.months(connection), Period(int(month[:4])))
    assert (found.months, found.silent, found.total) == ((), (month,), 0)
    assert all(not found.told[question] for question in QUESTIONS)


def test_an_empty_ledger_has_no_months(house: House) -> None:
    assert desk(house).count_months() == 0


@pytest.mark.parametrize("text", ["", "2026-Q5", "2026-Q0", "26-Q1", "2026-q1", "1999", "2026-Q1 ", "٢٠٢٦"])
def test_what_is_no_period_is_none(text: str) -> None:
    assert read(text) is None


def test_a_quarter_begins_at_midnight_in_berlin() -> None:
    period = read("2026-Q4")
    assert period is not None
    assert period.months == ("2026-10", "2026-11", "2026-12")
    assert not period.holds(datetime(2026, 12, 31, 23, 0, tzinfo=UTC))
    assert period.holds(datetime(2026, 12, 31, 22, 59, tzinfo=UTC))
    assert microseconds(period.begin) == 1_790_805_600_000_000
    assert [one.key for one in quarters(period.begin, 3)] == ["2026-Q4", "2026-Q3", "2026-Q2"]
