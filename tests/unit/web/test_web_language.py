"""German first, English second: who reads what, and no page half and half."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from unittest.mock import MagicMock
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web import i18n, pages, words
from gateway.web.appearance import COOKIE
from gateway.web.tables import Column, Sorting
from tests.support.english import german_in, plain
from tests.support.web_client import Browser
from tests.support.web_house import House

ENGLISH = {"accept-language": "en-GB,en;q=0.9,de;q=0.5"}
OURS = sorted({page.path for page in pages(cast(Any, MagicMock())) if page.english and page.method == "GET"})



@pytest.mark.parametrize("path", OURS)
def test_a_page_in_english_has_no_german_word(house: House, path: str) -> None:
    plain(house)
    entry = house.hire("Kim Example", "dpo", "it")
    for browser in (house.browser(entry), Browser(house.app)):
        answer = browser.get(path.replace("{id}", entry.key.id).replace("{code}", "x"), ENGLISH)
        if answer.status == 303:
            continue
        assert '<html lang="en"' in answer.text
        assert german_in(house, answer.text) == ""


def test_what_somebody_chose_counts_more_than_what_the_browser_says(house: House) -> None:
    browser = house.browser()
    assert '<html lang="en"' in browser.get("/help", ENGLISH).text
    answer = browser.get("/ansicht?sprache=de&weiter=/help", ENGLISH)
    assert (answer.status, answer.header("location")) == (303, "/help")
    assert '<html lang="de"' in browser.get("/help", ENGLISH).text
    browser.get("/ansicht?dichte=kompakt&weiter=/help")
    text = browser.get("/help", ENGLISH).text
    assert '<html lang="de" class="compact"' in text
    assert browser.cookies[COOKIE] == "de.kompakt"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)",
                                    "/a\r\nset-cookie: x=y", ""])
def test_a_choice_never_leads_elsewhere(house: House, target: str) -> None:
    assert house.browser().get(f"/ansicht?sprache=en&weiter={quote(target)}").header("location") == "/"


@given(st.text(max_size=200))
def test_any_header_means_one_of_our_languages(header: str) -> None:
    assert i18n.preferred("", header) in i18n.NAMES
    assert i18n.preferred(header, "") in i18n.NAMES


@pytest.mark.parametrize(("header", "language"), [
    ("de", "de"), ("en", "en"), ("en-US,en;q=0.9", "en"), ("de-AT,en;q=0.9", "de"), ("fr,en;q=0.3,de;q=0.8", "de"),
    ("fr", "de"), ("", "de"), ("en;q=0", "de"), ("*", "de"), ("en;q=x,de;q=0.1", "de")])
def test_the_browser_says_which_language(header: str, language: str) -> None:
    assert i18n.preferred("", header) == language


def test_numbers_and_dates_are_written_as_the_reader_writes_them() -> None:
    moment = datetime(2026, 11, 22, 13, 5, 12, 345_000, tzinfo=UTC)
    assert (words.number(184203), words.number(1234.5), words.moment(moment)) == (
        "184.203", "1.234,5", "22.11.2026, 14:05 Uhr")
    with i18n.reading("en"):
        assert (words.number(184203), words.number(1234.5), words.moment(moment)) == (
            "184,203", "1,234.5", "22 November 2026, 14:05")
        assert words.ROLES["dpo"] == "Data protection officer"
        assert dict(words.ROLES)["dpo"] == "Data protection officer"
    assert words.ROLES["dpo"] == "Datenschutzbeauftragte"


@pytest.mark.parametrize(("minutes", "told"), [
    (3072, "noch 51 Std. 12 Min."), (5, "noch 5 Min."), (0, "noch 0 Min."), (9 * 1440, "noch 9 Tage"),
    (-185, "seit 3 Std. 5 Min. vorbei"), (-10 * 1440, "seit 10 Tagen vorbei")])
def test_a_clock_says_how_much_is_left(minutes: int, told: str) -> None:
    now = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
    assert words.left(now + timedelta(minutes=minutes), now) == told


def test_a_sorted_column_turns_round_and_keeps_the_filters() -> None:
    sorting = Sorting.read("/x", {"amt": "bauamt", "sortierung": "zeit", "vor": "9"}, {"zeit", "amt"}, "-amt")
    assert sorting.href(Column("zeit", "Zeit")) == "/x?amt=bauamt&sortierung=-zeit"
    assert (sorting.aria(Column("zeit", "")), sorting.aria(Column("amt", ""))) == ("ascending", "none")
    assert Sorting.read("/x", {"sortierung": "'; drop"}, {"zeit"}, "-zeit").down
