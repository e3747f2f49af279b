"""Gives a program a fixed share of one core, by a control group of Linux (version 1 or 2).

So that several replicas can be measured on a machine of few cores: each has as much as on a small server of its own,
and the rest is for the database and whoever sends the load. Needs root.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD: Final = 20_000
"""Microseconds. Short, so that a program that used up its share waits only a moment."""


def available() -> bool:
    """Tell whether this process may make such groups."""
    try:
        with share(0.5):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def share(of_a_core: float, *pids: int) -> Iterator[None]:
    """Let these processes, with all their threads and children, together use this much of a core within the block.

    Raises OSError where the system does not allow it.
    """
    second = (_ROOT / "cgroup.controllers").exists()
    group = (_ROOT if second else _ROOT / "cpu") / f"ki-pforte-bench-{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    try:
        quota = int(of_a_core * _PERIOD)
        if second:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        for pid in pids:
            (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        _empty(group)


def _empty(group: Path) -> None:
    """Let everybody out and remove the group; a process that just ended leaves it a moment later."""
    parent = group.parent / "cgroup.procs"
    give_up = time.monotonic() + 10
    while True:
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                parent.write_text(pid)
        try:
            group.rmdir()
            return
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
