"""What everybody may know: the model register, figures about nobody, help; and what staff see of themselves."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.kipass import PassEvent
from gateway.web import words
from tests.support.web_house import NOW, House


def test_the_register_is_a_page_for_people_and_json_for_programs(house: House) -> None:
    visitor = house.browser()
    assert visitor.get("/transparency", {"accept": "text/html,application/json"}).header("content-type").startswith(
        "text/html")
    for path, accept in (("/transparency", "application/json"), ("/transparency.json", "text/html")):
        answer = visitor.get(path, {"accept": accept})
        assert answer.header("content-type") == "application/json"
        assert json.loads(answer.body)["modelle"][0]["id"] == "demo"
        assert "Accept" in answer.header("vary")


def test_the_public_register_shows_models_in_service_and_nothing_internal(house: House) -> None:
    policies = house.policies
    enabled = {k: replace(m, enabled=True, base_url="https://intern.example/v1", api_key_env="SECRET_ENV_NAME")
               for k, m in policies.models.items()}
    house.policies = replace(policies, models=enabled)
    page, data = house.browser().get("/transparency").text, house.browser().get("/transparency.json").text
    for text in (page, data):
        assert "GPT (Azure, EU)" in text
        assert "Standardvertragsklauseln" in text
        assert "intern.example" not in text
        assert "SECRET_ENV_NAME" not in text
    house.policies = policies
    assert "GPT (Azure, EU)" not in house.browser().get("/transparency.json").text


def after_this_month(house: House) -> None:
    now = datetime.now(UTC)
    house.clock.time = datetime(now.year + now.month // 12, now.month % 12 + 1, 3, tzinfo=UTC)
    house.context.reports.make("works-council", "")


def test_figures_are_of_months_that_are_over(house: House) -> None:
    for n in range(6):
        house.exchange(department="bauamt", subject=f"person-{n}")
        house.write("denied", {"department": "bauamt", "decision": "denied", "code": "inhalt_gesperrt"},
                    subject=f"person-{n}")
    house.settle()
    house.clock.time = datetime.now(UTC)
    assert json.loads(house.browser().get("/transparency.json").body)["zahlen"]["anfragen"] == 0
    year = f"{datetime.now(UTC):%Y}"
    after_this_month(house)
    figures = json.loads(house.browser().get(f"/transparency.json?jahr={year}").body)["zahlen"]
    assert (figures["anfragen"], figures["durchgelassen"], figures["abgelehnt"]) == (12, 6, 6)
    assert {"ids": ["demo"], "anzahl": 6} in figures["nach_modell"]
    assert figures["ablehnungen_nach_grund"] == [{"ids": ["inhalt_gesperrt"], "anzahl": 6}]
    assert "Inhalt nicht erlaubt" in house.browser().get(f"/transparency?jahr={year}").text


def test_a_department_with_few_people_is_never_told_alone(house: House) -> None:
    for n in range(8):
        house.exchange(department="bauamt", subject=f"person-{n}")
        house.exchange(department="standesamt", subject=f"chef-{n % 2}")
    house.settle()
    year = f"{datetime.now(UTC):%Y}"
    after_this_month(house)
    figures = json.loads(house.browser().get(f"/transparency.json?jahr={year}").text)["zahlen"]
    assert figures["nach_bereich"] == [{"ids": ["bauamt", "standesamt"], "anzahl": 16}]


@pytest.mark.parametrize("year", ["1999", "abc", "2026-Q1", "<script>"])
def test_a_year_that_is_not_there_is_not_found(house: House, year: str) -> None:
    assert house.browser().get(f"/transparency?jahr={year}").status == 404


def test_the_register_is_a_table_too(house: House) -> None:
    answer = house.browser().get("/transparency.csv")
    head, demo, *_ = csv.reader(answer.body.decode("utf-8-sig").splitlines(), delimiter=";")
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    assert head[:3] == ["Kennung", "Bezeichnung", "Stand"]
    assert (demo[0], len(demo)) == ("demo", len(head))
    assert demo[head.index("Automationsstufe")] == "prüfen", "what no policy says is for a person to fill in"
    entries = json.loads(house.browser().get("/transparency.json").body)["register"]
    assert entries[0]["Automationsstufe"] is None


def test_help_names_the_address_of_this_server_and_a_model_that_one_may_use(house: House) -> None:
    text = house.browser(house.hire("Mia Muster")).get("/help").text
    assert f"{house.policies.organisation.base_url}/v1" in text
    assert '"model": "demo"' in text.replace("&#34;", '"')


@pytest.mark.parametrize(("steps", "expected"), [
    (None, "Sie können loslegen"), (0, "Ihnen fehlen noch 5 Schritte"), (4, "Ihnen fehlt noch ein Schritt")])
def test_the_start_page_says_in_one_sentence_where_one_stands(house: House, steps: int | None, expected: str) -> None:
    assert expected in house.browser(house.hire("Mia Muster", steps=steps)).get("/").text


def test_a_blocked_pass_says_whom_to_ask_and_not_why(house: House) -> None:
    event = PassEvent("gesperrt", NOW - timedelta(days=1))
    text = house.browser(house.hire("Mia Muster", events=(event,))).get("/").text
    assert "Ihr KI-Pass ist gesperrt" in text
    assert house.policies.organisation.contact.ki_pass_stelle in text


def test_the_pass_page_lists_open_steps_with_the_time_they_take(house: House) -> None:
    text = house.browser(house.hire("Mia Muster", steps=3)).get("/pass").text
    assert "offen, etwa 10 Minuten" in text
    assert "erledigt am 23.10.2026" in text
    assert "zusammen etwa 15 Minuten" in text


def test_what_may_go_where_follows_the_department(house: House) -> None:
    """The Sozialamt may use only what is cleared for Sozialdaten; the page shows what policy says, no more."""
    assert "Demo (kein Sprachmodell)" in house.browser(house.hire("A", department="sozialamt")).get("/").text
    nobody = house.browser(house.hire("B", department="unbekanntes-amt")).get("/").text
    assert "noch nicht festgelegt" in nobody
    assert "Demo (kein Sprachmodell)" not in nobody


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (999, "999"), (184203, "184.203"), (1234.5, "1.234,5")])
def test_numbers_are_german(value: float, text: str) -> None:
    assert words.number(value) == text


def test_times_are_those_of_the_clock_in_the_office() -> None:
    assert words.moment(datetime(2026, 7, 1, 12, 5, tzinfo=UTC)) == "01.07.2026, 14:05 Uhr"
    assert words.moment(datetime(2026, 11, 22, 13, 5, tzinfo=UTC)) == "22.11.2026, 14:05 Uhr"
    assert words.exact(datetime(2026, 11, 22, 13, 5, 7, 45_000, tzinfo=UTC)) == "14:05:07,045 Uhr"


@pytest.mark.parametrize(("milliseconds", "text"), [
    (0, "0 ms"), (999, "999 ms"), (1840, "1,8 s"), (125_000, "2 min 5 s")])
def test_durations_are_readable(milliseconds: int, text: str) -> None:
    assert words.duration(milliseconds) == text


def test_every_refusal_code_and_every_decision_has_a_german_word() -> None:
    from gateway.errors import CODES
    assert words.CODES.keys() >= CODES.keys()
