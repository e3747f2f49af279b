"""A bounded memory of who was behind a key, true only as long as nothing changed.

Every entry belongs to one generation of the database (a number that moves with every change). `confirm` says "at this
moment the database was at this generation"; a new number empties the memory. An entry answers only while

- the last confirmation is at most `max_age` seconds old (else nobody can say that nothing changed), and
- its own end has not come (a KI-Pass that runs out, midnight).

An entry that was read before a change and is handed in after it is not kept: `put` compares the generations.

Used from the event loop only, so there are no locks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

Value = TypeVar("Value")


class GenerationCache(Generic[Value]):
    """Key hash -> value, bounded, dropped as a whole when the database changes."""

    def __init__(self, size: int, max_age: float, monotonic: Callable[[], float]) -> None:
        self._size = size
        self._max_age = max_age
        self._monotonic = monotonic
        self._entries: OrderedDict[bytes, tuple[datetime, Value]] = OrderedDict()
        self._generation: int | None = None
        self._confirmed = float("-inf")

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def age(self) -> float:
        """Seconds since the database last said which generation it is at."""
        return self._monotonic() - self._confirmed

    def clear(self) -> None:
        """Forget everything: what the values were worked out from has changed."""
        self._entries.clear()

    def confirm(self, generation: int, at: float) -> None:
        """Take note that the database was at `generation` at the monotonic moment `at`."""
        if generation != self._generation:
            self.clear()
            self._generation = generation
        self._confirmed = max(self._confirmed, at)

    def get(self, digest: bytes, now: datetime) -> Value | None:
        """Return what is known and still true at `now`."""
        if self.age > self._max_age:
            return None
        entry = self._entries.get(digest)
        if entry is None or now >= entry[0]:
            return None
        self._entries.move_to_end(digest)
        return entry[1]

    def put(self, digest: bytes, value: Value, generation: int, until: datetime) -> None:
        """Keep `value` until `until`, if it was read from the generation that is the current one."""
        if generation != self._generation:
            return
        self._entries[digest] = (until, value)
        self._entries.move_to_end(digest)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)
