"""Two papers that say the same have no difference; two that do not have one; and a paper survives its JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.paper.changes import changes
from gateway.paper.forms import file_of, from_json
from gateway.paper.report import Check, Column, Facts, Points, Report, Section, Table, Text

words = st.text(st.characters(codec="utf-8"), max_size=6)
cells = st.one_of(words, st.none(), st.integers(-5, 10**9))


@st.composite
def tables(draw: Any) -> Table:
    columns = tuple(Column(draw(words), draw(st.sampled_from(["text", "number", "bar", "hash"])))
                    for _ in range(draw(st.integers(1, 3))))
    rows = draw(st.lists(st.tuples(*(cells for _ in columns)), max_size=4))
    return Table(draw(st.sampled_from("abc")), draw(words), columns, tuple(rows))


blocks = st.one_of(words.map(Text), words.map(Check), st.lists(words, max_size=3).map(tuple).map(Points), tables(),
                   st.lists(st.tuples(words, st.none() | words), max_size=3).map(tuple).map(Facts))
sections = st.builds(Section, words, st.lists(blocks, max_size=3).map(tuple), st.sampled_from([2, 3]))
reports = st.builds(Report, st.just("probe"), words, words, st.just(date(2026, 11, 22)), words,
                    st.lists(sections, max_size=3).map(tuple), words, st.lists(words, max_size=2).map(tuple))


@settings(deadline=None)
@given(reports, reports)
def test_a_difference_is_named_and_nothing_else(old: Report, new: Report) -> None:
    assert changes(old, old) == ()
    assert bool(changes(old, new)) == (old.digest != new.digest)


@settings(deadline=None)
@given(reports)
def test_a_paper_survives_its_json(report: Report) -> None:
    assert from_json(file_of(report, "json")) == report


@given(reports)
def test_day_and_sources_are_no_difference(report: Report) -> None:
    assert changes(report, replace(report, day=date(2027, 1, 1), sources=("anders",))) == ()
