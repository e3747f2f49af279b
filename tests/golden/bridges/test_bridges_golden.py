"""Golden cases of the bridges, and what must hold of every one of them.

A request case has ``caller``, ``request`` and ``sent`` (or ``refused``: code and parameter); an answer case has
``caller``, ``request``, ``provider`` (a whole answer, or a list of chunks or events; null is a comment) and ``client``.
The SDKs of both makers are the judges: every event is one of their types, and what their accumulators collect is what
the whole answer says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.errors import GatewayError
from gateway.redaction.restore import Restorer
from gateway.wire.bridges import Bridge, way
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Answer, AnswerContext, Dialect
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.chunking import joined_in_every_way

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted(Path(__file__).parent.glob("*.json"))}
REQUESTS = [name for name in CASES if "-request-" in name]
STREAMS = [name for name in CASES if "-stream-" in name]
WHOLES = [name for name in CASES if "-whole-" in name]
DIALECTS: dict[str, Dialect] = {"chat": ChatCompletions(), "responses": Responses(), "messages": Messages()}
VALUES = {"[PERSON1]": 'Sabine "Krüger"'}
NO_ANSWER = ("error", "cut-off", "misshapen", "no-json", "only-done", "without-a-name", "no-choice")
"""What the names of cases hold in which the provider gave no whole answer."""
UNTYPED = ("responses-stream-text-after-a-call", "messages-stream-text-after-a-call", "chat-stream-custom-tool")
"""A whole chat completion has no order of text and calls, and the SDK knows custom tools only in whole answers."""
Event = dict[str, Any]


def bridge_of(case: dict[str, Any]) -> Bridge:
    found = way(case["caller"], {"responses" if case["caller"] == "chat" else "chat"})
    assert found is not None
    bridge, = found
    return bridge


def is_answer(name: str) -> bool:
    return not any(word in name for word in NO_ANSWER)


def frames(provider: list[Any]) -> bytes:
    return b"".join(b": ping\n\n" if chunk is None else
                    b"data: " + (chunk.encode() if isinstance(chunk, str) else orjson.dumps(chunk)) + b"\n\n"
                    for chunk in provider)


def bridged(case: dict[str, Any], provider: list[Any]) -> bytes:
    """Return the bridged stream, the same wherever the provider's bytes are cut."""
    def machine() -> Any:
        translation = bridge_of(case).answer(orjson.dumps(case["request"]))
        return translation.feed, translation.close
    return joined_in_every_way(frames(provider), machine)


def events(stream: bytes) -> list[Any]:
    found: list[Any] = []
    for part in filter(None, stream.split(b"\n\n")):
        name, _, data = part.rpartition(b"\n")
        text = data.removeprefix(b"data: ")
        found.append("[DONE]" if text == b"[DONE]" else json.loads(text))
        assert name == (b"event: " + found[-1]["type"].encode() if "type" in found[-1] else b"")
    return found


def whole(case: dict[str, Any]) -> Any:
    return json.loads(bridge_of(case).answer(orjson.dumps(case["request"])).complete(orjson.dumps(case["provider"])))


@pytest.mark.parametrize("name", REQUESTS)
def test_what_a_bridge_sends(name: str) -> None:
    case = CASES[name]
    if "refused" in case:
        with pytest.raises(GatewayError) as refused:
            bridge_of(case).request(orjson.dumps(case["request"]))
        assert [refused.value.code, refused.value.param] == case["refused"]
    else:
        assert json.loads(bridge_of(case).request(orjson.dumps(case["request"]))) == case["sent"]


@pytest.mark.parametrize("name", STREAMS)
def test_what_a_bridge_makes_of_a_stream(name: str) -> None:
    case = CASES[name]
    assert events(bridged(case, case["provider"])) == case["client"]


@pytest.mark.parametrize("name", WHOLES)
def test_what_a_bridge_makes_of_a_whole_answer(name: str) -> None:
    case = CASES[name]
    assert whole(case) == case["client"]
    if not is_answer(name):
        assert case["client"] == case["provider"], "the caller's own dialect says that this is no answer"


@pytest.mark.parametrize("name", [name for name in STREAMS if is_answer(name) and name not in UNTYPED])
def test_what_the_sdk_collects_of_a_stream_is_the_whole_answer(name: str) -> None:
    case = CASES[name]
    found = events(bridged(case, case["provider"]))
    collected = COLLECT[case["caller"]](found)
    if case["caller"] == "chat":
        final = {**case, "provider": case["provider"][-1]["response"]}
        joined = plain_chat(ChatCompletion.model_validate(whole(final)))
    else:
        joined = whole({**case, "provider": complete_chat(case["provider"])})
    if case["caller"] == "messages" and "length-in-a-call" in name:
        assert "choices" in joined, "half a JSON object can only be said in pieces"
        return
    assert collected == joined


def complete_chat(chunks: list[Any]) -> dict[str, Any]:
    """Return the chunks of one choice as a chat completion, by hand."""
    message: dict[str, Any] = {"role": "assistant"}
    calls: dict[Any, Any] = {}
    finish, usage, head = None, None, {}
    for chunk in filter(lambda c: isinstance(c, dict), chunks):
        head = {"id": chunk["id"], "created": chunk["created"], "model": chunk["model"]}
        usage = chunk.get("usage") or usage
        for choice in (choice for choice in chunk["choices"] if choice["index"] == 0):
            finish = choice.get("finish_reason") or finish
            for field in ("content", "refusal", "reasoning_content"):
                if choice["delta"].get(field):
                    message[field] = message.get(field, "") + choice["delta"][field]
            for call in choice["delta"].get("tool_calls", ()):
                known = calls.setdefault((call.get("index"), call.get("id")) if call["function"].get("name")
                                         else next(k for k in calls if k[0] == call.get("index")),
                                         {"function": {"arguments": ""}})
                arguments = known["function"]["arguments"] + call["function"].get("arguments", "")
                known |= {"function": {**known["function"], **call["function"], "arguments": arguments},
                          **{k: call[k] for k in ("id", "type") if k in call}}
            if older := choice["delta"].get("function_call"):
                known = message.setdefault("function_call", {"arguments": ""})
                known |= {**older, "arguments": known["arguments"] + older.get("arguments", "")}
    if calls:
        message["tool_calls"] = list(calls.values())
    return {**head, "object": "chat.completion", "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


RESPONSE_EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
MESSAGE_EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def of_responses(found: list[Event]) -> dict[str, Any]:
    """Return what the OpenAI SDK collects: the last response, its texts compared with their pieces."""
    from openai import omit
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    for event in found:
        state.handle_event(RESPONSE_EVENTS.validate_python(event))
    assert [event["type"] for event in found[:2]] == ["response.created", "response.in_progress"]
    snapshot = state._ResponseStreamState__current_snapshot
    final: dict[str, Any] = found[-1]["response"]
    Response.model_validate(final)
    for piecewise, said in zip(snapshot.output, final["output"], strict=True):
        if said["type"] == "function_call":
            assert piecewise.arguments == said["arguments"]
        elif said["type"] == "message":
            texts = [getattr(part, "text", None) for part in piecewise.content]
            assert texts == [part.get("text") if part["type"] == "output_text" else None for part in said["content"]]
    for kind in ("refusal", "reasoning_text", "custom_tool_call_input"):
        pieces = "".join(event["delta"] for event in found if event["type"] == f"response.{kind}.delta")
        ends = [event for event in found if event["type"] == f"response.{kind}.done"]
        assert pieces == "".join(end.get("refusal") or end.get("text") or end.get("input") for end in ends)
    return final


def of_messages(found: list[Event]) -> dict[str, Any]:
    """Return what the Anthropic SDK collects."""
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    is_open: list[int] = []
    for event in found:
        if event["type"] == "content_block_start":
            assert not is_open, "blocks come one after the other"
            is_open.append(event["index"])
        elif event["type"] == "content_block_delta":
            assert is_open == [event["index"]]
        elif event["type"] == "content_block_stop":
            assert is_open.pop() == event["index"]
        snapshot = accumulate_event(event=MESSAGE_EVENTS.validate_python(event), current_snapshot=snapshot,
                                    json_bufs=buffers)
    assert found[-1]["type"] == "message_stop"
    plain: dict[str, Any] = json.loads(snapshot.to_json(exclude_none=False, exclude_unset=True))
    Message.model_validate(plain)
    plain.pop("stop_details", None)
    return plain


def of_chat(found: list[Any]) -> dict[str, Any]:
    """Return what the OpenAI SDK collects of a chat."""
    state: Any = ChatCompletionStreamState()
    assert found[-1] == "[DONE]"
    for chunk in found[:-1]:
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    return plain_chat(state.current_completion_snapshot)


def plain_chat(completion: Any) -> dict[str, Any]:
    """Return what a chat completion says, without what only the SDK adds."""
    plain: dict[str, Any] = completion.model_dump(exclude_none=True)
    for choice in plain["choices"]:
        choice["message"] = {name: value for name, value in choice["message"].items() if value}
        for call in choice["message"].get("tool_calls", ()):
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
    return plain


COLLECT = {"chat": of_chat, "messages": of_messages, "responses": of_responses}


def open_answer(case: dict[str, Any]) -> Answer:
    return DIALECTS[case["caller"]].answer(AnswerContext(
        channel=lambda json_string: Restorer(VALUES, json_string=json_string), wants_usage=False, alias="haus",
        target="haus-1", untrusted_tools=frozenset({"web"})))


@pytest.mark.parametrize("name", STREAMS)
def test_the_answer_of_the_caller_reads_every_bridged_stream_and_knows_whether_it_is_whole(name: str) -> None:
    case = CASES[name]
    answer = open_answer(case)
    shown = answer.feed(bridged(case, case["provider"])) + answer.close()
    assert answer.state == ("complete" if is_answer(name) else "failed")
    if is_answer(name):
        shown += answer.terminal()
    if is_answer(name) and name not in UNTYPED[2:]:
        COLLECT[case["caller"]](events(shown))
    assert b"[PERSON" not in shown
    assert b"kaputt" not in shown


@pytest.mark.parametrize("name", WHOLES)
def test_the_answer_of_the_caller_reads_every_bridged_whole_answer(name: str) -> None:
    case = CASES[name]
    answer = open_answer(case)
    body = orjson.dumps(whole(case))
    if is_answer(name):
        assert b"[PERSON" not in answer.complete(body)
        assert answer.state == "complete"
    else:
        with pytest.raises(GatewayError) as refused:
            answer.complete(body)
        assert refused.value.code == "anbieter_fehler"


@pytest.mark.parametrize("name", [name for name in STREAMS if name.startswith("chat") and is_answer(name)
                                  and name not in UNTYPED])
def test_two_bridges_make_a_message_of_a_response(name: str) -> None:
    case = CASES[name]
    first, second = way("messages", {"responses"}) or ()
    inner, outer = second.answer(b"{}"), first.answer(b"{}")
    raw = outer.feed(inner.feed(frames(case["provider"])) + inner.close()) + outer.close()
    message = of_messages(events(raw))
    direct = json.loads(first.answer(b"{}").complete(second.answer(b"{}").complete(
        orjson.dumps(case["provider"][-1]["response"]))))
    assert message == direct
