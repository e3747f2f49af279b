"""Whatever is in a file: what a person would see comes out, and no bytes make a reader fail in an unknown way."""

from __future__ import annotations

import contextlib
from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.files.formats.every import Limits, read
from gateway.files.formats.flow import tidy
from gateway.files.kinds import hint_of
from gateway.files.ocr import words_of
from gateway.files.reasons import UnreadableError
from tests.support import office

LIMITS = Limits(20, 100_000)
words = st.text(st.sampled_from("abcXYZäöüßÄÇéř -.,;:'\"<>&()§€0123456789"), min_size=1, max_size=40).filter(
    lambda text: any(map(str.isalnum, text)))
paragraphs = st.lists(words, min_size=1, max_size=6)
names = st.sampled_from(["", "a.csv", "a.html", "a.json", "a.eml", "a.xml", "a.txt", "a.docx"])


def text_of(data: bytes, name: str = "") -> str:
    return "\n".join(read(data, hint_of(name, ""), LIMITS).pages)


@given(paragraphs)
def test_every_paragraph_of_a_document_comes_out_in_order(said: list[str]) -> None:
    expected = [tidy(text) for text in said]
    assert text_of(office.letter(*said)).split("\n") == expected
    odt = office.odf("text", "".join(f"<text:p>{escape(text)}</text:p>" for text in said))
    assert text_of(odt).split("\n") == expected


@given(st.lists(st.lists(words, min_size=2, max_size=4), min_size=1, max_size=4))
def test_every_cell_of_a_sheet_comes_out_in_its_row(rows: list[list[str]]) -> None:
    cells = "".join("<row>" + "".join(f"<c t='inlineStr'><is><t>{escape(cell)}</t></is></c>" for cell in row) + "</row>"
                    for row in rows)
    lines = text_of(office.xlsx({"B": f"<sheetData>{cells}</sheetData>"})).split("\n")[1:]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert [part.strip() for part in line.split(" | ")] == [tidy(cell).strip() for cell in row]


@given(st.binary(max_size=300), names)
def test_no_bytes_make_a_reader_fail_in_an_unknown_way(data: bytes, name: str) -> None:
    _read_or_refuse(data, name)


@given(st.text(max_size=300), names)
def test_no_text_makes_a_reader_fail_in_an_unknown_way(text: str, name: str) -> None:
    _read_or_refuse(text.encode("utf-8", "surrogatepass"), name)


WHOLE = [office.letter("Krüger"), office.pdf("Krüger"), office.odf("text", "<text:p>Krüger</text:p>"),
         office.xlsx({"B": "<sheetData><row><c><v>1</v></c></row></sheetData>"}), office.pptx("Krüger")]


@settings(max_examples=60)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6),
       st.integers(0, 3000))
def test_no_damage_makes_a_reader_fail_in_an_unknown_way(whole: bytes, changes: list[tuple[int, int]],
                                                         cut: int) -> None:
    damaged = bytearray(whole[:cut] if cut % 3 == 0 else whole)
    for at, value in changes:
        if at < len(damaged):
            damaged[at] = value
    _read_or_refuse(bytes(damaged), "")


def _read_or_refuse(data: bytes, name: str) -> None:
    try:
        text = text_of(data, name)
    except UnreadableError:
        return
    assert "\x00" not in text


@given(st.lists(st.lists(st.sampled_from(["5", "1", "-1", "95.5", "x", "", "Krüger"]), min_size=9, max_size=13)))
def test_no_table_of_words_makes_the_recognition_fail(rows: list[list[str]]) -> None:
    with contextlib.suppress(UnreadableError):
        words_of("\n".join(("head", *("\t".join(["5", *row]) for row in rows))))


@given(st.text(max_size=200))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
