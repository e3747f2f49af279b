"""What must be done to the end although the request around it is being cancelled, and how a closing house says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

CLOSING = "the house closes"
"""The message of a cancellation that does not come from the client: it is still there and is told. See `is_closing`."""

_under_way: set[asyncio.Task[None]] = set()


def is_closing(cancelled: asyncio.CancelledError) -> bool:
    """Whether the server ends this request because it stops, not because the client hung up."""
    return CLOSING in cancelled.args


async def finish(work: Awaitable[None]) -> None:
    """Carry `work` through; a cancellation of the caller is passed on, but does not reach the work."""
    async def run() -> None:
        await work
    task = asyncio.create_task(run())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    await asyncio.shield(task)


async def all_finished() -> None:
    """Wait for what is still under way; the server calls it before it closes the ledger."""
    while _under_way:
        await asyncio.wait(set(_under_way))
