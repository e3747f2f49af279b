"""The page of IT: everything that can fail, with what to do; the switch works and says what it does."""

from __future__ import annotations

from datetime import timedelta

from gateway.model.condition import Line, Process
from tests.support.web_house import House


def test_a_quiet_house_says_that_nothing_is_to_be_done(house: House) -> None:
    text = house.browser(house.hire("Ida Technik", "it")).get("/it").text
    assert "Alles in Ordnung. Hier ist nichts zu tun." in text


def test_what_is_down_stands_on_top_with_what_to_do_and_since_when(house: House) -> None:
    browser = house.browser(house.hire("Ida Technik", "it"))
    browser.get("/it")
    house.clock.time = house.clock.now() + timedelta(minutes=3)
    house.down["protokoll"] = "Das Protokoll kann nicht geschrieben werden."
    text = browser.get("/it").text
    assert "1 Teil ist gestört" in text
    assert text.index("Protokoll") < text.index("Speicherplatz")
    assert "ki-pforte audit status" in text
    assert "14:08 Uhr" in text
    house.clock.time = house.clock.now() + timedelta(minutes=9)
    assert "14:08 Uhr" in browser.get("/it").text


def test_a_model_that_fails_shows_its_error_and_processes_with_other_policies_stand_out(house: House) -> None:
    now = house.clock.now()
    house.lines["demo"] = Line(failed=now, code="anbieter_zeit", failures=3)
    house.processes = (Process("a-1", house.policies.digest, now), Process("b-2", "f" * 64, now))
    text = house.browser(house.hire("Ida Technik", "it")).get("/it").text
    assert "Anbieter antwortet nicht" in text
    assert "3 Fehler in Folge" in text
    assert text.count("andere als hier") == 1


def test_asking_the_providers_shows_the_answer_at_each_model(house: House) -> None:
    house.unreachable["demo"] = "Der Anbieter ist nicht erreichbar (Test)."
    answer = house.browser(house.hire("Ida Technik", "it")).post("/it", {}, page="/it")
    assert "Der Anbieter ist nicht erreichbar (Test)." in answer.text


def test_the_switch_stops_a_model_with_a_reason_and_takes_it_back(house: House) -> None:
    ida = house.hire("Ida Technik", "it")
    browser, form = house.browser(ida), "/it/modelle/demo"
    empty = browser.post(form, {"grund": "  "}, page=form)
    assert empty.status == 422
    assert "Bitte nennen Sie einen Grund" in empty.text
    done = browser.post(form, {"grund": "Antwortet Unsinn"}, page=form)
    assert done.status == 303
    text = browser.get("/it").text
    assert "Antwortet Unsinn" in text
    back = browser.post("/it/zulassen", {"was": "model", "name": "demo"}, page="/it")
    assert back.status == 303
    assert "Antwortet Unsinn" not in browser.get("/it").text
    assert house.types()[-2:] == ["model.stopped", "model.started"]


def test_a_model_that_nobody_knows_cannot_be_stopped(house: House) -> None:
    browser = house.browser(house.hire("Ida Technik", "it"))
    assert browser.get("/it/modelle/gibt-es-nicht").status == 404
    assert browser.post("/it/modelle/gibt-es-nicht", {"grund": "x"}, page="/it").status == 404
    assert "model.stopped" not in house.types()
