"""What is known about words: first name, surname, town, noun, other word of general German.

Kept as sorted 32-bit hashes with one byte of flags each: four bytes and a flag per word, no plain list of names in
the product. A word that is not in the list is taken for one that is in about one of 5,000 look-ups; the model has
learned with that noise. Names that were held out for measuring carry `HELD` and can be hidden.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FIRST: Final = 1
FIRST_RARE: Final = 2
SURNAME: Final = 4
TOWN: Final = 8
NOUN: Final = 16
OTHER: Final = 32
HELD: Final = 64
NAMES: Final = FIRST | FIRST_RARE | SURNAME
LANGUAGE: Final = NOUN | OTHER
STATES: Final = 64


class Lexicon:
    """Look-up of hashed words; read only, so threads share it."""

    def __init__(self, keys: NDArray[np.uint32], flags: NDArray[np.uint8], *, hide_held: bool = False) -> None:
        self._keys = keys
        visible = np.where(flags & HELD, flags & ~np.uint8(NAMES), flags) if hide_held else flags
        self._flags = (visible & np.uint8(STATES - 1)).astype(np.uint8)
        # Bucketed by the upper 16 bits: a look-up then scans a dozen entries instead of bisecting a million.
        self._first = np.searchsorted(keys, np.arange(0x10001, dtype=np.uint64) << np.uint64(16)).astype(np.int32)
        self._steps = int(np.max(np.diff(self._first), initial=1)).bit_length()

    def __len__(self) -> int:
        return len(self._keys)

    def flags(self, keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Return the flags of each hashed word, 0 for an unknown one."""
        if not len(self._keys):
            return np.zeros(keys.shape, np.uint8)
        place = find(self._keys, self._first, self._steps, keys)
        return np.where(place >= 0, self._flags[place], np.uint8(0))


def find(table: NDArray[np.uint32], first: NDArray[np.int32], steps: int, keys: NDArray[np.uint32],
         ) -> NDArray[np.int64]:
    """Return the index of each key in the sorted `table`, -1 where it is not there; a bisection of whole arrays."""
    bucket = keys >> np.uint32(16)
    low = first[bucket].astype(np.int64)
    high = first[bucket + np.uint32(1)].astype(np.int64)
    last = len(table) - 1
    for _ in range(steps):
        middle = (low + high) >> 1
        right = (low < high) & (table[np.minimum(middle, last)] < keys)
        low = np.where(right, middle + 1, low)
        high = np.where(right, high, middle)
    low = np.minimum(low, last)
    return np.where(table[low] == keys, low, -1)
