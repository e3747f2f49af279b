"""Text in pictures: what Tesseract's table of words becomes, and, where it is installed, a letter as a picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.files.ocr import Ocr, words_of
from gateway.files.reader import FileReader
from gateway.files.reasons import UnreadableError
from gateway.model.attachment import Attached
from tests.support import office
from tests.support.awaited import awaited

DATA = Path(__file__).parent / "data"
OCR = Ocr.find()
installed = pytest.mark.skipif(OCR is None or OCR.pdftoppm is None,
                               reason="Tesseract mit deutschen Daten oder pdftoppm fehlt")


def word(text: str, left: int, *, line: int = 1, block: int = 1, sure: float = 95.0) -> str:
    return f"5\t1\t{block}\t1\t{line}\t1\t{left}\t0\t{len(text) * 10}\t20\t{sure}\t{text}"


def table(*words: str) -> str:
    return "\n".join(("level\t...", "1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t", *words))


def test_words_become_lines_and_wide_gaps_columns() -> None:
    assert words_of(table(word("Name", 0), word("Ort", 300), word("Frau", 0, line=2), word("Krüger", 45, line=2),
                          word("Gruß", 0, block=2))) == "Name | Ort\nFrau Krüger\n\nGruß"


def test_a_word_that_was_half_read_is_left_out_because_nobody_would_find_it() -> None:
    words = [word("sicher", at * 70) for at in range(4)]
    assert words_of(table(*words, word("Krüqer", 280, sure=20.0))) == "sicher sicher sicher sicher [unleserlich]"


def test_a_picture_with_many_such_words_is_not_sent() -> None:
    with pytest.raises(UnreadableError) as caught:
        words_of(table(word("sicher", 0), word("Krüqer", 70, sure=20.0)))
    assert caught.value.reason == "illegible"


def test_an_empty_table_has_no_text() -> None:
    assert words_of(table()) == ""


def reader() -> FileReader:
    return FileReader(seconds=20, memory=512 << 20, pages=20, characters=50_000, ocr=OCR)


@installed
@awaited
async def test_a_letter_as_a_picture_is_read() -> None:
    own = reader()
    assert own.kinds == {"file", "image"}
    text = await own.read(Attached("image", "", "image/png", (DATA / "brief.png").read_bytes()))
    assert "Sehr geehrte Frau Krüger" in text
    assert "Sabine" in text


@installed
@awaited
async def test_a_blank_page_of_a_pdf_is_looked_at_as_a_picture() -> None:
    assert await reader().read(Attached("file", "", "", office.pdf("Erste Seite", ""))) == "Erste Seite"


@installed
@pytest.mark.parametrize(("data", "words"), [
    (b"\x89PNG\r\n\x1a\nbroken", "beschädigt"), (office.pdf(*[""] * 25), "Seiten")])
@awaited
async def test_what_cannot_be_recognised_says_why(data: bytes, words: str) -> None:
    own = FileReader(seconds=20, memory=512 << 20, pages=30, characters=50_000, ocr=OCR)
    with pytest.raises(GatewayError) as caught:
        await own.read(Attached("image", "", "", data))
    assert words in caught.value.message
