"""What waits for inspection is done together: one pass of the name model over many texts costs little more than one.

What it is: a queue and the threads that empty it. Whoever finds the threads idle wakes one; it takes all that waits
(up to `BATCH` characters) in the order of arrival, and goes on until nothing waits. So a single request is looked at
at once, and the busier the house, the larger the batches and the cheaper each request.

What it keeps true: every ticket ends exactly once, with its own result or its own error, and on the event loop it came
from; what nobody waits for any more is not looked at; an error that no ticket is to blame for ends all tickets of its
batch; after `close` nothing waits for ever.

What it does not know: what is done with a ticket. A batch that runs is not interrupted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Generic, TypeVar

Task = TypeVar("Task")

BATCH: Final = 16_000
"""Characters that are looked at together."""


class Ticket(Generic[Task]):
    """One request in the queue. `end` is called in the thread, once the task holds its result or has failed."""

    __slots__ = ("_future", "_loop", "ended", "size", "task")

    def __init__(self, task: Task, size: int) -> None:
        self.task = task
        self.size = size
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    @property
    def unwanted(self) -> bool:
        """Whether nobody waits any more: it was cancelled, or took too long."""
        return self._future.done()

    async def wait(self, seconds: float) -> None:
        """Wait for the end. Raises what the ticket failed with, or ``TimeoutError``."""
        async with asyncio.timeout(seconds):
            await self._future

    def end(self, error: Exception | None = None) -> None:
        """Let the one who waits go on."""
        if self.ended:
            return
        self.ended = True
        try:
            self._loop.call_soon_threadsafe(self._tell, error)
        except RuntimeError:
            return  # the event loop is closed: nobody waits

    def _tell(self, error: Exception | None) -> None:
        if self._future.done():
            return
        if error is None:
            self._future.set_result(None)
        else:
            self._future.set_exception(error)


class Batches(Generic[Task]):
    """The queue and its threads. `work` ends each ticket it is given."""

    def __init__(self, work: Callable[[Sequence[Ticket[Task]]], None], threads: int = 1) -> None:
        self._work = work
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pruefung")
        self._lock = Lock()
        self._waiting: deque[Ticket[Task]] = deque()
        self._busy = 0
        self._closed = False

    async def do(self, task: Task, size: int, seconds: float) -> None:
        """Have `task` done, `size` characters long. Raises what it failed with, or ``TimeoutError``."""
        ticket = Ticket(task, size)
        with self._lock:
            if self._closed:
                raise RuntimeError("closed")
            if self._busy < self._threads:
                self._pool.submit(self._empty)
                self._busy += 1
            self._waiting.append(ticket)
        await ticket.wait(seconds)

    def close(self) -> None:
        """End the threads; what still waits fails."""
        with self._lock:
            self._closed = True
            left = list(self._waiting)
            self._waiting.clear()
        for ticket in left:
            ticket.end(RuntimeError("closed"))
        self._pool.shutdown(wait=False)

    def _empty(self) -> None:
        while batch := self._take():
            try:
                self._work(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is: nobody may wait for ever
                failure = error
            else:
                failure = RuntimeError("not done")
            for ticket in batch:
                ticket.end(failure)

    def _take(self) -> list[Ticket[Task]]:
        """Return what is done next; nothing when nothing waits, and then this thread counts as idle."""
        batch: list[Ticket[Task]] = []
        size = 0
        with self._lock:
            while self._waiting and (not batch or size + self._waiting[0].size <= BATCH):
                ticket = self._waiting.popleft()
                if not ticket.unwanted:
                    batch.append(ticket)
                    size += ticket.size
            if not batch:
                self._busy -= 1
        return batch
