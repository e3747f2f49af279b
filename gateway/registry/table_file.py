"""Reads a table that somebody saved as CSV, however their program writes it.

Known: comma, semicolon and tab; UTF-8 with and without mark, UTF-16, Windows-1252; Excel's line ``sep=;``; line ends of
every kind. A file that is no table at all, or whose headings cannot be told apart, is refused with a sentence that says
how to save it; what is wrong with single lines is told line by line by whoever reads them.

The other way is `audit.sheet`: CSV for a spreadsheet in Germany.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.store import InvalidError

MAX_BYTES: Final = 50_000_000
MAX_COLUMNS: Final = 500
_SAVE: Final = "Bitte speichern Sie die Tabelle als „CSV UTF-8“ und wählen Sie diese Datei."


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, and the lines below them with their numbers (the heading is line 1)."""

    headings: tuple[str, ...]
    delimiter: str
    _text: str = field(repr=False)
    _first: int = 1

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the lines that hold anything. Raises `InvalidError` for a quotation mark out of place."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self.delimiter, strict=True)
        try:
            for number, cells in enumerate(reader):
                if number and any(cell.strip() for cell in cells):
                    yield reader.line_num + self._first - 1, self._trimmed(cells)
        except csv.Error:
            raise InvalidError(f"Zeile {reader.line_num + self._first - 1} der Datei ist keine CSV-Zeile: ein "
                               "Anführungszeichen ist nicht geschlossen oder steht an der falschen Stelle. Es wurde "
                               "nichts übernommen.") from None

    def _trimmed(self, cells: list[str]) -> list[str]:
        """Return the cells without the empty ones that spreadsheets put behind the last column."""
        while len(cells) > len(self.headings) and not cells[-1].strip():
            cells.pop()
        return cells


def read(data: bytes) -> Table:
    """Return the table. Raises `InvalidError` with what to do: too large, no text, no columns, columns twice."""
    if len(data) > MAX_BYTES:
        raise InvalidError("Die Datei ist größer als 50 MB. Bitte teilen Sie sie auf.")
    text, first = decoded(data), 1
    if text[:4].lower() == "sep=":
        text, first = text.partition("\n")[2], 2
    if not text.strip():
        raise InvalidError("Die Datei ist leer. Bitte wählen Sie die Datei, die Ihr Lernsystem ausgegeben hat.")
    delimiter = _delimiter(text)
    try:
        heading = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise InvalidError("Die erste Zeile der Datei ist keine CSV-Zeile: ein Anführungszeichen ist nicht "
                           "geschlossen.") from None
    return Table(_headings(heading), delimiter, text, first)


def decoded(data: bytes) -> str:
    """Return the text of a file in whatever encoding it is. Raises `InvalidError` when it is no text."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InvalidError(f"Das ist eine Arbeitsmappe, keine CSV-Datei. {_SAVE}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data[:200]:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8-sig":
            raise InvalidError(f"Die Datei ist keine Textdatei. {_SAVE}") from None
        text = _western(data)
    if "\0" in text or any(c < " " and c not in "\t\r\n" for c in text[:2000]):
        raise InvalidError(f"Die Datei ist keine Textdatei. {_SAVE}")
    return text


def _western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise InvalidError(f"Die Schrift der Datei ist nicht zu erkennen. {_SAVE}") from None


def _delimiter(text: str) -> str:
    line = text.lstrip("\r\n").partition("\n")[0]
    outside = "".join(line.split('"')[::2])
    return max(";\t,", key=outside.count)


def _headings(cells: Sequence[str]) -> tuple[str, ...]:
    headings = [cell.strip() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) < 2:
        raise InvalidError("In der ersten Zeile ist nur eine Spalte zu erkennen. Die Spalten sind mit Semikolon, Komma "
                           f"oder Tabulator zu trennen. {_SAVE}")
    if len(headings) > MAX_COLUMNS:
        raise InvalidError(f"Die Tabelle hat mehr als {MAX_COLUMNS} Spalten. Bitte löschen Sie, was nicht gebraucht "
                           "wird.")
    named = [h for h in headings if h]
    if twice := next((h for h in named if named.count(h) > 1), None):
        raise InvalidError(f"Die Spalte „{twice[:60]}“ kommt zweimal vor. Bitte benennen Sie eine davon um oder "
                           "löschen Sie sie.")
    return tuple(headings)
