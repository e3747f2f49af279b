"""A list of all names of a town, or one name ten thousand times: neither may hold up the house for others."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.model.finding import Finding, Passage
from gateway.pipeline.memory import Inspection, InspectionMemory, count
from gateway.redaction import propagate
from gateway.redaction.notes import Notes
from gateway.redaction.redact import plan, redact
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.document import MOST_SLOTS

SECONDS = 6


def people(number: int) -> tuple[str, list[Finding]]:
    draw = random.Random(7)
    text, found = "", []
    for _ in range(number):
        name = " ".join("".join(draw.choices("abcdefghij", k=7)).capitalize() for _ in range(2))
        text += "Herr "
        found.append(Finding(len(text), len(text) + len(name), "PERSON", 1, "anrede"))
        text += name + ", "
    return text, found


def overlapping(number: int) -> tuple[str, list[Finding]]:
    text = "Krüger " * number
    return text, [Finding(at, min(at + 7 * 30, len(text)), "PERSON", 1, "modell") for at in range(0, len(text), 7)]


def one_long(number: int) -> tuple[str, list[Finding]]:
    text = "Krüger " * number
    return text, [Finding(0, 6, "PERSON", 1, "anrede"), Finding(7, len(text) // 2, "PERSON", 1, "modell")]


def one_word(number: int) -> tuple[str, list[Finding]]:
    return "A" * number, [Finding(0, 4696, "PERSON", 1, "modell")]


@pytest.mark.parametrize("made", [people(12_000), overlapping(12_000), one_long(20_000), one_word(2_000_000)])
def test_many_names_cost_no_more_than_their_number(made: tuple[str, list[Finding]]) -> None:
    text, found = made
    begin = time.process_time()
    planned = plan([text], [found], {})
    assert time.process_time() - begin < SECONDS
    assert planned.residue == 0


WORDS = st.lists(st.sampled_from(["Krüger", "krueger", "Sabine", "s", "'s", " ", " ", "-", "+49 30", "(0", "\n", "x",
                                  "ß", "Kru\u0308ger", "Krü\u00adger", "_", ".", "STRASSE", "Straße"]),
                 max_size=20).map("".join)


@given(st.lists(WORDS, min_size=1, max_size=3), st.data())
def test_word_by_word_finds_what_plain_search_finds(texts: list[str], data: st.DataObject) -> None:
    found: list[Sequence[Finding]] = []
    for text in texts:
        spans = data.draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=3))
        found.append([Finding(a, min(a + n, len(text)), data.draw(st.sampled_from(["PERSON", "PHONE"])), 1, "anrede")
                      for a, n in spans if a < len(text)])
    before = propagate._PLAIN
    plain = plan(texts, found, {})
    try:
        propagate._PLAIN = -1
        assert plan(texts, found, {}) == plain
    finally:
        propagate._PLAIN = before


@pytest.mark.parametrize(("first", "again"), [
    ("Frau Krü\u00adger", "krüger_antrag.pdf"), ("Frau Krüger", "krü\u200bger_antrag.pdf"),
    ("Frau Kru\u0308ger", "krüger_antrag.pdf"), ("Frau Krüger", "kru\u0308ger_antrag.pdf")])
def test_a_known_name_is_known_in_every_way_of_writing_it(first: str, again: str) -> None:
    result = redact([first, again], [[Finding(5, len(first), "PERSON", 1, "anrede")], []], {}, lambda a, e, v: "***")
    assert result.texts[1].startswith("[PERSON1")


@pytest.mark.parametrize("again", [
    "Am Markt 5\n12345 Köln", "Am  Markt 5,\n\t12345\u00a0Köln", "Am Markt\r\n5, 12345 Köln", "am markt 5, 12345 KÖLN",
    "Am Markt 5, 12345 Ko\u0308ln"])
def test_an_address_wrapped_otherwise_is_the_same_address_in_another_spelling(again: str) -> None:
    once = "Am Markt 5, 12345 Köln"
    found = [[Finding(0, len(text), "ADDRESS", 1, "format")] for text in (once, again)]
    result = redact([f"{once}.", f"{again}."], found, {}, lambda a, e, v: "***")
    assert result.texts == ["[ADRESSE1].", "[ADRESSE1X2]."]
    assert result.values == {"[ADRESSE1]": once, "[ADRESSE1X2]": again}


@pytest.mark.parametrize("again", [
    "Am\nMarkt 5, 12345 Köln", "Am  Markt 5,\r\n   12345 Köln", "AM MARKT 5,\t12345 KÖLN"])
def test_a_known_value_is_known_with_any_white_space(again: str) -> None:
    once = "Am Markt 5, 12345 Köln"
    found = [[Finding(0, len(once), "ADDRESS", 1, "format")], []]
    result = redact([once, f"bei {again}."], found, {}, lambda a, e, v: "***")
    assert result.texts == ["[ADRESSE1]", "bei [ADRESSE1X2]."]
    assert result.values["[ADRESSE1X2]"] == again


def test_memory_counts_what_a_plan_holds() -> None:
    """One finding, a hundred thousand places: the plan is what costs."""
    memory = InspectionMemory(entries=100, spans=1000)
    text = "Krüger und " * 600
    found = [[Finding(0, 6, "PERSON", 1, "anrede")]]
    for number in range(10):
        inspection = Inspection(found, count(found))
        memory.put(bytes([number]), inspection)
        inspection.plans[()] = plan([text], found, {})
        memory.put(bytes([number]), inspection)
    assert [number for number in range(10) if memory.get(bytes([number]))] == [9]
    huge = Inspection(found, count(found), {(): plan([text * 2], found, {})})
    memory.put(b"huge", huge)
    assert memory.get(b"huge") is None
    assert memory.get(bytes([9])) is not None
    memory.put(b"small", Inspection(found, count(found)))
    assert memory.get(b"small") is not None


def test_memory_of_notes_counts_what_was_noted() -> None:
    memory = InspectionMemory(entries=100, spans=1000)

    def notes_on(number: int) -> list[tuple[bytes, Notes]]:
        return memory.notes([Passage(f"Krüger und {number} " * 150)], ())
    for number in range(10):
        kept = notes_on(number)
        assert kept[0][1].is_empty
        plan([f"Krüger und {number} " * 150], [[Finding(0, 6, "PERSON", 1, "anrede")]], {}, [kept[0][1]])
        memory.keep(kept)
    assert [number for number in range(10) if not notes_on(number)[0][1].is_empty] == [7, 8, 9]


def test_texts_labels_and_actions_have_notes_of_their_own() -> None:
    memory = InspectionMemory()
    passages = [Passage("a", "b"), Passage("ab"), Passage("a"), Passage("1 a"), Passage("a"), Passage("\ud800")]
    kept = memory.notes(passages, ())
    assert len({id(notes) for _, notes in kept}) == len({key for key, _ in kept}) == 5
    assert kept[2] == kept[4], "equal texts of one request share them"
    memory.keep(kept)
    assert memory.notes(passages, ()) == kept
    assert not dict(memory.notes(passages, (("PERSON", "mask"),))).keys() & dict(kept).keys()
    assert not dict(InspectionMemory().notes(passages, ())).keys() & dict(kept).keys(), "the key is random"


def test_a_request_of_millions_of_leaves_is_too_large() -> None:
    content = b"[" + b",".join([b'"a"'] * (MOST_SLOTS + 1)) + b"]"
    with pytest.raises(GatewayError) as refused:
        ChatCompletions().parse(b'{"model":"m","messages":[{"role":"user","content":' + content + b"}]}")
    assert refused.value.code == "zu_gross"
