"""``/setup``: only who has the code gets in, what was typed stays, secrets are not shown again, it happens once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.founding import founding
from gateway.founding.founding import Founded
from gateway.founding.settled import Settled
from gateway.model.first_questions import GUIDES
from gateway.model.first_setup import OUTSIDE, WITH_ADDRESS, together
from gateway.settings import load
from gateway.web import i18n
from gateway.web.setup.wizard import Wizard
from tests.support.web_client import Browser
from tests.unit.founding.test_founding import ANSWERS, MORE

CODE = "der-code-aus-dem-terminal"


class Room:
    """A wizard over a founding that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[Mapping[str, str]] = []
        self.fault = ""
        self.done = 0
        self.app = Wizard(founding.all_steps(), together, self.found, (ValueError,), CODE, self.finish).application()

    def found(self, answers: Mapping[str, str], /) -> Founded:
        if self.fault:
            raise ValueError(self.fault)
        self.given.append(answers)
        return Founded("Neudorf", "https://ki.example", (("IT", "Ida", "https://ki.example/einladung/x"),), "kip_1",
                       "demo", ("v",), settled=(Settled("KI-Pass", "brauchen alle.", "ki-pass.yaml"),))

    def finish(self) -> None:
        self.done += 1


@pytest.fixture
def room() -> Room:
    return Room()


def entered(room: Room) -> Browser:
    browser = Browser(room.app)
    assert browser.get(f"/setup?code={CODE}").status == 303
    return browser


def send(browser: Browser, step: str, answers: Mapping[str, str]) -> Any:
    known = {q.key for one in founding.all_steps() if one.key == step for q in one.questions}
    return browser.post(f"/setup/{step}", {k: v for k, v in answers.items() if k in known}, page=f"/setup/{step}")


@pytest.mark.parametrize("path", ["/setup/verwaltung", "/setup/ansehen"])
def test_nobody_gets_in_without_the_code(room: Room, path: str) -> None:
    browser = Browser(room.app)
    assert browser.get(path).status == 303
    assert browser.get("/setup?code=falsch").status == 403
    assert browser.get(path).status == 303
    assert browser.send("POST", path, body=b"name=x").status == 303
    assert not room.given


def test_programs_read_that_the_house_is_being_set_up(room: Room) -> None:
    browser = Browser(room.app)
    assert browser.get("/healthz").status == 200
    assert browser.get("/readyz").status == 503
    assert "eingerichtet" in browser.send("POST", "/v1/chat/completions", body=b"{}").text


def test_what_was_typed_stays_when_something_is_wrong_and_the_error_stands_at_the_field(room: Room) -> None:
    answer = send(entered(room), "verwaltung", {**ANSWERS, "domain": "neu dorf"})
    assert answer.status == 422
    assert 'value="neu dorf"' in answer.text
    assert "Kasse &amp; Steuern" in answer.text
    assert "<details open>" in answer.text
    assert 'id="domain-fehler"' in answer.text


def test_hostile_answers_stay_text(room: Room) -> None:
    answer = send(entered(room), "verwaltung", {**ANSWERS, "domain": '"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.text


def test_the_questions_follow_the_choice_and_a_secret_is_never_shown_again(room: Room) -> None:
    browser = entered(room)
    asked = browser.post("/setup/modell", {"model": "eu-cloud", "weiter": "nochmal"}, page="/setup/modell")
    assert 'name="avv_day"' in asked.text
    send(browser, "modell", {**MORE, "model": "eu-cloud"})
    text = browser.get("/setup/modell").text
    assert "geheim-4711" not in text
    assert "Ist schon eingegeben" in text
    assert "geheim-4711" not in browser.get("/setup/ansehen").text


def test_the_whole_way_carries_the_answers_out_once(room: Room) -> None:
    browser = entered(room)
    for step in founding.all_steps():
        assert send(browser, step.key, ANSWERS).status == 303
    last = browser.post("/setup/ansehen", {}, page="/setup/ansehen")
    assert "kip_1" in last.text
    assert browser.get("/setup/ansehen").text == last.text
    token = browser.get("/setup/verwaltung").token
    browser.send("POST", "/setup/ansehen", body=f"formular={token}".encode())
    assert len(room.given) == room.done == 1
    assert {k: v for k, v in room.given[0].items() if v} == {k: v for k, v in ANSWERS.items() if v}


def test_a_fault_while_setting_up_is_said_and_the_answers_stay(room: Room) -> None:
    browser, room.fault = entered(room), "In home liegt schon eine pforte.yaml."
    for step in founding.all_steps():
        send(browser, step.key, ANSWERS)
    answer = browser.post("/setup/ansehen", {}, page="/setup/ansehen")
    assert answer.status == 422
    assert "liegt schon eine pforte.yaml" in answer.text
    assert room.done == 0
    room.fault = ""
    assert browser.post("/setup/ansehen", {}, page="/setup/ansehen").status == 200


def test_a_form_from_elsewhere_changes_nothing(room: Room) -> None:
    browser = entered(room)
    answer = browser.send("POST", "/setup/verwaltung", body=b"name=Fremd&formular=falsch")
    assert answer.status == 403
    assert "Fremd" not in browser.get("/setup/verwaltung").text


def test_what_has_a_default_is_folded_away_and_keeps_it(room: Room) -> None:
    browser = entered(room)
    text = browser.get("/setup/verwaltung").text
    assert text.index('name="name"') < text.index("<details>") < text.index('name="size"')
    assert 'value="bauamt" checked' in text
    browser.post("/setup/verwaltung", {"name": "Neudorf", "size": "gemeinde-klein"}, page="/setup/verwaltung")
    assert 'value="bauamt" checked' not in browser.get("/setup/verwaltung").text


def test_each_provider_says_what_it_needs(room: Room) -> None:
    browser = entered(room)
    for model, guide in GUIDES.items():
        page = browser.post("/setup/modell", {"model": model, "weiter": "nochmal"}, page="/setup/modell").text
        assert guide.partition("„")[0] in page
        assert ('name="avv_day"' in page) == (model in OUTSIDE)
        assert ('name="model_address"' in page) == (model in WITH_ADDRESS)


def test_every_page_of_the_set_up_is_read_in_english(room: Room) -> None:
    browser = entered(room)
    assert browser.get("/ansicht?sprache=en&weiter=/setup/modell").header("location") == "/setup/modell"
    said = []
    for step in founding.all_steps():
        said.append(browser.post(f"/setup/{step.key}", {"weiter": "nochmal", "model": "eu-cloud", "sign_in": "oidc"},
                                 page=f"/setup/{step.key}").text)
        said.append(send(browser, step.key, {**ANSWERS, "domain": "x y", "address": "x", "model": "x",
                                             "it_email": "x", "dpo_email": "x"}).text)
        send(browser, step.key, ANSWERS)
    said += [browser.get("/setup/ansehen").text, browser.post("/setup/ansehen", {}, page="/setup/ansehen").text,
             Browser(room.app).get("/setup", {"accept-language": "en"}).text]
    for page in said:
        assert '<html lang="en"' in page
        words = re.sub(r'<span lang="de">.*?</span>|<[^>]*>', " ", page.partition("<main")[2].partition("<footer")[0])
        assert not re.search(r"\b(und|der|die|das|Sie|Ihre|nicht|eine|für|mit|ist|wird)\b", words), words


def test_how_a_new_house_is_set_is_said_in_the_language_of_the_reader(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(tmp_path / "policies"))
    with i18n.reading("en"):
        done = founding.found(ANSWERS, load())
    said = {one.what: one.how for one in done.settled}
    assert said["Size"] == "up to about 50 staff"
    assert "are replaced before a text leaves the house" in said["Personal data"]
