"""What a provider writes into an answer about its origin reaches the client (AI Act Art. 50(2)): nothing is stripped.

Fingerprints, content credentials (C2PA), and fields that nobody knows yet, at every level of every wire API: with
values put back into the same object, with a label, and with nothing to do at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.completions import Completions
from gateway.wire.dialect import Answer, AnswerContext, Dialect
from gateway.wire.labels import labelled
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses

DIALECTS: dict[str, Dialect] = {d.name: d for d in (ChatCompletions(), Completions(), Responses(), Messages())}
VALUES = {"[PERSON1]": "Sabine Krüger"}
MARK = {"system_fingerprint": "fp_44709d6fcb", "x_content_credentials": {
    "c2pa": {"manifest": "eyJhbGciOiJFUzI1NiJ9..AbCd==", "claims": [1, 2.5, None, True]}, "ai_generated": True}}
TEXT = "Frau [PERSON1]"


def item(text: str) -> dict[str, Any]:
    return {"id": "i", "type": "message", "role": "assistant", "status": "completed", **MARK, "content": [
        {"type": "output_text", "text": text, "annotations": [], **MARK}]}


def response(status: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"id": "r", "object": "response", "status": status, "model": "x", "output": list(items), "error": None,
            "incomplete_details": None, "usage": None, **MARK}


AT = {"item_id": "i", "output_index": 0, "content_index": 0}
WHOLE: dict[str, dict[str, Any]] = {
    "chat": {"id": "c", "model": "x", **MARK, "choices": [
        {"index": 0, "finish_reason": "stop", **MARK, "message": {"role": "assistant", "content": TEXT, **MARK}}]},
    "completions": {"id": "c", "model": "x", **MARK,
                    "choices": [{"index": 0, "text": TEXT, "finish_reason": "stop", **MARK}]},
    "responses": response("completed", item(TEXT)),
    "messages": {"id": "m", "type": "message", "role": "assistant", "model": "x", "stop_reason": "end_turn", **MARK,
                 "content": [{"type": "text", "text": TEXT, **MARK}]},
}
STREAMS: dict[str, list[dict[str, Any]]] = {
    "chat": [{"id": "c", "model": "x", **MARK, "choices": [
        {"index": 0, "finish_reason": end, **MARK, "delta": {**delta, **MARK}}]}
        for delta, end in (({"content": TEXT}, None), ({}, "stop"))],
    "completions": [{"id": "c", "model": "x", **MARK, "choices": [
        {"index": 0, "text": text, "finish_reason": end, **MARK}]} for text, end in ((TEXT, None), ("", "stop"))],
    "responses": [{**event, **MARK, "sequence_number": n} for n, event in enumerate([
        {"type": "response.created", "response": response("in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item(""), "content": []}},
        {"type": "response.content_part.added", **AT, "part": item("")["content"][0]},
        {"type": "response.output_text.delta", **AT, "delta": TEXT},
        {"type": "response.output_text.done", **AT, "text": TEXT},
        {"type": "response.content_part.done", **AT, "part": item(TEXT)["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": item(TEXT)},
        {"type": "response.content_credentials.done", "manifest": "eyJ=="},
        {"type": "response.completed", "response": response("completed", item(TEXT))}])],
    "messages": [{**event, **MARK} for event in [
        {"type": "message_start", "message": {**WHOLE["messages"], "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", **MARK}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT, **MARK}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_credentials", "manifest": "eyJ=="},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", **MARK}, "usage": {"output_tokens": 1}}]],
}


def answer(name: str, *, replaced: bool, label: str) -> Answer:
    opened = DIALECTS[name].answer(AnswerContext(
        (lambda json_string: Restorer(VALUES, json_string=json_string)) if replaced else None, True, "x", "x"))
    return labelled(name, opened, label, {})


def marked(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the marks of every object that has some."""
    if isinstance(value, dict):
        if any(key in value for key in MARK):
            yield {key: value.get(key) for key in MARK}
        for key, child in value.items():
            if key not in MARK:
                yield from marked(child)
    elif isinstance(value, list):
        for child in value:
            yield from marked(child)


@pytest.mark.parametrize("label", ["", "Entwurf"])
@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_complete_answer_keeps_every_mark_of_its_provider(name: str, replaced: bool, label: str) -> None:
    out = json.loads(answer(name, replaced=replaced, label=label).complete(orjson.dumps(WHOLE[name])))
    assert list(marked(out)) == [MARK] * len(list(marked(WHOLE[name])))


@pytest.mark.parametrize("label", ["", "Entwurf"])
@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize("name", sorted(STREAMS))
def test_a_stream_keeps_every_mark_of_its_provider(name: str, replaced: bool, label: str) -> None:
    opened = answer(name, replaced=replaced, label=label)
    frames = [(f"event: {event['type']}\n".encode() if "type" in event else b"") + b"data: " + orjson.dumps(event)
              for event in STREAMS[name]]
    end = b'event: message_stop\ndata: {"type":"message_stop"}' if name == "messages" else b"data: [DONE]"
    out = opened.feed(b"\n\n".join([*frames, end, b""])) + opened.close()
    assert opened.state == "complete"
    out += opened.terminal()
    events = [json.loads(part.rpartition(b"data: ")[2]) for part in out.split(b"\n\n") if part.endswith(b"}")]
    assert list(marked(events)) == [MARK] * len(list(marked(STREAMS[name])))
    assert [e.get("manifest") for e in events if "manifest" in e] == ["eyJ=="] * (name in ("responses", "messages"))
    if not replaced and not label and name != "responses":  # there events are numbered anew
        shown = [part for part in out.split(b"\n\n") if part]
        assert all(frame in shown for frame in frames if b"message_start" not in frame), "byte by byte"
