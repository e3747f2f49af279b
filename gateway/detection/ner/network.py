"""The network: how likely each token begins or continues a name, given its neighbours and the rest of the text.

Each word is the sum of the embeddings of its features; each token adds what only its place tells (first in the line,
written together with its neighbour, in a text without capitals, ...). Three layers together look at eight tokens to
each side; before the last one a token also sees the mean of the other places where the same word stands in the text,
so that one clear mention ("Frau Kurz") speaks for an unclear one ("Kurz"). No sequence decoding: marginals come out.

Keeps true: the result for a token does not depend on how the text is cut into blocks for the computation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import CAPITALS, INITIAL, LOWER, TITLE, Words
from gateway.detection.ner.tokens import LINE, NUMBER, SIGN, TAB, WORD, Tokens

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]

OUTSIDE, BEGIN, INSIDE, PLACE, ORGANISATION = range(5)
LABELS: Final = 5
EXTRAS: Final = 11
_COLUMN: Final = np.array([chr(code) in "|;" for code in range(128)])
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
    total = embedding[feature_numbers[:, 0]]
    for column in range(1, feature_numbers.shape[1]):
        total += embedding[feature_numbers[:, column]]
    return total


def extras(tokens: Tokens, words: Words) -> F32:
    """Return what the place of each token tells."""
    count = len(tokens)
    result = np.zeros((count, EXTRAS), np.float32)
    if not count:
        return result
    kind, shape = tokens.kind, words.shape[words.which]
    touches = tokens.start[1:] == tokens.end[:-1]
    result[1:, 0] = touches
    result[:-1, 1] = touches
    breaks = kind >= LINE
    result[0, 2] = 1
    result[1:, 2] = breaks[:-1]
    result[:-1, 3] = breaks[1:]
    result[-1, 3] = 1
    word = kind == WORD
    line = np.cumsum(breaks & (kind != TAB))
    lines = int(line[-1]) + 1

    def share(flags: NDArray[np.bool_], of: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.bincount(line, flags, lines) / np.maximum(np.bincount(line, of, lines), 1)

    lower, capitals = shape == LOWER, shape == CAPITALS
    titled = (shape == TITLE) | (shape == INITIAL)
    result[:, 4] = share(capitals, word)[line]
    result[:, 5] = share(titled, word)[line]
    words_total = max(int(word.sum()), 1)
    result[:, 6] = (titled.sum() + capitals.sum()) / words_total < 0.06
    result[:, 7] = lower.sum() / words_total < 0.15
    signs = (kind == TAB) | ((kind == SIGN) & _COLUMN[np.minimum(tokens.folded[tokens.start], 127)])
    result[:, 8] = (np.bincount(line, signs, lines) >= 2)[line]
    result[:, 9] = share(kind == NUMBER, kind < LINE)[line]
    group = _by_stem(words)
    also_small = np.bincount(group, words.shape == LOWER) > 0
    result[:, 10] = also_small[group[words.which]] & ~lower & word
    return result


def _by_stem(words: Words) -> I64:
    return np.unique(words.stem, return_inverse=True)[1].reshape(-1)


def groups(tokens: Tokens, words: Words) -> I64:
    """Number the tokens by word (without genitive ending); -1 for signs, numbers and very short words."""
    eligible = (tokens.kind == WORD) & (tokens.end - tokens.start >= 3)
    return np.where(eligible, _by_stem(words)[words.which], -1)


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
    result = np.zeros_like(h)
    rows = np.flatnonzero(group >= 0)
    if not len(rows):
        return result
    sizes = np.bincount(group[rows])
    rows = rows[sizes[group[rows]] > 1]
    if not len(rows):
        return result
    order = rows[np.argsort(group[rows], kind="stable")]
    sorted_groups = group[order]
    begins = np.flatnonzero(np.concatenate([[True], sorted_groups[1:] != sorted_groups[:-1]]))
    sums = np.add.reduceat(h[order], begins, axis=0)
    counts = np.diff(np.append(begins, len(order)))
    which = np.repeat(np.arange(len(begins)), counts)
    result[order] = (sums[which] - h[order]) / (counts[which] - 1)[:, None].astype(np.float32)
    return result


def softmax(logits: F32) -> F32:
    """Return the probabilities of the labels."""
    result: F32 = np.exp(logits - logits.max(axis=1, keepdims=True))
    result /= result.sum(axis=1, keepdims=True)
    return result


def forward(w: Weights, x: F32, group: I64) -> F32:
    """Return the probability of each label for each token; `x` holds embedding and extras side by side."""
    h = _layer(x, OFFSETS[0], w.w1, w.b1)
    h += _layer(h, OFFSETS[1], w.w2, w.b2)
    h = h + _relu(np.concatenate([window(h, OFFSETS[2]), pool(h, group)], axis=1) @ w.w3 + w.b3)
    return softmax(np.concatenate([h, x], axis=1) @ w.out + w.bias)


def _relu(x: F32) -> F32:
    return np.maximum(x, 0, out=x)


def _layer(x: F32, offsets: tuple[int, ...], weight: F32, bias: F32) -> F32:
    return _relu(window(x, offsets) @ weight + bias)
