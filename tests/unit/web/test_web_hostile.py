"""Hostile values in every field that can reach a page arrive as text, never as markup."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.support.hostile import EVIL, hostile_records, poisoned
from tests.support.web_client import without_own_scripts
from tests.support.web_house import House


def assert_harmless(text: str, path: str) -> None:
    head, _, body = text.partition("</title>")
    assert "<script" not in without_own_scripts(text).lower(), path
    assert "<img src=x" not in text, path
    assert "<!--" not in text, path
    assert ">49<" not in text, path
    assert "</title>" not in body, path
    encoded = re.sub(r"%(25)?3C/?script%(25)?3E", "", without_own_scripts(text))  # in a link back to this address
    assert "&lt;script&gt;" in text or "script" not in encoded, path
    assert head.startswith("<!doctype html>"), path


@pytest.mark.parametrize("role", ["staff", "dpo"])
def test_hostile_policies_names_and_records_stay_text(house: House, role: str) -> None:
    entry = house.hire(EVIL, role, steps=2)
    browser = house.browser(entry)
    records = hostile_records(house)
    house.settle()
    house.policies = poisoned(house.policies)
    paths = ["/", "/pass", "/keys", "/help", "/transparency", "/datenschutz", "/barrierefreiheit", "/impressum",
             "/review", "/review/pruefung", "/review/stichprobe", "/review/zugriffe",
             "/review/protokoll?art=alle", *(f"/review/protokoll/{r}" for r in records), f"/{quote(EVIL)}"]
    for path in paths:
        answer = browser.get(path)
        assert answer.status in (200, 403, 404), path
        assert_harmless(answer.text, path)
    assert_harmless(house.browser().get("/anmelden").text, "/anmelden")


def test_a_hostile_verdict_stays_text(house: House) -> None:
    officer = house.browser(house.hire("Mia", "dpo"))
    house.write("verify.result", {"verdict": EVIL, "exit_code": 1, "size": 3, "covered": 3, "findings": [EVIL],
                                  "warnings": [EVIL]})
    house.settle()
    text = officer.get("/review/pruefung").text
    assert "Das Protokoll ist nicht in Ordnung" in text
    assert_harmless(text, "/review")


@pytest.mark.parametrize("field", ["von", "bis", "amt", "modell", "entscheidung", "art", "grund", "regel", "zweck",
                                   "vorgang", "vor"])
def test_a_hostile_address_stays_text(house: House, field: str) -> None:
    officer = house.browser(house.hire("Mia", "dpo"))
    answer = officer.get(f"/review/protokoll?{field}={quote(EVIL)}")
    assert answer.status in (200, 422)
    assert_harmless(answer.text, field)


def test_a_hostile_sign_in_stays_text(house: House) -> None:
    browser = house.browser()
    assert_harmless(browser.get(f"/anmelden?weiter={quote('/' + EVIL)}").text, "weiter")
    answer = browser.post("/anmelden", {"schluessel": EVIL, "weiter": "/" + EVIL}, page="/anmelden")
    assert_harmless(answer.text, "schluessel")


def test_hostile_values_survive_as_text_where_they_are_shown(house: House) -> None:
    """The test above would pass on empty pages; this one shows that the values really got there."""
    officer = house.browser(house.hire(EVIL, "dpo"))
    records = hostile_records(house)
    house.settle()
    house.policies = poisoned(house.policies)
    for path in ("/", "/transparency", "/review/protokoll?art=alle", f"/review/protokoll/{records[0]}"):
        assert officer.get(path).text.count("&lt;script&gt;") >= 3, path
