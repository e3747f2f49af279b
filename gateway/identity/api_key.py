"""Authentication by API key, with a KI-Pass that is as of now and no database query on the usual way.

A request costs one SHA-256 and one look into a bounded cache (`cache`). Misses are read in a thread. A background task
asks the database once a second for its generation; a change made by any process (another worker, the command line)
empties the cache, so a revoked key or a blocked pass stops working within two seconds. When the generation could not
be read for five seconds, the cache is not believed any more: each request is then read from the database, and where
that fails too, the answer is 503 and nothing is sent.

Kept true: an entry never outlives the moment at which a KI-Pass, or the key, changes by itself; the same key never
answers for another person; a key, a name or an address stands in no log and no exception.

Not known here: which scope a request needs, and what it does. A person without a KI-Pass is authenticated all the same;
`policy.admit` refuses with the reason.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from gateway.errors import GatewayError
from gateway.identity import keys, texts
from gateway.identity.cache import GenerationCache
from gateway.identity.credentials import key_in
from gateway.identity.directory import Caller, Directory
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.principal import PassStatus, Principal
from gateway.ports import Clock, Credentials

Result = TypeVar("Result")
Passes = Callable[[Sequence[Evidence], Sequence[PassEvent], datetime], Mapping[str, PassStatus]]
"""Computes the KI-Pass for every scope: `gateway.kipass` with the configuration of the organisation."""

POLL_SECONDS: Final = 1.0
MAX_AGE_SECONDS: Final = 5.0
READ_SECONDS: Final = 4.0
_BERLIN: Final = ZoneInfo("Europe/Berlin")
_log = logging.getLogger(__name__)


class ApiKeyAuthenticator:
    """Implements `gateway.ports.Authenticator`. `start` before use and `close` after it, in the same event loop."""

    def __init__(self, directory: Directory, passes: Passes, clock: Clock, *, keys_page: str = "", size: int = 20_000,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._passes = passes
        self._clock = clock
        self._keys_page = keys_page
        self._monotonic = monotonic
        self._cache: GenerationCache[Principal | texts.Refusal] = GenerationCache(size, MAX_AGE_SECONDS, monotonic)
        # Own threads: a busy pool elsewhere must not make the poll late. Writes have one more, because they may wait
        # for a long import that holds the write lock, and reads must not wait with them.
        self._readers = ThreadPoolExecutor(4, "identity-read")
        self._writer = ThreadPoolExecutor(1, "identity-write")
        self._touching: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

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
        """Whether the database answered lately; for ``/readyz``."""
        return self._cache.age <= MAX_AGE_SECONDS

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Return who holds the key. Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar`` (503)."""
        text = key_in(credentials)
        id_ = keys.key_id(text)
        if id_ is None:
            raise texts.invalid("unvollstaendig" if text else "fehlt", self._keys_page)
        digest = keys.digest(text)
        now = self._clock.now()
        answer = self._cache.get(digest, now)
        if answer is None:
            answer = await self._look_up(id_, digest, now)
        if isinstance(answer, str):
            raise texts.invalid(answer, self._keys_page)
        return answer

    def forget(self) -> None:
        """Work out every KI-Pass anew: its rules have changed. Call in the event loop."""
        self._cache.clear()

    async def refresh(self) -> None:
        """Ask the database for its generation now: what changed before this call is seen after it."""
        asked = self._monotonic()
        try:
            generation = await self._read(self._directory.generation)
        except GatewayError as error:
            if not self._failing:
                _log.warning("keys and KI-Pass cannot be checked: %s", error.hint)
            self._failing = True
            return
        self._cache.confirm(generation, asked)
        if self._failing:
            _log.warning("keys and KI-Pass can be checked again")
        self._failing = False

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.refresh()

    async def _look_up(self, key_id: str, digest: bytes, now: datetime) -> Principal | texts.Refusal:
        caller = await self._read(lambda: self._directory.caller(key_id))
        if caller is None or not hmac.compare_digest(caller.sha256, digest):
            return "unbekannt"  # not kept: made-up keys must not push real ones out of the cache
        answer, until = self._judge(caller, now)
        self._cache.put(digest, answer, caller.generation, until)
        if isinstance(answer, Principal):
            self._note_use(caller, now.astimezone(_BERLIN).date())
        return answer

    def _judge(self, caller: Caller, now: datetime) -> tuple[Principal | texts.Refusal, datetime]:
        """Return the answer for this caller and the moment at which it may become another one."""
        key, person = caller.key, caller.person
        until = _next_midnight(now)
        if not person.active:
            return "ausgeschieden", until
        if key.revoked_at is not None:
            return "widerrufen", until
        if key.expires_at is not None:
            if key.expires_at <= now:
                return "abgelaufen", until
            until = min(until, key.expires_at)
        passes = self._passes(caller.evidence, caller.events, now)
        until = min([until, *(p.changes_at for p in passes.values() if p.changes_at is not None)])
        return Principal(person.id, person.department, person.roles, "person", key.id, key.block_style, passes), until

    async def _read(self, question: Callable[[], Result]) -> Result:
        try:
            # Not wait_for: up to Python 3.11 it can swallow a cancellation, and then `close` would wait for ever.
            async with asyncio.timeout(READ_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._readers, question)
        except Exception as error:  # noqa: BLE001 - whatever failed: nobody can say whose key this is, so nobody passes
            # The text of the error may hold data; its kind is enough for the log.
            raise texts.unavailable(type(error).__name__) from None

    def _note_use(self, caller: Caller, today: date) -> None:
        """Write the day of use in the background, at most once a day; a failure costs the day, not the request."""
        id_ = caller.key.id
        if caller.key.last_used_on == today or id_ in self._touching:
            return
        self._touching.add(id_)

        def done(future: Future[None]) -> None:
            self._touching.discard(id_)
            if not future.cancelled() and (error := future.exception()) is not None:
                _log.warning("the day of use of key %s was not written: %s", id_, type(error).__name__)

        self._writer.submit(self._directory.touch, id_, today).add_done_callback(done)


def _next_midnight(now: datetime) -> datetime:
    """Return the next midnight in Berlin: whatever depends on the day is looked at anew then."""
    tomorrow = now.astimezone(_BERLIN).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_BERLIN)
