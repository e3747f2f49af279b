"""The writer: one thread, one connection, one counter. A returned receipt means: durable.

Idle, it commits at once; while a commit runs, what arrives gathers (up to 64 records) and goes with the next one, so
nothing ever waits longer than the commit before it. Callers of one event loop are woken once per batch.

Kept true: committed counters (``wseq``) of a writer are 0, 1, 2, ... without holes, from ``writer.start`` to
``writer.stop``; after any doubt about a commit the writer settles what the database holds before it goes on
(`batch.Batches.settle`); writing the same id twice writes it once. No answer in two seconds, or an error, is
`LedgerUnavailable` for everyone who waits, and for newcomers at once until the database is back; other records are
dropped then, their callers were told. Outcomes are put into a file that survives the process (`audit.spool`): with that
they count as durable, and the database gets them when it is back. Where the disk refuses as well they stay in memory,
and their callers are told. An intent that became durable too late for its caller is ended as `outcome.unknown`, because
nothing was sent.

Not known here: order between writers (that is the sequencer's).
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from audit import canonical
from audit.batch import Batches, Pending
from audit.clock import Watch
from audit.errors import LedgerUnavailable
from audit.record import (
    HEARTBEAT,
    INTENT,
    META,
    OUTCOME_UNKNOWN,
    SPOOLED,
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
from audit.seal import Seal
from audit.spool import Spool
from audit.store.store import Store
from audit.waiters import DOWN, PATIENCE, LoopWaiter, ThreadWaiter, Waiter

BATCH: Final = 64
HEARTBEAT_EVERY: Final = 60.0
MAX_WAITING: Final = 10_000
_PAUSE: Final = 0.25
_LANE: Final = "writer"
_OF_THE_PROCESS: Final = frozenset({WRITER_START, WRITER_STOP, HEARTBEAT})
"""Say that a writer lives; of one that died before the database took them they are not worth keeping."""

log = logging.getLogger("audit.writer")


@dataclass(frozen=True, slots=True)
class Backlog:
    """Records that must be written and wait for the database: how many, and how safe they are meanwhile."""

    spooled: int = 0
    """On disk: they survive this process."""
    memory: int = 0
    """Only in memory, because the disk (or the bound of the file) took no more."""
    lost: int = 0
    """Given up since the start, because there were too many."""

    def warnings(self) -> list[str]:
        """Return what somebody should look at, in German."""
        found = []
        if self.memory:
            found.append(f"{self.memory} Einträge des Protokolls stehen nur im Arbeitsspeicher: Die Datenbank des "
                         "Protokolls antwortet nicht, und die Festplatte nimmt nichts mehr an. Bitte schaffen Sie "
                         "Platz und beenden Sie die KI-Pforte so lange nicht.")
        if self.lost:
            found.append(f"{self.lost} Einträge des Protokolls gingen verloren, weil zu viele auf die Datenbank "
                         "warteten. Ihre Vorgänge enden als „unbekannt“.")
        return found


class Writer:
    """Appends records. Start once, append from anywhere, stop once."""

    def __init__(
        self,
        store: Store,
        seal: Seal,
        retention: Retention,
        spool: Path,
        *,
        about: Mapping[str, Any] | None = None,
        clock: Watch | None = None,
        heartbeat_every: float = HEARTBEAT_EVERY,
    ) -> None:
        self.id = secrets.token_hex(8)
        self._store = store
        self._batches = Batches(store, seal, self.id, retention, clock or Watch())
        self._retention = retention
        self._about = dict(about or {})
        self._spool = Spool(spool, self.id)
        self.backlog = Backlog()
        self._beat = heartbeat_every
        self._queue: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._loops: dict[asyncio.AbstractEventLoop, LoopWaiter] = {}
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._open = False
        self._stopping = False
        self._down = False
        self._since = 0.0
        """When the commit that runs was begun (monotonic); 0: none runs."""
        self._finished = False
        self._gone = False
        """The thread has ended."""
        self._quit = threading.Event()

    # ---- callers -------------------------------------------------------------------------------------------------

    @property
    def healthy(self) -> bool:
        """Whether records can be written, as far as the last attempt showed."""
        stuck = self._since and time.monotonic() - self._since > PATIENCE  # a commit that does not come back
        return self._open and not self._down and not stuck and not self._gone

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
        waiter = ThreadWaiter(self.came_late)
        item = self._admit(draft, waiter)
        self._queue.put(item)
        return waiter.wait(item)

    def bring(self, entries: Sequence[Pending]) -> None:
        """Write what a dead writer had to leave in its file, under its old ids; return when all of it is durable.

        Raises `LedgerUnavailable`; then it still lies in the file, and doing it again writes it once.
        """
        known = self._retention.days
        for at in range(0, len(entries), BATCH):
            if not self.healthy:
                raise LedgerUnavailable(DOWN)
            waiting = []
            for item in entries[at : at + BATCH]:
                waiter = item.waiter = ThreadWaiter(self.came_late)
                item.started = time.monotonic()
                parts = {name: part if part.retention in known else replace(part, retention=META_CLASS)
                         for name, part in item.draft.parts.items()}  # fmt: skip
                item.draft = replace(item.draft, parts=parts)
                waiting.append((waiter, item))
                self._queue.put(item)
            for waiter, item in waiting:
                waiter.wait(item)

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
        self._queue.put(None)  # wakes it
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
        full = self._queue.qsize() > MAX_WAITING
        if self.healthy and not full:
            return item
        if self._open and item.is_end and self._thread.is_alive():
            if not full:
                return item  # the thread puts it on the disk at once
            item.given_up, item.waiter = True, None
            self._queue.put(item)
        raise LedgerUnavailable(DOWN)

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
            self._gone = True

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
        self._since = time.monotonic()
        try:
            with self._store.write(_LANE) as run:
                self._batches.insert(run, batch)
        except self._store.errors as error:
            self._doubt(batch, error)
        except Exception:
            # A batch that cannot be built is a bug; it must not silence the thread for everybody else.
            log.exception("audit: a batch could not be built")
            _deliver(batch, durable=False)
        else:
            self._batches.next += len(batch)
            _deliver(batch, durable=True)
        finally:
            self._since = 0.0

    def _doubt(self, batch: list[Pending], error: Exception) -> None:
        """Settle an unknown result before anything else is written. Ends when the database has answered, or at stop."""
        limit = min(item.started or time.monotonic() for item in batch) + PATIENCE - _PAUSE
        while True:
            answers = isinstance(error, self._store.conflict)  # somebody wrote an id again: then it is there
            if not self._down and not answers and time.monotonic() > limit:
                self._down = True
                log.error("audit: the ledger's database does not answer (%s)", type(error).__name__)
                _deliver([item for item in batch if not item.must_stay], durable=False)
                batch = self._hold(batch)
            try:
                with self._store.write(_LANE) as run:
                    after, dropped = self._batches.settle(run, batch)
                break
            except self._store.errors as again:
                error = again
            batch = self._patiently(batch)
            if self._quit.is_set():
                self._abandon(batch)
                return
        self._batches.next = after
        self._settled([item for item in batch if item not in dropped])

    def _patiently(self, batch: list[Pending]) -> list[Pending]:
        """Wait a little before the next attempt; while down, see at once to what comes meanwhile."""
        if not self._down:
            self._quit.wait(0.02)
            return batch
        batch, until = self._hold(batch), time.monotonic() + _PAUSE
        while (left := until - time.monotonic()) > 0 and not self._quit.is_set():
            with contextlib.suppress(queue.Empty):
                batch = self._hold(batch, self._queue.get(timeout=left))
        return batch

    def _settled(self, durable: list[Pending]) -> None:
        if not self._down:
            _deliver(durable, durable=True)
            return
        log.warning("audit: the ledger's database answers again")
        self._spool.clear()
        before, self.backlog = self.backlog, Backlog(lost=self.backlog.lost)
        if before != Backlog():
            self.note(SPOOLED, {"records": before.spooled, "memory": before.memory, "lost": before.lost})
        for item in durable:
            self.came_late(item)
        self._down = False

    def _hold(self, batch: list[Pending], first: Pending | None = None) -> list[Pending]:
        """While the database is away: refuse whoever waits, and hold on to what must be written, durably.

        Entries whose commit had an unknown result stay too: only the database can say whether they are durable. Whoever
        waits for an end is told that it is durable as soon as it lies on the disk.
        """
        fresh = [first] if first is not None else []
        while not self._queue.empty():
            item = self._queue.get()
            if item is None:
                self._stopping = True
            else:
                fresh.append(item)
        _deliver([item for item in fresh if not item.must_stay], durable=False)
        held = batch + [item for item in fresh if item.must_stay]
        lost = max(0, len(held) - MAX_WAITING)
        if lost:
            log.error("audit: %d records could not be kept until the database is back", lost)
        safe = self._keep(held[:MAX_WAITING], self.backlog.lost + lost)
        for item in held:
            if item.is_end and item.waiter is not None:
                _deliver([item], durable=item in safe)
                item.waiter = None  # told once
        return held[:MAX_WAITING]

    def _keep(self, held: list[Pending], lost: int) -> set[Pending]:
        """Put into the file what is not there yet, and return it; where the disk refuses, say so once and try again
        later. (What `bring` brings lies in another file, which must stay until the database has it.)"""
        must = [item for item in held if item.must_stay and item.draft.type not in _OF_THE_PROCESS]
        fresh = [item for item in must if not item.spooled]
        try:
            if fresh:
                self._spool.add(fresh)
        except OSError as error:
            if not self.backlog.memory:
                log.error("audit: %d records are kept in memory alone (%s)", len(fresh), type(error).__name__)
            fresh = []
        else:
            for item in fresh:
                item.spooled = True
        safe = sum(item.spooled for item in must)
        self.backlog = Backlog(safe, len(must) - safe, lost)
        return set(fresh)

    def _abandon(self, batch: list[Pending]) -> None:
        batch = self._hold(batch)
        log.error("audit: stopped without a database; %d records are not written, %d of them wait on disk for the "
                  "next start", len(batch), self.backlog.spooled)
        _deliver(batch, durable=False)
        self._stopping = self._down = True


def _deliver(batch: Sequence[Pending], *, durable: bool) -> None:
    """Bring the news to everybody who waits, once per waiter."""
    groups: dict[Any, list[Pending]] = {}
    for item in batch:
        if item.waiter is not None:
            item.given_up = item.given_up or not durable
            groups.setdefault(item.waiter, []).append(item)
    for waiter, items in groups.items():
        waiter.deliver(items, durable=durable)
