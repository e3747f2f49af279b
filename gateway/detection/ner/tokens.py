"""Cut a text into tokens, as arrays of offsets.

A token is a run of letters, a run of digits, a run of one and the same other character, a line break or a tab.
Hyphens, apostrophes, underscores and full stops stand alone, so that double names, file names, CSV cells and
``A.Nachname`` come apart into the words that name lists know. Blanks are no tokens; several line breaks are one
token of the kind `PARAGRAPH`. Everything is computed on whole arrays: no Python loop over characters or words.
Several texts are cut in one go; they stand one after the other with one character between them.

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


def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint64], NDArray[np.bool_]]:
    """Kind, folded form (lower case, every digit a zero) and "is upper case" of each character of the basic plane."""
    kinds = np.full(_BMP + 1, SIGN, np.uint8)
    folded = np.arange(_BMP + 1, dtype=np.uint64)
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
_RUNS: Final = np.where(_KINDS == SIGN, np.arange(_BMP + 1, dtype=np.uint32) + 16, _KINDS.astype(np.uint32))
"""Equal for characters that stand in one token when they stand side by side."""
_NEW_LINE: Final = np.isin(np.arange(8), (LINE, PARAGRAPH))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some texts; `folded` and `upper` describe their characters, the other arrays the tokens."""

    folded: NDArray[np.uint64]
    upper: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int64]
    first: NDArray[np.int64]
    """The first token of each text that has any."""

    def __len__(self) -> int:
        return len(self.start)

    def count(self) -> NDArray[np.int64]:
        """Return how many tokens each of those texts has."""
        border = np.empty(len(self.first) + 1, np.int64)
        border[:-1] = self.first
        border[-1] = len(self.start)
        return border[1:] - border[:-1]

    def new_lines(self) -> NDArray[np.bool_]:
        """Return which tokens begin a line: line breaks, and the first of each text."""
        result = _NEW_LINE.take(self.kind)
        result[self.first] = True
        return result


def tokenize(*texts: str) -> Tokens:
    """Return the tokens of `texts`; their offsets count from the first text on. Total: never raises for any text."""
    codes = np.frombuffer("\0".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = np.minimum(codes, _LAST)
    if not len(codes):
        none = np.zeros(0, np.int64)
        return Tokens(_FOLDED[:0], np.zeros(0, np.bool_), none, none, none, none)
    runs = _RUNS.take(codes)
    gaps = np.cumsum([len(text) + 1 for text in texts[:-1]]) - 1 if len(texts) > 1 else None
    if gaps is not None:
        runs[gaps] = SPACE
    breaks = np.empty(len(codes) + 1, np.bool_)
    breaks[0] = breaks[-1] = True
    np.not_equal(runs[1:], runs[:-1], out=breaks[1:-1])
    borders = breaks.nonzero()[0]
    kind = _KIND_OF.take(runs.take(borders[:-1]), mode="clip")
    keep = kind.nonzero()[0]
    kind, start, end = kind.take(keep), borders.take(keep), borders[1:].take(keep)
    first = _FIRST[: len(start)] if gaps is None else _first(start, gaps)
    tokens = Tokens(_FOLDED.take(codes), _UPPER.take(codes), start, end, kind, first)
    lines = kind == LINE
    return _merge_lines(tokens, lines) if lines.any() else tokens


_FIRST: Final = np.zeros(1, np.int64)
_KIND_OF: Final = np.array([*range(16), SIGN])
_LAST: Final = np.array(_BMP, np.uint32)


def _first(start: NDArray[np.int64], gaps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first token of each text; a text without any has the same as the next one, which counts once."""
    begins = np.zeros(len(start) + 1, np.bool_)
    begins[start.searchsorted(gaps)] = True
    begins[0] = True
    return begins[:-1].nonzero()[0]


def _merge_lines(tokens: Tokens, lines: NDArray[np.bool_]) -> Tokens:
    """Keep one token per group of line breaks with nothing but blanks between them."""
    start, end, kind = tokens.start, tokens.end, tokens.kind
    again = np.zeros(len(kind), np.bool_)
    np.logical_and(lines[1:], lines[:-1], out=again[1:])
    again[tokens.first] = False
    double = lines & (end - start > 1)
    double[:-1] |= again[1:]
    kind[double] = PARAGRAPH
    keep = ~again
    first = tokens.first if len(tokens.first) == 1 else keep.cumsum().take(tokens.first) - 1
    return Tokens(tokens.folded, tokens.upper, start[keep], end[keep], kind[keep], first)
