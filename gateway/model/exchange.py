"""The states of one exchange: what leaves can only be built from what must have happened before.

A `SealedRequest` needs a `ReleaseDecision` (policy looked at what was found), a `RedactedBody` (made by redaction) and
a `Receipt` (the intent is durable). `Upstream.send` accepts nothing else; ``tests/house`` asserts that only
`gateway.pipeline` seals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.decision import ReleaseDecision
from gateway.model.register import RegisteredModel


@dataclass(frozen=True, slots=True)
class RedactedBody:
    """The request as the provider will see it: its bytes, and what was done to it in numbers."""

    body: bytes = field(repr=False)
    counts: Mapping[tuple[str, str], int]
    """Replaced values per (entity type, action)."""
    media: str = "application/json"
    """Media type of the bytes: JSON, or a form."""

    @property
    def per_entity(self) -> list[tuple[str, int]]:
        """How many values of each kind were replaced, whatever by."""
        found: Counter[str] = Counter()
        for (entity, _), number in self.counts.items():
            found[entity] += number
        return sorted(found.items())


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a record is durable: its id in the ledger."""

    record_id: str


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """Ready to leave: redacted, released to exactly one model, and recorded."""

    dialect: str
    release: ReleaseDecision
    redacted: RedactedBody
    stream: bool
    receipt: Receipt
    """Of the intent."""
    request_id: str

    @property
    def model(self) -> RegisteredModel:
        """The model that policy released the request to."""
        assert self.release.model is not None, "only a release with a model is sealed"
        return self.release.model
