"""Bridges over everything that a client or a provider could write: nothing is lost, and nothing raises past them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.redaction.restore import Restorer
from gateway.wire.bridges import Bridge, way
from gateway.wire.bridges.common import MISSHAPEN
from gateway.wire.dialect import AnswerContext, Dialect
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses

DIALECTS: dict[str, Dialect] = {"responses": Responses(), "messages": Messages()}
CALLERS = st.sampled_from(sorted(DIALECTS))
WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
LEAF = st.one_of(WORDS, st.integers(-9, 2**40), st.booleans(), st.none(), st.sampled_from(
    ["text", "message", "function_call", "function_call_output", "input_text", "tool_use", "tool_result", "user",
     "assistant", "custom", "namespace", "document", "image", "stop", "length", "[PERSON1]"]))
KEYS = st.sampled_from([
    "type", "role", "content", "text", "id", "call_id", "name", "arguments", "output", "input", "tool_use_id", "source",
    "action", "tools", "tool_choice", "function", "index", "delta", "message", "choices", "usage", "finish_reason",
    "tool_calls", "function_call", "reasoning_content", "refusal", "prompt_tokens", "error", "parameters", "format",
    "system", "instructions", "stop_sequences", "output_config", "messages"])
JSON = st.recursive(LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3),
                                                  st.dictionaries(KEYS, inner, max_size=4)), max_leaves=12)


def bridge_of(caller: str) -> Bridge:
    found = way(caller, {"chat"})
    assert found is not None
    return found[0]


@st.composite
def conversations(draw: Any) -> tuple[list[dict[str, Any]], str, dict[int, str]]:
    """Chunks in which text and pieces of several calls come in any order; what was said; the arguments by call."""
    arguments = {number: json.dumps({"a": draw(WORDS), "b": draw(st.integers())}, ensure_ascii=draw(st.booleans()))
                 for number in range(draw(st.integers(0, 3)))}
    text = draw(WORDS)
    left: dict[Any, str] = {**arguments, "text": text}
    begun: set[Any] = set()
    deltas: list[dict[str, Any]] = []
    while any(left.values()):
        who = draw(st.sampled_from([who for who, rest in left.items() if rest]))
        size = draw(st.integers(1, 9))
        piece, left[who] = left[who][:size], left[who][size:]
        if who == "text":
            deltas.append({"content": piece})
            continue
        first = {} if who in begun else {"id": f"call_{who}", "type": "function"}
        name = {} if who in begun else {"name": f"tool_{who}"}
        begun.add(who)
        deltas.append({"tool_calls": [{"index": who, **first, "function": {**name, "arguments": piece}}]})
    head = {"id": "chatcmpl-1", "created": 1, "model": "haus-1"}
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return chunks, text, arguments


def refusal(work: Callable[[], object]) -> str:
    """Return the code with which `work` refuses; empty if it does not."""
    try:
        work()
    except GatewayError as error:
        return error.code
    return ""


def frames(chunks: list[Any]) -> bytes:
    return b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def events(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(part.split(b"\n")[1].removeprefix(b"data: ")) for part in stream.split(b"\n\n") if part]


@given(conversations())
def test_a_message_holds_all_that_was_said_however_mixed_it_came(conversation: Any) -> None:
    chunks, text, arguments = conversation
    translation = bridge_of("messages").answer(b"{}")
    found = events(translation.feed(frames(chunks)) + translation.close())
    said: dict[int, str] = {}
    names: dict[int, str] = {}
    for event in found:
        if event["type"] == "content_block_start":
            said[event["index"]], names[event["index"]] = "", event["content_block"].get("name", "text")
        elif event["type"] == "content_block_delta":
            said[event["index"]] += event["delta"].get("text", "") + event["delta"].get("partial_json", "")
    assert "".join(said[at] for at, name in names.items() if name == "text") == text
    assert {name: said[at] for at, name in names.items() if name != "text"} == {
        f"tool_{number}": value for number, value in arguments.items()}
    assert found[-1]["type"] == "message_stop"


@given(conversations())
def test_a_response_holds_all_that_was_said_however_mixed_it_came(conversation: Any) -> None:
    chunks, text, arguments = conversation
    translation = bridge_of("responses").answer(b"{}")
    found = events(translation.feed(frames(chunks)) + translation.close())
    output = found[-1]["response"]["output"]
    assert "".join(item["content"][0]["text"] for item in output if item["type"] == "message") == text
    assert {item["name"]: item["arguments"] for item in output if item["type"] == "function_call"} == {
        f"tool_{number}": value for number, value in arguments.items()}
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert "".join(event["delta"] for event in found if event["type"] == "response.output_text.delta") == text


@given(CALLERS, st.lists(JSON, max_size=4), st.booleans())
def test_whatever_a_provider_streams_ends_in_exactly_one_way(caller: str, chunks: list[Any], done: bool) -> None:
    translation = bridge_of(caller).answer(b"{}")
    answer = DIALECTS[caller].answer(AnswerContext(
        channel=lambda json_string: Restorer({"[PERSON1]": "Krüger"}, json_string=json_string), wants_usage=True,
        alias="haus", target="t", untrusted_tools=frozenset({"web"})))
    wrapped = [{"id": "x", "choices": [chunk] if number % 2 else chunk} for number, chunk in enumerate(chunks)]
    raw = frames([*wrapped, *chunks])
    raw = raw if done else raw.removesuffix(b"data: [DONE]\n\n")
    answer.feed(translation.feed(raw) + translation.close())
    answer.close()
    assert answer.state in ("complete", "failed")


@given(CALLERS, JSON)
def test_whatever_a_provider_answers_is_an_answer_or_an_error_in_words(caller: str, value: Any) -> None:
    for body in (value, {"choices": [value]}, {"choices": [{"message": value, "finish_reason": "stop"}]}):
        answer = DIALECTS[caller].answer(AnswerContext(
            channel=lambda json_string: Restorer({"[PERSON1]": "Krüger"}, json_string=json_string), wants_usage=True,
            alias="haus", target="t"))
        translated = bridge_of(caller).answer(b"{}").complete(orjson.dumps(body))
        assert refusal(lambda: answer.complete(translated)) in ("", "anbieter_fehler")  # noqa: B023


@given(CALLERS, st.dictionaries(KEYS, JSON, max_size=4), JSON)
def test_whatever_a_client_asks_becomes_a_chat_or_an_error_in_words(caller: str, more: dict[str, Any],
                                                                    said: Any) -> None:
    body = {**more, "model": "haus", ("input" if caller == "responses" else "messages"): said}
    refused = refusal(lambda: DIALECTS[caller].parse(orjson.dumps(body)).document.to_bytes())
    assert refused in ("", "anfrage_ungueltig")
    if refused:
        return
    try:
        bridge = bridge_of(caller)
        chat = orjson.loads(bridge.request(orjson.dumps(body)))
        bridge.answer(orjson.dumps(body))
    except (GatewayError, *MISSHAPEN):
        return  # `gateway.upstream.bridged` says so in words
    assert isinstance(chat["messages"], list)
