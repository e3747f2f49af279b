"""What every format is read into: lines of text, tables one line a row, and notes on what was left out.

The rule for all formats: what a person sees who opens the file is read, comments included; what is hidden (deleted
text of tracked changes, hidden sheets, rows and words) is not, and a note at the end says so. Names of authors, times
and other metadata are never read.

Rows are written with ``|`` between the cells, so that the detector sees columns. A cell with several lines becomes
one: "Sabine Krüger, Lindenweg 3, 54321 Musterstadt".
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

from gateway.files.reasons import UnreadableError

_SPACE: Final = re.compile(r"[^\S\n\t ]")
_MANY: Final = re.compile(r"\n{3,}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LIGATURES: Final = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\u00ad": None,
                                   "\u2028": "\n", "\u2029": "\n"})
_BEFORE_A_NAME: Final = frozenset({"Herr", "Herrn", "Frau", "Familie", "Eheleute", "Firma"})
_NOTES: Final = {
    "deleted": ("1 gelöschte Stelle (Änderungsverfolgung)", "{} gelöschte Stellen (Änderungsverfolgung)"),
    "hidden": ("1 ausgeblendete Stelle", "{} ausgeblendete Stellen"),
    "sheets": ("1 ausgeblendetes Tabellenblatt", "{} ausgeblendete Tabellenblätter"),
    "rows": ("1 ausgeblendete Zeile", "{} ausgeblendete Zeilen"),
    "columns": ("1 ausgeblendete Spalte", "{} ausgeblendete Spalten"),
    "pictures": ("1 Bild", "{} Bilder"),
    "attachments": ("1 Anlage", "{} Anlagen"),
    "unread": ("1 Seite ohne lesbaren Text", "{} Seiten ohne lesbaren Text"),
}


def tidy(text: str) -> str:
    """Return `text` without what only a layout needs: ligatures, soft hyphens, marks of direction, controls."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES))
    text = _SPACE.sub(" ", _CONTROL.sub("", text))
    return _MANY.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def in_one_line(lines: list[str]) -> str:
    """Return the lines of a cell as one."""
    kept = [line.strip() for line in lines if line.strip()]
    runs_on = [line[-1] in ".,;:!?-–" or line in _BEFORE_A_NAME for line in kept]
    return "".join(line if at == 0 else (" " if runs_on[at - 1] else ", ") + line
                   for at, line in enumerate(kept)).replace("\n", ", ")


def row_of(cells: list[str]) -> str:
    """Return a row of a table."""
    return " | ".join(cell.replace("|", "/") for cell in cells).rstrip(" |")


class Flow:
    """Running text in the making. ``limit`` bounds the characters that are kept at any time."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._open: list[str] = []
        self._lines: list[str] = []
        self._outer: list[tuple[list[list[str]], list[str]]] = []
        self.left_out: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Add to the open paragraph."""
        self._size += len(text)
        if self._size > self._limit:
            raise UnreadableError("long", self._limit)
        if text:
            self._open.append(text)

    @property
    def open(self) -> str:
        """The paragraph so far."""
        return "".join(self._open)

    def end_line(self) -> None:
        """End the paragraph."""
        if self._open:
            self._lines.extend("".join(self._open).split("\n"))
            self._open.clear()

    def line(self, text: str) -> None:
        """Add a paragraph of its own."""
        self.end_line()
        self.add(text or "\n")
        self.end_line()

    def begin_row(self) -> None:
        """A row of a table begins."""
        self.end_line()
        self._outer.append(([], self._lines))
        self._lines = []

    def begin_cell(self) -> None:
        """A cell begins; one before it that nobody ended ends."""
        if self._outer and (self._open or self._lines):
            self.end_cell()

    def end_cell(self) -> None:
        """What was said since the row or the last cell is one cell."""
        self.end_line()
        if self._outer:
            self._outer[-1][0].append(self._lines)
            self._lines = []

    def end_row(self) -> None:
        """Write the row as one line; a row with one filled cell is a layout and keeps its lines."""
        self.end_line()
        if not self._outer:
            return
        cells, outside = self._outer.pop()
        if any(line.strip() for line in self._lines):
            cells.append(self._lines)
        filled = [cell for cell in cells if any(line.strip() for line in cell)]
        self._lines = outside
        if len(filled) == 1 and len(filled[0]) > 1:
            self._lines.extend(filled[0])
        elif filled:
            self._lines.append(row_of([in_one_line(cell) for cell in cells]))

    def take(self) -> str:
        """Return what was said so far, tidied, and begin anew."""
        while self._outer:
            self.end_row()
        self.end_line()
        text, self._lines = tidy("\n".join(self._lines)), []
        return text

    def notes(self) -> str:
        """Return what was left out, in a sentence; an empty text when nothing was."""
        said = [_NOTES[what][number > 1].format(number) for what, number in sorted(self.left_out.items()) if number]
        return f"[Nicht übernommen: {', '.join(said)}]" if said else ""


def joined(*parts: str) -> str:
    """Return the parts that say something, a blank line between them."""
    return "\n\n".join(part for part in parts if part.strip())
