"""Reading annotated documents: what cannot be read as meant stops the evaluation and names its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.evaluation import DocumentError, read_documents, read_origins
from gateway.evaluation.documents import parse


def test_markup_is_taken_out_and_its_places_are_kept() -> None:
    text, gold = parse("Frau [[PERSON|Ilse\nSand]] [1] | [[IBAN|DE 12]].")
    assert text == "Frau Ilse\nSand [1] | DE 12."
    assert [(text[g.start:g.end], g.kind, g.surface) for g in gold] == [
        ("Ilse\nSand", "PERSON", "Ilse\nSand"), ("DE 12", "IBAN", "DE 12")]


@pytest.mark.parametrize("text", [
    "[[PERSN|Ilse]]", "[[PERSON|]]", "[[PERSON|Ilse", "[[person|Ilse]]", "[[PERSON|Ilse [[IBAN|DE]] Sand]]",
    "[[PERSON |Ilse]]"])
def test_markup_that_is_not_what_it_seems_stops_the_reading_with_its_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text('{"text": "gut"}\n\n' + json.dumps({"id": "x", "text": text}) + "\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="Zeile 3"):
        read_documents(file)


@pytest.mark.parametrize("line", ["{", "[1]", '{"id": "a"}', '{"text": 3}'])
def test_a_line_that_is_no_document_stops_the_reading_with_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="Zeile 1"):
        read_documents(file)


def test_errors_of_markup_do_not_repeat_what_stands_in_it(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(json.dumps({"text": "[[PERSON|Ilse Sand [[PERSON|Bo]]"}), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_documents(file)
    assert "Ilse" not in str(caught.value)


def test_double_brackets_without_a_kind_are_text(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text(json.dumps({"text": "Matrix [[1, 2], [3, 4]] und [[Wikiseite]]"}), encoding="utf-8")
    assert read_documents(file)[0].gold == ()


def test_a_document_that_comes_twice_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text('{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}\n', encoding="utf-8")
    with pytest.raises(DocumentError, match="Zeile 2"):
        read_documents(file)
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="keine Dokumente"):
        read_documents(file)


def test_a_line_separator_inside_a_text_does_not_part_the_line(tmp_path: Path) -> None:
    file = tmp_path / "d.jsonl"
    file.write_text('{"text": "a\u2028b\u0085c"}\n', encoding="utf-8")
    assert read_documents(file)[0].text == "a\u2028b\u0085c"


@pytest.mark.parametrize("content", ["[]", "{", '{"Ilse": 3}'])
def test_origins_that_are_no_map_of_names_are_refused(content: str, tmp_path: Path) -> None:
    file = tmp_path / "o.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DocumentError):
        read_origins(file)
