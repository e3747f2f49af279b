"""Files of the ledger for whoever may have them: made in the background, fetched by whoever asked, gone in a day.

An export of ten million records takes minutes; the page can be left meanwhile. The record of the export is written
before the file has its name (`audit.exports.writing`), so a file that can be fetched was recorded. State lies in the
folder alone: every process sees it, and a restart loses nothing but what was under way.

Kept true: a file is found only below the folder of the person who asked for it, and readable by the service alone.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from audit import Filters, LedgerError

_log = logging.getLogger(__name__)
KEPT_SECONDS: Final = 24 * 3600
STALE_SECONDS: Final = 6 * 3600
ENDINGS: Final = {"bundle": "zip", "csv": "csv", "jsonl": "jsonl"}
TYPES: Final = {"zip": "application/zip", "csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
_NAME: Final = re.compile(r"(?P<at>\d{10})-[0-9a-f]{16}\.(zip|csv|jsonl)(?P<state>|\.wartet|\.fehler)")
State = Literal["running", "ready", "failed"]


class Exports(Protocol):
    """The ledger, as far as records are taken along (`audit.Ledger`)."""

    def export(self, path: Path, form: str = "bundle", filters: Filters | None = None, *, purpose: str = "",
               via: str = "", subject: str | None = None) -> int:
        """Write records to a file."""
        ...


@dataclass(frozen=True, slots=True)
class Takeout:
    """One file: its name in addresses, since when it is being made (second since 1970), and how it stands."""

    name: str
    at: int
    state: State
    size: int
    path: Path

    @property
    def ending(self) -> str:
        """What kind of file it is."""
        return self.name.rpartition(".")[2]


class Takeouts:
    """Makes and finds files. `begin` returns at once; everything else is quick and blocks."""

    def __init__(self, folder: Path, ledger: Exports) -> None:
        self._folder, self._ledger = folder, ledger

    def begin(self, person_id: str, form: str, filters: Filters | None, purpose: str, *, patience: float = 3.0) -> str:
        """Begin to make a file; return its name when it is done or patience is over."""
        place = self._of(person_id)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._tidy()
        path = place / f"{int(time.time())}-{secrets.token_hex(8)}.{ENDINGS[form]}"
        waiting = path.with_name(path.name + ".wartet")
        waiting.touch(mode=0o600)

        def make() -> None:
            try:
                self._ledger.export(path, form, filters, purpose=purpose, via="web", subject=person_id)
            except (LedgerError, OSError) as error:
                _log.error("an export could not be made: %s", type(error).__name__)
                with suppress(OSError):
                    waiting.rename(path.with_name(path.name + ".fehler"))
            else:
                waiting.unlink(missing_ok=True)
        thread = threading.Thread(target=copy_context().run, args=(make,), name="takeout", daemon=True)
        thread.start()
        thread.join(patience)
        return path.name

    def every(self, person_id: str) -> list[Takeout]:
        """Return the files of a person, the newest first."""
        return sorted(self._found(self._of(person_id)), key=lambda one: one.name, reverse=True)

    def get(self, person_id: str, name: str) -> Takeout | None:
        """Return one file of this person."""
        return next((one for one in self.every(person_id) if one.name == name), None)

    def _of(self, person_id: str) -> Path:
        if not person_id.isalnum():
            raise ValueError("not an id of a person")
        return self._folder / person_id

    def _found(self, place: Path) -> Iterator[Takeout]:
        now = time.time()
        names = {path.name: path for path in place.iterdir()} if place.is_dir() else {}
        for name, path in names.items():
            match = _NAME.fullmatch(name)
            if match is None:
                continue
            at, plain = int(match["at"]), name.removesuffix(match["state"])
            if match["state"] == "":
                if f"{plain}.wartet" not in names:
                    with suppress(OSError):
                        yield Takeout(plain, at, "ready", path.stat().st_size, path)
            elif match["state"] == ".fehler" or now - at > STALE_SECONDS:
                yield Takeout(plain, at, "failed", 0, path)
            else:
                yield Takeout(plain, at, "running", 0, path)

    def _tidy(self) -> None:
        """Delete what is older than a day, of everybody."""
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                    path.unlink()
