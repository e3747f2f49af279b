"""Disks that run full: a real one of a few megabytes where we may mount, else a limit on the files of one process.

A mounted disk says "no space left" as a real one does. A limit (``RLIMIT_FSIZE`` of nothing, set from outside on a
process that runs) needs no rights: from then on no byte can be added to any of its files.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of this size over `folder` and yield it; skip where nobody lets us."""
    folder.mkdir(exist_ok=True)
    size = f"size={megabytes}m"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a disk of its own cannot be mounted here (that needs root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no byte free on the disk of `folder` while the block runs."""
    ballast = folder / "ballast"
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for size in (65_536, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    os.write(handle, bytes(size))
        yield
    finally:
        os.close(handle)
        ballast.unlink()


@contextlib.contextmanager
def no_room(pid: int) -> Iterator[None]:
    """Let the process `pid` add nothing to any file while the block runs."""
    _, hard = before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
