"""What holds while Redis or Valkey is away: one of two rules, never a request that hangs.

``local`` (the default): each process counts in its own memory, beginning with the numbers that the server named last.
Limits protect money, not people's data; a town hall should not stand still because a counter is down. The price: each
process grants up to the whole limit, so with three of them three times as much may be used until the server is back.
``refuse``: nothing that is limited is let in.

What is counted or settled meanwhile is handed in when the server is back, each booking once. The server is asked
again every second, in the background: a request notices once that it is gone, and none waits for it after that.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gateway.limits.counting import AwayError, Place, Standing, Take
from gateway.limits.memory import MemoryCounts
from gateway.limits.shared import SharedCounts
from gateway.model.limits import Count

_log = logging.getLogger(__name__)
Rule = Literal["local", "refuse"]


@dataclass(frozen=True, slots=True)
class _Booking:
    """Changes that have not reached the server, or of which nobody knows whether they did."""

    number: str
    changes: tuple[Count, ...]
    leaving: tuple[Place, ...] = ()
    holder: str = ""


@dataclass(slots=True)
class ResilientCounts:
    """Implements `gateway.limits.counting.Counts` over a server that may go away."""

    shared: SharedCounts
    mark: str
    rule: Rule = "local"
    up: bool = True
    alien: bool = False
    """Whether the server is used by an installation with another secret: then everybody counts for themselves."""
    _memory: MemoryCounts = field(default_factory=MemoryCounts)
    _owed: dict[str, Count] = field(default_factory=dict)
    _open: list[_Booking] = field(default_factory=list)

    async def take(self, wanted: Take, holder: str, now: datetime) -> Standing:
        """See `Counts.take`; by the rule ``refuse`` nothing is granted without the server."""
        if self.up:
            try:
                standing = await self.shared.take(wanted, holder, now)
            except AwayError as away:
                self._lose(away)
            else:
                self._learn(wanted, standing, holder, now)
                return standing
        if self.rule == "refuse":
            raise AwayError("by rule")
        standing = await self._memory.take(wanted, holder, now)
        if standing.granted:
            self._owe(Count(counter.key, amount, counter.ends) for counter, amount in wanted.amounts.items())
        return standing

    async def book(self, changes: Sequence[Count], leaving: Iterable[Place], holder: str, now: datetime) -> None:
        """See `Counts.book`; never raises `AwayError`: what cannot be booked now is booked later."""
        leaving = tuple(leaving)
        await self._memory.book(changes, leaving, holder, now)
        if not self.up:
            self._owe(changes)
            return
        booking = _Booking(secrets.token_hex(8), tuple(changes), leaving, holder)
        try:
            await self._hand_in(booking, now)
        except AwayError as away:
            self._open.append(booking)
            self._lose(away)

    async def renew(self, held: Mapping[str, Sequence[Place]], now: datetime) -> None:
        """See `Counts.renew`."""
        await self._memory.renew(held, now)
        if self.up:
            try:
                await self.shared.renew(held, now)
            except AwayError as away:
                self._lose(away)

    async def read(self, keys: Sequence[str], now: datetime) -> list[int]:
        """See `Counts.read`; while the server is away, what is known here."""
        if self.up:
            try:
                return await self.shared.read(keys, now)
            except AwayError as away:
                self._lose(away)
        return await self._memory.read(keys, now)

    async def standing(self, places: Sequence[Place], now: datetime) -> list[int]:
        """See `Counts.standing`; while the server is away, those of this process."""
        if self.up:
            try:
                return await self.shared.standing(places, now)
            except AwayError as away:
                self._lose(away)
        return await self._memory.standing(places, now)

    async def look(self, now: datetime) -> None:
        """Ask whether the server is there, and hand in what it missed."""
        try:
            self.alien = not await self.shared.greet(self.mark)
            if self.up:
                return
            while self._owed or self._open:
                if self._owed:
                    self._open.append(_Booking(secrets.token_hex(8), tuple(self._owed.values())))
                    self._owed = {}
                while self._open:
                    await self._hand_in(self._open[0], now)
                    del self._open[0]
        except AwayError as away:
            if self.up:
                self._lose(away)
            return
        self.up = True
        _log.warning("the counters of limits are back; what was counted meanwhile is handed in")

    async def _hand_in(self, booking: _Booking, now: datetime) -> None:
        await self.shared.book_once(booking.number, booking.changes, booking.leaving, booking.holder, now)

    def _learn(self, wanted: Take, standing: Standing, holder: str, now: datetime) -> None:
        """Remember what the server says, for the time when it does not answer."""
        for (counter, amount), value in zip(wanted.amounts.items(), standing.counted, strict=True):
            if counter.ends > now:
                self._memory.know(Count(counter.key, value + amount * standing.granted, counter.ends))
        if standing.granted:
            self._memory.stand(wanted.places, holder, now)

    def _owe(self, changes: Iterable[Count]) -> None:
        for change in changes:
            before = self._owed.get(change.key)
            self._owed[change.key] = Count(change.key, change.value + (before.value if before else 0), change.ends)

    def _lose(self, away: AwayError) -> None:
        if self.up:
            self.up = False
            _log.error("the counters of limits are away (%s): %s until they are back", away,
                       "limited requests are refused" if self.rule == "refuse" else "each process counts for itself")
