"""Counters in Redis or Valkey, shared by all processes and machines. What it grants it grants in one script.

The library `limits` finds the server (plain, TLS, Unix socket, sentinels) and holds the connection; its own strategies
are not used, because they ask one counter after the other and know no calendar. Times to live are lengths, not moments,
so the clock of the server does not matter; the leases of places are moments of the gateway's machines, which must
agree to some seconds.

A booking has a number of its own and is done once, however often it is handed in (for ten minutes): whoever got no
answer may try again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import Any, Final

from limits.aio.storage import RedisStorage
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from valkey.exceptions import ValkeyError

from gateway.limits.counting import LEASE, AwayError, Place, Standing, Take
from gateway.limits.scripts import BOOK, RENEW, TAKE
from gateway.model.limits import Count

SECONDS: Final = 0.5
"""How long the server may be silent: people wait meanwhile."""
AT_ONCE: Final = 64
"""Questions at the same time, and connections therefore."""
MARK_MILLISECONDS: Final = 600_000
_PREFIX: Final = "ki-pforte:{limits}:"
_LEASE: Final = int(LEASE.total_seconds() * 1000)


class SharedCounts:
    """Implements `gateway.limits.counting.Counts`. Every failure of the server is an `AwayError`."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet. Raises ValueError for an address that is none."""
        try:
            storage = storage_from_string(f"async+{url}", implementation="valkey", socket_timeout=SECONDS,
                                          socket_connect_timeout=SECONDS)
        except (ConfigurationError, ValueError):
            raise ValueError("no address of a Redis or Valkey") from None
        assert isinstance(storage, RedisStorage)
        self._failures: tuple[type[Exception], ...] = (ValkeyError, OSError, TimeoutError)
        bridge: Any = storage.bridge
        self._client = bridge.get_connection()
        self._take, self._book, self._renew = (self._client.register_script(s) for s in (TAKE, BOOK, RENEW))
        self._doors = asyncio.Semaphore(AT_ONCE)

    async def take(self, wanted: Take, holder: str, now: datetime) -> Standing:
        """See `Counts.take`."""
        keys = [counter.key for counter in wanted.amounts]
        keys += chain.from_iterable((place.key, place.before) for place in wanted.places)
        facts: list[str | int] = [len(wanted.amounts), holder, _moment(now), _LEASE]
        for counter, amount in wanted.amounts.items():
            facts += [amount, counter.most, _left(counter.ends, now)]
        facts += [place.most for place in wanted.places]
        async with self._doors:
            with self._asked():
                granted, *full = await self._take(_named(keys), facts)
        numbers = tuple(map(int, full))
        return Standing(bool(granted), numbers[:len(wanted.amounts)], numbers[len(wanted.amounts):])

    async def book(self, changes: Sequence[Count], leaving: Iterable[Place], holder: str, now: datetime) -> None:
        """See `Counts.book`."""
        await self.book_once(secrets.token_hex(8), changes, leaving, holder, now)

    async def book_once(self, number: str, changes: Sequence[Count], leaving: Iterable[Place], holder: str,
                        now: datetime) -> None:
        """Book, unless a booking of this number was done already."""
        keys = [f"booked:{number}", *(change.key for change in changes), *(place.key for place in leaving)]
        facts: list[str | int] = [len(changes), holder, MARK_MILLISECONDS]
        for change in changes:
            facts += [change.value, _left(change.ends, now)]
        async with self._doors:
            with self._asked():
                await self._book(_named(keys), facts)

    async def renew(self, held: Mapping[str, Sequence[Place]], now: datetime) -> None:
        """See `Counts.renew`."""
        standing = [(place.key, holder) for holder, places in held.items() for place in places]
        for some in (standing[at:at + 500] for at in range(0, len(standing), 500)):
            facts = [_moment(now) + _LEASE, _LEASE, *(holder for _, holder in some)]
            async with self._doors:
                with self._asked():
                    await self._renew(_named([key for key, _ in some]), facts)

    async def read(self, keys: Sequence[str], now: datetime) -> list[int]:
        """See `Counts.read`."""
        if not keys:
            return []
        async with self._doors:
            with self._asked():
                return [int(value or 0) for value in await self._client.mget(_named(keys))]

    async def standing(self, places: Sequence[Place], now: datetime) -> list[int]:
        """See `Counts.standing`."""
        async with self._doors:
            with self._asked():
                return [int(sum([await self._client.zcount(key, f"({_moment(now)}", "+inf")
                                 for key in _named([place.key, place.before])])) for place in places]

    async def greet(self, mark: str) -> bool:
        """Return whether the server answers and counts under the same secret as this installation."""
        async with self._doors:
            with self._asked():
                await self._client.set(f"{_PREFIX}secret", mark, nx=True)
                found = await self._client.get(f"{_PREFIX}secret")
        return bool(found == mark.encode())

    async def close(self) -> None:
        """Give the connections back."""
        with suppress(*self._failures):
            await self._client.aclose()
            await self._client.connection_pool.disconnect(inuse_connections=True)

    @contextmanager
    def _asked(self) -> Any:
        try:
            yield
        except self._failures as error:
            raise AwayError(type(error).__name__) from None


def _named(keys: Iterable[str]) -> list[str]:
    return [_PREFIX + key for key in keys]


def _moment(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def _left(ends: datetime, now: datetime) -> int:
    return int((ends - now).total_seconds() * 1000)
