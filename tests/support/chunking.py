"""Every stream test is a chunking test: whole, piece by piece, and at random cuts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import TypeVar

T = TypeVar("T", str, bytes)


def cuts(data: T, seed: int = 0) -> Iterator[list[T]]:
    """Yield ways to cut `data`: whole, one by one, in twos, and three random ways."""
    yield [data]
    yield [data[i:i + 1] for i in range(len(data))]
    yield [data[i:i + 2] for i in range(0, len(data), 2)]
    random = Random(seed)
    for _ in range(3):
        marks = sorted(random.sample(range(len(data) + 1), min(len(data), random.randint(1, 12))))
        edges = [0, *marks, len(data)]
        yield [data[a:b] for a, b in pairwise(edges)]


def joined_in_every_way(data: T, machine: Callable[[], tuple[Callable[[T], T], Callable[[], T]]]) -> T:
    """Feed `data` in every way of cutting, assert that the joined output is the same, and return it."""
    results = []
    for pieces in cuts(data):
        feed, close = machine()
        out = [feed(piece) for piece in pieces] + [close()]
        results.append(out[0][:0].join(out))
    assert all(result == results[0] for result in results), "the output depends on where the input was cut"
    return results[0]
