"""Who waits for a record: threads that block, and event loops that are woken once per committed batch."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from audit.batch import Pending
from audit.errors import LedgerUnavailable
from audit.record import Receipt

PATIENCE: Final = 2.0
"""Seconds that a caller waits for durability."""
DOWN: Final = "Das Protokoll ist nicht verfügbar."


class Waiter(Protocol):
    """Takes the news about a batch, in the writer's thread."""

    def deliver(self, batch: Sequence[Pending], *, durable: bool) -> None:
        """Tell the callers of these entries that they are durable, or that they are not known to be."""
        ...


class ThreadWaiter:
    """One caller that blocks."""

    def __init__(self, came_late: Callable[[Pending], None]) -> None:
        self._came_late = came_late
        self._turn = threading.Lock()
        self._done = threading.Event()
        self._durable = False
        self._gone = False

    def deliver(self, batch: Sequence[Pending], *, durable: bool) -> None:
        with self._turn:
            self._durable = durable
            self._done.set()
            gone = self._gone
        if gone and durable:  # told otherwise
            for item in batch:
                self._came_late(item)

    def wait(self, item: Pending) -> Receipt:
        """Return when the entry is durable. Raises `LedgerUnavailable`."""
        self._done.wait(PATIENCE)
        with self._turn:
            if self._done.is_set() and self._durable:
                return Receipt(item.id)
            self._gone = item.given_up = True
        raise LedgerUnavailable(DOWN)


class LoopWaiter:
    """All callers of one event loop: one wake-up per batch, and one timer for everybody's patience."""

    def __init__(self, loop: asyncio.AbstractEventLoop, came_late: Callable[[Pending], None]) -> None:
        self._loop = loop
        self._came_late = came_late
        self._order: deque[Pending] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, item: Pending) -> asyncio.Future[Receipt]:
        """Return what the caller awaits."""
        future: asyncio.Future[Receipt] = self._loop.create_future()
        item.future = future
        self._order.append(item)
        if self._timer is None:
            self._timer = self._loop.call_later(PATIENCE / 4, self._tick)
        return future

    def deliver(self, batch: Sequence[Pending], *, durable: bool) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody is left to wake
            self._loop.call_soon_threadsafe(self._wake, batch, durable)

    def _wake(self, batch: Sequence[Pending], durable: bool) -> None:
        for item in batch:
            future, item.future = item.future, None
            if future is None or future.cancelled():  # told otherwise, or not there any more
                if durable:
                    self._came_late(item)
            elif not future.done():
                if durable:
                    future.set_result(Receipt(item.id))
                else:
                    future.set_exception(LedgerUnavailable(DOWN))

    def _tick(self) -> None:
        limit = time.monotonic() - PATIENCE
        while self._order:
            item = self._order[0]
            if item.future is not None:
                if item.started > limit:
                    break
                future, item.future = item.future, None
                item.given_up = True
                if not future.done():
                    future.set_exception(LedgerUnavailable(DOWN))
            self._order.popleft()
        self._timer = self._loop.call_later(PATIENCE / 4, self._tick) if self._order else None
