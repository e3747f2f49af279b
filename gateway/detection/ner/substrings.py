"""Which substrings of a word are looked up, and their hashes.

It depends on the length of the word alone and stands in tables: one row of columns per word (last parts of a compound
and what stands before them, the word, its beginnings and endings), and its n-grams. Everything is hashed in one go.

Keeps true: substrings of the same kind have the same salt wherever they are looked up.
Does not know: which of them make sense. What a short word does not have is hashed all the same and has to be ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.hashing import Hasher, mix, salts, spread

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]

PREFIXES: Final = (1, 2, 3, 4)
SUFFIXES: Final = (1, 2, 3, 4, 5)
GRAMS: Final = (2, 3, 4, 5)
LEXICON_SALT: Final = salts(50)
_GRAM_SALTS: Final = salts(*(30 + n + shift for shift in (0, 5, 10) for n in GRAMS))
LONGEST: Final = 40
"""Of a longer word only so many characters count for the n-grams."""
PARTS: Final = 10
CUTS: Final = np.arange(4, 4 + PARTS + 1)
"""How far before its end a compound may be cut: before its last part, or one letter earlier for a linking "s"."""

# The substrings of a word that are looked up, one column each. For the lexicon: last parts, what stands before them
# (with and without a linking letter), the word, the word without its last letter; then for the vocabulary the word,
# its beginnings and its endings.
REST, WHOLE, STEM, KEYS = PARTS, 2 * PARTS + 1, 2 * PARTS + 2, 2 * PARTS + 3
_FROM_START: Final = slice(REST, KEYS + 1 + len(PREFIXES))
_HEADS: Final = slice(KEYS + 1, KEYS + 1 + len(PREFIXES))
_START: Final = np.array((*CUTS[:PARTS], *(0 for _ in range(REST, KEYS + 1 + len(PREFIXES))), *SUFFIXES))
"""How far before the end of the word a substring begins; those in `_FROM_START` begin with the word."""
_END: Final = np.array((*(0 for _ in range(PARTS)), *CUTS, 0, 1, 0, *(0 for _ in (*PREFIXES, *SUFFIXES))))
"""How far before the end of the word a substring ends; those in `_HEADS` have as many letters as `PREFIXES` says."""
_SALTS: Final = np.concatenate(
    [np.repeat(LEXICON_SALT, KEYS), salts(1, *(10 + n for n in PREFIXES), *(20 + n for n in SUFFIXES))]
)
_PREFIXES: Final = np.array(PREFIXES)
LEAST: Final = np.array((0, *(n + 1 for n in (*PREFIXES, *SUFFIXES))))
"""How long a word must be for the key."""
GRAMS_LOG2: Final = 17


@dataclass(frozen=True, slots=True)
class Places:
    """The n-grams of some words: of which word each is, its place in the tables of `_Grams`; how many a word has."""

    owner: I64
    at: I64
    count: I64
    begin: I64


class _Grams:
    """The n-grams of a word by its length: where each begins and ends, with which salt it is hashed.

    n = 2 to 5; those at the beginning and at the end of the word (with the border as one character) count apart.
    """

    def __init__(self) -> None:
        rows: list[tuple[int, int, int]] = []
        begins = [0]
        sizes = tuple(enumerate(GRAMS))
        for length in range(LONGEST + 1):
            if length:
                rows += [(i, i + n, s) for i in range(length) for s, n in sizes if i + n <= length]
                edges = [(s, n - 1) for s, n in sizes if length >= n - 1]
                rows += [(0, n, s + len(GRAMS)) for s, n in edges]
                rows += [(length - n, length, s + 2 * len(GRAMS)) for s, n in edges]
            begins.append(len(rows))
        table = np.array(rows)
        self.first, self.last, self.salt = table[:, 0].copy(), table[:, 1].copy(), _GRAM_SALTS[table[:, 2]]
        self._begin = np.array(begins[:-1])
        self._count = np.diff(begins)

    def of(self, length: I64) -> Places:
        """Return all n-grams of words that are so long."""
        counts = self._count.take(length)
        begin = counts.cumsum()
        begin -= counts
        owner = np.arange(len(length)).repeat(counts)
        at = (self._begin.take(length) - begin).take(owner)
        at += np.arange(len(owner))
        return Places(owner, at, counts, begin)


_GRAM_PLACES: Final = _Grams()
_MOST: Final = np.array(LONGEST)
_BUCKETS: Final = np.array((1 << GRAMS_LOG2) - 1, np.uint32)


def hashed(hasher: Hasher, start: I64, end: I64, places: Places) -> tuple[U32, I64]:
    """Hash all substrings of each word: its row of columns, and the buckets of its n-grams."""
    count, columns = len(start), len(_SALTS)
    split = count * columns
    first, last = np.empty((2, split + len(places.owner)), np.int64)
    first_rows, last_rows = first[:split].reshape(count, columns), last[:split].reshape(count, columns)
    np.subtract(end[:, None], _START, out=first_rows)
    first_rows[:, _FROM_START] = start[:, None]
    np.subtract(end[:, None], _END, out=last_rows)
    np.add(start[:, None], _PREFIXES, out=last_rows[:, _HEADS])
    begin = start.take(places.owner)
    np.add(begin, _GRAM_PLACES.first.take(places.at), out=first[split:])
    np.add(begin, _GRAM_PLACES.last.take(places.at), out=last[split:])
    hashes = hasher.spans(first, last)
    rows = hashes[:split].reshape(count, columns)
    rows += _SALTS
    hashes[split:] += _GRAM_PLACES.salt.take(places.at)
    mixed = spread(hashes)
    return mixed[:split].reshape(count, columns), (mixed[split:] & _BUCKETS).astype(np.int64)



def gram_places(length: I64) -> Places:
    """Return the n-grams of words that are so long; of longer words only the first `LONGEST` characters count."""
    return _GRAM_PLACES.of(np.minimum(length, _MOST))


def grams(hasher: Hasher, start: I64, places: Places) -> I64:
    """Return the buckets of the n-grams alone."""
    begin = start.take(places.owner)
    first, last = begin + _GRAM_PLACES.first.take(places.at), begin + _GRAM_PLACES.last.take(places.at)
    return (mix(hasher.spans(first, last), _GRAM_PLACES.salt.take(places.at)) & _BUCKETS).astype(np.int64)
