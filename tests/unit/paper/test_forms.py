"""Papers as HTML, CSV and JSON."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.paper.forms import MEDIA, file_of, fragment
from gateway.paper.report import FORMS
from tests.support.papers import example


def test_every_form_can_be_made_and_has_its_media_type() -> None:
    assert {form: bool(file_of(example(), form)) for form in FORMS} == dict.fromkeys(MEDIA, True)


def test_html_loads_nothing_and_runs_nothing() -> None:
    page = file_of(example(), "html").decode()
    assert not re.search(r"<(script|link|img|iframe|object)|https?:|@import|url\(", page)
    assert page.startswith("<!doctype html>\n<html lang=\"de\">")
    assert page.count("<h1>") == 1


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
def test_no_value_becomes_markup(text: str) -> None:
    plain, hostile = str(fragment(example("x", "x"))), str(fragment(example(f"<b>{text}", f"\"><script>{text}")))
    assert hostile.count("<") == plain.count("<")
    assert "<script" not in hostile


def test_the_part_of_a_page_begins_below_its_title() -> None:
    assert "<h1" not in fragment(example())


def test_csv_names_every_number_and_says_what_is_not_told() -> None:
    lines = file_of(example(), "csv").decode("utf-8-sig").splitlines()
    assert lines[0] == "Tabelle;Zeile;Bezeichnung;Angabe;Wert"
    assert "Anfragen Bauamt;1;Bauamt;Anfragen;12345" in lines
    assert "Anfragen Bauamt;2;Weitere Ämter;Abgelehnt;nicht angegeben" in lines


def test_csv_holds_no_formula() -> None:
    assert ";'=HYPERLINK(1);" in file_of(example(value="=HYPERLINK(1)"), "csv").decode()


def test_json_holds_everything() -> None:
    found = json.loads(file_of(example(), "json"))
    blocks = [block for section in found["sections"] for block in section["blocks"]]
    assert [next(iter(block)) for block in blocks] == ["text", "table", "points", "facts", "check", "table"]
    assert blocks[1]["rows"][1] == ["Weitere Ämter", 840, None, ""]
    assert blocks[3]["facts"][1] == {"name": "Anlass", "value": None}


def test_a_number_that_is_not_told_is_explained() -> None:
    assert "nicht angegeben, weil es um sehr wenige Personen geht" in fragment(example())
