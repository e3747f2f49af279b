"""What was read before: a conversation brings the same file with every turn.

Texts and refusals by keyed digest of the bytes, in the memory of this process only, bounded by characters and by an
hour; the least recently used goes first. Reading again what was forgotten gives the same.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from typing import Final

from gateway.files.reasons import UnreadableError

SECONDS: Final = 3600.0
_ENTRY: Final = 500
"""What an entry costs beside its text."""


class TextMemory:
    """A bounded memory. Not thread-safe: it belongs to the event loop."""

    def __init__(self, characters: int) -> None:
        self._limit, self._size = characters, 0
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[float, str | UnreadableError]] = OrderedDict()

    def digest(self, kind: str, data: bytes) -> bytes:
        """Return the key of a file that is read as `kind`."""
        state = hashlib.blake2b(kind.encode() + b"\0", key=self._key, digest_size=24)
        state.update(data)
        return state.digest()

    def get(self, digest: bytes) -> str | UnreadableError | None:
        """Return what is known."""
        known = self._kept.get(digest)
        if known is None or time.monotonic() - known[0] > SECONDS:
            return None
        self._kept.move_to_end(digest)
        return known[1]

    def put(self, digest: bytes, said: str | UnreadableError) -> None:
        """Remember it, and forget the oldest until it fits."""
        if digest in self._kept:
            self._size -= _cost(self._kept.pop(digest)[1])
        self._kept[digest] = time.monotonic(), said
        self._size += _cost(said)
        while self._size > self._limit:
            self._size -= _cost(self._kept.popitem(last=False)[1][1])


def _cost(said: str | UnreadableError) -> int:
    return _ENTRY + (len(said) if isinstance(said, str) else 0)
