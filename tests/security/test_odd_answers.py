"""What a provider may answer: nothing of it may leave an exchange without its end, or a tool with a name."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from audit import canonical
from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Answer, AnswerContext, Usage
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import shipped

ODD = [-5, 2**60, 10**18, True, 1.5, "7", None, [1], {"a": 1}]


def opened(untrusted: frozenset[str] = frozenset()) -> Answer:
    return ChatCompletions().answer(AnswerContext(
        channel=lambda json_string: Restorer({"[PERSON1]": "Krüger"}, json_string=json_string), wants_usage=True,
        alias="haus", target="echo", untrusted_tools=untrusted))


def frame(delta: dict[str, Any], **more: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}], **more}).encode() + b"\n\n"


@pytest.mark.parametrize("number", ODD)
def test_usage_of_any_kind_can_be_recorded_and_counted(number: Any) -> None:
    answer = opened()
    answer.feed(frame({}, usage={"prompt_tokens": number, "completion_tokens": number}))
    assert answer.usage is not None
    assert 0 <= answer.usage.prompt <= canonical.MAX_INT
    assert canonical.dumps({"tokens_in": answer.usage.prompt, "tokens_out": answer.usage.completion})


def test_ordinary_usage_is_taken_as_it_is() -> None:
    answer = opened()
    answer.feed(frame({}, usage={"prompt_tokens": 3, "completion_tokens": 4}))
    assert answer.usage == Usage(3, 4)


def call(name: str = "", arguments: str = "") -> bytes:
    function = {**({"name": name} if name else {}), "arguments": arguments}
    return frame({"tool_calls": [{"index": 0, "function": function}]})


@pytest.mark.parametrize("names", [("merke", "web_search"), ("web_", "search"), ("web_search", "web_search")])
def test_a_tool_that_shares_its_index_with_another_gets_no_name(names: tuple[str, str]) -> None:
    """Some providers number every call 0, and some send a tool's name in pieces."""
    answer = opened(frozenset({"web_search"}))
    first = call(names[0]) + (call(arguments='{"q":"[PERSON1]"}') if names[0] == "merke" else b"")
    shown = answer.feed(first + call(names[1]) + call(arguments='{"q":"[PERSON1]"}')) + answer.close()
    assert shown.decode().count("Kr") == (names[0] == "merke")


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_cannot_be_looked_at_has_its_end_all_the_same(
        stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ValueError("counters can only go up")
    monkeypatch.setattr("gateway.pipeline.relay.Relay._facts", break_down)
    house = FakeHouse(shipped)
    out, raw = asyncio.run(house.ask(chat(stream=stream)))
    assert out.status == 200
    assert "Sabine Krüger" in raw.decode()
    assert house.kinds() == ["intent", "outcome"]
