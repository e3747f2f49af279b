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

    def __init__(self, folded: NDArray[np.uint32]) -> None:
        size = len(folded) + 1
        forward, self._back = Hasher._powers
        if size > len(forward):
            forward, self._back = Hasher._powers = _powers(_BASE, 2 * size), _powers(_INVERSE, 2 * size)
        self._sums = np.zeros(size, np.uint64)
        np.cumsum(folded.astype(np.uint64) * forward[: len(folded)], out=self._sums[1:])

    def spans(self, start: I64, end: I64) -> U64:
        """Return the hashes of the substrings ``[start, end)``; where ``end <= start`` the hash is 0."""
        value = (self._sums[end] - self._sums[start]) * self._back[start]
        return np.where(end > start, value, np.uint64(0))


def salts(*numbers: int) -> U64:
    """Return the salts for `mix`: hashes mixed with different ones have nothing to do with each other."""
    return np.array([(n * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) % 2**64 for n in numbers], np.uint64)


def mix(values: U64, salt: U64) -> NDArray[np.uint32]:
    """Spread hashes over 32 bits; `salt` is broadcast against `values`."""
    x = values + salt
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    return (x >> np.uint64(32)).astype(np.uint32)
