"""The network: how likely each token begins or continues a name, given its neighbours and the rest of the text.

Each word is the sum of the embeddings of its features; each token adds what only its place tells (first in the line,
written together with its neighbour, in a text without capitals, ...). Three layers together look at eight tokens to
each side; before the last one a token also sees the mean of the other places where the same word stands in the text,
so that one clear mention ("Frau Kurz") speaks for an unclear one ("Kurz"). No sequence decoding: marginals come out.

Keeps true: the result for a token does not depend on how the text is cut into blocks for the computation.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import CAPITALS, INITIAL, KINDS, LOWER, SHAPES, TITLE, Words
from gateway.detection.ner.tokens import LINE, NUMBER, TAB, WORD, Tokens

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

OUTSIDE, BEGIN, INSIDE, PLACE, ORGANISATION = range(5)
LABELS: Final = 5
EXTRAS: Final = 11
OFFSETS: Final = ((-2, -1, 0, 1, 2), (-2, 0, 2), (-4, 0, 4))


@dataclass(slots=True)
class Weights:
    """The parameters; `names` lists them for training and for the file."""

    embedding: F32
    w1: F32
    b1: F32
    w2: F32
    b2: F32
    w3: F32
    b3: F32
    out: F32
    bias: F32

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the names of the parameters, in the order of their use."""
        return "embedding", "w1", "b1", "w2", "b2", "w3", "b3", "out", "bias"


def embed(feature_numbers: I64, embedding: F32) -> F32:
    """Return the sum of the embeddings of each row of feature numbers."""
    blocks = [
        np.add.reduce(embedding.take(feature_numbers[low : low + _BLOCK].T, axis=0), axis=0)
        for low in range(0, len(feature_numbers), _BLOCK)
    ]
    return blocks[0] if len(blocks) == 1 else np.concatenate([embedding[:0], *blocks])


_BLOCK: Final = 512
_0, _1, _3, _NONE = map(np.array, (0, 1, 3, -1))
_ZERO: Final = np.array(0, np.float32)
_CELL_SIGNS: Final = np.isin(np.arange(0x10001), [ord("|"), ord(";")]) * (KINDS * SHAPES)
"""Where the traits of signs stand that separate the cells of a table."""
_BREAKS: Final = (np.arange(KINDS) >= LINE).astype(np.float32)
_CAPITALS, _TITLED, _LOWER, _WORDS, _NUMBERS, _INLINE, _CELLS = range(7)


def _traits() -> F32:
    """What is counted of tokens: a row for each kind and shape, and once more for signs that separate cells."""
    kind, shape = np.divmod(np.arange(KINDS * SHAPES), SHAPES)
    word = kind == WORD
    traits = np.stack(
        [
            word & (shape == CAPITALS),
            word & ((shape == TITLE) | (shape == INITIAL)),
            word & (shape == LOWER),
            word,
            kind == NUMBER,
            kind < LINE,
            kind == TAB,
        ],
        axis=1,
    )
    cells = traits.copy()
    cells[:, _CELLS] = True
    return np.concatenate([traits, cells]).astype(np.float32)


_TRAITS: Final = _traits()


def extras(tokens: Tokens, words: Words) -> F32:
    """Return what the place of each token tells."""
    count = len(tokens)
    result = np.zeros((count, EXTRAS), np.float32)
    if not count:
        return result
    form, first = words.form.take(words.which), tokens.first
    touches = tokens.start[1:] == tokens.end[:-1]
    result[1:, 0] = touches
    result[:-1, 1] = touches
    breaks = _BREAKS.take(tokens.kind)
    result[1:, 2] = breaks[:-1]
    result[:-1, 3] = breaks[1:]
    for begin in first.tolist():
        result[begin, 2] = result[begin - 1, 3] = 1  # before the first of a text stands the last of another
    traits = _TRAITS.take(form + _CELL_SIGNS.take(tokens.folded.take(tokens.start)), axis=0)
    new = tokens.new_lines()
    line = np.add.accumulate(new, dtype=np.int64)
    line -= _1
    sums = np.add.reduceat(traits, new.nonzero()[0], axis=0)
    result[:, 4:10] = np.array(_of_lines(sums.tolist(), line.take(first).tolist()), np.float32).take(line, axis=0)
    group = _by_stem(tokens, words)
    small = np.zeros(len(first) * len(words), np.float32)
    small[group.take(traits[:, _LOWER].nonzero()[0])] = 1
    np.multiply(small.take(group), traits[:, _WORDS] - traits[:, _LOWER], out=result[:, 10])
    return result


def _of_lines(sums: list[list[float]], first: list[int]) -> list[tuple[float, ...]]:
    """Return what each line tells of its tokens: four shares, and two signs of how its text is written.

    `sums` counts the traits of each line, `first` are the first lines of texts.
    """
    result: list[tuple[float, ...]] = []
    for begin, end in pairwise([*first, len(sums)]):
        lines = sums[begin:end]
        total = [sum(column) for column in zip(*lines, strict=True)]
        words = max(total[_WORDS], 1)
        no_capitals = (total[_CAPITALS] + total[_TITLED]) / words < 0.06
        no_small = total[_LOWER] / words < 0.15
        for capitals, titled, _, count, numbers, inline, cells in lines:
            share = 1 / max(count, 1)
            result.append(
                (capitals * share, titled * share, no_capitals, no_small, cells >= 2, numbers / max(inline, 1))
            )
    return result


def _by_stem(tokens: Tokens, words: Words) -> I64:
    """Number the tokens by text and word (without genitive ending)."""
    group: I64 = words.stem.take(words.which)
    if len(tokens.first) > 1:
        group += (np.arange(len(tokens.first)) * len(words)).repeat(tokens.count())
    return group


def groups(tokens: Tokens, words: Words) -> I64:
    """Number the tokens by text and word (without genitive ending); -1 for signs, numbers and very short words."""
    eligible = words.kind == WORD
    eligible &= words.end - words.start >= _3
    return np.where(eligible.take(words.which), _by_stem(tokens, words), _NONE)


def window(x: F32, offsets: tuple[int, ...]) -> F32:
    """Return for each row the rows at the given distances side by side; zeros beyond the ends."""
    count, width = x.shape
    result = np.zeros((count, len(offsets) * width), np.float32)
    for i, offset in enumerate(offsets):
        low, high = max(0, -offset), min(count, count - offset)
        if high > low:
            result[low:high, i * width : (i + 1) * width] = x[low + offset : high + offset]
    return result


def pool(h: F32, group: I64) -> F32:
    """Return for each token the mean of `h` over the other tokens of its group; zeros where it is alone."""
    result = np.zeros(h.shape, h.dtype)
    rows = (group >= _0).nonzero()[0]
    member = group.take(rows)
    order = member.argsort(kind="stable")
    member = member.take(order)
    same = np.empty(len(rows) + 1, np.bool_)
    same[:1] = same[-1:] = False
    np.equal(member[1:], member[:-1], out=same[1:-1])
    many = (same[1:] | same[:-1]).nonzero()[0]
    if not len(many):
        return result
    begins = ~same.take(many)
    which = np.add.accumulate(begins, dtype=np.int64)
    which -= _1
    order = rows.take(order.take(many))
    values = h.take(order, axis=0)
    mean = np.add.reduceat(values, begins.nonzero()[0], axis=0).take(which, axis=0)
    mean -= values
    mean *= (1 / (np.bincount(which) - _1)).astype(h.dtype).take(which)[:, None]
    result[order] = mean
    return result


_FAR: Final = max(map(max, OFFSETS))
_FIRST: Final = np.zeros(1, np.int64)


def softmax(logits: F32) -> F32:
    """Return the probabilities of the labels."""
    columns = np.ascontiguousarray(logits.T)
    columns -= np.maximum.reduce(columns, axis=0)
    np.exp(columns, out=columns)
    columns /= np.add.reduce(columns, axis=0)
    return columns.T


def forward(w: Weights, x: F32, group: I64, first: I64 = _FIRST, count: I64 | None = None) -> F32:
    """Return the probability of each label for each token; `x` holds embedding and extras side by side.

    `first` and `count` give the tokens of each text when there are several: empty rows between them, as before the
    first and behind the last token, keep each from seeing the others.
    """
    if count is None or len(first) == 1:
        rows = gaps = None
        total, members = len(x), group
    else:
        shift = np.arange(len(first)) * _FAR
        rows = np.arange(len(x)) + shift.repeat(count)
        total = len(x) + int(shift[-1])
        empty = np.ones(total, np.bool_)
        empty[rows] = False
        gaps = empty.nonzero()[0]
        members = np.full(total, -1)
        members[rows] = group
    wide = np.zeros((total + 2 * _FAR, x.shape[1]), x.dtype)
    wide[_FAR:-_FAR][... if rows is None else rows] = x
    hidden = np.zeros((total + 2 * _FAR, len(w.b1)), x.dtype)
    h = hidden[_FAR:-_FAR]
    _relu(_windows(wide, OFFSETS[0]), w.w1, w.b1, gaps, h)
    second = _relu(_windows(hidden, OFFSETS[1]), w.w2, w.b2, gaps)
    h += second
    sides = len(OFFSETS[2])
    third = np.empty((total, sides + 1, h.shape[1]), h.dtype)
    third[:, :sides] = _shifted(hidden, OFFSETS[2])
    third[:, sides] = pool(h, members)
    h += _relu(third.reshape(total, -1), w.w3, w.b3, None)
    top = (h if rows is None else h.take(rows, axis=0)) @ w.out[: h.shape[1]]
    top += x @ w.out[h.shape[1] :]
    top += w.bias
    return softmax(top)


def _relu(x: F32, weight: F32, bias: F32, gaps: I64 | None, out: F32 | None = None) -> F32:
    result = np.matmul(x, weight, out=out)
    result += bias
    np.maximum(result, _ZERO, out=result)
    if gaps is not None:
        result[gaps] = 0
    return result


def _shifted(padded: F32, offsets: tuple[int, ...]) -> F32:
    """Return for each row the rows at the given (evenly spaced) distances, as a view."""
    count, width = padded.shape
    row, item = padded.strides
    low, apart = offsets[0], offsets[1] - offsets[0]
    return np.ndarray(
        (count - 2 * _FAR, len(offsets), width), padded.dtype, padded, (_FAR + low) * row, (row, apart * row, item)
    )


def _windows(padded: F32, offsets: tuple[int, ...]) -> F32:
    return _shifted(padded, offsets).reshape(len(padded) - 2 * _FAR, -1)
