"""Numbers never tell of fewer than five people, whatever is asked and however the answers are put together."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import Ledger, statistics
from audit.statistics import BY, SMALL, _by_time, _Heap, _weeks, merged

people = st.sets(st.integers(0, 12).map(str), max_size=9)


def heaps(cells: dict[str, set[str]]) -> list[_Heap]:
    return [_Heap([name], len(who), set(who)) for name, who in cells.items()]


@given(st.dictionaries(st.text(min_size=1, max_size=4), people, max_size=8))
def test_behind_every_number_are_five_people_and_nothing_is_told_twice(cells: dict[str, set[str]]) -> None:
    told = merged(heaps(cells))
    names = [name for heap in told for name in heap.names]
    assert len(names) == len(set(names))
    assert set(names) in (set(cells), set()), "a group left out alone would follow from the sum"
    for heap in told:
        assert len(set().union(*(cells[name] for name in heap.names))) >= SMALL


@given(st.lists(people, min_size=30, max_size=30))
def test_no_day_follows_from_its_week(days: list[set[str]]) -> None:
    cells = {f"2026-11-{n + 1:02d}": who for n, who in enumerate(days)}
    weeks = _weeks(heaps(cells))
    by_day, by_week = _by_time(weeks, "day"), _by_time(weeks, "week")
    for group in (*by_day, *by_week):
        assert len(set().union(*(cells[name] for name in group.names))) >= SMALL
    inside: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for group in by_day:
        home = [week.names for week in by_week if set(group.names) <= set(week.names)]
        assert len(home) == 1, "groups of days lie within a week that is told"
        inside[home[0]] += group.names
    for week in by_week:
        assert sorted(inside[week.names]) == sorted(week.names), "what is left over would be a number of its own"


def test_there_is_no_way_to_ask_for_a_person_or_a_time_of_day(sqlite_ledger: Ledger) -> None:
    assert set(inspect.signature(statistics.requests).parameters) == {"store", "by", "year", "month"}
    assert not {"subject", "person", "hour", "pseudonym", "vorgang", "t", "minute"} & set(BY)


@given(st.one_of(st.text(max_size=12), st.sampled_from(["subject", "hour", "idx", "record_id", "vorgang", "t", "ref"])))
def test_any_other_question_is_refused(by: Any) -> None:
    if by not in BY:
        with pytest.raises(ValueError):
            statistics.requests(None, by, 2026, 11)  # type: ignore[arg-type]


def test_a_department_of_two_is_told_with_others(ledger: Ledger) -> None:
    from datetime import datetime

    from audit.record import now_us
    from audit.statistics import _BERLIN
    for department, number in (("bauamt", 7), ("sozialamt", 6), ("zwei", 2)):
        for n in range(number):
            ledger.append_wait(ledger.draft("intent", {"department": department, "decision": "allowed",
                                                       "found": {"PERSON": 1}}, subject=f"{department}-{n}"))
    ledger.sequence()
    today = datetime.fromtimestamp(now_us() / 1e6, _BERLIN)
    told = {group.names: group.count for group in ledger.requests("department", today.year, today.month)}
    assert told == {("bauamt",): 7, ("sozialamt", "zwei"): 8}
    assert [g.count for g in ledger.requests("finding", today.year, today.month)] == [15]
    assert sum(g.count for g in ledger.requests("day", today.year, today.month)) == 15
    assert "-1" not in repr(ledger.requests("model", today.year, today.month))
