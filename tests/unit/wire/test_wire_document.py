"""Where a leaf of a request becomes a slot, and how it is written back."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.wire.document import Document, parse_object
from gateway.wire.nodes import Free, JsonText, Obj, Schema, Structural, one_of
from gateway.wire.shapes import is_name, is_number


def visited(node: Any, value: Any) -> Document:
    document = Document({"x": value})
    node.visit(document, document.root, "x", value, "other")
    return document


def texts(document: Document) -> list[str]:
    return [slot.text for slot in document.slots]


def rewritten(document: Document, **replace: str) -> Any:
    document.rewrite([replace.get(slot.text, slot.text) for slot in document.slots])
    return orjson.loads(document.to_bytes())["x"]


def test_free_json_is_text_to_the_last_number_and_key() -> None:
    value = {"a": ["b", 1, 2.5, True, None, {"c": "  ", "d": {"e": "f"}}], "": "g"}
    assert texts(visited(Free(), value)) == ["a", "b", "1", "2.5", "c", "d", "e", "f", "g"]


def test_a_value_carries_the_key_under_which_it_stood_as_context() -> None:
    document = visited(Free(), {"kunde": ["Meier", {"tel": 123}]})
    assert [(slot.text, slot.label) for slot in document.slots if slot.kind != "key"] == [
        ("Meier", "kunde"), ("123", "tel")]


def test_keys_that_become_the_same_are_told_apart_and_none_is_lost() -> None:
    document = visited(Free(), {"Meier": 1, "Müller": 2, "***": 3})
    assert rewritten(document, Meier="***", Müller="***") == {"***": 1, "***_1": 2, "***_2": 3}


def test_ten_thousand_keys_that_become_the_same_have_short_names() -> None:
    """Names that grow with each of them would cost the square: one request would keep everybody waiting."""
    document = visited(Free(), {f"anna{number}@web.example": number for number in range(10_000)})
    document.rewrite(["[EMAIL1]" if slot.kind == "key" else slot.text for slot in document.slots])
    assert max(map(len, document.root["x"])) == len("[EMAIL1]_9999")
    assert len(document.root["x"]) == 10_000


def test_a_key_and_the_value_under_it_can_both_be_replaced() -> None:
    assert rewritten(visited(Free(), {"Meier": "Meier", "b": 1}), Meier="X") == {"X": "X", "b": 1}


@pytest.mark.parametrize("text", ['{"a": 1.10, "b": [1e400, 12345678901234567890123]}', '["\\u00fc"]', '"\\u00fc"'])
def test_a_json_string_in_which_nothing_changes_stays_as_it_was_written(text: str) -> None:
    document = visited(JsonText("tool_input"), text)
    document.rewrite(texts(document))
    assert document.root["x"] == text


def test_only_the_json_string_in_which_something_changes_is_written_anew() -> None:
    document = Document({"a": '{"n": "Meier", "z": 1.10}', "b": '{ "n" :  "Huber" }'})
    for key in ("a", "b"):
        JsonText("tool_input").visit(document, document.root, key, document.root[key], "other")
    document.rewrite([{"Meier": "[PERSON1]"}.get(slot.text, slot.text) for slot in document.slots])
    assert document.root == {"a": '{"n":"[PERSON1]","z":1.10}', "b": '{ "n" :  "Huber" }'}


def test_escapes_are_read_before_anybody_looks_for_names() -> None:
    assert texts(visited(JsonText("tool_input"), '{"n": "Kr\\u00fcger"}')) == ["n", "Krüger"]
    assert texts(visited(JsonText("tool_input"), '"Kr\\u00fcger"')) == ["Krüger"]


def test_what_a_doubled_key_hides_does_not_leave() -> None:
    document = visited(JsonText("tool_input"), '{"n": "Kr\\u00fcger", "n": "niemand"}')
    assert texts(document) == ["n", "niemand"]
    assert rewritten(document) == '{"n":"niemand"}'


@pytest.mark.parametrize("text", ["{", "Text", "17", "NaN", '{"a": NaN}', '["\\ud800"]', "[" * 5000, ""])
def test_what_is_no_strict_json_is_plain_text(text: str) -> None:
    document = visited(JsonText("tool_input"), text)
    assert texts(document) == ([text] if text else [])
    assert rewritten(document) == text


def test_a_structural_place_with_something_else_in_it_is_text() -> None:
    assert texts(visited(Structural(is_name), "call_abc-1")) == []
    assert texts(visited(Structural(is_name), "Sabine Krüger")) == ["Sabine Krüger"]
    assert texts(visited(Structural(is_name), {"a": "b"})) == ["a", "b"]
    assert texts(visited(Structural(is_name), "a" * 257)) == ["a" * 257]
    assert texts(visited(Structural(is_number), 4111111111111111)) == ["4111111111111111"]
    assert texts(visited(Structural(is_number), 0.7)) == []
    assert texts(visited(Structural(is_number), True)) == []
    assert texts(visited(one_of("low", "high"), "Meier")) == ["Meier"]
    assert texts(visited(one_of("low", "high"), None)) == []


def test_a_field_that_nobody_described_is_text_with_its_name() -> None:
    assert texts(visited(Obj({"type": Structural(is_name)}), {"type": "a", "neu": "b"})) == ["neu", "b"]
    assert texts(visited(Obj({}), ["a"])) == ["a"]


def test_a_schema_keeps_types_and_names_and_gives_away_the_rest() -> None:
    schema = {"type": "object", "required": ["wer", "der Nachbar"], "minimum": 3, "properties": {
        "wer": {"type": "string", "enum": ["Meier"], "default": "Huber", "examples": [15112345678]},
        "der Nachbar": {"$ref": "#/$defs/x", "title": "T", "type": "Sabine Krüger"}}}
    assert texts(visited(Schema(), schema)) == [
        "der Nachbar", "Meier", "Huber", "15112345678", "der Nachbar", "T", "Sabine Krüger"]


@pytest.mark.parametrize("body", [b"", b"nichts", b"[]", b"1", b'{"a":', b"\xff", b"[" * 2000])
def test_only_an_object_is_a_request(body: bytes) -> None:
    with pytest.raises(GatewayError) as caught:
        parse_object(body)
    assert caught.value.code == "anfrage_ungueltig"
    assert body.decode("latin-1")[:5] not in caught.value.message or not body.strip(b"[]1")


def test_a_request_too_deep_to_be_written_is_refused_in_words() -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    for value in (deep, json.dumps(deep)):
        node = Free() if value is deep else JsonText("tool_input")
        document = visited(node, value)
        with pytest.raises(GatewayError) as caught:
            rewritten(document, x="y")
        assert caught.value.code == "anfrage_ungueltig"


def test_nothing_of_a_request_shows_when_a_slot_is_printed() -> None:
    document = visited(Free(), {"kunde": "Krüger"})
    assert "Krüger" not in repr(document.slots)
    assert "Krüger" not in repr(document)
