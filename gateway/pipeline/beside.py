"""Work on one long text leaves the event loop, so that a large answer does not stop everybody else's.

A thread does not make it faster (the interpreter's lock is shared), it only lets the others in between. Short work
stays where it is: the way to a thread and back costs more than it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

LONG: Final = 32_000
"""Characters or bytes that are restored in about ten milliseconds where every third word is a placeholder."""


async def beside(work: Callable[[], T], size: int) -> T:
    """Return the result of `work`, done in a thread when it is about more than `LONG` characters."""
    return await asyncio.to_thread(work) if size > LONG else work()
