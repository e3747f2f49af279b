"""Long texts for models that read only so much: windows with some text around them.

`pieces` keeps true: the windows cover the text; each fits; a border lies at a space where there is one. A model reads
`REACH` characters beyond its window on both sides, so that a name at a border is seen whole by one of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

SIZE: Final = 1000
REACH: Final = 100
_SMALLEST: Final = 24


class Piece(NamedTuple):
    """A window ``[lo, hi)`` and the stretch ``[begin, end)`` that the model reads for it."""

    lo: int
    hi: int
    begin: int
    end: int


def pieces(text: str, fits: Callable[[str], bool]) -> Iterator[Piece]:
    """Cut `text` into windows whose stretch `fits`. Raises `ValueError` where nothing does."""
    waiting = [(0, len(text))]
    while waiting:
        lo, hi = waiting.pop()
        reach = min(REACH, max(_SMALLEST, (hi - lo) // 4))
        begin, end = _word(text, max(0, lo - reach), -1), _word(text, min(len(text), hi + reach), 1)
        if hi - lo <= SIZE and fits(text[begin:end]):
            yield Piece(lo, hi, begin, end)
        elif hi - lo <= _SMALLEST:
            raise ValueError("the model cannot read this text")
        else:
            middle = _middle(text, lo, min(hi, lo + SIZE * 2))
            waiting += [(middle, hi), (lo, middle)]


def _middle(text: str, lo: int, hi: int) -> int:
    """Return a border in the second quarter of ``[lo, hi)``: at a line end, else at a space, else anywhere."""
    earliest, latest = lo + (hi - lo) // 4, lo + (hi - lo) // 2
    found = (text.rfind(mark, earliest, latest) for mark in ("\n", " "))
    return next((at + 1 for at in found if at >= 0), latest)


def _word(text: str, at: int, step: int) -> int:
    """Move `at` outwards to the next space, a few characters at most: half a word reads like a name."""
    for _ in range(_SMALLEST):
        if not 0 < at < len(text) or text[at - 1].isspace() or text[at].isspace():
            break
        at += step
    return at
