"""Hash every substring of a text in constant time, for whole arrays of substrings.

A polynomial over the integers modulo 2**64 with an odd base: odd numbers have an inverse there, so the hash of a
substring is the difference of two prefix sums, shifted back to position 0. That lets prefixes, suffixes and parts of
compounds be looked up without making a single Python string. Good mixing comes from `mix`; the hash is no secret
and protects nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_BASE: Final = 0x9E3779B97F4A7C15 | 1
_INVERSE: Final = pow(_BASE, -1, 2**64)
# Arrays without a dimension: half the cost of a number that has to be turned into one at every use.
_ONE: Final = np.array(0xBF58476D1CE4E5B9, np.uint64)
_TWO: Final = np.array(0x94D049BB133111EB, np.uint64)
_30, _27, _32 = np.array(30, np.uint64), np.array(27, np.uint64), np.array(32, np.uint64)
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


def _powers(base: int, count: int) -> U64:
    steps = np.full(count, base, np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


class Hasher:
    """Prefix sums over the folded characters of one text."""

    _powers: tuple[U64, U64] = (_powers(_BASE, 4096), _powers(_INVERSE, 4096))
    """Grows to the longest text seen and holds no text; replaced as a whole, so threads always see a pair."""

    def __init__(self, folded: U64) -> None:
        size = len(folded) + 1
        forward, self._back = Hasher._powers
        if size > len(forward):
            forward, self._back = Hasher._powers = _powers(_BASE, 2 * size), _powers(_INVERSE, 2 * size)
        self._sums = np.empty(size, np.uint64)
        self._sums[0] = 0
        np.add.accumulate(folded * forward[: len(folded)], out=self._sums[1:])

    def spans(self, start: I64, end: I64) -> U64:
        """Return the hashes of the substrings ``[start, end)``; of no use where that is no substring of the text."""
        value = self._sums.take(end, mode="clip")
        value -= self._sums.take(start, mode="clip")
        value *= self._back.take(start, mode="clip")
        return value


def salts(*numbers: int) -> U64:
    """Return the salts for `mix`: hashes mixed with different ones have nothing to do with each other."""
    return np.array([(n * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) % 2**64 for n in numbers], np.uint64)


def mix(values: U64, salt: U64) -> NDArray[np.uint32]:
    """Spread hashes over 32 bits; `salt` is broadcast against `values`."""
    return spread(values + salt)


def spread(x: U64) -> NDArray[np.uint32]:
    """Spread salted hashes over 32 bits; their array is used up."""
    x ^= x >> _30
    x *= _ONE
    x ^= x >> _27
    x *= _TWO
    x >>= _32
    return x.astype(np.uint32)
