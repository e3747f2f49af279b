"""Golden cases of the Chat Completions API: a request in and what leaves; a provider's answer in and what the client
gets. Each case is one JSON file in ``chat/``; every streamed one is fed in every way of cutting.

A request case has ``request``, ``replace`` (what redaction does to the slots), and ``slots`` (scope, label, text),
``dropped``, ``opaque``, ``sent``. An answer case has ``context``, ``provider`` and ``client``: one object, or a list of
events.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.model.register import RegisteredModel
from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import ChatAnswer, ChatCompletions
from gateway.wire.dialect import AnswerContext
from tests.support.chunking import joined_in_every_way

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted(Path(__file__).with_name("chat").glob("*.json"))}
REQUESTS = [name for name, case in CASES.items() if "request" in case]
ANSWERS = [name for name, case in CASES.items() if "provider" in case]
MODEL = RegisteredModel("haus", "Haus", "openai", "provider-model", "http://x/v1", None, frozenset({"chat"}), True,
                        True, "p", "o", "r", "t", frozenset())


@pytest.mark.parametrize("name", REQUESTS)
def test_what_leaves(name: str) -> None:
    case = CASES[name]
    dialect = ChatCompletions()
    parsed = dialect.parse(orjson.dumps(case["request"]))
    document = parsed.document
    assert [[slot.scope, slot.label, slot.text] for slot in document.slots] == case["slots"]
    assert document.dropped == case["dropped"]
    assert dict(document.opaque) == case["opaque"]
    document.rewrite([_replaced(slot.text, case["replace"]) for slot in document.slots])
    dialect.prepare(parsed, MODEL)
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
        assert _events(_streamed(case)) == case["client"]
    else:
        assert json.loads(_answer(case).complete(orjson.dumps(case["provider"]))) == case["client"]


def _streamed(case: dict[str, Any]) -> bytes:
    states: list[tuple[str, Any, int]] = []

    def machine() -> Any:
        answer = _answer(case)

        def close() -> bytes:
            out = answer.close()
            states.append((answer.state, answer.usage, answer.unresolved))
            return out
        return answer.feed, close
    raw = b"".join(_frame(event) for event in case["provider"])
    result = joined_in_every_way(raw, machine)
    assert joined_in_every_way(raw.replace(b"\n", b"\r\n"), machine) == result
    assert all(state == states[0] for state in states)
    assert states[0][0] == case["state"]
    assert states[0][2] == case.get("unresolved", 0)
    return result


def _frame(event: Any) -> bytes:
    return b": ping\n\n" if event is None else b"data: " + (
        event.encode() if isinstance(event, str) else orjson.dumps(event)) + b"\n\n"


def _events(stream: bytes) -> list[Any]:
    return [json.loads(part.removeprefix(b"data: ")) for part in stream.split(b"\n\n") if part]


def _answer(case: dict[str, Any]) -> ChatAnswer:
    context = case["context"]
    values = context["values"]
    return ChatCompletions().answer(AnswerContext(
        channel=(lambda json_string: Restorer(values, json_string=json_string)) if values else None,
        wants_usage=context.get("wants_usage", False), alias="haus", target="provider-model",
        untrusted_tools=frozenset(context.get("untrusted_tools", ()))))
