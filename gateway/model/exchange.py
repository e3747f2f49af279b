"""The states of one exchange. Each is built only from the one before, so the order is a type error to break.

``Inbound`` -> ``Admitted`` -> ``Inspected`` -> ``Released`` -> ``Redacted`` -> ``Recorded`` -> `SealedRequest`.
The pipeline builds them; `Upstream.send` accepts nothing but the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.register import RegisteredModel


@dataclass(frozen=True, slots=True)
class RedactedBody:
    """The request as the provider will see it: bytes of JSON, and what was done to it in numbers."""

    body: bytes = field(repr=False)
    counts: Mapping[tuple[str, str], int]
    """Replaced values per (entity type, action)."""


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """Ready to leave: redacted, released to exactly this model, and recorded (``receipt`` is the intent's id).

    Only `gateway.pipeline` builds one; ``tests/house`` asserts it.
    """

    dialect: str
    model: RegisteredModel
    redacted: RedactedBody
    stream: bool
    receipt: str
    request_id: str
