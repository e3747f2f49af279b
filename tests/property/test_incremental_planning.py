"""A conversation that grew, shrank, was edited or crossed another one is planned as if nobody had ever seen it."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.model.finding import Finding, Passage
from gateway.pipeline.memory import InspectionMemory
from gateway.redaction import notes as notes_module
from gateway.redaction.notes import Notes
from gateway.redaction.redact import Plan, plan

WORDS = st.sampled_from([
    "Krüger", "krueger", "KRÜGER", "Krügers", "Sabine", "Sabine Krüger", "Krüger, Sabine", "Otto Krüger", "Otto",
    "Weber", "Zimmer", "Anna Zimmer", "das ",
    "Frau ", "Herrn Dr. ", "von ", "0221 4711", "0221/4711", "Am Markt 5", "am\nMarkt 5", "Kru\u0308ger",
    "Krü\u00adger", "[PERSON1]", "https://a.de/", "<a href=\"", "\">", " ", " ", "\n", "-", "_", "s", "x", "İ", "Σ",
    "\u00a0", "¤", "\x00"])
TEXTS = st.lists(WORDS, max_size=8).map("".join)
ACTIONS: list[dict[str, Action]] = [{}, {"PERSON": "mask"}, {"PHONE": "keep", "ADDRESS": "generalise", "URL": "hash"}]


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, tuple[Finding, ...]]:
    text = draw(TEXTS)
    found = []
    for _ in range(draw(st.integers(0, 3)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, min(len(text), start + 14)))
        kind = draw(st.sampled_from(["PERSON", "PERSON", "PHONE", "ADDRESS", "HEALTH"]))
        found.append(Finding(start, end, kind, 0.9, draw(st.sampled_from(["pruefziffer", "anrede"])),
                             certain=draw(st.integers(0, 3)) > 0, noted=kind == "HEALTH",
                             ordinary=draw(st.sampled_from([(), (), (0,), (1,)])) if kind == "PERSON" else ()))
    return text, tuple(found)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[tuple[str, tuple[Finding, ...]]], dict[str, Action]]]:
    """Requests made of a few messages: mostly the last one with more at its end, else any choice of them."""
    known = draw(st.lists(messages(), min_size=1, max_size=6, unique_by=lambda message: message[0]))
    some = st.lists(st.sampled_from(known), max_size=4)
    turns, last = [], list[tuple[str, tuple[Finding, ...]]]()
    for _ in range(draw(st.integers(2, 6))):
        kind = draw(st.sampled_from(["grown", "grown", "grown", "edited", "other"]))
        if kind == "edited" and last:
            at = draw(st.integers(0, len(last) - 1))
            last = [*last[:at], *draw(some), *last[at + 1:]]
        else:
            last = [*(last if kind == "grown" else []), *draw(some)]
        turns.append((last, draw(st.sampled_from(ACTIONS))))
    return turns


def planned(memory: InspectionMemory, turn: Sequence[tuple[str, tuple[Finding, ...]]],
            actions: dict[str, Action]) -> Plan:
    """Plan as the pipeline does."""
    key = tuple(sorted(actions.items()))
    kept = memory.notes([Passage(text) for text, _ in turn], key)
    made = plan([text for text, _ in turn], [found for _, found in turn], actions, [notes for _, notes in kept])
    memory.keep(kept)
    return made


def message(text: str, *names: str, kind: str = "PERSON") -> tuple[str, tuple[Finding, ...]]:
    return text, tuple(Finding(text.index(name), text.index(name) + len(name), kind, 1, "anrede") for name in names)


LETTER, MAIL = message("krüger schrieb"), message("Frau Krüger fragt", "Krüger")
LATE, GLUED = message("Otto Krüger", "Otto Krüger"), message("Otto WeberKrüger", "Otto Weber")


@given(histories(), st.sampled_from([0, 12, 100_000]))
@example([([LETTER], {}), ([LETTER, MAIL], {}), ([LETTER, MAIL, LATE], {}), ([LETTER], {})], 100_000)
@example([([GLUED], {}), ([GLUED, MAIL], {})], 100_000)
@example([([MAIL], {}), ([MAIL], {"PERSON": "mask"}), ([LATE, MAIL], {})], 100_000)
def test_a_conversation_is_planned_as_if_nobody_had_seen_it(turns: Any, room: int) -> None:
    memory = InspectionMemory(spans=room)
    for turn, actions in turns:
        fresh = plan([text for text, _ in turn], [found for _, found in turn], actions)
        assert planned(memory, turn, actions) == fresh


@given(histories())
def test_a_text_that_is_found_otherwise_is_planned_anew(turns: Any) -> None:
    """The detector has new rules, and the notes were not forgotten: they hold only for what they were made of."""
    memory = InspectionMemory()
    for turn, actions in turns:
        planned(memory, turn, actions)
        bare = [(text, found[1:]) for text, found in turn]
        assert planned(memory, bare, actions) == plan([t for t, _ in bare], [f for _, f in bare], actions)


@given(st.lists(st.lists(st.sampled_from(["0221 4711", "0221/4711", "Am Markt 5", "030 1", "Am Markt 6", "und", "."]),
                         max_size=4).map(" ".join), min_size=1, max_size=6))
def test_what_was_found_keeps_its_placeholder_while_a_conversation_grows(texts: list[str]) -> None:
    found = [[Finding(m.start(), m.end(), "PHONE" if m[0][0] == "0" else "ADDRESS", 1, "format")
              for m in re.finditer(r"0\d+[ /]\d+|Am Markt \d", text)] for text in texts]
    before: dict[str, Any] = {}
    for end in range(1, len(texts) + 1):
        values = plan(texts[:end], found[:end], {}).values
        assert before.items() <= values.items()
        before = dict(values)


@given(histories())
def test_what_is_remembered_holds_no_letter_of_any_text(turns: Any) -> None:
    memory = InspectionMemory()
    for turn, actions in turns:
        planned(memory, turn, actions)
    allowed = {*ENTITIES, *get_args(Action), "", "W", "M", "pruefziffer", "anrede"}
    held = {text for kept, _ in memory._notes._kept.values() for text in strings(kept)}
    assert {text for text in held - allowed if not re.fullmatch(r"\[[A-Z]+\d+[A-Z]{0,2}\d*\]", text)} == set()


def strings(thing: Any) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, (tuple, list, frozenset)):
        for part in thing:
            yield from strings(part)
    elif hasattr(thing, "__slots__"):
        for name in thing.__slots__:
            yield from strings(getattr(thing, name))
    else:
        assert isinstance(thing, (int, float, type(None), array)), type(thing)


def test_a_name_that_is_a_word_only_once_its_beginning_is_cut_off_is_replaced_too() -> None:
    turn = [GLUED, MAIL]
    made = plan([text for text, _ in turn], [found for _, found in turn], {})
    assert made.residue == 0
    assert [cut.start for cut in made.cuts[0]] == [0, 10]


@pytest.mark.parametrize("seen", [False, True])
def test_what_propagation_would_miss_the_residual_check_finds(seen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = [LETTER, MAIL]
    notes = [Notes(), Notes()]
    if seen:
        plan([LETTER[0]], [LETTER[1]], {}, notes[:1])
    monkeypatch.setattr(notes_module, "_merge", lambda text, spans, more: spans)
    for _ in range(2):
        assert plan([text for text, _ in turn], [found for _, found in turn], {}, notes).residue == 1


def test_a_finding_that_no_span_covers_is_residue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is not looked for elsewhere, and one that points beyond its text."""
    unsure = Finding(5, 11, "PERSON", 0.5, "modell", certain=False)
    assert plan([MAIL[0]], [[unsure]], {}).residue == 0
    assert plan(["Frau"], [[unsure]], {}).residue == 1
    monkeypatch.setattr(notes_module, "resolve", lambda text, found: [])
    assert plan([MAIL[0]], [[unsure]], {}).residue == 1
