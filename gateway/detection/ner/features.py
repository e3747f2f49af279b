"""What the model sees of a word: spelling, parts, lexicon, and whether it looks like a name.

Everything depends on the word alone and is computed once per different word of the text, on arrays. A word becomes a
row of feature numbers (indices into the embedding table): those of the vocabulary that training kept (words,
beginnings, endings), then the categorical ones. What the word stands next to is the network's matter.

Keeps true: training and use go through this one function; a feature number means the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.hashing import Hasher
from gateway.detection.ner.lexicon import LANGUAGE, NAMES, NOUN, STATES, Index, Lexicon, unique
from gateway.detection.ner.substrings import (
    CUTS,
    GRAMS_LOG2,
    KEYS,
    LEAST,
    LEXICON_SALT,
    PARTS,
    REST,
    STEM,
    WHOLE,
    Places,
    gram_places,
    grams,
    hashed,
)
from gateway.detection.ner.tokens import WORD, Tokens

__all__ = [
    "CATEGORICAL",
    "GRAMS_LOG2",
    "HEADS",
    "LEXICON_SALT",
    "Features",
    "Resources",
    "Words",
    "describe",
    "distinct",
    "ngrams",
    "numbers",
]

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Flags = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SHAPES: Final = 6
LENGTHS: Final = 8
KINDS: Final = 7
BINS: Final = 16
HEADS: Final = 3

# Categorical features at fixed rows of the embedding table; row 0 stays empty ("no such feature").
_SHAPE: Final = 1
_LEXICON: Final = _SHAPE + KINDS * SHAPES * LENGTHS
_GENITIVE: Final = _LEXICON + STATES * 3
_SCORES: Final = _GENITIVE + STATES
_MIXED: Final = _SCORES + HEADS * BINS
CATEGORICAL: Final = _MIXED + STATES * SHAPES * 4

LOWER, TITLE, CAPITALS, INITIAL, OTHER_CASE = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Resources:
    """The tables that turn words into feature numbers: lexicon, vocabulary keys (sorted), n-gram scores."""

    lexicon: Lexicon
    vocabulary: U32
    grams: NDArray[np.float32]
    index: Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", Index(self.vocabulary))


@dataclass(frozen=True, slots=True)
class Words:
    """The different words of a text (as spelt): one row per word; `which` gives the word of each token."""

    hasher: Hasher
    which: I64
    start: I64
    end: I64
    kind: I64
    form: I64
    """Kind and shape as one number."""
    code: U64
    """Hash of the word as spelt: equal for equal words in any text; sorted."""
    stem: I64
    """Number of the folded word without a genitive ending: equal for the occurrences of one name."""
    genitive: I64
    """1 where the word may have a genitive ending."""

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: I64) -> Words:
        """Return only some of the words (without `which`)."""
        return Words(
            self.hasher,
            self.which[:0],
            self.start.take(rows),
            self.end.take(rows),
            self.kind.take(rows),
            self.form.take(rows),
            self.code.take(rows),
            self.stem.take(rows),
            self.genitive.take(rows),
        )


@dataclass(frozen=True, slots=True)
class Features:
    """What is known of each word before the vocabulary is applied; training keeps these, use looks them up at once."""

    keys: U32
    """Hashed word, beginnings and endings; 0 where there is none."""
    fixed: I64
    """The categorical feature numbers."""


def distinct(tokens: Tokens) -> Words:
    """Return the different words of `tokens`."""
    hasher = Hasher(tokens.folded)
    every = hasher.spans(tokens.start, tokens.end)
    forms = _forms(tokens)
    codes = every + _FORM_SALTS.take(forms)
    index, which = unique(codes)
    start, end, kind = tokens.start.take(index), tokens.end.take(index), tokens.kind.take(index)
    last = end - _1
    genitive = _ENDS_IN_S.take(tokens.folded.take(last))
    genitive *= _LONG_WORD.take(np.minimum(end - start, _4) * kind)
    stem = unique(hasher.spans(start, end - genitive))[1]
    return Words(
        hasher, which, start, end, kind, forms.take(index), codes.take(index), stem, genitive
    )


def describe(words: Words, resources: Resources, *, hidden: bool = False) -> Features:
    """Return the features of each word; with `hidden`, as if no name list existed."""
    length = words.end - words.start
    word = _IS_WORD.take(words.kind)
    places = gram_places(length * word)
    keys, buckets = hashed(words.hasher, words.start, words.end, places)
    known = resources.lexicon.flags(keys[:, :KEYS]).astype(np.int64)
    known &= _WITHOUT_NAMES if hidden else _ALL
    flags = known[:, WHOLE] * word
    bins = _bins(_scores(resources.grams, buckets, places))
    fixed = np.empty((len(words), 4 + HEADS), np.int64)
    np.add(flags * _3, _compounds(known, length), out=fixed[:, 1])
    fixed[:, 1] += _LEXICON_ROW
    np.add(bins, _HEAD_ROWS, out=fixed[:, 3 : 3 + HEADS])
    mixed = flags * _24
    mixed += words.form * _4
    mixed += _MIXED_ROWS.take(bins[:, 0])
    fixed[:, 3 + HEADS] = mixed
    fixed *= word[:, None]
    np.add(words.form * _8, _LENGTH_ROWS.take(length, mode="clip"), out=fixed[:, 0])
    fixed[:, 2] = _GENITIVE_ROWS.take(known[:, STEM] * words.genitive)
    return Features(keys[:, KEYS:] * _FITS.take(length * word, axis=0, mode="clip"), fixed)


def numbers(features: Features, resources: Resources) -> I64:
    """Return the feature numbers of each word: one row per word, 0 where a feature is absent or unknown."""
    count, columns = features.keys.shape
    result = np.zeros((count, columns + features.fixed.shape[1]), np.int64)
    keys = features.keys.reshape(-1)
    known, at = resources.index.find(keys)
    given = np.zeros(len(keys), np.int64)
    given[known] = (at + CATEGORICAL) * (keys.take(known) != 0)
    result[:, :columns] = given.reshape(count, columns)
    result[:, columns:] = features.fixed
    return result


# Numbers as arrays without a dimension and little tables: an operation on so few words costs what its call costs.
_0, _1, _3, _4, _8, _24 = map(np.array, (0, 1, 3, 4, 8, 4 * SHAPES))
_ANY: Final = np.ones(PARTS, np.bool_)
_OF_LANGUAGE, _OF_NOUN = np.array(LANGUAGE), np.array(NOUN)
_ALL, _WITHOUT_NAMES = np.array(STATES - 1), np.array(STATES - 1 - NAMES)
_IS_WORD: Final = (np.arange(KINDS) == WORD).astype(np.int64)
_ENDS_IN_S: Final = (np.arange(0x10001) == ord("s")).astype(np.int64)
_LONG_WORD: Final = (np.arange(4 * KINDS) == 4 * WORD).astype(np.int64)
_FORM_SALTS: Final = np.arange(SHAPES * KINDS, dtype=np.uint64) % np.uint64(SHAPES) * np.uint64(0x632BE59BD9B4E019)
_LEXICON_ROW: Final = np.array(_LEXICON)
_HEAD_ROWS: Final = np.arange(HEADS) * BINS + _SCORES
_MIXED_ROWS: Final = np.clip(np.arange(BINS) // 3 - 1, 0, 3) + (_MIXED - WORD * SHAPES * 4)
_LENGTH_ROWS: Final = np.minimum(np.arange(LENGTHS + 1), LENGTHS) + (_SHAPE - 1)
_GENITIVE_ROWS: Final = np.where(np.arange(STATES) > 0, np.arange(STATES) + _GENITIVE, 0)
_FITS: Final = (np.arange(8)[:, None] >= LEAST).astype(np.uint32)
_SHAPE_OF: Final = np.array(
    # no capital, one, more; each: not all, all letters are capitals; each: the first is not one, is one
    [LOWER, LOWER, LOWER, LOWER, OTHER_CASE, TITLE, INITIAL, INITIAL, OTHER_CASE, OTHER_CASE, CAPITALS, CAPITALS]
)
_FORM_OF: Final = np.repeat(np.arange(KINDS) * SHAPES, len(_SHAPE_OF))
_FORM_OF[WORD * len(_SHAPE_OF) : (WORD + 1) * len(_SHAPE_OF)] += _SHAPE_OF
_2, _12 = map(np.array, (2, len(_SHAPE_OF)))


def _forms(tokens: Tokens) -> I64:
    counts = np.zeros(len(tokens.upper) + 1, np.int64)
    np.add.accumulate(tokens.upper, dtype=np.int64, out=counts[1:])
    high = counts.take(tokens.end)
    high -= counts.take(tokens.start)
    key = tokens.kind * _12
    key += np.minimum(high, _2) * _4
    high += tokens.start
    key += (high == tokens.end) * _2
    key += tokens.upper.take(tokens.start)
    form: I64 = _FORM_OF.take(key)
    return form


def _compounds(known: I64, length: I64) -> NDArray[np.int8]:
    """0 no compound, 1 a known noun at the end, 2 a known beginning as well ("Wohngeld" + s? + "bescheid").

    A word that is known itself is none.
    """
    fits = (length - _3)[:, None] >= CUTS
    fits &= (known[:, WHOLE] & _OF_LANGUAGE == _0)[:, None]
    rest = (known[:, REST:WHOLE] & _OF_LANGUAGE) > _0
    rest &= fits
    noun = (known[:, :PARTS] & _OF_NOUN) > _0
    noun &= fits[:, :PARTS]
    result: NDArray[np.int8] = noun.dot(_ANY).view(np.int8)
    noun &= rest[:, :PARTS] | rest[:, 1:]
    result += noun.dot(_ANY)
    return result


def ngrams(hasher: Hasher, start: I64, end: I64, word: Mask) -> tuple[I64, I64]:
    """Return (word, bucket) of every n-gram of the words."""
    places = gram_places((end - start) * word)
    return places.owner, grams(hasher, start, places)


def _scores(table: NDArray[np.float32], bucket: I64, places: Places) -> NDArray[np.float64]:
    """Return per word the three log-odds name/word, first name/surname, place/name of its character n-grams."""
    rows = places.count.nonzero()[0]
    result = np.zeros((len(places.count), HEADS))
    if len(rows):
        sums = np.add.reduceat(table.take(bucket, axis=0), places.begin.take(rows), axis=0, dtype=np.float64)
        sums /= np.sqrt(places.count.take(rows))[:, None]
        result[rows] = sums
    return result


_SCALE, _MIDDLE, _LOWEST, _HIGHEST = map(np.array, (1.5, float(BINS // 2), 0.0, BINS - 1.0))


def _bins(scores: NDArray[np.float64]) -> I64:
    scores *= _SCALE
    np.rint(scores, out=scores)
    scores += _MIDDLE
    np.maximum(scores, _LOWEST, out=scores)
    np.minimum(scores, _HIGHEST, out=scores)
    return scores.astype(np.int64)
