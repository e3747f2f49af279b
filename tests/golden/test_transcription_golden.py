"""Golden cases of recordings: a provider's transcript in, what the client gets; every stream in every way of cutting.

A case has ``form`` (response_format), ``values``, ``provider`` and ``client``: an object, a text, or a list of events.
An event that is a string stands for itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.redaction.restore import Restorer
from gateway.wire.dialect import AnswerContext
from gateway.wire.transcriptions import Transcriptions
from gateway.wire.transcriptions_answer import TranscriptionAnswer
from tests.support.chunking import joined_in_every_way

CASES = {path.stem: json.loads(path.read_text(encoding="utf-8"))
         for path in sorted((Path(__file__).parent / "transcriptions").glob("*.json"))}
STREAMED = [name for name, case in CASES.items() if isinstance(case["provider"], list)]
WHOLE = [name for name in CASES if name not in STREAMED]


def answer(case: dict[str, Any]) -> TranscriptionAnswer:
    values = case["values"]
    return Transcriptions().answer(AnswerContext(
        channel=(lambda json_string: Restorer(values, json_string=json_string)) if values else None, wants_usage=False,
        alias="haus", target="provider-model", echo={"response_format": case.get("form", "json")}))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_transcript(name: str) -> None:
    case, machine = CASES[name], answer(CASES[name])
    given = case["provider"]
    got = machine.complete(given.encode() if isinstance(given, str) else orjson.dumps(given)).decode()
    assert (got if isinstance(given, str) else json.loads(got)) == case["client"]
    assert machine.state == "complete"
    assert machine.unresolved == case.get("unresolved", 0)
    usage = machine.usage
    assert ([usage.prompt, usage.completion, usage.seconds] if usage else None) == case.get("usage")


@pytest.mark.parametrize("name", STREAMED)
def test_a_streamed_transcript(name: str) -> None:
    case = CASES[name]
    states: list[Any] = []

    def machine() -> Any:
        one = answer(case)

        def close() -> bytes:
            out = one.close()
            usage = one.usage
            states.append((one.state, [usage.prompt, usage.completion, usage.seconds] if usage else None))
            return out + (one.terminal() if one.state == "complete" else b"")
        return one.feed, close
    raw = b"".join(framed(event) for event in case["provider"])
    result = joined_in_every_way(raw, machine)
    assert joined_in_every_way(raw.replace(b"\n", b"\r\n"), machine) == result
    assert all(state == (case["state"], case.get("usage")) for state in states)
    assert [json.loads(part.removeprefix(b"data: ")) for part in result.split(b"\n\n") if part] == case["client"]


def framed(event: Any) -> bytes:
    if event is None:
        return b": ping\n\n"
    if isinstance(event, str) and event.startswith("{"):
        return event.encode()  # a server that knows no streams
    return b"data: " + (event.encode() if isinstance(event, str) else orjson.dumps(event)) + b"\n\n"
