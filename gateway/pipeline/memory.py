"""What was decided about texts that come back: conversations return whole with every turn.

Two memories, both bounded, least recently used first out. A request with exactly the same texts finds its whole
`Inspection`; a conversation that has grown or was edited finds `Notes` on each text that it still has. Keys are digests
under a random key of this process; what is held are offsets, kinds, counts and hashes, never content.
"""

from __future__ import annotations

import os
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Generic, TypeVar

from gateway.model.decision import Action
from gateway.model.finding import Finding, Passage
from gateway.redaction.notes import Notes
from gateway.redaction.redact import Plan

Kept = TypeVar("Kept")
Actions = tuple[tuple[str, Action], ...]
"""What is to be done with which kind of finding, in a fixed order."""


@dataclass(slots=True)
class Inspection:
    """What was found in a request: findings per slot, their number per kind, and the plans made from them."""

    findings: Sequence[Sequence[Finding]]
    counts: Mapping[str, int]
    plans: dict[Actions, Plan] = field(default_factory=dict)


def count(findings: Sequence[Sequence[Finding]]) -> Counter[str]:
    """Return how many findings there are of each kind."""
    return Counter(f.entity for found in findings for f in found)


class _Bounded(Generic[Kept]):
    """What was used last, up to a number of entries and a total of sizes."""

    def __init__(self, entries: int, size: int) -> None:
        self._entries, self._limit, self._size = entries, size, 0
        self._kept: OrderedDict[bytes, tuple[Kept, int]] = OrderedDict()

    def get(self, key: bytes) -> Kept | None:
        known = self._kept.get(key)
        if known is None:
            return None
        self._kept.move_to_end(key)
        return known[0]

    def put(self, key: bytes, kept: Kept, size: int) -> None:
        """Keep it with the size that it has by now; what is too large for all is not kept."""
        if before := self._kept.pop(key, None):
            self._size -= before[1]
        if size > self._limit:
            return
        self._kept[key] = kept, size
        self._size += size
        while len(self._kept) > self._entries or self._size > self._limit:
            self._size -= self._kept.popitem(last=False)[1][1]


class InspectionMemory:
    """A bounded memory of inspections and notes. Not thread-safe: it belongs to the event loop.

    Sizes are counted in spans, which take some 200 bytes each.
    """

    def __init__(self, entries: int = 1024, spans: int = 200_000) -> None:
        self._key = os.urandom(32)
        self._inspections: _Bounded[Inspection] = _Bounded(entries, spans)
        self._notes: _Bounded[Notes] = _Bounded(spans, spans)

    def digests(self, passages: Sequence[Passage]) -> list[bytes]:
        """Return a key for each text: different texts or labels never share one."""
        key = self._key
        return [blake2b(f"{len(p.label)} {p.label}{p.text}".encode("utf-8", "surrogatepass"), key=key,
                        digest_size=16).digest() for p in passages]

    def get(self, digests: Sequence[bytes]) -> Inspection | None:
        """Return what is known about a request of these texts, in this order."""
        return self._inspections.get(self._whole(digests))

    def put(self, digests: Sequence[bytes], inspection: Inspection) -> None:
        """Remember `inspection` with the plans it has by now."""
        size = len(inspection.findings) + sum(inspection.counts.values()) + sum(
            len(cuts) for plan in inspection.plans.values() for cuts in plan.cuts)
        self._inspections.put(self._whole(digests), inspection, size)

    def notes(self, digests: Sequence[bytes], actions: Actions) -> list[Notes]:
        """Return notes on each text under these actions, empty ones where nothing is known; equal texts share them."""
        made: dict[bytes, Notes] = {}
        return [self._notes.get(key) or made.setdefault(key, Notes()) for key in self._tagged(digests, actions)]

    def keep(self, digests: Sequence[bytes], actions: Actions, notes: Sequence[Notes]) -> None:
        """Remember `notes` with what is in them by now."""
        for key, known in zip(self._tagged(digests, actions), notes, strict=True):
            self._notes.put(key, known, known.size)

    def _tagged(self, digests: Sequence[bytes], actions: Actions) -> list[bytes]:
        tag = blake2b(repr(actions).encode(), key=self._key, digest_size=8).digest()
        return [digest + tag for digest in digests]

    def _whole(self, digests: Sequence[bytes]) -> bytes:
        return blake2b(b"".join(digests), key=self._key, digest_size=24).digest()
