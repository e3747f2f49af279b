"""Pseudonyms: ``P-`` and 16 letters that stand for a person for one quarter.

``base32(HMAC-SHA256(K, subject))[:16]`` with a key per quarter. Records of different quarters cannot be linked once the
older key is destroyed. Not hidden from whoever holds the key *and* the list of staff: he can compute every pseudonym.
Replicas must share the folder, or one person would have several pseudonyms.

A quarter is one of UTC, like every time in the log: it can be told from a record without a table of time zones, has no
hour twice, and is the same on every machine. What is asked in the first hour or two of a German quarter still counts
to the one before; each record names the quarter of its pseudonym, so nobody has to guess.

Kept true: no key is made for a quarter that is over. One that is gone stays gone: asking for it raises, instead of
making another under the same name.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from audit.errors import LedgerConfigError, LedgerError
from audit.record import now_us
from audit.signing import private_folder, read_private, write_private

_CACHE: Final = 20_000
_GRACE: Final = 86_400
"""A first record of a quarter may still be under way when that ends, and clocks differ."""
_EPOCH: Final = re.compile(r"([0-9]{4})Q([1-4])")


class KeyDestroyed(LedgerError):  # noqa: N818 - a state, told as such
    """The key of that quarter is gone, and with it every way from a person to a pseudonym of that time."""


def epoch_of(us: int) -> str:
    """Return the quarter of a moment, for example ``2026Q4`` (UTC)."""
    return _epoch_of_day(us // 86_400_000_000)


@lru_cache(maxsize=16)
def _epoch_of_day(day: int) -> str:
    moment = datetime.fromtimestamp(day * 86_400, UTC)
    return f"{moment.year}Q{(moment.month + 2) // 3}"


def end_of(epoch: str) -> int:
    """Return the first second after a quarter."""
    found = _EPOCH.fullmatch(epoch)
    if found is None:
        raise LedgerConfigError("Ein Quartal sieht aus wie 2026Q4.")
    year, quarter = int(found[1]), int(found[2])
    after = datetime(year + quarter // 4, quarter % 4 * 3 + 1, 1, tzinfo=UTC)
    return int(after.timestamp())


class Pseudonyms:
    """Gives pseudonyms; makes the key of the present quarter when it is first needed. Remembers one quarter only."""

    def __init__(self, folder: Path, now: Callable[[], int] = now_us) -> None:
        self._folder, self._now = private_folder(folder), now
        self._present: tuple[str, bytes] = ("", b"")
        self._seen: dict[tuple[str, str], str] = {}

    def of(self, subject: str, epoch: str) -> str:
        """Return the pseudonym of `subject` in that quarter. Raises `KeyDestroyed`."""
        found = self._seen.get((epoch, subject))
        if found is not None:
            return found
        if epoch != epoch_of(self._now()):
            return _name(self._read(epoch), subject)
        present, key = self._present
        if epoch != present:
            self._seen.clear()
            key = self._read(epoch)
            self._present = (epoch, key)
        found = _name(key, subject)
        if len(self._seen) >= _CACHE:
            self._seen.clear()
        self._seen[epoch, subject] = found
        return found

    def epochs(self) -> list[str]:
        """Return the quarters whose key is still there, the oldest first."""
        return [path.stem.removeprefix("pseudonym-") for path in sorted(self._folder.glob("pseudonym-*.key"))]

    def every(self, subject: str) -> list[str]:
        """Return the pseudonyms of `subject` in every quarter whose key is still there."""
        return [self.of(subject, epoch) for epoch in self.epochs()]

    def destroy(self, epoch: str) -> None:
        """Delete the key of a quarter: from now on nobody gets from a person to its pseudonyms of that time."""
        self._path(epoch).unlink(missing_ok=True)
        if epoch == self._present[0]:
            self._present = ("", b"")
            self._seen.clear()

    def _path(self, epoch: str) -> Path:
        return self._folder / f"pseudonym-{epoch}.key"

    def _read(self, epoch: str) -> bytes:
        path = self._path(epoch)
        if not path.exists():
            if end_of(epoch) + _GRACE <= self._now() // 1_000_000:
                raise KeyDestroyed(f"Der Schlüssel der Pseudonyme aus {epoch} ist nicht mehr da.")
            write_private(path, secrets.token_hex(32).encode(), replace=False)
        return bytes.fromhex(read_private(path).decode())


def _name(key: bytes, subject: str) -> str:
    return "P-" + base64.b32encode(hmac.digest(key, subject.encode(), "sha256")).decode()[:16]
