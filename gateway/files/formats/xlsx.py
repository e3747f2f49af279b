"""XLSX: every visible sheet, row by row, with the comments of its cells and the words of its drawings.

Values are read as they were stored by the last calculation: dates by the format of their cell, numbers with leading
zeros where the format shows them (postcodes). Hidden sheets, rows and columns are left out and noted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from gateway.files.formats.flow import Flow, in_one_line, joined, row_of
from gateway.files.formats.package import Package
from gateway.files.formats.xml import Skipping
from gateway.files.reasons import UnreadableError

MOST_CELLS: Final = 500_000
MOST_SHEETS: Final = 100
_MOST_COLUMNS: Final = 200
_DAY_ONE: Final = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}
_DATE_FORMATS: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_TRUE: Final = ("1", "true")


def read(package: Package, limit: int) -> str:
    """Return the text of an XLSX."""
    main = package.main()
    related = package.relations(main)
    book = _Book()
    package.parse(main, book)
    styles, strings = _Styles(), _Strings(limit)
    for kind, name, _ in related:
        if kind in ("styles", "sharedStrings"):
            package.parse(name, styles if kind == "styles" else strings)
    parts = {id_: name for kind, name, id_ in related if kind == "worksheet"}
    flow = Flow(limit)
    flow.left_out["sheets"] = book.hidden
    if len(book.sheets) > MOST_SHEETS:
        raise UnreadableError("sheets", MOST_SHEETS)
    cells = 0
    for title, id_ in book.sheets:
        if id_ not in parts:
            continue
        flow.line(f"\nTabellenblatt „{title}“:")
        sheet = _Sheet(flow, strings.texts, styles, _DAY_ONE[book.from_1904], MOST_CELLS - cells)
        package.parse(parts[id_], sheet)
        cells += sheet.cells
        _beside(package, parts[id_], flow, limit)
    return joined(flow.take(), flow.notes())


def _beside(package: Package, part: str, flow: Flow, limit: int) -> None:
    """Add what stands beside the cells: comments and text boxes."""
    related = package.relations(part)
    threads = any(kind == "threadedComment" for kind, *_ in related)
    for kind, name, _ in related:
        if kind == "threadedComment" or (kind == "comments" and not threads) or kind == "drawing":
            words = _Words(limit, frozenset({"text"}) if kind == "threadedComment" else frozenset({"t"}),
                           {"comments": "comment", "threadedComment": "threadedComment"}.get(kind, "txBody"))
            package.parse(name, words)
            for said in words.said:
                flow.line(f"[{'Textfeld' if kind == 'drawing' else 'Kommentar'}] {said}")


class _Book(Skipping):
    """The list of sheets."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.hidden = 0
        self.from_1904 = False

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        if name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in _TRUE
        elif name == "sheet" and attributes.get("state", "visible") != "visible":
            self.hidden += 1
        elif name == "sheet":
            self.sheets.append((attributes.get("name", ""), attributes.get("id", "")))


class _Styles(Skipping):
    """Which styles show dates, and which show leading zeros."""

    def __init__(self) -> None:
        super().__init__()
        self._codes: dict[str, str] = {}
        self._formats: list[str] = []
        self._inside = False

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self._formats.append(attributes.get("numFmtId", "0"))

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        if name == "cellXfs":
            self._inside = False

    def shows(self, style: str, value: float, day_one: datetime) -> str:
        """Return a number as its cell shows it."""
        at = int(style) if style.isascii() and style.isdigit() and len(style) < 6 else 0
        kind = self._formats[at] if at < len(self._formats) else "0"
        code = _QUOTED.sub("", self._codes.get(kind, "")).lower()
        dated = (kind.isascii() and kind.isdigit() and len(kind) < 4 and int(kind) in _DATE_FORMATS and not code) or (
            any(c in code for c in "dyhs") or ("m" in code and "0" not in code))
        if dated and 0 <= value < 2_958_466:
            return _moment(day_one + timedelta(seconds=round(value * 86_400)), value)
        plain = f"{value:.15g}"
        zeros = len(code) if code and set(code) == {"0"} and len(code) <= 40 else 0
        return plain.zfill(zeros) if plain.isdigit() else plain.replace(".", ",") if "e" not in plain else plain


def _moment(when: datetime, value: float) -> str:
    if value < 1:
        return f"{when:%H:%M}"
    return f"{when:%d.%m.%Y}" if value == int(value) else f"{when:%d.%m.%Y %H:%M}"


class _Words(Skipping):
    """The texts in a part, one for each element `whole`; how something is pronounced is no text."""

    skipped = frozenset({"rPh", "phoneticPr"})

    def __init__(self, limit: int, words: frozenset[str], whole: str) -> None:
        super().__init__()
        self._limit, self._size, self._words, self._whole = limit, 0, words, whole
        self._open: list[str] = []
        self._taken = False
        self.said: list[str] = []

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        self._taken = name in self._words

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        self._taken = False
        if name == "p":
            self._open.append("\n")
        elif name == self._whole:
            self.finish("".join(self._open))
            self._open.clear()

    def finish(self, text: str) -> None:
        """One text is complete."""
        if text.strip():
            self.said.append(in_one_line(text.split("\n")))

    def says(self, text: str) -> None:
        """See `Skipping.says`."""
        if self._taken:
            self._size += len(text)
            if self._size > self._limit:
                raise UnreadableError("long", self._limit)
            self._open.append(text)


class _Strings(_Words):
    """The table of texts that cells refer to: an empty one has its place, too."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit, frozenset({"t"}), "si")
        self.texts: list[str] = []

    def finish(self, text: str) -> None:
        """See `_Words.finish`."""
        self.texts.append(in_one_line(text.split("\n")))
        if len(self.texts) > MOST_CELLS:
            raise UnreadableError("cells", MOST_CELLS)


class _Sheet(Skipping):
    """The rows of one sheet."""

    skipped = frozenset({"rPh", "phoneticPr"})

    def __init__(self, flow: Flow, strings: list[str], styles: _Styles, day_one: datetime, most: int) -> None:
        super().__init__()
        self._flow, self._strings, self._styles, self._day_one, self._most = flow, strings, styles, day_one, most
        self.cells = 0
        self._row: dict[int, str] = {}
        self._unseen: set[int] = set()
        self._column = 0
        self._type = self._style = self._taken = ""
        self._value: list[str] = []
        self._formula: list[str] = []

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Hidden rows."""
        hidden = name == "row" and attributes.get("hidden") in _TRUE
        self._flow.left_out["rows"] += hidden
        return hidden

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        if name == "col" and attributes.get("hidden") in _TRUE:
            first, last = (_small(attributes.get(key, "1")) for key in ("min", "max"))
            self._unseen.update(range(first - 1, min(last, _MOST_COLUMNS)))
            self._flow.left_out["columns"] += max(0, last - first + 1)
        elif name == "row":
            self._row.clear()
            self._column = -1
        elif name == "c":
            self._column = _column(attributes.get("r", ""), self._column + 1)
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._value.clear()
            self._formula.clear()
            self.cells += 1
            if self.cells > self._most:
                raise UnreadableError("cells", MOST_CELLS)
        elif name in ("v", "t", "f"):
            self._taken = name

    def says(self, text: str) -> None:
        """See `Skipping.says`."""
        if self._taken == "f":
            self._formula.append(text)
        elif self._taken:
            self._value.append(text)

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        if name in ("v", "t", "f"):
            self._taken = ""
        elif name == "c" and self._column < _MOST_COLUMNS and self._column not in self._unseen:
            shown = self._shown("".join(self._value))
            if shown:
                self._row[self._column] = shown
        elif name == "row" and self._row:
            self._flow.line(row_of([self._row.get(at, "") for at in range(max(self._row) + 1)
                                    if at not in self._unseen]))

    def _shown(self, value: str) -> str:
        if not value and self._formula:  # never calculated: better the formula than nothing
            return "=" + in_one_line("".join(self._formula).split("\n"))
        if self._type == "s":
            at = _small(value.strip(), -1)
            return self._strings[at] if 0 <= at < len(self._strings) else ""
        if self._type == "b":
            return "WAHR" if value.strip() in _TRUE else "FALSCH"
        if self._type == "n":
            try:
                return self._styles.shows(self._style, float(value), self._day_one) if value.strip() else ""
            except (ValueError, OverflowError):
                return value.strip()
        return in_one_line(value.split("\n"))


def _small(text: str, otherwise: int = 1) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else otherwise


def _column(reference: str, otherwise: int) -> int:
    """Return the number of the column in "AB12", from 0."""
    number = 0
    for letter in reference[:4]:
        if not ("A" <= letter <= "Z"):
            break
        number = number * 26 + ord(letter) - 64
    return number - 1 if number else otherwise
