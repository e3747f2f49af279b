"""The writer: one thread, one connection, one counter. A returned receipt means: durable.

Idle, it commits at once; while a commit runs, what arrives gathers (up to 64 records) and goes with the next one, so
nothing ever waits longer than the commit before it. Callers of one event loop are woken once per batch.

Kept true: committed counters (``wseq``) of a writer are 0, 1, 2, ... without holes, from ``writer.start`` to
``writer.stop``; after any doubt about a commit the writer settles what the database holds before it goes on
(`batch.Batches.settle`); writing the same id twice writes it once. No answer in two seconds, or an error, is
`LedgerUnavailable` for everyone who waits, and for newcomers at once until the database is back. Outcomes are kept and
written then; other records are dropped, their callers were told. An intent that became durable too late for its caller
is ended as `outcome.unknown`, because nothing was sent.

Not known here: order between writers (that is the sequencer's), and what is lost when the process dies with outcomes
still waiting for the database (the reaper ends those intents).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.pool import PoolProxiedConnection

from audit import canonical
from audit.batch import Batches, Pending
from audit.errors import LedgerUnavailable
from audit.record import (
    HEARTBEAT,
    INTENT,
    META,
    OUTCOME_UNKNOWN,
    WRITER_START,
    WRITER_STOP,
    Draft,
    Part,
    Receipt,
    check_id,
    check_name,
    new_id,
    now_us,
)
from audit.retention import META_CLASS, Retention
from audit.store.store import Store
from audit.waiters import DOWN, PATIENCE, LoopWaiter, ThreadWaiter, Waiter

BATCH: Final = 64
HEARTBEAT_EVERY: Final = 60.0
MAX_WAITING: Final = 10_000
_PAUSE: Final = 0.25

log = logging.getLogger("audit.writer")


class Writer:
    """Appends records. Start once, append from anywhere, stop once."""

    def __init__(
        self,
        store: Store,
        log_name: str,
        retention: Retention,
        *,
        about: Mapping[str, Any] | None = None,
        heartbeat_every: float = HEARTBEAT_EVERY,
    ) -> None:
        self.id = secrets.token_hex(8)
        self._store = store
        self._batches = Batches(store, log_name, self.id, retention)
        self._retention = retention
        self._about = dict(about or {})
        self._beat = heartbeat_every
        self._queue: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._loops: dict[asyncio.AbstractEventLoop, LoopWaiter] = {}
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._open = False
        self._stopping = False
        self._down = False
        self._finished = False
        self._quit = threading.Event()
        self._connection: PoolProxiedConnection | None = None

    # ---- callers -------------------------------------------------------------------------------------------------

    @property
    def healthy(self) -> bool:
        """Whether records can be written, as far as the last attempt showed."""
        return self._open and not self._down and self._thread.is_alive()

    @property
    def finished(self) -> bool:
        """Whether ``writer.stop`` was written: then nothing of this writer is left undone."""
        return self._finished

    def start(self) -> None:
        """Start the thread; the first record is ``writer.start``."""
        self._open = True
        self._queue.put(self._own(WRITER_START, self._about))
        self._thread.start()

    async def append(self, draft: Draft) -> Receipt:
        """Write one record; return when it is durable. Raises `LedgerUnavailable`: then nobody may rely on it."""
        loop = asyncio.get_running_loop()
        waiter = self._loops.get(loop)
        if waiter is None:
            waiter = self._loops[loop] = LoopWaiter(loop, self.came_late)
        item = self._admit(draft, waiter)
        future = waiter.enter(item)
        self._queue.put(item)
        return await future

    def append_wait(self, draft: Draft) -> Receipt:
        """The same for callers without an event loop."""
        waiter = ThreadWaiter()
        item = self._admit(draft, waiter)
        self._queue.put(item)
        return waiter.wait(item)

    def note(self, type_: str, meta: Mapping[str, Any], ref: str = "") -> None:
        """Put down a finding of the ledger itself; nobody waits, it is kept until it is written."""
        self._queue.put(self._own(type_, meta, ref))

    def came_late(self, item: Pending) -> None:
        """An intent is durable, but its caller had been told otherwise and sent nothing: end it."""
        if item.draft.type == INTENT:
            self.note(OUTCOME_UNKNOWN, {"reason": "quittung_zu_spaet"}, item.id)

    def stop(self) -> None:
        """Write what waits, then ``writer.stop``; without a database give up after the usual patience."""
        if not self._open:
            return
        self._open = False
        self._queue.put(None)
        self._thread.join(PATIENCE)
        self._quit.set()
        self._thread.join()

    def _admit(self, draft: Draft, waiter: Waiter) -> Pending:
        check_name(draft.type)
        for name, part in draft.parts.items():
            check_name(name)
            self._retention.expires_at(part.retention, 0)
        if draft.id:
            check_id(draft.id)
        if draft.ref:
            check_id(draft.ref)
        item = Pending(draft, draft.id or new_id(), now_us(), time.monotonic(), waiter=waiter)
        if not self.healthy or self._queue.qsize() > MAX_WAITING:
            if self._open and item.must_stay:
                item.given_up, item.waiter = True, None
                self._queue.put(item)
            raise LedgerUnavailable(DOWN)
        return item

    def draft(self, type_: str, meta: Mapping[str, Any], ref: str = "") -> Draft:
        """Return a record of the ledger itself: one part, in the default class."""
        parts = {META: Part(canonical.dumps(meta), self._retention.classes.get(META, META_CLASS))} if meta else {}
        return Draft(type_, parts, ref)

    def _own(self, type_: str, meta: Mapping[str, Any], ref: str = "") -> Pending:
        return Pending(self.draft(type_, meta, ref), new_id(), now_us())

    # ---- the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping or not self._queue.empty():
                self._write(self._next())
            if not self._down:
                self._write([self._own(WRITER_STOP, {"records": self._batches.next + 1})])
                self._finished = not self._down
        finally:
            self._disconnect()

    def _next(self) -> list[Pending]:
        """Wait for work; take what has gathered."""
        try:
            first = self._queue.get(timeout=self._beat)
        except queue.Empty:
            return [self._own(HEARTBEAT, {})]
        batch = []
        while True:
            if first is None:
                self._stopping = True
            else:
                batch.append(first)
            if len(batch) == BATCH or self._queue.empty():
                return batch
            first = self._queue.get()

    def _write(self, batch: list[Pending]) -> None:
        batch = [item for item in batch if not item.given_up or item.must_stay]
        if not batch:
            return
        try:
            with self._store.write(self._connect()) as run:
                self._batches.insert(run, batch)
        except self._store.errors as error:
            self._doubt(batch, error)
        except Exception:
            # A batch that cannot be built is a bug; it must not silence the thread for everybody else.
            log.exception("audit: a batch could not be built")
            self._disconnect()
            _deliver(batch, durable=False)
        else:
            self._batches.next += len(batch)
            _deliver(batch, durable=True)

    def _doubt(self, batch: list[Pending], error: Exception) -> None:
        """Settle an unknown result before anything else is written. Ends when the database has answered, or at stop."""
        limit = min(item.started or time.monotonic() for item in batch) + PATIENCE - _PAUSE
        while True:
            self._disconnect()
            try:
                with self._store.write(self._connect()) as run:
                    after, dropped = self._batches.settle(run, batch)
                break
            except self._store.errors as again:
                error = again
            if not self._down and time.monotonic() > limit:
                self._down = True
                log.error("audit: the ledger's database does not answer (%s)", type(error).__name__)
                _deliver(batch, durable=False)
            if self._down:
                batch = self._hold(batch)
            if self._quit.wait(_PAUSE if self._down else 0.02):
                self._abandon(batch)
                return
        self._batches.next = after
        self._settled([item for item in batch if item not in dropped])

    def _settled(self, durable: list[Pending]) -> None:
        if not self._down:
            _deliver(durable, durable=True)
            return
        log.warning("audit: the ledger's database answers again")
        self._down = False
        for item in durable:
            self.came_late(item)

    def _hold(self, batch: list[Pending]) -> list[Pending]:
        """While the database is away: refuse whoever waits, and hold on to what must be written.

        Entries whose commit had an unknown result stay too: only the database can say whether they are durable.
        """
        fresh: list[Pending] = []
        while not self._queue.empty():
            item = self._queue.get()
            if item is None:
                self._stopping = True
            else:
                fresh.append(item)
        _deliver(fresh, durable=False)
        held = batch + [item for item in fresh if item.must_stay]
        if len(held) > MAX_WAITING:
            log.error("audit: %d records could not be kept until the database is back", len(held) - MAX_WAITING)
        return held[:MAX_WAITING]

    def _abandon(self, batch: list[Pending]) -> None:
        batch = self._hold(batch)
        log.error("audit: stopped without a database; %d records are not written", len(batch))
        _deliver(batch, durable=False)
        self._stopping = self._down = True

    def _connect(self) -> PoolProxiedConnection:
        if self._connection is None:
            self._connection = self._store.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(*self._store.errors):
                connection.invalidate()
            with contextlib.suppress(*self._store.errors):
                connection.close()


def _deliver(batch: Sequence[Pending], *, durable: bool) -> None:
    """Bring the news to everybody who waits, once per waiter."""
    groups: dict[Any, list[Pending]] = {}
    for item in batch:
        if item.waiter is not None:
            item.given_up = item.given_up or not durable
            groups.setdefault(item.waiter, []).append(item)
    for waiter, items in groups.items():
        waiter.deliver(items, durable=durable)
