"""What was decided about texts that come back: conversations return whole with every turn.

Two memories, both bounded, least recently used first out. A request with exactly the same texts finds its whole
`Inspection`; a conversation that has grown or was edited finds `Notes` on each text that it still has. Keys are digests
under a random key of this process; what is held are offsets, kinds, counts and hashes, never content.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Generic, TypeVar

import orjson

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

    def digest(self, passages: Sequence[Passage]) -> bytes:
        """Return the key of a request's texts: different texts, labels or cuts never share one."""
        listed = [[passage.text, passage.label] for passage in passages]
        try:
            joined = orjson.dumps(listed)
        except TypeError:  # a lone surrogate from an escape in nested JSON
            joined = json.dumps(listed).encode()
        return blake2b(joined, key=self._key, digest_size=24).digest()

    def get(self, digest: bytes) -> Inspection | None:
        """Return what is known under `digest`."""
        return self._inspections.get(digest)

    def put(self, digest: bytes, inspection: Inspection) -> None:
        """Remember `inspection` with the plans it has by now."""
        size = len(inspection.findings) + sum(inspection.counts.values()) + sum(
            len(cuts) for plan in inspection.plans.values() for cuts in plan.cuts)
        self._inspections.put(digest, inspection, size)

    def notes(self, passages: Sequence[Passage], actions: Actions) -> list[tuple[bytes, Notes]]:
        """Return notes on each text under these actions, with their keys; empty ones where nothing is known.

        Equal texts share them; different texts, labels or actions never do.
        """
        made: dict[bytes, Notes] = {}
        return [(key, self._notes.get(key) or made.setdefault(key, Notes())) for key in self._keys(passages, actions)]

    def keep(self, notes: Sequence[tuple[bytes, Notes]]) -> None:
        """Remember `notes` with what is in them by now."""
        for key, known in notes:
            self._notes.put(key, known, known.size)

    def _keys(self, passages: Sequence[Passage], actions: Actions) -> Iterator[bytes]:
        begun = blake2b(repr(actions).encode(), key=self._key, digest_size=16)
        for passage in passages:
            state = begun.copy()
            state.update(f"{len(passage.label)} {passage.label}".encode("utf-8", "surrogatepass"))
            state.update(passage.text.encode("utf-8", "surrogatepass"))
            yield state.digest()
