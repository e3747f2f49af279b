"""Whose request is being worked on: its Vorgangsnummer, known to every line that is logged meanwhile.

It is set at the front door. Tasks, and threads that asyncio begins, inherit it, so a library's line carries it as well.
When the request is over it is nobody's any more: a connection that was opened for it and lives on does not speak in
its name. A request that ends with an exception stays: whoever reports the exception further up still belongs to it.

Does not know: threads that work for many at once (the ledger's writer, the detector's batches).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _Work:
    __slots__ = ("number", "over")

    def __init__(self, number: str) -> None:
        self.number, self.over = number, False


_WORK: ContextVar[_Work | None] = ContextVar("ki_pforte_request", default=None)


@contextmanager
def working_on(number: str) -> Iterator[None]:
    """Work on the request with this Vorgangsnummer."""
    work = _Work(number)
    _WORK.set(work)
    yield
    work.over = True


def current_request() -> str:
    """Return the Vorgangsnummer of the request that is being worked on; empty: none, or many."""
    work = _WORK.get()
    return "" if work is None or work.over else work.number
