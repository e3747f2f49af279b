"""Tables in text: which cells stand below which header. Tabs, pipes, semicolons, commas or wide gaps separate them.

Read once for the whole text, because a header may stand far above its cells. A table ends at a line with a
different number of cells. Rows of SQL (``INSERT INTO t (a, b) VALUES (1, 2), ...``) are tables as well.

What it does not know: headers over two lines, and forms in which several labels stand above several values without
wide gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.detection.headers import kinds_of
from gateway.detection.sheet import Cell

_SEPARATORS: Final = ("\t", "|", ";", ",")
_COMMAS: Final = re.compile(r"^[\w\"'. /()-]{1,40}(?:,[\w\"' .()/*†-]{0,40}){2,40}\r?$", re.M)
"""A line that may head a table of comma-separated values."""
_QUOTED: Final = re.compile(r'"[^"]*"')
_RULER: Final = re.compile(r"[-=+|: \t_]+")
"""The line between a header and its cells."""
_GAP: Final = re.compile(r"[ ]{2,}")
_WIDE: Final = re.compile(r"  (?=[^\W\d])(?<=[\w.)*] {2})|   (?=[^\W\d])(?<=[\w.) ] {3})")
_FIGURES: Final = re.compile(r"\d\d|\d[.,]|(?<![^\W\d][ .])(?<![^\W\d])\d")
"""What no head has; but "Name 1" is one."""
_INSERT: Final = re.compile(r"\bINSERT\s+INTO\s+[\w.`\"\[\]]{1,80}\s*\(([^()]{1,2000})\)\s*VALUES\s*", re.I)
_ROW: Final = re.compile(r"\((?:[^()']|'(?:[^']|'')*')*\)[\s,;]*")
_VALUE: Final = re.compile(r"'(?:[^']|'')*'|[^,'()]+(?:'(?:[^']|'')*')?")


def cells(text: str) -> list[Cell]:
    """Return the cells of all tables whose column says what stands in it, in order."""
    found: list[Cell] = []
    for separator in _SEPARATORS:
        if separator in text and (separator != "," or _COMMAS.search(text)):
            found.extend(_read(text, separator))
    if "   " in text and (wide := _WIDE.search(text)):
        found.extend(_aligned(text, text.rfind("\n", 0, wide.start()) + 1))
    if "INSERT" in text or "insert" in text:
        found.extend(_inserted(text))
    return sorted(found, key=lambda cell: cell.start)


def _read(text: str, separator: str) -> list[Cell]:
    found: list[Cell] = []
    header: list[str] = []
    position = 0
    least, slack = (2, 0) if separator == "," else (1, 1)  # commas stand in every sentence
    for line in text.split("\n"):
        spans = _split(line, position, separator) if separator in line else []
        position += len(line) + 1
        if len(spans) < 2:
            header = header if header and _RULER.fullmatch(line) else []
        elif header and abs(len(spans) - len(header)) <= slack:
            found.extend(Cell(a, b, kind) for (a, b), kind in zip(spans, header, strict=False) if kind and a < b)
        else:
            header = kinds_of([text[a:b] for a, b in spans])
            told = sum(map(bool, header)) >= least and (slack or _COMMAS.fullmatch(line) is not None)
            header = header if told else []
    return found


def _split(line: str, offset: int, separator: str) -> list[tuple[int, int]]:
    """Return the spans of the cells of one line, trimmed."""
    spans: list[tuple[int, int]] = []
    at = offset
    if separator == "," and '"' in line:
        line = _QUOTED.sub(lambda m: m[0].replace(",", "\0"), line)
    parts = line.split(separator)
    for number, part in enumerate(parts):
        start = at + len(part) - len(part.lstrip(' \r"*' if part.strip() != "*" else " \r"))
        end = at + len(part.rstrip(' \r"*' if part.strip() != "*" else " \r"))
        at += len(part) + 1
        if separator == "|" and number in (0, len(parts) - 1) and not part.strip():
            continue
        spans.append((start, max(start, end)))
    return spans


def _aligned(text: str, position: int) -> Iterator[Cell]:
    """Columns aligned by spaces: a cell belongs to the header it stands below."""
    header: list[tuple[int, str]] = []
    for line in text[position:].split("\n"):
        offset, position = position, position + len(line) + 1
        if header and _RULER.fullmatch(line):
            continue
        spans = list(_columns(line)) if "  " in line.strip() else []
        if header and spans:
            for a, b in spans:
                column = min(header, key=lambda one: abs(one[0] - a))
                if column[1]:
                    yield Cell(offset + a, offset + b, column[1])
            continue
        header = _heading(line, spans)


def _columns(line: str) -> Iterator[tuple[int, int]]:
    at = len(line) - len(line.lstrip())
    for part in _GAP.finditer(line.rstrip(), at):
        if part.start() > at:
            yield at, part.start()
        at = part.end()
    if at < len(line.rstrip()):
        yield at, len(line.rstrip())


def _heading(line: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, str]]:
    """Return where each column begins and what stands in it. "Name   Petersen" is a label with its value."""
    if len(spans) < 2 or _FIGURES.search(line):
        return []
    kinds = list(zip((a for a, _ in spans), kinds_of([line[a:b] for a, b in spans]), strict=True))
    told = [bool(kind) for _, kind in kinds]
    return kinds if sum(told) >= 2 or (any(told[1:]) and len(told) > 2) else []


def _inserted(text: str) -> Iterator[Cell]:
    """The values of ``INSERT INTO`` below the names of their columns."""
    for match in _INSERT.finditer(text):
        kinds = kinds_of([name.strip(' \n\t"`[]') for name in match[1].split(",")])
        at = match.end()
        while any(kinds) and (row := _ROW.match(text, at)):
            for value, kind in zip(_VALUE.finditer(text, at + 1, row.end()), kinds, strict=False):
                start, end = value.start(), value.end()
                while start < end and not text[start].isalnum():
                    start += 1
                while end > start and not text[end - 1].isalnum():
                    end -= 1
                if kind and start < end:
                    yield Cell(start, end, kind)
            at = row.end()
