"""Counters in memory, kept over a restart: digests and numbers in the gateway's database, every two seconds.

A process that is killed forgets what it counted in the last two seconds. What was reserved by requests under way at
that moment stays counted until the day is over: rather too much than too little. Several processes on one database add
up, two seconds late; exact over processes is only a Redis or Valkey.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from gateway.limits.memory import MemoryCounts
from gateway.model.limits import Count

_log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where counters are kept (`gateway.store.usage.SqlUsage`). Both methods raise whatever the database raises."""

    async def load(self, now: datetime) -> list[Count]:
        """Return all counters that are not over."""
        ...

    async def add(self, changes: Sequence[Count], now: datetime) -> list[Count]:
        """Add changes to counters; return what these counters amount to."""
        ...


class Snapshot:
    """Keeps the counters of one process."""

    def __init__(self, memory: MemoryCounts, shelf: Shelf, *, shared: bool = False) -> None:
        """`shared`: other processes count on the same shelf, so what they counted is taken over, too."""
        self._memory, self._shelf, self._shared = memory, shelf, shared
        self.failing = False
        """Whether the last attempt failed."""

    async def load(self, now: datetime) -> None:
        """Take over what was counted before the start."""
        self._memory.kept(await self._shelf.load(now))

    async def save(self, now: datetime) -> None:
        """Keep what has changed, and learn what others counted; what cannot be kept now is kept with the next changes.
        """
        changes = self._memory.changes()
        try:
            if changes:
                totals = await self._shelf.add(changes, now)
                changes = []  # they are kept, whatever comes after
                self._memory.kept(totals)
            if self._shared:
                await self.load(now)
        except Exception as error:  # noqa: BLE001  (whatever the database says: counting goes on)
            self._memory.unkept(changes)
            if not self.failing:
                _log.warning("counters of limits cannot be kept over a restart now: %s", type(error).__name__)
            self.failing = True
            return
        self.failing = False
