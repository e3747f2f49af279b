"""What the benches of the ledger share: one core, the foreign load, tables with the target beside the value."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.measure import machine_seconds
from tests.bench.report import number

CORE: Final = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0


@dataclass
class Load:
    """What others computed while something was measured, in cores; what was measured, and its wall seconds."""

    own: float = 0.0
    foreign: float = 0.0
    wall: float = 0.0


@contextlib.contextmanager
def alone() -> Iterator[Load]:
    """Measure on one core, with the settings of the interpreter that the gateway has; tell what others did meanwhile.

    Everything else of this machine may still use that core, too: then wall times are too long, and CPU times a little.
    """
    cores, threshold, interval = os.sched_getaffinity(0), gc.get_threshold(), sys.getswitchinterval()
    os.sched_setaffinity(0, {CORE})
    gc.set_threshold(50_000, 20, 100)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.001)
    load, all_, wall, own = Load(), machine_seconds(), time.perf_counter(), time.process_time()
    try:
        yield load
    finally:
        load.wall, load.own = time.perf_counter() - wall, time.process_time() - own
        load.foreign = max(0.0, machine_seconds() - all_ - load.own) / load.wall
        os.sched_setaffinity(0, cores)
        gc.unfreeze()
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)


def row(what: str, value: float, target: float, digits: int, *, least: bool = False) -> tuple[str, str, str]:
    """Return a line of a table: `least` where more is better."""
    good = value >= target if least else value <= target
    return what, number(value, digits), f"{'≥' if least else '≤'} {number(target, digits)} {'✓' if good else '✗'}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown whose columns stand below each other."""
    lines = [list(head), *map(list, rows)]
    wide = [max(len(line[n]) for line in lines) for n in range(len(head))]
    shown = ["| " + " | ".join(cell.ljust(wide[n]) for n, cell in enumerate(line)) + " |" for line in lines]
    return "\n".join([shown[0], "|" + "|".join("-" * (width + 2) for width in wide) + "|", *shown[1:]])


def machine_line(load: Load | None = None) -> str:
    """Say where was measured, and what else the machine did."""
    foreign = "" if load is None else f"; Fremdlast {number(100 * load.foreign, 0)} % eines Kerns"
    return (f"{os.cpu_count()} Kerne, gemessen auf Kern {CORE}; Linux {platform.release().split('-')[0]}, "
            f"Python {platform.python_version()}{foreign}.")
