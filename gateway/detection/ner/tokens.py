"""Cut a text into tokens, as arrays of offsets.

A token is a run of letters, a run of digits, a run of one and the same other character, a line break or a tab.
Hyphens, apostrophes, underscores and full stops stand alone, so that double names, file names, CSV cells and
``A.Nachname`` come apart into the words that name lists know. Blanks are no tokens; several line breaks are one
token of the kind `PARAGRAPH`. Everything is computed on whole arrays: no Python loop over characters or words.

Keeps true: offsets are code points of the text given, ascending, never overlapping, never empty. Any ``str`` is
accepted, lone surrogates and characters outside the basic plane too (the latter count as signs, not as letters).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SPACE: Final = 0
WORD: Final = 1
NUMBER: Final = 2
SIGN: Final = 3
LINE: Final = 4
TAB: Final = 5
PARAGRAPH: Final = 6

_BMP: Final = 0x10000
_JOINERS: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


def _kind(char: str) -> int:
    if char == "\n" or char in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        return LINE
    if char == "\t":
        return TAB
    if char.isspace():
        return SPACE
    if char.isalpha() or char in _JOINERS or unicodedata.category(char).startswith("M"):
        return WORD
    return NUMBER if char.isdigit() else SIGN


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32], NDArray[np.bool_]]:
    """Kind, folded form (lower case, every digit a zero) and "is upper case" of each character of the basic plane."""
    kinds = np.full(_BMP + 1, SIGN, np.uint8)
    folded = np.arange(_BMP + 1, dtype=np.uint32)
    upper = np.zeros(_BMP + 1, np.bool_)
    for code in range(_BMP):
        char = chr(code)
        kind = _kind(char)
        if kind != SIGN:
            kinds[code] = kind
        if kind == WORD:
            low = char.lower()
            folded[code] = ord(low) if len(low) == 1 else ord(low[0])
            upper[code] = char.isupper() or char.istitle()
        elif kind == NUMBER:
            folded[code] = ord("0")
    return kinds, folded, upper


_KINDS, _FOLDED, _UPPER = _tables()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text; `folded` and `upper` describe its characters, the other arrays its tokens."""

    folded: NDArray[np.uint32]
    upper: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.start)


def tokenize(text: str) -> Tokens:
    """Return the tokens of `text`. Total: never raises for any text."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = np.minimum(codes, _BMP)
    kinds = _KINDS[codes]
    if not len(codes):
        none = np.zeros(0, np.int64)
        return Tokens(codes, np.zeros(0, np.bool_), none, none, kinds)
    breaks = np.empty(len(codes) + 1, np.bool_)
    breaks[0] = breaks[-1] = True
    inner = breaks[1:-1]
    np.not_equal(kinds[1:], kinds[:-1], out=inner)
    inner |= (kinds[1:] == SIGN) & (codes[1:] != codes[:-1])
    borders = np.flatnonzero(breaks)
    start, end = borders[:-1], borders[1:]
    kind = kinds[start]
    keep = kind != SPACE
    start, end, kind = start[keep], end[keep], kind[keep]
    lines = kind == LINE
    if lines.any():
        start, end, kind = _merge_lines(start, end, kind, lines)
    return Tokens(_FOLDED[codes], _UPPER[codes], start, end, kind)


def _merge_lines(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    kind: NDArray[np.uint8],
    lines: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Keep one token per group of line breaks with nothing but blanks between them."""
    kind = kind.copy()
    again = np.zeros(len(kind), np.bool_)
    again[1:] = lines[1:] & lines[:-1]
    double = lines & (end - start > 1)
    double[:-1] |= again[1:]
    kind[double] = PARAGRAPH
    keep = ~again
    return start[keep], end[keep], kind[keep]
