"""What the benchmark computes: percentiles, the stall rule, and the CPU time and memory of a tree of processes.

Pure functions and readings of ``/proc``. Kept apart from the load generator so that they can be tested on known input:
a wrong percentile makes every figure wrong and nothing red.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

STALL = 0.2
"""Seconds. A stream is stall-free when no two neighbouring pieces of text are further apart than this."""

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all values do not exceed (nearest rank, no interpolation)."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Iterable[float]) -> float:
    """Return the median of the values that are numbers; NaN when none is."""
    ordered = sorted(value for value in values if not math.isnan(value))
    if not ordered:
        return math.nan
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def longest_gap(times: Sequence[float]) -> float:
    """Return the longest wait between two neighbouring moments; 0 when there are fewer than two."""
    return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def is_stall_free(arrivals: Sequence[float], span: float, complete: bool) -> bool:
    """Tell whether a stream ran smoothly: complete, no gap over `STALL`, and not gathered into a lump.

    `arrivals` are the moments at which text came; `span` is how long the provider takes to send it all. An answer that
    was held back and comes at once has no gap either, so the text must be spread over at least half of that time.
    """
    spread = arrivals[-1] - arrivals[0] if arrivals else 0.0
    return complete and longest_gap(arrivals) <= STALL and spread * 2 >= span


def parse_stat(line: str) -> tuple[int, float]:
    """Return the parent and the CPU seconds from a line of ``/proc/<pid>/stat``.

    All threads count, dead ones too, and children that have ended and were waited for. The command's name stands in
    brackets and may itself hold spaces and brackets, hence the search from the right.
    """
    fields = line[line.rindex(")") + 2:].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15]) / _TICK


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):  # ended between listing and reading
        return None


def _stats(proc: Path) -> dict[int, tuple[int, float]]:
    found: dict[int, tuple[int, float]] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (line := _read(entry / "stat")):
            found[int(entry.name)] = parse_stat(line)
    return found


def _tree(pid: int, stats: dict[int, tuple[int, float]]) -> set[int]:
    tree, fresh = {pid}, {pid}
    while fresh:
        fresh = {child for child, (parent, _) in stats.items() if parent in fresh} - tree
        tree |= fresh
    return tree


def cpu_seconds(pid: int, proc: Path = Path("/proc")) -> float:
    """Return the CPU seconds that a process, its threads, and its living and ended children have used so far."""
    stats = _stats(proc)
    if pid not in stats:
        raise ProcessLookupError(f"process {pid} is gone")
    return sum(stats[member][1] for member in _tree(pid, stats))


def parse_machine(stat: str) -> float:
    """Return the busy seconds of all cores since boot from ``/proc/stat``: all but idle and waiting for the disk."""
    fields = [int(field) for field in stat.splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICK


def machine_seconds() -> float:
    """Return how many CPU seconds all cores together have worked since boot."""
    return parse_machine(Path("/proc/stat").read_text())


def rss_megabytes(pid: int, proc: Path = Path("/proc")) -> float:
    """Return the resident memory of a process and its living children; pages they share count once per process."""
    total = 0
    for member in _tree(pid, _stats(proc)):
        for line in (_read(proc / str(member) / "status") or "").splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024


def filesystem(path: Path, mounts: str | None = None) -> str:
    """Return the kind of file system a path lies on: an fsync costs nothing on tmpfs and much on a disk."""
    best, kind = "", "unbekannt"
    for line in (Path("/proc/mounts").read_text() if mounts is None else mounts).splitlines():
        _, mount, name, *_ = line.split()
        if (path == Path(mount) or Path(mount) in path.parents) and len(mount) >= len(best):
            best, kind = mount, name
    return kind
