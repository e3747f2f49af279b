"""„Meine Nutzung“: everybody sees their own requests, a receipt for each, and nothing of anybody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.http.asgi import new_request_id
from tests.support.web_house import House


def test_a_page_shows_ones_own_requests_and_nobody_elses(house: House) -> None:
    mia, ben = house.hire("Mia Muster"), house.hire("Ben Beispiel")
    mine, his = new_request_id(), new_request_id()
    house.exchange(vorgang=mine, subject=mia.person.id)
    house.exchange(vorgang=his, subject=ben.person.id)
    text = house.browser(mia).get("/usage").text
    assert mine in text
    assert his not in text
    assert "6 Angaben" in text


def test_every_request_stands_on_exactly_one_page_of_the_list(house: House) -> None:
    mia, numbers = house.hire("Mia Muster"), [new_request_id() for _ in range(47)]
    for number in numbers:
        house.exchange(vorgang=number, subject=mia.person.id)
        house.exchange(subject="somebody-else")
    browser, address, seen = house.browser(mia), "/usage", []
    while address:
        text = browser.get(address).text
        seen += [number for number in numbers if f"/usage/{number}\"" in text]
        _, found, rest = text.partition('href="/usage?vor=')
        address = "/usage?vor=" + rest.partition('"')[0] if found else ""
    assert sorted(seen) == sorted(numbers)


def test_a_receipt_says_model_place_what_was_replaced_and_which_rules(house: House) -> None:
    mia, number = house.hire("Mia Muster"), new_request_id()
    house.exchange(vorgang=number, subject=mia.person.id)
    text = house.browser(mia).get(f"/usage/{number}").text
    for words in ("beantwortet", "im Haus", "5 × Name", "1 × IBAN", "Prüfwert", "Bezug zu Ihnen"):
        assert words in text, words


@pytest.mark.parametrize("path", ["/usage/{}", "/usage/{}/nachweis"])
def test_a_receipt_of_somebody_else_is_answered_like_one_that_does_not_exist(house: House, path: str) -> None:
    mia, ben, number = house.hire("Mia Muster"), house.hire("Ben Beispiel"), new_request_id()
    house.exchange(vorgang=number, subject=ben.person.id)
    browser = house.browser(mia)
    foreign, missing = browser.get(path.format(number)), browser.get(path.format(new_request_id()))
    assert (foreign.status, missing.status) == (404, 404)
    assert foreign.text == missing.text


def test_a_refusal_has_a_receipt_too(house: House) -> None:
    mia, number = house.hire("Mia Muster"), new_request_id()
    house.write("denied", {"vorgang": number, "department": "bauamt", "model": "demo", "decision": "denied",
                           "code": "inhalt_gesperrt", "rules": ["ki-pass:basis"]}, subject=mia.person.id)
    text = house.browser(mia).get(f"/usage/{number}").text
    assert "Inhalt nicht erlaubt" in text
    assert "Wo es läuft" not in text


def test_the_files_hold_everything_that_names_the_person_and_looking_leaves_no_record(house: House) -> None:
    mia, number = house.hire("Mia Muster"), new_request_id()
    house.exchange(vorgang=number, subject=mia.person.id)
    house.exchange(subject="somebody-else")
    before, browser = house.types(), house.browser(mia)
    found: dict[str, Any] = json.loads(browser.get("/usage/alles.json").text)
    assert [record["vorgang"] for record in found["records"]] == [number]
    assert number in browser.get("/usage/alles.html").text
    browser.get("/usage")
    browser.get(f"/usage/{number}")
    assert house.types() == before


def test_a_bad_place_in_the_list_is_said_in_words(house: House) -> None:
    answer = house.browser(house.hire("Mia Muster")).get("/usage?vor=1.2;drop")
    assert answer.status == 400
    assert "Diese Stelle der Liste gibt es nicht" in answer.text


def test_the_start_page_shows_the_last_answers(house: House) -> None:
    mia, number = house.hire("Mia Muster"), new_request_id()
    house.exchange(vorgang=number, subject=mia.person.id)
    assert f'href="/usage/{number}"' in house.browser(mia).get("/").text
