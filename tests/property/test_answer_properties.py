"""What a provider could send to a client of Responses or Messages: events doubled, lost, out of order, of any form.

Nothing raises past the answer, every stream ends in one of two ways, and numbers have no gap.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.redaction.restore import Restorer
from gateway.wire.dialect import Answer, AnswerContext, Dialect, Thread
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses

DIALECTS: dict[str, Dialect] = {"responses": Responses(), "messages": Messages()}
GOLDEN = Path(__file__).parents[1] / "golden"
STREAMS: dict[str, list[list[Any]]] = {name: [
    case["provider"] for path in sorted((GOLDEN / name).glob("answer-stream*.json"))
    if isinstance((case := json.loads(path.read_text(encoding="utf-8")))["provider"], list)] for name in DIALECTS}
VALUES = {"[PERSON1]": 'Sabine "Krüger"', "[ADRESSE1]": "Weg \\5\n12345 X"}
ODD = st.one_of(st.none(), st.integers(-2, 2**70), st.text(max_size=5), st.booleans(), st.just([]), st.just({}),
                st.just([{}]), st.just({"type": "text"}), st.just("[PERSON1]"), st.floats(allow_nan=False))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in items for place in places(child, (*path, key)))]


@st.composite
def damaged(draw: Any, name: str) -> list[Any]:
    """Events of a real stream, some of them lost, doubled, moved, or with something odd somewhere in them."""
    events = deepcopy(draw(st.sampled_from(STREAMS[name])))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(events) - 1)) if events else 0
        what = draw(st.sampled_from(["lost", "doubled", "moved", "odd", "key"]))
        if not events or what == "lost":
            events[at:at + 1] = []
        elif what == "doubled":
            events.insert(draw(st.integers(0, len(events))), deepcopy(events[at]))
        elif what == "moved":
            events.insert(draw(st.integers(0, len(events) - 1)), events.pop(at))
        elif isinstance(events[at], dict):
            *way, last = draw(st.sampled_from(places(events[at])[1:] or [("",)]))
            holder = events[at] = events[at] or {"": 0}
            for key in way:
                holder = holder[key]
            if what == "odd" or isinstance(holder, list):
                holder[last] = deepcopy(draw(ODD))
            else:
                del holder[last]
    return events


def frames(events: list[Any]) -> bytes:
    return b"".join(b"data: " + (event.encode() if isinstance(event, str) else orjson.dumps(event)) + b"\n\n"
                    for event in events if not isinstance(event, int) or -2**63 <= event < 2**63)


def open_answer(name: str) -> Answer:
    thread = Thread(None, DIALECTS["responses"].parse, b"[]", identity="resp_ours") if name == "responses" else None
    return DIALECTS[name].answer(AnswerContext(
        channel=lambda json_string: Restorer(VALUES, json_string=json_string), wants_usage=False, alias="haus",
        target="provider-model", untrusted_tools=frozenset({"web"}), thread=thread))


@given(st.sampled_from(sorted(DIALECTS)), st.data())
def test_whatever_comes_ends_in_exactly_one_way(name: str, data: Any) -> None:
    events = data.draw(damaged(name))
    try:
        raw = frames(events)
    except TypeError:  # a number that no JSON of ours writes
        return
    answer = open_answer(name)
    shown = answer.feed(raw) + answer.close()
    assert answer.state in ("complete", "failed")
    assert answer.raw() is not None
    assert answer.unresolved >= 0
    for part in filter(None, shown.split(b"\n\n")):
        orjson.loads(part.rpartition(b"data: ")[2])
    if answer.state == "complete":
        assert answer.terminal().count(b"\n\n") == 1
    cut = open_answer(name)
    joined = b"".join(cut.feed(raw[at:at + 7]) for at in range(0, len(raw), 7)) + cut.close()
    assert (joined, cut.state) == (shown, answer.state)


@given(st.sampled_from(sorted(DIALECTS)), st.data())
def test_whatever_comes_whole_is_an_answer_or_an_error_in_words(name: str, data: Any) -> None:
    path = data.draw(st.sampled_from(sorted((GOLDEN / name).glob("answer-whole*.json"))))
    body = json.loads(path.read_text(encoding="utf-8"))["provider"]
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(body)[1:] or [("x",)]))
        holder = body
        for key in way:
            holder = holder[key]
        holder[last] = deepcopy(data.draw(ODD))
    answer = open_answer(name)
    try:
        raw = orjson.dumps(body)
    except TypeError:
        return
    try:
        answer.complete(raw)
        state = "complete"
    except GatewayError as error:
        state = error.code
    assert state in ("complete", "anbieter_fehler")
