"""How commands write into the ledger. The root command plugs the real one in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Record(Protocol):
    """Writes one record into the ledger and returns when it is durable, or raises."""

    def __call__(self, type_: str, meta: Mapping[str, Any], subject: str | None, /) -> None:
        """Write the facts `meta` (no content, no names) about the person with the opaque id `subject`."""
        ...
