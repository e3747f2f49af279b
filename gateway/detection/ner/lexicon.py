"""What is known about words: first name, surname, town, noun, other word of general German.

Kept as sorted 32-bit hashes with one byte of flags each: four bytes and a flag per word, no plain list of names in
the product. A word that is not in the list is taken for one that is in about one of 5,000 look-ups; the model has
learned with that noise. Names that were held out for measuring carry `HELD` and can be hidden.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
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


class Index:
    """Finds hashed keys in a sorted table.

    Most keys that are asked for are not in it: a map of bits says so for nineteen of twenty at the price of one read.
    For the others, a table over their upper bits says where to look: all keys with the same upper bits stand together.
    """

    def __init__(self, keys: NDArray[np.uint32]) -> None:
        bits = max(9, (len(keys) + 1).bit_length())
        there = np.zeros(1 << (bits + 4), np.bool_)
        there[keys >> np.uint32(28 - bits)] = True
        self._map = np.packbits(there, bitorder="little")
        self._byte, self._bit = np.array(31 - bits, np.uint32), np.array(28 - bits, np.uint32)
        self._shift = np.array(34 - bits, np.uint32)
        borders = np.arange((1 << (bits - 2)) + 1, dtype=np.uint64) << np.uint64(34 - bits)
        begins = keys.searchsorted(borders)
        self._begins = begins[:-1].astype(np.int32)
        self._size = len(keys)
        width = max(1, int(np.diff(begins).max()))
        self._rows = sliding_window_view(np.concatenate([keys, np.zeros(width, np.uint32)]), width)

    def __len__(self) -> int:
        return self._size

    def find(self, keys: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which of the `keys` (flat) are in the table, and where."""
        bits = self._map.take(keys >> self._byte)
        bits >>= (keys >> self._bit).astype(np.uint8) & _SEVEN
        bits &= _ONE_BIT
        likely = bits.nonzero()[0]
        wanted = keys.take(likely)
        begin = self._begins.take(wanted >> self._shift)
        row, column = (self._rows[begin] == wanted[:, None]).nonzero()
        return likely.take(row), begin.take(row) + column


_SEVEN, _ONE_BIT = np.array(7, np.uint8), np.array(1, np.uint8)


class Lexicon:
    """Look-up of hashed words; read only, so threads share it."""

    def __init__(self, keys: NDArray[np.uint32], flags: NDArray[np.uint8], *, hide_held: bool = False) -> None:
        self._index = Index(keys)
        visible = np.where(flags & HELD, flags & ~np.uint8(NAMES), flags) if hide_held else flags
        self._flags = (visible & np.uint8(STATES - 1)).astype(np.uint8)

    def __len__(self) -> int:
        return len(self._index)

    def flags(self, keys: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Return the flags of each hashed word, 0 for an unknown one."""
        result = np.zeros(keys.shape, np.uint8)
        known, at = self._index.find(keys.reshape(-1))
        result.reshape(-1)[known] = self._flags.take(at)
        return result


def place(table: NDArray[Any], keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return the index of each key in the sorted `table`, -1 where it is not there."""
    if not len(table):
        return np.full(keys.shape, -1, np.int64)
    index = table.searchsorted(keys)
    index[table.take(index, mode="clip") != keys] = -1
    return index


_ONE: Final = np.array(1)


def unique(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where one of each different value stands, in ascending order of the values, and the number of each."""
    order = values.argsort()
    ascending = values.take(order)
    new = np.empty(len(values), np.bool_)
    new[:1] = True
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    which = np.empty(len(values), np.int64)
    which[order] = np.add.accumulate(new, dtype=np.int64) - _ONE
    return order[new], which
