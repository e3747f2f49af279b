"""What the detector remembers: findings by keyed digest, never a text."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import Final

from gateway.model.finding import Finding, Passage

_ENTRY_BYTES: Final = 220
_FINDING_BYTES: Final = 160


class FindingCache:
    """Findings by keyed digest, least recently used first out. The key is random and dies with the process."""

    def __init__(self, entries: int, size: int) -> None:
        self.max_entries = entries
        self.max_bytes = size
        self.bytes = 0
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def digest(self, passage: Passage) -> bytes:
        """Return the keyed digest under which the findings of `passage` are kept."""
        state = hashlib.blake2b(key=self._key, digest_size=16)
        state.update(passage.label.encode("utf-8", "surrogatepass"))
        state.update(b"\0")
        state.update(passage.text.encode("utf-8", "surrogatepass"))
        return state.digest()

    def get(self, digest: bytes) -> tuple[Finding, ...] | None:
        """Return what is known."""
        found = self._kept.get(digest)
        if found is not None:
            self._kept.move_to_end(digest)
        return found

    def put(self, digest: bytes, findings: tuple[Finding, ...]) -> None:
        """Keep the findings, and forget the oldest until both bounds hold."""
        if digest in self._kept or not self.max_entries:
            return
        self._kept[digest] = findings
        self.bytes += _size(findings)
        while self._kept and (len(self._kept) > self.max_entries or self.bytes > self.max_bytes):
            _, dropped = self._kept.popitem(last=False)
            self.bytes -= _size(dropped)


def _size(findings: tuple[Finding, ...]) -> int:
    return _ENTRY_BYTES + _FINDING_BYTES * len(findings)
