"""What is known about words: first name, surname, town, noun, other word of general German.

Kept as sorted 32-bit hashes with one byte of flags each: four bytes and a flag per word, no plain list of names in
the product. A word that is not in the list is taken for one that is in about one of 5,000 look-ups; the model has
learned with that noise. Names that were held out for measuring carry `HELD` and can be hidden.
"""

from __future__ import annotations

from typing import Any, Final

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

    def __len__(self) -> int:
        return len(self._keys)

    def flags(self, keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Return the flags of each hashed word, 0 for an unknown one."""
        index = place(self._keys, keys)
        return np.where(index >= 0, self._flags[index], np.uint8(0)) if len(self._keys) else index.astype(np.uint8) * 0


def place(table: NDArray[Any], keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the index of each key in the sorted `table`, -1 where it is not there."""
    if not len(table):
        return np.full(keys.shape, -1, np.int64)
    index = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    return np.where(table[index] == keys, index, -1)
