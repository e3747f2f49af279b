"""Several processes behind one port: whoever is asked for the metrics answers for all of them.

Each process counts for itself and writes what it counted into a folder of the supervisor every two seconds. The one
that Prometheus happens to reach adds what the others wrote; every sample says by ``worker`` whose it is. A process that
dies takes its numbers along, and the one that follows it begins again at zero under the same number: exactly what
Prometheus expects of a process that was restarted. Summing over the processes is left to Prometheus.

What it keeps true: there are never more numbers than processes, and none speaks for a process that is dead.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Self

FOLDER: Final = "PFORTE_WORKERS_FOLDER"
"""Where the supervisor names the folder to its processes. No setting: nobody else is to set it."""
EVERY: Final = 2.0
_PATIENCE: Final = 50
"""How often a process looks for a free number; the one before it may just be dying."""
_log = logging.getLogger(__name__)
_WRITTEN: Final = re.compile(r"(\d+)-(\d+)\.prom")


class Workers:
    """The numbers of this process among those of all."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._number, self._lock = self._claim()

    @classmethod
    def of_environment(cls, count: int) -> Self | None:
        """Return it where a supervisor started this process beside others."""
        folder = os.environ.get(FOLDER)
        return cls(Path(folder), count) if folder else None

    def _claim(self) -> tuple[int, int]:
        """Take the first number that no living process has; it is held by a lock that ends with the process."""
        import fcntl  # here: a machine without it serves with one process
        for _ in range(_PATIENCE):
            for number in range(self._count):
                lock = os.open(self._folder / f"{number}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    os.close(lock)
                    continue
                for left in self._folder.glob(f"{number}-*.prom"):
                    left.unlink(missing_ok=True)
                return number, lock
            time.sleep(0.1)
        raise RuntimeError("more processes than numbers")

    def close(self) -> None:
        """Give the number back."""
        self._path.unlink(missing_ok=True)
        os.close(self._lock)

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number}-{os.getpid()}.prom"

    def publish(self, own: bytes) -> None:
        """Write down what this process counted, whole before anybody reads it."""
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(own)
        fresh.replace(self._path)

    async def follow(self, render: Callable[[], bytes]) -> None:
        """Write every two seconds until cancelled; a full disk costs the numbers of this process, nothing else."""
        while True:
            try:
                self.publish(render())
            except OSError as error:
                _log.warning("the metrics of this process cannot be shown to the others: %s", type(error).__name__)
            await asyncio.sleep(EVERY)

    def together(self, own: bytes) -> bytes:
        """Return the metrics of all living processes."""
        texts = {self._number: own.decode()}
        for path in self._folder.glob("*.prom"):
            named = _WRITTEN.fullmatch(path.name)
            if named and int(named[1]) != self._number and _lives(int(named[2])):
                try:
                    texts[int(named[1])] = path.read_text("utf-8")
                except FileNotFoundError:
                    continue  # it has just ended
        return merged(texts).encode()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):  # there is none, or by now it is somebody else's
        return False
    return True


def merged(texts: Mapping[int, str]) -> str:
    """Put the samples of several processes under one head per metric, each with the number of its process."""
    families: dict[str, list[str]] = {}
    for number, text in sorted(texts.items()):
        family: list[str] = []
        for line in text.split("\n"):  # and not at what else ends a line: a label may hold it
            if line.startswith("# HELP "):
                family = families.setdefault(line, [])
            elif line.startswith("# TYPE "):
                if line not in family:
                    family.append(line)
            elif line:
                family.append(_labelled(line, number))
    return "".join(f"{head}\n" + "".join(f"{line}\n" for line in lines) for head, lines in families.items())


def _labelled(sample: str, number: int) -> str:
    """A sample is a name, labels in braces or none, a blank and a number; a name has neither brace nor blank."""
    end = min(at for at in (sample.find("{"), sample.find(" ")) if at >= 0)
    if sample[end] == " ":
        return f'{sample[:end]}{{worker="{number}"}}{sample[end:]}'
    return f'{sample[:end]}{{worker="{number}",{sample[end + 1:]}'
