"""Where a place in a text lies once values in it were replaced, and the other way round.

An answer may point into a document of the request ("characters 120 to 180"). The provider counted in the text that
left, the client counts in its own. Kept true: what stands between two places is the same stretch on both sides; a
place inside of what was replaced widens to all of it, since half a placeholder is half of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Edit: TypeAlias = tuple[int, int, int]
"""Start and end of a replaced stretch in the text as it came, and how long what stands there now is."""


@dataclass(frozen=True, slots=True)
class Moves:
    """One text as it came and as it left; ``edits`` in order, disjoint."""

    before: str = field(repr=False)
    after: str = field(repr=False)
    edits: Sequence[Edit]

    @property
    def moved(self) -> bool:
        """Whether any place is another one."""
        return bool(self.edits)

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the text as it came for one of the text as it left."""
        return _through(((there, here) for here, there in self._pairs()), start, end)

    def there(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the text as it left for one of the text as it came."""
        return _through(self._pairs(), start, end)

    def _pairs(self) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        shift = 0
        for start, end, length in self.edits:
            yield (start, end), (start + shift, start + shift + length)
            shift += length - (end - start)


def _through(pairs: Iterator[tuple[tuple[int, int], tuple[int, int]]], start: int, end: int) -> tuple[int, int]:
    """Carry both ends of a stretch over `pairs` of (from, to)."""
    first, last, shift = start, end, 0
    begun = ended = False
    for (low, high), (to_low, to_high) in pairs:
        if not begun and start < high:
            first, begun = (to_low if start > low else start + shift), True
        if not ended and end <= high:
            last, ended = (to_high if end > low else end + shift), True
        shift = to_high - high
    return first if begun else start + shift, last if ended else end + shift
