"""The directory, asked as rarely as is right: what was found out is kept until something changes.

A background task asks the database once a second for its generation; a change made by any process (another worker, the
command line) empties every cache, so a revoked key, a disabled person or a blocked pass acts within two seconds. When
the generation could not be read for five seconds, no cache is believed any more: each request is then read from the
database, and where that fails too, the answer is 503 and nothing is sent.

Kept true: what was found out never outlives the moment at which it changes by itself (the judge says when that is);
what was not found is not kept, so made-up keys and addresses push nobody out. Texts of database errors stay in here.

The same poll keeps small values up to date that are asked for with every request (`Watched`). They are never older
than those five seconds: what cannot be confirmed is not given out.

Not known here: what is asked, and what it means.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import date, datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from gateway.errors import GatewayError
from gateway.identity import texts
from gateway.identity.cache import GenerationCache
from gateway.identity.directory import Directory
from gateway.ports import Clock

Result = TypeVar("Result")
Value = TypeVar("Value")

POLL_SECONDS: Final = 1.0
MAX_AGE_SECONDS: Final = 5.0
READ_SECONDS: Final = 4.0
BERLIN: Final = ZoneInfo("Europe/Berlin")
_log = logging.getLogger(__name__)


class Dated(Protocol):
    """An answer of the directory, with the generation it is at least as new as."""

    @property
    def generation(self) -> int:
        """The counter, read before the rest."""
        ...


Found = TypeVar("Found", bound=Dated)


class Watched(Generic[Value]):
    """A small value that is read anew whenever the generation moves, so that asking for it costs nothing.

    Belongs to the event loop.
    """

    def __init__(self, lookup: Lookup, question: Callable[[], Value]) -> None:
        self.question = question
        self._lookup = lookup
        self.last: Value | None = None
        """The value as it was when the database last answered; None: it never has."""

    def __call__(self) -> Value:
        """Return the value as of five seconds ago at most. Raises ``pruefung_nicht_verfuegbar``: nobody can tell."""
        if self.last is None or not self._lookup.ready:
            raise texts.unavailable("the generation could not be read for a while")
        return self.last


class Lookup:
    """The one way to the directory. `start` before use and `close` after it, in the same event loop."""

    def __init__(self, directory: Directory, clock: Clock, *, size: int = 20_000,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self.directory = directory
        self._clock, self._size, self._monotonic = clock, size, monotonic
        self._caches: list[GenerationCache[Any]] = []
        self._watched: list[Watched[Any]] = []
        self._generation: int | None = None
        self._confirmed = float("-inf")
        # Own threads: a busy pool elsewhere must not make the poll late. Writes have one more, because they may wait
        # for a long import that holds the write lock, and reads must not wait with them.
        self._readers = ThreadPoolExecutor(4, "identity-read")
        self._writer = ThreadPoolExecutor(1, "identity-write")
        self._touching: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    def shelf(self) -> Shelf[Any]:
        """Return a place to keep values of one type."""
        cache: GenerationCache[Any] = GenerationCache(self._size, MAX_AGE_SECONDS, self._monotonic)
        self._caches.append(cache)
        return Shelf(self, cache, self._clock)

    def watch(self, question: Callable[[], Value]) -> Watched[Value]:
        """Return what keeps the answer to `question` (asked in a thread, like all of them) up to date."""
        watched = Watched(self, question)
        self._watched.append(watched)
        self._generation = None  # the next look reads it
        return watched

    async def start(self) -> None:
        """Read the generation once and go on reading it in the background."""
        await self.refresh()
        self._task = asyncio.create_task(self._poll())

    async def close(self) -> None:
        """Stop the background task and the threads."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        for pool in (self._readers, self._writer):
            # Waits for what runs, so that nobody holds a connection when the database is closed after this.
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    @property
    def ready(self) -> bool:
        """Whether the database answered lately."""
        return self._monotonic() - self._confirmed <= MAX_AGE_SECONDS

    def forget(self) -> None:
        """Work everything out anew. Call in the event loop."""
        for cache in self._caches:
            cache.clear()

    async def refresh(self) -> None:
        """Ask the database for its generation now: what changed before this call is seen after it."""
        asked = self._monotonic()
        try:
            generation, values = await self.read(self._look)
        except GatewayError as error:
            if not self._failing:
                _log.warning("keys and KI-Pass cannot be checked: %s", error.hint)
            self._failing = True
            return
        if asked < self._confirmed:
            return  # a look that began later was faster: what this one saw is older
        self._confirmed, self._generation = asked, generation
        for watched, value in values:
            watched.last = value
        for cache in self._caches:
            cache.confirm(generation, asked)
        if self._failing:
            _log.warning("keys and KI-Pass can be checked again")
        self._failing = False

    def _look(self) -> tuple[int, list[tuple[Watched[Any], Any]]]:
        """Return the generation and, if it has moved, what is watched: read after it, so at least as new."""
        known, watched = self._generation, list(self._watched)
        number = self.directory.generation()
        return number, [] if number == known else [(one, one.question()) for one in watched]

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.refresh()

    async def read(self, question: Callable[[], Result]) -> Result:
        """Ask the directory in a thread. Raises ``pruefung_nicht_verfuegbar`` when it gives no answer in time."""
        try:
            # Not wait_for: up to Python 3.11 it can swallow a cancellation, and then `close` would wait for ever.
            async with asyncio.timeout(READ_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(
                    self._readers, copy_context().run, question)
        except Exception as error:  # noqa: BLE001 - whatever failed: nobody can say who this is, so nobody passes
            # The text of the error may hold data; its kind is enough for the log.
            raise texts.unavailable(type(error).__name__) from None

    def note_use(self, key_id: str, last_used_on: date | None, now: datetime) -> None:
        """Write the day of use in the background, at most once a day; a failure costs the day, not the request."""
        today = now.astimezone(BERLIN).date()
        if last_used_on == today or key_id in self._touching:
            return
        self._touching.add(key_id)

        def done(future: Future[None]) -> None:
            self._touching.discard(key_id)
            if not future.cancelled() and (error := future.exception()) is not None:
                _log.warning("the day of use of key %s was not written: %s", key_id, type(error).__name__)

        self._writer.submit(self.directory.touch, key_id, today).add_done_callback(done)


class Shelf(Generic[Value]):
    """Values of one type by name, each worked out from one answer of the directory."""

    def __init__(self, lookup: Lookup, cache: GenerationCache[Value], clock: Clock) -> None:
        self._lookup, self._cache, self._clock = lookup, cache, clock

    def __len__(self) -> int:
        return len(self._cache)

    async def find(self, name: bytes, question: Callable[[], Found | None],
                   judge: Callable[[Found, datetime], tuple[Value, datetime] | None]) -> Value | None:
        """Return what is kept under `name`, else what `judge` makes of the answer, and until when that is true.

        The judge works in the event loop, so that `Lookup.forget` cannot come between judging and keeping.
        """
        now = self._clock.now()
        if (known := self._cache.get(name, now)) is not None:
            return known
        found = await self._lookup.read(question)
        judged = None if found is None else judge(found, now)
        if found is None or judged is None:
            return None
        value, until = judged
        self._cache.put(name, value, found.generation, min(until, next_midnight(now)))
        return value


def next_midnight(now: datetime) -> datetime:
    """Return the next midnight in Berlin: whatever depends on the day is looked at anew then."""
    tomorrow = now.astimezone(BERLIN).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=BERLIN)
