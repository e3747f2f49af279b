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
from gateway.detection.ner.lexicon import LANGUAGE, NAMES, NOUN, STATES, Lexicon, place
from gateway.detection.ner.tokens import WORD, Tokens

I64 = NDArray[np.int64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Flags = NDArray[np.uint8]
Mask = NDArray[np.bool_]

PREFIXES: Final = (1, 2, 3, 4)
SUFFIXES: Final = (1, 2, 3, 4, 5)
GRAMS: Final = (2, 3, 4, 5)
LEXICON_SALT: Final = salts(50)
_SALTS: Final = salts(1, *(10 + n for n in PREFIXES), *(20 + n for n in SUFFIXES))
_GRAM_SALTS: Final = salts(*(30 + n + shift for shift in (0, 5, 10) for n in GRAMS))
_SIZES: Final = np.array((0, *PREFIXES, *SUFFIXES))
_GRAM_SIZES: Final = np.array(GRAMS)
_TAILS: Final = np.arange(4, 14)

SHAPES: Final = 6
LENGTHS: Final = 8
KINDS: Final = 7
BINS: Final = 16
HEADS: Final = 3
GRAMS_LOG2: Final = 17

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


@dataclass(frozen=True, slots=True)
class Words:
    """The different words of a text (as spelt): one row per word; `which` gives the word of each token."""

    hasher: Hasher
    folded: U32
    which: I64
    start: I64
    end: I64
    kind: Flags
    shape: I64
    whole: U64
    """Hash of the folded word."""
    code: U64
    """Hash of the word as spelt: equal for equal words in any text; sorted."""
    stem: U64
    """Hash of the folded word without a genitive ending: equal for the occurrences of one name."""

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: I64) -> Words:
        """Return only some of the words (without `which`)."""
        return Words(
            self.hasher,
            self.folded,
            self.which[:0],
            self.start[rows],
            self.end[rows],
            self.kind[rows],
            self.shape[rows],
            self.whole[rows],
            self.code[rows],
            self.stem[rows],
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
    whole = hasher.spans(tokens.start, tokens.end)
    shape = _shapes(tokens)
    code, index, which = np.unique(
        whole + shape.astype(np.uint64) * np.uint64(0x632BE59BD9B4E019), return_index=True, return_inverse=True
    )
    start, end, kind, whole = tokens.start[index], tokens.end[index], tokens.kind[index], whole[index]
    genitive = _genitive(tokens.folded, start, end, kind)
    stem = np.where(genitive, hasher.spans(start, end - genitive), whole)
    return Words(hasher, tokens.folded, which.reshape(-1), start, end, kind, shape[index], whole, code, stem)


def describe(words: Words, resources: Resources, *, hidden: bool = False) -> Features:
    """Return the features of each word; with `hidden`, as if no name list existed."""
    hasher, start, end = words.hasher, words.start, words.end
    word = words.kind == WORD
    genitive = _genitive(words.folded, start, end, words.kind)
    keep = np.uint8(STATES - 1 - NAMES if hidden else STATES - 1)
    flags = resources.lexicon.flags(mix(words.whole, LEXICON_SALT)) * word & keep
    stem_flags = resources.lexicon.flags(mix(words.stem, LEXICON_SALT)) * genitive & keep
    compound = _compounds(hasher, resources.lexicon, start, end, word & (end - start >= 7) & (flags & LANGUAGE == 0))
    scores = ngram_scores(hasher, resources.grams, start, end, word)
    look = (words.kind * SHAPES + words.shape) * LENGTHS + np.minimum(end - start, LENGTHS) - 1
    bins = np.clip(np.round(scores * 1.5) + BINS // 2, 0, BINS - 1).astype(np.int64)
    lists = flags.astype(np.int64)
    fixed = np.stack(
        [
            _SHAPE + look,
            np.where(word, _LEXICON + lists * 3 + compound, 0),
            np.where(stem_flags > 0, _GENITIVE + stem_flags.astype(np.int64), 0),
            *(np.where(word, _SCORES + head * BINS + bins[:, head], 0) for head in range(HEADS)),
            np.where(word, _MIXED + (lists * SHAPES + words.shape) * 4 + np.clip(bins[:, 0] // 3 - 1, 0, 3), 0),
        ],
        axis=1,
    )
    return Features(_keys(hasher, start, end, word), fixed)


def numbers(features: Features, resources: Resources) -> I64:
    """Return the feature numbers of each word: one row per word, 0 where a feature is absent or unknown."""
    known = place(resources.vocabulary, features.keys)
    known = np.where((known >= 0) & (features.keys != 0), known + CATEGORICAL, 0)
    return np.concatenate([known, features.fixed], axis=1)


def _genitive(folded: U32, start: I64, end: I64, kind: Flags) -> Mask:
    ending: Mask = (folded[end - 1] == ord("s")) & (kind == WORD) & (end - start >= 4)
    return ending


def _shapes(tokens: Tokens) -> I64:
    counts = np.zeros(len(tokens.upper) + 1, np.int32)
    np.cumsum(tokens.upper, out=counts[1:])
    high = counts[tokens.end] - counts[tokens.start]
    length = tokens.end - tokens.start
    first = tokens.upper[tokens.start]
    shape = np.full(len(tokens), OTHER_CASE, np.int64)
    shape[(high == length) & (length > 1)] = CAPITALS
    shape[first & (high == 1)] = TITLE
    shape[first & (length == 1)] = INITIAL
    shape[high == 0] = LOWER
    shape[tokens.kind != WORD] = 0
    return shape


def _keys(hasher: Hasher, start: I64, end: I64, word: Mask) -> U32:
    """Hash the word, its beginnings and its endings: one column each, 0 where the word is too short."""
    first = np.repeat(start[:, None], len(_SALTS), axis=1)
    last = np.repeat(end[:, None], len(_SALTS), axis=1)
    first[:, 1 + len(PREFIXES) :] = last[:, 1 + len(PREFIXES) :] - np.array(SUFFIXES)
    last[:, 1 : 1 + len(PREFIXES)] = first[:, 1 : 1 + len(PREFIXES)] + np.array(PREFIXES)
    fits = (word[:, None] & ((end - start)[:, None] > _SIZES)) | (_SIZES == 0)
    first[~fits] = 0
    last[~fits] = 0
    return np.where(fits, mix(hasher.spans(first, last), _SALTS), np.uint32(0))


def _compounds(hasher: Hasher, lexicon: Lexicon, start: I64, end: I64, wanted: Mask) -> I64:
    """0 no compound, 1 a known noun at the end, 2 a known beginning as well ("Wohngeld" + s? + "bescheid")."""
    result = np.zeros(len(start), np.int64)
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return result
    row, tail = np.nonzero((end - start)[rows][:, None] - _TAILS >= 3)
    row = rows[row]
    cut = end[row] - _TAILS[tail]
    noun = lexicon.flags(mix(hasher.spans(cut, end[row]), LEXICON_SALT)) & NOUN > 0
    row, cut = row[noun], cut[noun]
    if not len(row):
        return result
    result[row] = 1
    linked = np.concatenate([cut, cut - 1])  # with and without the linking "s" (or "n", "e") between the parts
    row = np.concatenate([row, row])
    head = lexicon.flags(mix(hasher.spans(start[row], linked), LEXICON_SALT)) & LANGUAGE > 0
    result[row[head & (linked - start[row] >= 3)]] = 2
    return result


def ngram_scores(
    hasher: Hasher,
    table: NDArray[np.float32],
    start: I64,
    end: I64,
    word: Mask,
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


def ngrams(hasher: Hasher, start: I64, end: I64, word: Mask) -> tuple[I64, I64]:
    """Return (word, bucket) of every n-gram, n = 2 to 5; those at the beginning and at the end count apart."""
    rows = np.flatnonzero(word)
    length = np.minimum(end[rows] - start[rows], 40)
    begin = start[rows]
    stop = begin + length
    owner = np.repeat(np.arange(len(rows)), length)
    place = np.arange(int(length.sum())) + (begin - np.cumsum(length) + length)[owner]
    inner, size = np.nonzero(place[:, None] + _GRAM_SIZES <= stop[owner][:, None])
    edge, short = np.nonzero(length[:, None] >= _GRAM_SIZES - 1)
    first = np.concatenate([place[inner], begin[edge], stop[edge] - _GRAM_SIZES[short] + 1])
    last = np.concatenate([place[inner] + _GRAM_SIZES[size], begin[edge] + _GRAM_SIZES[short] - 1, stop[edge]])
    salt = np.concatenate([_GRAM_SALTS[size], _GRAM_SALTS[short + 4], _GRAM_SALTS[short + 8]])
    bucket = (mix(hasher.spans(first, last), salt) & np.uint32((1 << GRAMS_LOG2) - 1)).astype(np.int64)
    return rows[np.concatenate([owner[inner], edge, edge])], bucket
