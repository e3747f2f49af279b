"""Golden cases of every wire API: a request in and what leaves; a provider's answer in and what the client gets.

Each case is one JSON file in the folder of its dialect; every streamed one is fed in every way of cutting. A request
case has ``request``, ``replace`` (what redaction does to the slots), and ``slots`` (scope, label, text), ``dropped``,
``opaque``, ``sent``; or ``refused``, the code. An answer case has ``context`` (with ``label`` where one is wanted),
``provider`` and ``client``: one object, or a list of events.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.completions import Completions
from gateway.wire.dialect import Answer, AnswerContext, Dialect
from gateway.wire.embeddings import Embeddings
from gateway.wire.labels import labelled
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.chunking import joined_in_every_way
from tests.support.moved import moved

DIALECTS: dict[str, Dialect] = {
    d.name: d for d in (ChatCompletions(), Responses(), Messages(), Embeddings(), Completions())}
CASES = {f"{name}/{path.stem}": json.loads(path.read_text(encoding="utf-8")) for name in DIALECTS
         for path in sorted((Path(__file__).parent / name).glob("*.json"))}
REQUESTS = [name for name, case in CASES.items() if "request" in case]
ANSWERS = [name for name, case in CASES.items() if "provider" in case]
MODEL = RegisteredModel("haus", "Haus", "openai", "provider-model", "http://x/v1", None, frozenset(DIALECTS), True,
                        True, "p", "o", "r", "t", frozenset())
INSTRUCTION = "Hinweis an das Modell."


def dialect_of(name: str) -> Dialect:
    return DIALECTS[name.partition("/")[0]]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_leaves(name: str) -> None:
    case, dialect = CASES[name], dialect_of(name)
    if "refused" in case:
        with pytest.raises(GatewayError) as refused:
            dialect.parse(orjson.dumps(case["request"]))
        assert refused.value.code == case["refused"]
        return
    parsed = dialect.parse(orjson.dumps(case["request"]))
    document = parsed.document
    assert [[slot.scope, slot.label, slot.text] for slot in document.slots] == case["slots"]
    assert document.dropped == case["dropped"]
    assert dict(document.opaque) == case["opaque"]
    document.rewrite([_replaced(slot.text, case["replace"]) for slot in document.slots])
    parsed.places = [None if at is None else moved(document.slots[at].text, case["replace"])
                     for at in parsed.documents]
    dialect.prepare(parsed, MODEL)
    if case["replace"]:
        dialect.instruct(parsed, INSTRUCTION)
    sent = document.to_bytes()
    assert json.loads(sent) == case["sent"]
    assert not any(value.encode() in sent for value in case["replace"])


def _replaced(text: str, replace: dict[str, str]) -> str:
    for value, placeholder in replace.items():
        text = text.replace(value, placeholder)
    return text


@pytest.mark.parametrize("name", ANSWERS)
def test_what_the_client_gets(name: str) -> None:
    case = CASES[name]
    if isinstance(case["provider"], list):
        assert _events(_streamed(name, case)) == case["client"]
    else:
        whole = _answer(name, case).complete(orjson.dumps(case["provider"]))
        assert json.loads(whole) == case["client"]


def _streamed(name: str, case: dict[str, Any]) -> bytes:
    states: list[tuple[Any, ...]] = []

    def machine() -> Any:
        answer = _answer(name, case)

        def close() -> bytes:
            out = answer.close()
            states.append((answer.state, answer.usage, answer.unresolved))
            return out + (answer.terminal() if answer.state == "complete" else b"")
        return answer.feed, close
    raw = b"".join(_frame(event) for event in case["provider"])
    result = joined_in_every_way(raw, machine)
    assert joined_in_every_way(raw.replace(b"\n", b"\r\n"), machine) == result
    assert all(state == states[0] for state in states)
    state, usage, unresolved = states[0]
    assert (state, unresolved) == (case["state"], case.get("unresolved", 0))
    assert ([usage.prompt, usage.completion] if usage else None) == case.get("usage")
    return result


def _frame(event: dict[str, Any] | str | None) -> bytes:
    if event is None:
        return b": ping\n\n"
    data = event.encode() if isinstance(event, str) else orjson.dumps(event)
    name = f"event: {event['type']}\n".encode() if isinstance(event, dict) and "type" in event else b""
    return name + b"data: " + data + b"\n\n"


def _events(stream: bytes) -> list[Any]:
    events = []
    for part in stream.split(b"\n\n"):
        name, _, data = part.rpartition(b"\n")
        if data and data != b"data: [DONE]":
            events.append(json.loads(data.removeprefix(b"data: ")))
            assert name == (f"event: {events[-1]['type']}".encode() if "type" in events[-1] else b"")
    return events


def _answer(name: str, case: dict[str, Any]) -> Answer:
    context = case["context"]
    values = context["values"]
    places = [None if text is None else moved(text, {value: token for token, value in values.items()})
              for text in context.get("documents", ())]
    return labelled(name.partition("/")[0], dialect_of(name).answer(AnswerContext(
        channel=(lambda json_string: Restorer(values, json_string=json_string)) if values else None,
        wants_usage=context.get("wants_usage", False), alias="haus", target="provider-model",
        untrusted_tools=frozenset(context.get("untrusted_tools", ())), echo=context.get("echo", {}),
        places=places)), context.get("label", ""), {})
