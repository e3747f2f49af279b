"""Property 7: rewriting every slot with itself is the identity, and no leaf that is not structural is missed.
Property 1 for events over bytes, wherever they are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import REQUEST, ChatAnswer, ChatCompletions
from gateway.wire.dialect import AnswerContext
from gateway.wire.document import Document
from gateway.wire.sse import SseReader, data_of
from gateway.wire.withheld import Dropped

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
LEAF = st.one_of(TEXT, st.integers(-2**53, 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans(),
                 st.none())
JSON = st.recursive(LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3),
                                                  st.dictionaries(TEXT, inner, max_size=3)), max_leaves=8)
FREE = st.dictionaries(TEXT.filter(lambda key: key not in REQUEST), JSON, max_size=2)
NOBODY = Dropped("choice")
OPEN = sorted(set(REQUEST) - {"model", "messages", "stream", "tools", "functions"})
"""Fields in which anything may stand; of the definitions of tools only what is described stays."""
MARK = "Sabine Krüger"
"""Looks like no identifier, so that no place may keep it."""


@st.composite
def messages(draw: Any) -> dict[str, Any]:
    """One message with random content, tool calls and fields that nobody has heard of."""
    content = draw(st.one_of(TEXT, st.none(), st.lists(st.one_of(
        st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}), JSON), max_size=3)))
    message = {**draw(FREE), "role": draw(st.sampled_from(["user", "system", "assistant", "tool", "bote"])),
               "content": content}
    if draw(st.booleans()):
        arguments = draw(st.one_of(TEXT, JSON.map(lambda value: json.dumps(value))))
        message["tool_calls"] = [{"id": draw(TEXT), "type": "function", **draw(FREE),
                                  "function": {"name": draw(TEXT), "arguments": arguments}}]
    return message


@st.composite
def requests(draw: Any) -> dict[str, Any]:
    """A chat request in which anything can stand anywhere."""
    known = draw(st.dictionaries(st.sampled_from(OPEN), JSON,
                                 max_size=4))
    return {**known, "model": "haus", "messages": draw(st.lists(messages(), min_size=1, max_size=3)), **draw(FREE)}


def parse(request: dict[str, Any]) -> Document:
    return ChatCompletions().parse(orjson.dumps(request)).document


@given(requests())
def test_rewriting_every_slot_with_itself_is_the_identity(request: dict[str, Any]) -> None:
    document = parse(request)
    document.rewrite([slot.text for slot in document.slots])
    known = {name: value for name, value in request.items() if not isinstance(REQUEST.get(name, NOBODY), Dropped)}
    assert orjson.loads(document.to_bytes()) == known
    assert set(document.dropped) == set(request) - set(known)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from strings(child)


def with_mark(value: Any, at: list[int]) -> Any:
    """Return `value` with one of its strings, numbers or keys replaced by the mark; ``at[0]`` counts down to it."""
    if isinstance(value, dict):
        out = {}
        for key, child in value.items():
            known = key in REQUEST or key in ("role", "content", "text", "type", "tool_calls", "function", "id", "name",
                                              "arguments")
            at[0] -= 0 if known else 1
            name = MARK if at[0] == 0 and not known else key
            out[name] = with_mark(child, at)
        return out
    if isinstance(value, list):
        return [with_mark(child, at) for child in value]
    if value is None or isinstance(value, bool):
        return value
    at[0] -= 1
    return MARK if at[0] == 0 else value


@given(requests(), st.integers(1, 40))
def test_no_leaf_is_missed_wherever_a_name_stands(request: dict[str, Any], place: int) -> None:
    marked = with_mark({key: value for key, value in request.items() if key not in ("model", "messages")}, [place])
    marked |= {"model": "haus", "messages": [with_mark(message, [place]) for message in request["messages"]]}
    document = parse(marked)
    document.rewrite([slot.text.replace(MARK, "[PERSON1]") for slot in document.slots])
    if not document.opaque:  # what cannot be read is refused as a whole
        assert not any(MARK in text for text in strings(orjson.loads(document.to_bytes())))


@given(JSON, st.booleans())
def test_arguments_of_tools_are_read_through_their_escapes(value: Any, ascii_only: bool) -> None:
    marked = with_mark([value, "Text"], [1])
    arguments = json.dumps(marked, ensure_ascii=ascii_only)
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": arguments}}
    document = parse({"model": "haus", "messages": [{"role": "assistant", "tool_calls": [call]}]})
    document.rewrite([slot.text.replace(MARK, "[PERSON1]") for slot in document.slots])
    sent = orjson.loads(document.to_bytes())["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == json.loads(json.dumps(marked).replace(json.dumps(MARK)[1:-1], "[PERSON1]"))


LINE_END = st.sampled_from([b"\n", b"\r\n", b"\r"])
PIECE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)


def cut(raw: bytes, marks: list[int]) -> list[bytes]:
    edges = sorted({0, len(raw), *(mark % (len(raw) + 1) for mark in marks)})
    return [raw[a:b] for a, b in pairwise(edges)]


@given(st.lists(PIECE, max_size=6), LINE_END, st.lists(st.integers(0, 10_000), max_size=12), st.booleans(),
       st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_events_are_the_same_wherever_the_bytes_are_cut(texts: list[str], end: bytes, marks: list[int],
                                                        last: bool, mark: bytes) -> None:
    raw = mark + b"".join(b"data: " + text.encode() + end + end for text in texts)
    if not last and texts:
        raw = raw[:-len(end)]
    reader = SseReader()
    found = [event for piece in cut(raw, marks) for event in reader.feed(piece)] + reader.close()
    assert [(data_of(event) or b"").decode() for event in found] == texts


DELTAS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(["content", "arguments"]), st.text(
    alphabet="[PERSON12] \\\"ü\n", max_size=8)), max_size=8)


@given(DELTAS, st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_an_answer_says_the_same_wherever_its_bytes_are_cut(deltas: list[tuple[int, str, str]], marks: list[int],
                                                            finished: bool) -> None:
    raw = b"".join(frame(*delta) for delta in deltas)
    if finished:
        raw += b"data: [DONE]\r\n\r\n"
    results = []
    for pieces in ([raw], cut(raw, marks), [raw[i:i + 1] for i in range(len(raw))]):
        answer = ChatAnswer(AnswerContext(
            channel=lambda json_string: Restorer({"[PERSON1]": 'Kr"ü'}, json_string=json_string), wants_usage=False,
            alias="haus", target="ziel"))
        out = b"".join([answer.feed(piece) for piece in pieces] + [answer.close()])
        results.append((out, answer.state, answer.unresolved))
    assert results[0] == results[1] == results[2]
    assert results[0][1] == ("complete" if finished else "failed")


def frame(index: int, kind: str, text: str) -> bytes:
    delta = {"content": text} if kind == "content" else {
        "tool_calls": [{"index": 0, "function": {"name": "f", "arguments": json.dumps(text)[1:-1]}}]}
    event = {"model": "ziel", "choices": [{"index": index, "delta": delta, "finish_reason": None}]}
    return b"data: " + orjson.dumps(event) + b"\r\n\r\n"
