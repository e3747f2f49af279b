"""What was decided about a request that comes back with the same texts: conversations return whole with every turn.

Keyed by a digest of all texts under a random key of this process; holds findings and plans, which are offsets and
kinds, never content. Bounded by entries and by the spans they hold; least recently used goes first.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from gateway.model.decision import Action
from gateway.model.finding import Finding, Passage
from gateway.redaction.redact import Plan


@dataclass(slots=True)
class Inspection:
    """What was found in a request: findings per slot, their number per kind, and the plans made from them."""

    findings: Sequence[Sequence[Finding]]
    counts: Mapping[str, int]
    plans: dict[tuple[tuple[str, Action], ...], Plan] = field(default_factory=dict)


def count(findings: Sequence[Sequence[Finding]]) -> Counter[str]:
    """Return how many findings there are of each kind."""
    return Counter(f.entity for found in findings for f in found)


class InspectionMemory:
    """A bounded memory of inspections. Not thread-safe: it belongs to the event loop."""

    def __init__(self, entries: int = 1024, spans: int = 200_000) -> None:
        self._entries, self._limit = entries, spans
        self._spans = 0
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, tuple[Inspection, int]] = OrderedDict()

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
        known = self._known.get(digest)
        if known is None:
            return None
        self._known.move_to_end(digest)
        return known[0]

    def put(self, digest: bytes, inspection: Inspection) -> None:
        """Remember `inspection` with the plans it has by now; one that is too large for all is not kept."""
        if before := self._known.pop(digest, None):
            self._spans -= before[1]
        size = len(inspection.findings) + sum(inspection.counts.values()) + sum(
            len(cuts) for plan in inspection.plans.values() for cuts in plan.cuts)
        if size > self._limit:
            return
        self._known[digest] = inspection, size
        self._spans += size
        while len(self._known) > self._entries or self._spans > self._limit:
            self._spans -= self._known.popitem(last=False)[1][1]
