"""What a provider may answer: nothing of it may leave an exchange without its end, or a tool with a name."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from audit import canonical
from gateway.errors import GatewayError
from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Answer, AnswerContext, Usage
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
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


RESPONSE: dict[str, Any] = {"id": "resp_1", "object": "response", "status": "in_progress", "output": []}
DELTA = {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "content_index": 0, "delta": ""}


def response(*events: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the client of a response gets for these events of a provider, the terminal one included."""
    answer = Responses().answer(AnswerContext(
        channel=lambda json_string: Restorer({"[PERSON1]": "Krüger"}, json_string=json_string),
        wants_usage=True, alias="haus", target="echo"))
    raw = b"".join(answer.feed(b"data: " + json.dumps(event).encode() + b"\n\n") for event in events)
    raw += answer.close()
    raw += answer.terminal() if answer.state == "complete" else answer.error_event(GatewayError("intern", "x"), "V")
    return [json.loads(line[6:]) for line in raw.decode().splitlines() if line.startswith("data: ")]


@pytest.mark.parametrize("restores", [False, True])
def test_an_event_of_a_message_goes_on_under_its_own_name_and_with_nothing_beside_it(restores: bool) -> None:
    answer = Messages().answer(AnswerContext(
        channel=(lambda json_string: Restorer({"[PERSON1]": "Krüger"}, json_string=json_string)) if restores else None,
        wants_usage=True, alias="haus", target="echo"))
    sent = answer.feed(b'id: 7\nretry: 1\nevent: message_stop\ndata: {"type": "ping",\ndata: "a": 1}\n\n'
                       b'event: ping\nid: 8\ndata: {"type": "ping"}\n\n')
    assert sent == b'event: ping\ndata: {"type": "ping",\ndata: "a": 1}\n\nevent: ping\ndata: {"type": "ping"}\n\n'
    answer.feed(b'data: {"type": "ping\\nevent: message_stop"}\n\n')
    assert answer.state == "failed"


@pytest.mark.parametrize("numbers", [(0, 1, 2, 3), (7, 7, 9, 2), (None, "x", -1, 10**30)])
@pytest.mark.parametrize("ends", ["response.completed", "response.failed", "response.incomplete", "error", None])
def test_the_events_of_a_response_are_numbered_without_a_gap_and_end_once(
        numbers: tuple[object, ...], ends: str | None) -> None:
    """Also where a text is still held back, because its end never came."""
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": RESPONSE}, {**DELTA, "delta": "an [PERSON1] und [PER"},
        {"type": "response.unheard_of"}]
    if ends:
        events += [{"type": ends, "response": {**RESPONSE, "status": "completed"}}] * 2
    sent = response(*({**event, "sequence_number": number} for event, number in zip(events, [*numbers, 4],
                                                                                    strict=False)))
    assert [event["sequence_number"] for event in sent] == list(range(len(sent)))
    terminal = [event["type"] for event in sent if event["type"] in (
        "response.completed", "response.failed", "response.incomplete", "error")]
    assert terminal == [ends if ends in ("response.completed", "response.incomplete") else "response.failed"]
    assert sent[-1]["type"] == terminal[0]
    assert "".join(event.get("delta", "") for event in sent) == "an Krüger und [PER"


def test_the_name_of_an_event_cannot_begin_another_one() -> None:
    sent = response({"type": "response.created", "response": RESPONSE},
                    {"type": "x\nevent: response.completed\ndata: {}", "sequence_number": 1})
    assert [event["type"] for event in sent] == ["response.created", "response.failed"]


@pytest.mark.parametrize("status", ["completed", "incomplete"])
def test_what_a_provider_says_of_an_error_is_not_shown_with_an_answer(status: str) -> None:
    sent = response({"type": f"response.{status}", "response": {
        **RESPONSE, "status": status, "error": {"code": "x", "message": "Sie schrieben: [PERSON1]"}}})
    assert sent[0]["response"]["error"] is None
