"""Long lists of values in pieces that both databases take in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")
SIZE: Final = 2000
"""Well below the limits: 32,766 variables on SQLite, 65,535 on PostgreSQL."""


def in_chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield `items` in order, at most `SIZE` at a time."""
    for start in range(0, len(items), SIZE):
        yield items[start:start + SIZE]
