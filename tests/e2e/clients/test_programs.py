"""Programs that staff already use, driven against the running gateway: they notice nothing, and what they cannot have
they say in words that a person understands.

Names are real in every answer and never reach the provider; a refusal is asked for once.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.support.client_stacks import Driver
from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import GatewayProcess, Person

NAME = "Sabine Krüger"
TEXT = f"Bitte schreiben Sie Frau {NAME} wegen der Hundesteuer."
TOLD = re.compile(r"Vorgang [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


class Asking:
    """One person with one program; ``last`` is what the provider got."""

    def __init__(self, name: str, driver: Driver, gateway: GatewayProcess, person: Person,
                 provider: EchoProvider) -> None:
        self.name, self._driver, self.gateway, self.provider = name, driver, gateway, provider
        self._given = {"url": gateway.url + "/v1", "key": person.key, "model": "schnellstart", "text": TEXT}

    def begin(self, task: str, **more: Any) -> None:
        self._driver.begin(task, **self._given | more)

    def result(self) -> dict[str, Any]:
        return self._driver.result()

    def __call__(self, task: str, **more: Any) -> dict[str, Any]:
        self.begin(task, **more)
        return self.result()


@pytest.fixture
def ask(program: tuple[str, Driver], gateway: GatewayProcess, person: Person, provider: EchoProvider) -> Asking:
    return Asking(*program, gateway, person, provider)


def only(ask: Asking, *names: str) -> None:
    if ask.name not in names:
        pytest.skip(f"{ask.name} kennt das nicht")


def refused(ask: Asking, code: str, found: dict[str, Any], *words: str) -> None:
    """Check what the person sees, and that the program asked once."""
    assert "error" in found, found
    assert TOLD.search(found["error"]), found
    for word in words:
        assert word in found["error"], found
    number = TOLD.findall(found["error"])[-1].removeprefix("Vorgang ")
    end, = ask.gateway.ends_of(number)
    assert end.meta["code"] == code
    assert "retry" not in end.meta, "the program asked again"


def test_names_are_real_for_the_person_and_hidden_from_the_provider(ask: Asking) -> None:
    found = ask("chat")
    assert NAME in found["text"]
    assert found.get("usage", 18) == 18
    assert "Krüger" not in ask.provider.last.body.decode()
    assert "[PERSON" in ask.provider.last.text


def test_an_answer_comes_piece_by_piece_with_its_usage(ask: Asking) -> None:
    with ask.provider.doing(cut=5):
        found = ask("stream")
    assert found["text"] == TEXT
    assert found["pieces"] > 1
    assert found["usage"] == 18
    assert ask.provider.last.json["stream_options"] == {"include_usage": True}


def test_a_tool_gets_the_real_name_and_its_result_goes_out_without(ask: Asking) -> None:
    with ask.provider.doing(tool=("notiz", "name")):
        found = ask("tools", text=NAME)
    assert found["called"] == {"name": NAME}
    assert f"Notiz zu {NAME} liegt vor" in found["text"]
    assert "Krüger" not in ask.provider.last.body.decode()


def test_an_answer_in_a_schema_has_its_form(ask: Asking) -> None:
    only(ask, "langchain", "pydantic-ai", "llm", "openai-node", "vercel-ai")
    with ask.provider.doing(says=json.dumps({"name": "Amt 50"})):
        found = ask("structured")
    assert found.get("name") == "Amt 50", found
    form = ask.provider.last.json["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["schema"]["properties"]["name"]["type"] == "string"


def test_embeddings_have_one_vector_for_each_text(ask: Asking) -> None:
    only(ask, "langchain", "pydantic-ai", "openai-node", "vercel-ai")
    assert ask("embed", model="demo", texts=[TEXT, "Guten Tag"])["sizes"] == [256, 256]


def test_numbers_of_tokens_are_refused_with_the_switch_to_turn(ask: Asking) -> None:
    only(ask, "langchain")
    refused(ask, "nicht_pruefbar", ask("embed_tokens", model="demo"), "check_embedding_ctx_length")


def test_the_models_are_listed(ask: Asking) -> None:
    only(ask, "openai-node")
    assert {"demo", "schnellstart"} <= set(ask("models")["ids"])


def test_the_responses_api_is_there_too(ask: Asking) -> None:
    only(ask, "openai-node", "vercel-ai")
    assert NAME in ask("responses")["text"]


def test_tokens_are_counted_before_they_are_spent(ask: Asking) -> None:
    only(ask, "anthropic-node")
    assert ask("count")["tokens"] > 5


@pytest.mark.parametrize("task", ["chat", "stream"])
def test_a_wrong_key_is_said_in_words(ask: Asking, task: str) -> None:
    found = ask(task, key="kip_falsch")
    assert "error" in found
    assert "Schlüssel" in found["error"]
    assert TOLD.search(found["error"]), found


@pytest.mark.parametrize("task", ["chat", "stream"])
def test_a_missing_ki_pass_is_said_in_words_and_asked_for_once(ask: Asking, task: str) -> None:
    refused(ask, "ki_pass_fehlt", ask(task, key=ask.gateway.holder("fehlt").key), "KI-Pass", "/pass")


@pytest.mark.parametrize("task", ["chat", "stream"])
def test_content_that_may_not_leave_is_said_in_words_and_asked_for_once(ask: Asking, task: str) -> None:
    refused(ask, "inhalt_gesperrt", ask(task, model="eu-cloud", text="VS-NUR FÜR DEN DIENSTGEBRAUCH: Lageplan"))


def test_an_answer_that_breaks_off_is_never_taken_for_a_whole_one(ask: Asking) -> None:
    with ask.provider.doing(cut=5, break_after=4):
        found = ask("stream")
    assert "unvollständig" in found.get("error", ""), found
    assert TOLD.search(found["error"])
    if ask.name != "pydantic-ai":  # it throws away what it has shown
        assert found["partial"] == TEXT[:len(found["partial"])]


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("style", ["comment", "chunk"])
def test_signs_of_life_are_read_over(ask: Asking, request: pytest.FixtureRequest, after: int, style: str) -> None:
    gateway = request.getfixturevalue("chunky") if style == "chunk" else ask.gateway
    with ask.provider.doing(cut=5, wait_after=after):
        ask.begin("stream", url=gateway.url + "/v1")
        assert ask.provider.paused.wait(30)
        time.sleep(0.3)  # several signs; a slow machine sends fewer, and the test says less
        ask.provider.go_on()
        assert ask.result()["text"] == TEXT
