"""Turn labelled documents into numbers: features of words, targets of tokens, batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.features import CATEGORICAL, Features, Resources, describe, distinct, numbers
from gateway.detection.ner.network import EXTRAS, LABELS, extras, groups
from gateway.detection.ner.tokens import tokenize
from gateway.training.corpora import NOT_PERSON, ORGANISATION, PERSON, PLACE, UNCLEAR, Document
from gateway.training.network import Batch
from gateway.training.sparse import Sparse

I64 = NDArray[np.int64]
_GAP = 8


@dataclass(slots=True)
class Example:
    """A document as numbers; `keys`, `fixed` and `hidden` have one row per different word."""

    which: I64
    keys: NDArray[np.uint32]
    fixed: NDArray[np.int32]
    hidden: NDArray[np.int32]
    extras: NDArray[np.float32]
    group: I64
    target: NDArray[np.bool_]
    person: NDArray[np.bool_]
    """Words that stand in a name somewhere in the document."""
    weight: float = 1.0
    ids: NDArray[np.int32] | None = None


def targets(document: Document, start: I64) -> NDArray[np.bool_]:
    """Return which labels are right for tokens that begin at `start`."""
    label = np.full(len(document.text) + 1, document.background, np.int8)
    for low, high, kind in sorted(document.spans, key=lambda s: (s[2] == PERSON, s[2] == UNCLEAR, s[2] != NOT_PERSON)):
        label[low:high] = kind
    kinds = label[start]
    first = np.zeros(len(start), np.bool_)
    for low, _, kind in document.spans:
        if kind == PERSON and len(start):
            first[min(int(np.searchsorted(start, low)), len(start) - 1)] = True
    result = np.zeros((len(start), LABELS), np.bool_)
    result[kinds == 0, 0] = True
    result[(kinds == PERSON) & first, 1] = True
    result[(kinds == PERSON) & ~first, 2] = True
    result[kinds == PLACE, 3] = True
    result[kinds == ORGANISATION, 4] = True
    result[np.ix_(kinds == NOT_PERSON, [0, 3, 4])] = True
    result[kinds == UNCLEAR] = True
    return result


def example(document: Document, resources: Resources) -> Example:
    """Return the numbers of one document."""
    tokens = tokenize(document.text)
    words = distinct(tokens)
    features, hidden = describe(words, resources), describe(words, resources, hidden=True)
    target = targets(document, tokens.start)
    named = target[:, 1] | target[:, 2]
    person = np.zeros(len(words), np.bool_)
    person[words.which[named & ~target[:, 0]]] = True
    return Example(
        words.which,
        features.keys,
        features.fixed.astype(np.int32),
        hidden.fixed.astype(np.int32),
        extras(tokens, words),
        groups(tokens, words),
        target,
        person,
    )


def vocabulary(examples: list[Example], word_minimum: int, part_minimum: int) -> NDArray[np.uint32]:
    """Return the keys that occur in enough documents."""
    words, counts = np.unique(np.concatenate([e.keys[:, 0] for e in examples]), return_counts=True)
    parts, part_counts = np.unique(np.concatenate([e.keys[:, 1:].ravel() for e in examples]), return_counts=True)
    keys = np.union1d(words[counts >= word_minimum], parts[part_counts >= part_minimum])
    return np.asarray(keys[keys != 0], np.uint32)


def resolve(examples: list[Example], resources: Resources) -> None:
    """Replace keys by rows of the embedding, now that the vocabulary is known."""
    for e in examples:
        e.ids = numbers(Features(e.keys, e.fixed.astype(np.int64)), resources).astype(np.int32)


def batch(examples: list[Example], rows: int, rng: np.random.Generator, *, hide: float, drop: float) -> Batch:
    """Put documents together. Names are hidden from the lexicon for a share of the words, word features dropped."""
    ids, which, extra, group, target, weight = [], [], [], [], [], []
    offset = base = 0
    for e in examples:
        assert e.ids is not None
        table = e.ids.copy()
        count, fixed = len(table), e.fixed.shape[1]
        masked = rng.random(count) < hide
        table[masked, -fixed:] = e.hidden[masked]
        dropped = rng.random(count) < np.where(e.person, 0.5, drop)
        table[dropped, 0] = 0
        table[rng.random(table.shape) < 0.05] = 0
        ids.append(table)
        tokens = len(e.which)
        which += [e.which + offset, np.full(_GAP, -1)]
        extra += [e.extras, np.zeros((_GAP, EXTRAS), np.float32)]
        group += [np.where(e.group >= 0, e.group + base, -1), np.full(_GAP, -1)]
        target += [e.target, np.ones((_GAP, LABELS), np.bool_)]
        weight += [np.full(tokens, e.weight), np.zeros(_GAP)]
        offset += count
        base += int(e.group.max(initial=0)) + 1
    table = np.concatenate(ids)
    filled = table > 0
    pointer = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
    features = Sparse.rows(np.ones(int(pointer[-1]), np.float32), table[filled], pointer, (len(table), rows))
    return Batch(
        features,
        np.concatenate(which),
        np.concatenate(extra),
        np.concatenate(group),
        np.concatenate(target),
        np.concatenate(weight).astype(np.float32),
    )


def batches(
    examples: list[Example], rows: int, rng: np.random.Generator, size: int, *, hide: float, drop: float
) -> Iterator[Batch]:
    """Yield the documents in random order, about `size` tokens at a time."""
    taken: list[Example] = []
    tokens = 0
    for i in rng.permutation(len(examples)):
        taken.append(examples[i])
        tokens += len(examples[i].which)
        if tokens >= size:
            yield batch(taken, rows, rng, hide=hide, drop=drop)
            taken, tokens = [], 0
    if taken:
        yield batch(taken, rows, rng, hide=hide, drop=drop)


def rows_of(vocabulary_size: int) -> int:
    """Return the number of rows of the embedding table."""
    return CATEGORICAL + vocabulary_size
