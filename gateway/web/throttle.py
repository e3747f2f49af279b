"""Slows down guessing at the sign-in: failures are counted per address and per key id, over a quarter of an hour.

A key has 256 random bits and cannot be guessed; the limit keeps noise away from the database and gives a clear answer
to somebody who pastes the wrong thing again and again. It counts in this process only. The limit per key id is wider
than the one per address, because key ids are public and nobody should easily lock out a colleague.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Final

WINDOW: Final = 15 * 60
PER_ADDRESS: Final = 10
PER_ACCOUNT: Final = 30
_ENTRIES: Final = 10_000


class Throttle:
    """Counts failures in a sliding window, in bounded memory."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, address: str, account: str, now: datetime) -> int:
        """Return how many seconds to wait before the next attempt; 0: go on."""
        at = now.timestamp()
        return max(self._wait(name, limit, at) for name, limit in _counted(address, account))

    def failed(self, address: str, account: str, now: datetime) -> None:
        """Count a failure."""
        for name, _ in _counted(address, account):
            recent = self._recent(name, now.timestamp())
            self._failures[name] = [*recent, now.timestamp()][-max(PER_ADDRESS, PER_ACCOUNT):]
            self._failures.move_to_end(name)
        while len(self._failures) > _ENTRIES:
            self._failures.popitem(last=False)

    def succeeded(self, account: str) -> None:
        """Forget the failures of an account whose holder just proved to be there."""
        self._failures.pop(f"account:{account}", None)

    def _wait(self, name: str, limit: int, at: float) -> int:
        recent = self._recent(name, at)
        return 0 if len(recent) < limit else max(1, int(recent[-limit] + WINDOW - at))

    def _recent(self, name: str, at: float) -> list[float]:
        return [moment for moment in self._failures.get(name, []) if at - moment < WINDOW]


def _counted(address: str, account: str) -> list[tuple[str, int]]:
    """Return what is counted, and up to where. Without an account only the address is: else all would share one."""
    return [(f"address:{address}", PER_ADDRESS), *([(f"account:{account}", PER_ACCOUNT)] if account else [])]
