"""Pseudonyms: ``P-`` and 16 letters that stand for a person for one quarter.

``base32(HMAC-SHA256(K, subject))[:16]`` with a key per quarter. Records of different quarters cannot be linked once the
older key is destroyed. Not hidden from whoever holds the key *and* the list of staff: he can compute every pseudonym.
Replicas must share the folder, or one person would have several pseudonyms.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audit.signing import private_folder, read_private, write_private

_CACHE: Final = 20_000


def epoch_of(us: int) -> str:
    """Return the quarter of a moment, for example ``2026Q4`` (UTC)."""
    moment = datetime.fromtimestamp(us // 1_000_000, UTC)
    return f"{moment.year}Q{(moment.month + 2) // 3}"


class Pseudonyms:
    """Gives pseudonyms; makes the key of a quarter when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._keys: dict[str, bytes] = {}
        self._seen: dict[tuple[str, str], str] = {}

    def of(self, subject: str, epoch: str) -> str:
        """Return the pseudonym of `subject` in that quarter."""
        found = self._seen.get((epoch, subject))
        if found is None:
            digest = hmac.digest(self._key(epoch), subject.encode(), "sha256")
            found = "P-" + base64.b32encode(digest).decode()[:16]
            if len(self._seen) >= _CACHE:
                self._seen.clear()
            self._seen[epoch, subject] = found
        return found

    def every(self, subject: str) -> list[str]:
        """Return the pseudonyms of `subject` in every quarter whose key is still there."""
        return [self.of(subject, path.stem.removeprefix("pseudonym-"))
                for path in sorted(self._folder.glob("pseudonym-*.key"))]

    def _key(self, epoch: str) -> bytes:
        key = self._keys.get(epoch)
        if key is None:
            path = self._folder / f"pseudonym-{epoch}.key"
            if not path.exists():
                write_private(path, secrets.token_hex(32).encode(), replace=False)
            key = self._keys[epoch] = bytes.fromhex(read_private(path).decode())
        return key
