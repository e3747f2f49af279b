"""Counters in the memory of this process. Belongs to the event loop: no method awaits between looking and writing, so
each is one step that no other request comes between.

Why not the memory storage of the library that `shared` uses: it counts one counter at a time, cannot give back over
several, and looks through all of its counters on every hit.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from gateway.limits.counting import LEASE, Place, Standing, Take
from gateway.model.limits import Count

LONG = timedelta(minutes=2)
"""What is over sooner than this is not kept over a restart."""


class MemoryCounts:
    """Implements `gateway.limits.counting.Counts`."""

    def __init__(self) -> None:
        self._values: dict[str, Count] = {}
        self._ends: list[tuple[datetime, str]] = []
        self._places: dict[str, dict[str, datetime]] = {}
        self._changed: dict[str, Count] = {}

    async def take(self, wanted: Take, holder: str, now: datetime) -> Standing:
        """See `Counts.take`."""
        self._clear(now)
        counted = tuple(self._value(counter.key) for counter in wanted.amounts)
        taken = tuple(self._standing(place, now) for place in wanted.places)
        granted = (all(value + amount <= counter.most for value, (counter, amount)
                       in zip(counted, wanted.amounts.items(), strict=True) if amount)
                   and all(number < place.most for number, place in zip(taken, wanted.places, strict=True)))
        if granted:
            for counter, amount in wanted.amounts.items():
                self._add(Count(counter.key, amount, counter.ends), now)
            self.stand(wanted.places, holder, now)
        return Standing(granted, counted, taken)

    async def book(self, changes: Sequence[Count], leaving: Iterable[Place], holder: str, now: datetime) -> None:
        """See `Counts.book`."""
        self._clear(now)
        for change in changes:
            self._add(change, now)
        self.leave(leaving, holder)

    async def renew(self, held: Mapping[str, Sequence[Place]], now: datetime) -> None:
        """See `Counts.renew`."""
        for holder, places in held.items():
            self.stand(places, holder, now)

    async def read(self, keys: Sequence[str], now: datetime) -> list[int]:
        """See `Counts.read`."""
        self._clear(now)
        return [self._value(key) for key in keys]

    async def standing(self, places: Sequence[Place], now: datetime) -> list[int]:
        """See `Counts.standing`."""
        return [self._standing(place, now) for place in places]

    def stand(self, places: Iterable[Place], holder: str, now: datetime) -> None:
        """Take these places, whoever stands there."""
        for place in places:
            self._places.setdefault(place.key, {})[holder] = now + LEASE

    def leave(self, places: Iterable[Place], holder: str) -> None:
        """Leave these places."""
        for place in places:
            standing = self._places.get(place.key, {})
            standing.pop(holder, None)
            if not standing:
                self._places.pop(place.key, None)

    def know(self, count: Count) -> None:
        """Take over what another place says about a counter."""
        if count.key not in self._values:
            heapq.heappush(self._ends, (count.ends, count.key))
        self._values[count.key] = count

    def changes(self) -> list[Count]:
        """Return by how much each counter of a day or month has changed since the last call."""
        found, self._changed = list(self._changed.values()), {}
        return [change for change in found if change.value]

    def unkept(self, changes: Iterable[Count]) -> None:
        """Take changes back that could not be kept: the next call returns them again."""
        for change in changes:
            self._note(change)

    def kept(self, totals: Iterable[Count]) -> None:
        """Take over what counters amount to with those of other processes, and what was counted here meanwhile."""
        for total in totals:
            since = self._changed.get(total.key)
            self.know(Count(total.key, max(0, total.value + (since.value if since else 0)), total.ends))

    def _value(self, key: str) -> int:
        known = self._values.get(key)
        return known.value if known else 0

    def _add(self, change: Count, now: datetime) -> None:
        if change.ends <= now or not change.value:
            return
        before = self._value(change.key)
        after = max(0, before + change.value)
        self.know(Count(change.key, after, change.ends))
        if change.ends - now > LONG or change.key in self._changed:
            self._note(Count(change.key, after - before, change.ends))

    def _note(self, change: Count) -> None:
        before = self._changed.get(change.key)
        self._changed[change.key] = Count(change.key, change.value + (before.value if before else 0), change.ends)

    def _standing(self, place: Place, now: datetime) -> int:
        number = 0
        for key in (place.key, place.before):
            standing = self._places.get(key)
            if standing:
                for holder in [one for one, until in standing.items() if until <= now]:
                    del standing[holder]
                number += len(standing)
                if not standing:
                    del self._places[key]
        return number

    def _clear(self, now: datetime) -> None:
        """Forget what is over."""
        while self._ends and self._ends[0][0] <= now:
            _, key = heapq.heappop(self._ends)
            self._values.pop(key, None)
            self._changed.pop(key, None)
