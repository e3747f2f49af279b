"""Charts byte for byte, on the screen and on paper; write them anew with GOLDEN=1 and look at the difference."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web import charts
from gateway.web.charts import Chart, Series
from gateway.web.styleguide import samples
from tests.support.web_house import NOW

FOLDER = Path(__file__).parent / "charts"
SAMPLES = samples(NOW)
HOSTILE = '"><script>alert(1)</script>{{ 7*7 }} ‮javascript:'


def check(name: str, text: str) -> None:
    file = FOLDER / name
    if os.environ.get("GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("number", list(range(len(SAMPLES))))
def test_a_chart_is_drawn_as_it_always_was(number: int) -> None:
    chart = SAMPLES[number]
    name = f"{number}-{chart.form}"
    check(f"{name}.screen.svg", re.sub(r"(?<=>)(?=<(?:rect|line|text|path|svg|defs))", "\n", chart.svg))
    check(f"{name}.paper.svg", re.sub(r"(?<=>)(?=<(?:rect|line|text|path|svg|defs))", "\n", chart.alone()))


@pytest.mark.parametrize("chart", SAMPLES)
def test_a_chart_is_well_formed_and_says_what_it_is_without_styles_of_its_own(chart: Chart) -> None:
    for text in (chart.svg, chart.alone()):
        root = ElementTree.fromstring(text)
        names = [child.tag.rpartition("}")[2] for child in root[:2]]
        assert names == ["title", "desc"]
        assert root[0].text == chart.title
        assert root[1].text == chart.sentence
        assert not re.search(r"\sstyle=|<style|<script|\son\w+=|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "%" not in re.sub(r">[^<]*<", "><", chart.alone()), "paper has fixed places"
    assert "#" not in re.sub(r"url\(#[^)]*\)|>[^<]*<", "", chart.svg), "colours come from the style sheet"


def test_the_table_behind_a_chart_has_every_number_of_it() -> None:
    chart = SAMPLES[2]
    assert [row[1] for row in chart.rows] == ["1.204", "311", "87", "unter 5"]
    assert chart.rows[3][0] == "Vertrag zur Auftragsverarbeitung abgelaufen", "whole, where the drawing shortens it"
    assert [column.label for column in chart.columns] == ["Grund", "Ablehnungen"]


def test_what_is_counted_cannot_write_into_the_page() -> None:
    chart = charts.bars(HOSTILE, [HOSTILE, "b"], [Series(HOSTILE, [1, 2]), Series("x", [3, 4])], what=HOSTILE,
                        label=HOSTILE)
    for text in (chart.svg, chart.alone()):
        assert "<script" not in text
        ElementTree.fromstring(text)


@given(values=st.lists(st.integers(0, 10**12) | st.none(), min_size=1, max_size=100), form=st.sampled_from("cl"))
def test_no_column_and_no_line_leaves_its_sheet(values: list[int | None], form: str) -> None:
    days = [date(2026, 1, 1) + timedelta(n) for n in range(len(values))]
    make = charts.columns if form == "c" else charts.lines
    chart = make("Anfragen", days, [Series("a", values), Series("b", values)], what="Anfragen")
    for y in re.findall(r' y="([-\d.]+)"', chart.svg):
        assert 0 <= float(y) <= 220
    for x in re.findall(r' x="([-\d.]+)%"', chart.svg):
        assert 0 <= float(x) <= 100


@given(st.integers(0, 10**15))
def test_an_axis_has_few_round_numbers_and_reaches_the_highest_value(highest: int) -> None:
    steps = charts.steps(highest)
    assert steps[0] == 0
    assert steps[-1] >= highest
    assert 2 <= len(steps) <= 5
    assert str(steps[1]).strip("0") in ("1", "2", "5")
    assert {b - a for a, b in pairwise(steps)} == {steps[1]}


def test_too_many_series_are_refused_before_anybody_sees_them() -> None:
    with pytest.raises(ValueError, match="merge the small ones"):
        charts.bars("x", ["a"], [Series(str(n), [1]) for n in range(5)], what="x", label="x")
    with pytest.raises(ValueError, match="one value for each label"):
        charts.bars("x", ["a", "b"], [Series("a", [1])], what="x", label="x")


def test_an_empty_period_is_said_and_not_drawn() -> None:
    assert SAMPLES[-1].blank
    assert SAMPLES[-1].sentence == "Keine Anfragen in diesem Zeitraum."
