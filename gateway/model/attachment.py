"""A file that somebody attached to a request."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Attached:
    """Its bytes, and what the client says about it: a name and a media type, both perhaps empty or wrong."""

    kind: str
    """``file`` or ``image``, as policy knows them."""
    name: str = field(repr=False)
    media: str = field(repr=False)
    data: bytes = field(repr=False)
