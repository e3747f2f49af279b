"""How many refusals of strangers the book takes: whoever has no key must not be able to fill it.

Requests without a valid key are recorded up to an allowance per minute; beyond it they are counted, and the number
stands in the next record. Refusals of known people are always recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Allowance:
    """A bucket of tokens that fills evenly. Belongs to the event loop."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most = float(per_minute)
        self._left = self._most
        self._clock = clock
        self._at = clock()
        self._refused = 0

    def spend(self) -> bool:
        """Take one token; False when none is left, which is counted."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._most / 60)
        self._at = now
        if self._left < 1:
            self._refused += 1
            return False
        self._left -= 1
        return True

    def take_count(self) -> int:
        """Return how many were refused since the last call."""
        refused, self._refused = self._refused, 0
        return refused
