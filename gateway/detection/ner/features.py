"""What the model sees of a word: spelling, parts, lexicon, and whether it looks like a name.

Everything depends on the word alone and is computed once per different word of the text, on arrays. A word becomes a
row of feature numbers (indices into the embedding table): the categorical ones first, at fixed places, then those of
the vocabulary that training kept (words, beginnings, endings). What the word stands next to is the network's matter.

Keeps true: training and use go through this one function; a feature number means the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.hashing import Hasher, mix, salts
from gateway.detection.ner.lexicon import LANGUAGE, NAMES, NOUN, STATES, Lexicon, find
from gateway.detection.ner.tokens import WORD, Tokens

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]

PREFIXES: Final = (1, 2, 3, 4)
SUFFIXES: Final = (1, 2, 3, 4, 5)
WORD_SALT: Final = 1
PREFIX_SALT: Final = 10
SUFFIX_SALT: Final = 20
GRAM_SALT: Final = 30
LEXICON_SALT: Final = 50

SHAPES: Final = 6
LENGTHS: Final = 8
KINDS: Final = 7
BINS: Final = 16
HEADS: Final = 3
GRAMS_LOG2: Final = 17

# Categorical features at fixed rows of the embedding table; row 0 stays empty ("no such feature").
_SHAPE = 1
_LEXICON = _SHAPE + KINDS * SHAPES * LENGTHS
_GENITIVE = _LEXICON + STATES * 3
_SCORES = _GENITIVE + STATES
_MIXED = _SCORES + HEADS * BINS
CATEGORICAL: Final = _MIXED + STATES * SHAPES * 4
COLUMNS: Final = 1 + len(PREFIXES) + len(SUFFIXES) + 3 + HEADS + 1

_PREFIXES: Final = np.array(PREFIXES)
_SUFFIXES: Final = np.array(SUFFIXES)
_SIZES: Final = np.array((0, *PREFIXES, *SUFFIXES))
_SALTS: Final = salts(WORD_SALT, *(PREFIX_SALT + n for n in PREFIXES), *(SUFFIX_SALT + n for n in SUFFIXES))
_GRAMS: Final = np.array((2, 3, 4, 5))
_GRAM_SALTS: Final = salts(*(GRAM_SALT + n + shift for shift in (0, 5, 10) for n in (2, 3, 4, 5)))
_LEXICON_SALT: Final = salts(LEXICON_SALT)

LOWER, TITLE, CAPITALS, INITIAL, OTHER_CASE = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Resources:
    """The tables that turn words into feature numbers: lexicon, vocabulary keys (sorted), n-gram scores."""

    lexicon: Lexicon
    vocabulary: U32
    grams: NDArray[np.float32]
    first: NDArray[np.int32]
    steps: int

    @classmethod
    def build(cls, lexicon: Lexicon, vocabulary: U32, grams: NDArray[np.float32]) -> Resources:
        first = np.searchsorted(vocabulary, np.arange(0x10001, dtype=np.uint64) << np.uint64(16)).astype(np.int32)
        steps = int(np.max(np.diff(first), initial=1)).bit_length()
        return cls(lexicon, vocabulary, grams, first, steps)


@dataclass(frozen=True, slots=True)
class Words:
    """The different words of a text: `which` gives the word of each token; the other arrays have one row per word."""

    which: I64
    shape: NDArray[np.int64]
    group: NDArray[np.uint64]
    """Hash of the folded word without genitive ending: equal for the occurrences of one name."""
    keys: U32
    """Hashed word, beginnings and endings (training counts them, use looks them up); 0 where there is none."""
    fixed: I64
    """The categorical feature numbers."""
    hidden: I64
    """The same with the name lists hidden; empty outside training."""


def describe(tokens: Tokens, resources: Resources, *, training: bool = False) -> Words:
    """Return the different words of `tokens` with their features."""
    hasher = Hasher(tokens.folded)
    whole = hasher.spans(tokens.start, tokens.end)
    shape = _shapes(tokens)
    _, index, which = np.unique(whole + shape.astype(np.uint64) * np.uint64(0x632BE59BD9B4E019),
                                return_index=True, return_inverse=True)
    start, end, kind, shape, whole = (a[index] for a in (tokens.start, tokens.end, tokens.kind, shape, whole))
    length = end - start
    word = kind == WORD
    keys = _keys(hasher, start, end, word)
    genitive = word & (length >= 4) & (tokens.folded[end - 1] == ord("s"))
    stem = np.where(genitive, hasher.spans(start, end - 1), whole)
    flags = resources.lexicon.flags(mix(whole, _LEXICON_SALT)) * word
    stem_flags = resources.lexicon.flags(mix(stem, _LEXICON_SALT)) * genitive
    compound = _compounds(hasher, resources.lexicon, start, end, word & (length >= 7) & (flags & LANGUAGE == 0))
    scores = ngram_scores(hasher, resources.grams, start, end, word)
    look = (kind * SHAPES + shape) * LENGTHS + np.minimum(length, LENGTHS) - 1
    fixed = _fixed(look, shape, flags, stem_flags, compound, scores, word)
    hidden = fixed[:0]
    if training:
        keep = np.uint8(STATES - 1 - NAMES)
        hidden = _fixed(look, shape, flags & keep, stem_flags & keep, compound, scores, word)
    return Words(which.reshape(-1), shape, stem, keys, fixed, hidden)


def numbers(words: Words, resources: Resources) -> I64:
    """Return the feature numbers of each word: one row per word, 0 where a feature is absent or unknown."""
    place = find(resources.vocabulary, resources.first, resources.steps, words.keys)
    known = np.where((place >= 0) & (words.keys != 0), place + CATEGORICAL, 0)
    return np.concatenate([known, words.fixed], axis=1)


def _shapes(tokens: Tokens) -> NDArray[np.int64]:
    counts = np.zeros(len(tokens.upper) + 1, np.int32)
    np.cumsum(tokens.upper, out=counts[1:])
    high = counts[tokens.end] - counts[tokens.start]
    length = tokens.end - tokens.start
    first = tokens.upper[tokens.start] if len(tokens) else np.zeros(0, np.bool_)
    shape = np.full(len(tokens), OTHER_CASE, np.int64)
    shape[(high == length) & (length > 1)] = CAPITALS
    shape[first & (high == 1)] = TITLE
    shape[first & (length == 1)] = INITIAL
    shape[high == 0] = LOWER
    shape[tokens.kind != WORD] = 0
    return shape


def _keys(hasher: Hasher, start: I64, end: I64, word: NDArray[np.bool_]) -> U32:
    """Hash the word, its beginnings and its endings: one column each, 0 where the word is too short."""
    first = np.repeat(start[:, None], len(_SALTS), axis=1)
    last = np.repeat(end[:, None], len(_SALTS), axis=1)
    first[:, 1 + len(PREFIXES):] = last[:, 1 + len(PREFIXES):] - _SUFFIXES
    last[:, 1:1 + len(PREFIXES)] = first[:, 1:1 + len(PREFIXES)] + _PREFIXES
    fits = (word[:, None] & ((end - start)[:, None] > _SIZES)) | (_SIZES == 0)
    first[~fits] = 0
    last[~fits] = 0
    return np.where(fits, mix(hasher.spans(first, last), _SALTS), np.uint32(0))


def _compounds(hasher: Hasher, lexicon: Lexicon, start: I64, end: I64, wanted: NDArray[np.bool_]) -> I64:
    """0 no compound, 1 a known noun at the end, 2 a known beginning as well ("Wohngeld" + s? + "bescheid")."""
    result = np.zeros(len(start), np.int64)
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return result
    s, e = start[rows][:, None], end[rows][:, None]
    cut = e - np.arange(4, 14)[None, :]
    fits = cut - s >= 3
    cut = np.maximum(cut, s)
    shape = cut.shape
    s, e = np.broadcast_to(s, shape), np.broadcast_to(e, shape)
    tail = fits & (lexicon.flags(mix(hasher.spans(cut, e), _LEXICON_SALT)) & NOUN > 0)
    heads = np.zeros(shape, np.bool_)
    at = np.nonzero(tail)
    for less in (0, 1):  # the linking "s" (or "n", "e") between the parts
        known = lexicon.flags(mix(hasher.spans(s[at], cut[at] - less), _LEXICON_SALT)) & LANGUAGE > 0
        heads[at] |= known & (cut[at] - less - s[at] >= 3)
    result[rows] = np.where(heads.any(axis=1), 2, np.where(tail.any(axis=1), 1, 0))
    return result


def ngram_scores(hasher: Hasher, table: NDArray[np.float32], start: I64, end: I64, word: NDArray[np.bool_],
                 ) -> NDArray[np.float64]:
    """Return per word the three log-odds name/word, first name/surname, place/name of its character n-grams."""
    count = len(start)
    result = np.zeros((count, HEADS))
    owner, bucket = ngrams(hasher, start, end, word)
    if len(owner):
        total = np.maximum(np.bincount(owner, minlength=count), 1)
        for head in range(HEADS):
            result[:, head] = np.bincount(owner, table[bucket, head], count)
        result /= np.sqrt(total)[:, None]
    return result


def ngrams(hasher: Hasher, start: I64, end: I64, word: NDArray[np.bool_]) -> tuple[I64, I64]:
    """Return (word, bucket) of every n-gram, n = 2 to 5; those at the beginning and at the end count apart."""
    rows = np.flatnonzero(word)
    length = np.minimum(end[rows] - start[rows], 40)
    begin = start[rows]
    stop = begin + length
    owner = np.repeat(np.arange(len(rows)), length)
    place = np.arange(int(length.sum())) + (begin - np.cumsum(length) + length)[owner]
    inner, size = np.nonzero(place[:, None] + _GRAMS <= stop[owner][:, None])
    edge, short = np.nonzero(length[:, None] >= _GRAMS - 1)
    first = np.concatenate([place[inner], begin[edge], stop[edge] - _GRAMS[short] + 1])
    last = np.concatenate([place[inner] + _GRAMS[size], begin[edge] + _GRAMS[short] - 1, stop[edge]])
    salt = np.concatenate([_GRAM_SALTS[size], _GRAM_SALTS[short + 4], _GRAM_SALTS[short + 8]])
    bucket = (mix(hasher.spans(first, last), salt) & np.uint32((1 << GRAMS_LOG2) - 1)).astype(np.int64)
    return rows[np.concatenate([owner[inner], edge, edge])], bucket


def _fixed(look: I64, shape: I64, flags: NDArray[np.uint8], stem: NDArray[np.uint8], compound: I64,
           scores: NDArray[np.float64], word: NDArray[np.bool_]) -> I64:
    bins = np.clip(np.round(scores * 1.5) + BINS // 2, 0, BINS - 1).astype(np.int64)
    lists = flags.astype(np.int64)
    columns = [
        _SHAPE + look,
        np.where(word, _LEXICON + lists * 3 + compound, 0),
        np.where(stem > 0, _GENITIVE + stem.astype(np.int64), 0),
        *(np.where(word, _SCORES + head * BINS + bins[:, head], 0) for head in range(HEADS)),
        np.where(word, _MIXED + (lists * SHAPES + shape) * 4 + np.clip(bins[:, 0] // 3 - 1, 0, 3), 0),
    ]
    return np.stack(columns, axis=1)
