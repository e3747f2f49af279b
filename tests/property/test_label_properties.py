"""Labels at the end of answers, in every wire API: nothing but the label is added, wherever bytes are cut.

Judged by the SDKs of both makers on every bridged stream, by taking the label away again, and by comparing what a
stream collects with what the whole answer says.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.restore import Restorer
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.completions import Completions
from gateway.wire.dialect import Answer, AnswerContext
from gateway.wire.labels import in_italics, labelled
from tests.golden.bridges.test_bridges_golden import (
    CASES,
    COLLECT,
    DIALECTS,
    STREAMS,
    UNTYPED,
    bridged,
    events,
    is_answer,
    open_answer,
)
from tests.property import test_answer_properties as damage
from tests.support.chunking import joined_in_every_way

LABEL = "Entwurf, von einem Menschen zu prüfen.\nVon einer KI geschrieben."
MARK = in_italics(LABEL)
VALUES = {"[PERSON1]": 'Sabine "Krüger"', "[ADRESSE1]": "Weg \\5\n12345 X"}


def told(answer: Answer) -> tuple[Any, ...]:
    return answer.state, answer.usage, answer.unresolved, answer.raw()


def shown(answer: Answer, raw: bytes) -> bytes:
    out = answer.feed(raw) + answer.close()
    return out + (answer.terminal() if answer.state == "complete" else b"")


def unlabelled(stream: bytes) -> list[Any]:
    """Return the events without the label: those that hold nothing else are gone, and the others counted anew."""
    found = [event for event in events(stream) if not _is_label(event)]
    plain = json.loads(json.dumps(found).replace(json.dumps(MARK)[1:-1], ""))
    for number, event in enumerate(plain):
        if isinstance(event, dict) and "sequence_number" in event:
            event["sequence_number"] = number
    return plain  # type: ignore[no-any-return]


def _is_label(event: Any) -> bool:
    if not isinstance(event, dict):
        return False
    choice = next((c for c in event.get("choices") or () if isinstance(c, dict)), {})
    delta = choice.get("delta") or event.get("delta")
    return MARK in (delta, choice.get("text"), *(delta.values() if isinstance(delta, dict) else ()))


@pytest.mark.parametrize("name", [name for name in STREAMS if name not in UNTYPED[2:]])
def test_a_stream_with_a_label_is_the_stream_without_it_and_collects_to_the_labelled_whole(name: str) -> None:
    case = CASES[name]
    raw, caller = bridged(case, case["provider"]), case["caller"]
    plain = open_answer(case)
    before = shown(plain, raw)
    seen: list[tuple[Any, ...]] = []

    def machine() -> Any:
        answer = labelled(caller, open_answer(case), LABEL, {})

        def close() -> bytes:
            out = answer.close()
            seen.append(told(answer))
            return out + (answer.terminal() if answer.state == "complete" else b"")
        return answer.feed, close
    after = joined_in_every_way(raw, machine)
    assert set(map(str, seen)) == {str(told(plain))}, "what is recorded of an answer knows no label"
    assert unlabelled(after) == events(before)
    if is_answer(name):
        expected = COLLECT[caller](events(before))
        whole = labelled(caller, DIALECTS[caller].answer(AnswerContext(None, True, expected["model"], "x")),
                         LABEL, {})
        collected = COLLECT[caller](events(after))
        assert collected == json.loads(whole.complete(orjson.dumps(expected))), name
        says = any(isinstance(text, str) and text.strip() for text in _texts(expected))
        refused = name in ("chat-stream-refusal", "responses-stream-refusal") or "filter" in name
        assert (MARK in _texts_joined(collected)) == (says and not refused), name
    else:
        assert MARK not in _texts_joined(events(after)), "who is told of an error need not check a draft"


def _texts(answer: Any) -> list[Any]:
    """Return what a person would read of a whole answer."""
    blocks = [answer, *answer.get("content", ()), *(c["message"] for c in answer.get("choices", ())),
              *(part for item in answer.get("output", ()) if item["type"] == "message" for part in item["content"])]
    return [block.get("text") or block.get("content") for block in blocks]


def _texts_joined(value: Any) -> str:
    return json.dumps(value).replace(json.dumps(MARK)[1:-1], MARK)


@settings(max_examples=60)
@given(st.sampled_from(sorted(damage.DIALECTS)), st.data())
def test_whatever_comes_it_is_labelled_without_harm(name: str, data: Any) -> None:
    try:
        raw = damage.frames(data.draw(damage.damaged(name)))
    except TypeError:  # a number that no JSON of ours writes
        return
    plain = damage.open_answer(name)
    before = shown(plain, raw)

    def open_() -> Answer:
        return labelled(name, damage.open_answer(name), LABEL, {})
    answer = open_()
    after = shown(answer, raw)
    assert told(answer) == told(plain)
    assert unlabelled(after) == unlabelled(before)
    numbers = [event["sequence_number"] for event in events(after) if "sequence_number" in event]
    assert numbers == list(range(len(numbers)))
    cut = open_()
    joined = b"".join(cut.feed(raw[at:at + 7]) for at in range(0, len(raw), 7)) + cut.close()
    assert joined + (cut.terminal() if cut.state == "complete" else b"") == after


texts = st.lists(st.one_of(st.text(max_size=6), st.sampled_from(["[PERS", "ON1]", "[ADRESSE1]", " ", ""])), max_size=6)
reasons = st.sampled_from(["stop", "length", "tool_calls", "content_filter", None])


@settings(max_examples=60)
@given(st.sampled_from(["chat", "completions"]), st.lists(st.tuples(texts, reasons, st.booleans()), max_size=3),
       st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_each_choice_that_says_something_ends_with_the_label(
        dialect: str, choices: list[tuple[list[str], str | None, bool]], replaced: bool, done: bool,
        random: Any) -> None:
    written = _written(dialect, choices)
    random.shuffle(written)
    queues = [[frame for frame in written if frame["choices"][0]["index"] == i] for i in range(len(choices))]
    ordered = [queues[f["choices"][0]["index"]] for f in written]
    for queue in queues:
        queue.sort(key=lambda frame: frame["at"])
    frames = [queue.pop(0) for queue in ordered]
    raw = b"".join(b"data: " + orjson.dumps({k: v for k, v in f.items() if k != "at"}) + b"\n\n" for f in frames)
    raw += b"data: [DONE]\n\n" if done else b""

    def said(open_: Callable[[], Answer]) -> tuple[str, list[str]]:
        made: list[Answer] = []

        def machine() -> Any:
            made.append(open_())
            return made[-1].feed, made[-1].close
        found = ["" for _ in choices]
        for event in events(joined_in_every_way(raw, machine)):
            for choice in event["choices"]:
                found[choice["index"]] += choice.get("text") or (choice.get("delta") or {}).get("content") or ""
        return made[0].state, found
    state, plain = said(lambda: _open(dialect, replaced))
    after, texts_ = said(lambda: labelled(dialect, _open(dialect, replaced), LABEL, {}))
    assert after == state
    for (_, reason, _), before, text in zip(choices, plain, texts_, strict=True):
        ends = before.strip() and reason != "content_filter" and (reason is not None or state == "complete")
        assert text == (before + MARK if ends else before)


def _open(dialect: str, replaced: bool) -> Answer:
    api = ChatCompletions() if dialect == "chat" else Completions()
    return api.answer(AnswerContext((lambda json: Restorer(VALUES, json_string=json)) if replaced else None, False,
                                    "haus", "provider-model"))


def _written(dialect: str, choices: list[tuple[list[str], str | None, bool]]) -> list[dict[str, Any]]:
    """Return the events of each choice; its last piece may come together with the reason for its end."""
    frames: list[dict[str, Any]] = []
    for index, (pieces, reason, together) in enumerate(choices):
        pairs: list[tuple[str | None, str | None]] = [(piece, None) for piece in pieces]
        if reason is not None:
            pairs = [*pairs[:-1], (pieces[-1], reason)] if together and pieces else [*pairs, (None, reason)]
        for at, (piece, end) in enumerate(pairs):
            body = {"text": piece or ""} if dialect == "completions" else {
                "delta": {} if piece is None else {"content": piece}}
            frames.append({"at": at, "id": "c", "model": "provider-model",
                           "choices": [{"index": index, **body, "finish_reason": end}]})
    return frames
