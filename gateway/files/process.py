"""Runs one locked process (`gateway.files.worker`): bytes in, bytes out, an end in time.

Whatever happens, cancellation included, the process and all that it started are gone when `run` returns. Nothing is
written to disk, and standard error is not read: it might quote the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.files.reasons import UNLOCKED, UnreadableError, unavailable

_ROOT: Final = str(Path(__file__).parents[2])
_START: Final = ("import sys; sys.path[:0] = [sys.argv[1]]; from gateway.files.worker import main; "
                 "main(sys.argv[2:])")
_ENVIRONMENT: Final = {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8",
                       "PYTHONDONTWRITEBYTECODE": "1"}
MOST_OUT: Final = 64 << 20
_PIECE: Final = 1 << 16
_ENDS: Final = {-signal.SIGXCPU: "slow", -signal.SIGKILL: "memory"}


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one process may use."""

    memory: int
    seconds: int


async def run(task: str, arguments: Sequence[str], data: bytes, allowed: Allowed,
              environment: dict[str, str] | None = None) -> bytes:
    """Return what the process said. Raises `UnreadableError`, or ``pruefung_nicht_verfuegbar`` if it cannot begin."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _START, _ROOT, task, str(allowed.memory), str(allowed.seconds), *arguments,
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**_ENVIRONMENT, **(environment or {})}, cwd="/",
            start_new_session=True)
    except OSError as error:
        raise unavailable(f"process: {error.strerror}") from None
    listening, telling = asyncio.ensure_future(_listen(process)), asyncio.ensure_future(_tell(process, data))
    try:
        async with asyncio.timeout(allowed.seconds * 2):  # the processor may be busy with others
            said = await listening
            ended = await process.wait()
    except TimeoutError:
        raise UnreadableError("slow") from None
    finally:
        await _end(process, listening, telling)
    if ended == UNLOCKED:
        raise unavailable("limits")
    if ended != 0:
        raise UnreadableError(_ENDS.get(ended, "broken"))
    return said


async def _tell(process: Process, data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError):  # it has seen enough
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _listen(process: Process) -> bytes:
    assert process.stdout is not None
    said = bytearray()
    while piece := await process.stdout.read(_PIECE):
        said += piece
        if len(said) > MOST_OUT:
            raise UnreadableError("memory")
    return bytes(said)


async def _end(process: Process, *tasks: asyncio.Future[Any]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert process.stdout is not None
    while await process.stdout.read(_PIECE):  # what it still said; a pipe that nobody empties never closes
        pass
    await process.wait()
