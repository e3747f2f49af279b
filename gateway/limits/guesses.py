"""Vain attempts to sign in, counted over all processes with the counters of the limits.

A window of a quarter of an hour begins with the clock, so a wait ends by itself. The names (an address of the network,
an account) reach the storage as keyed digests only. When the storage does not answer nobody is refused for it: each
process still counts for itself (`gateway.web.throttle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.limits.counting import AwayError, Books, Counts
from gateway.model.limits import Count

WINDOW: Final = 15 * 60


class Guesses:
    """Implements `gateway.web.access.Guesses`. Belongs to the event loop."""

    def __init__(self, counts: Counts, books: Books) -> None:
        self._counts, self._books = counts, books

    async def wait(self, limits: Mapping[str, int], now: datetime) -> int:
        """Return how many seconds to wait when one of these names has had so many vain attempts; 0: go on."""
        try:
            values = await self._counts.read([self._key(name, now) for name in limits], now)
        except AwayError:
            return 0
        full = any(value >= most for value, most in zip(values, limits.values(), strict=True))
        return max(1, int((_ends(now) - now).total_seconds())) if full else 0

    async def count(self, names: Iterable[str], now: datetime, *, by: int = 1) -> None:
        """Count an attempt for each of these names, or with -1 take it back because it was not in vain."""
        try:
            await self._counts.book([Count(self._key(name, now), by, _ends(now)) for name in names], (), "", now)
        except AwayError:
            return

    def _key(self, name: str, now: datetime) -> str:
        return self._books.key(f"guess:{int(now.timestamp()) // WINDOW}", "sign-in", name, "vain")


def _ends(now: datetime) -> datetime:
    at = datetime.fromtimestamp((int(now.timestamp()) // WINDOW + 1) * WINDOW, UTC)
    return at if at > now else at + timedelta(seconds=WINDOW)
