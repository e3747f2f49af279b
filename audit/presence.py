"""Which writers of this host are alive: each holds a lock on a file of its own, which the kernel lets go when it dies.

A new process finds the files whose lock is free: their writers were killed, and their open intents can be ended at
once. Writers on other hosts, or with another folder, cannot be seen here; for them the time rule of the reaper holds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from audit.signing import private_folder

try:
    import fcntl
except ImportError:  # pragma: no cover - not a POSIX system
    fcntl = None  # type: ignore[assignment]


class Presence:
    """The folder of lock files."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._held: dict[str, int] = {}

    def enter(self, writer: str) -> None:
        """Say that this writer lives. The lock is taken before the file gets its name, so it is never seen free."""
        if fcntl is None:
            return
        draft = self._folder / f".{writer}"
        handle = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        draft.rename(self._folder / writer)
        self._held[writer] = handle

    def leave(self, writer: str) -> None:
        """Say that this writer has stopped cleanly, or that its intents have been ended."""
        handle = self._held.pop(writer, None)
        if handle is not None:
            (self._folder / writer).unlink(missing_ok=True)
            os.close(handle)

    def claim_dead(self, left: Sequence[str] = ()) -> list[str]:
        """Return the writers that died; their files are held until `leave`, so that only one process sees to them.

        `left` are writers of whom something else is still there: without a lock file they are dead as well.
        """
        if fcntl is None:
            return []
        dead = [name for name in left if not (self._folder / name).exists()]
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith(".") or path.name in self._held:
                continue
            try:
                handle = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                continue
            self._held[path.name] = handle
            dead.append(path.name)
        return dead

    def close(self) -> None:
        """Let go of what is held but not seen to; another process will find it."""
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()
