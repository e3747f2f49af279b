"""What reviewing keeps beside the ledger: saved views, the officer's note, what policies said at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter with a name. ``query`` is the address without its path; it holds no person and no result."""

    id: str
    person_id: str
    shared: bool
    name: str
    query: str
    at: datetime


@dataclass(frozen=True, slots=True)
class KeptNote:
    """A signed note of the ledger that somebody put here, and how many records it speaks of."""

    note: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule as it was: in words, where it is written, and what stands there."""

    words: str
    file: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class PolicyText:
    """What the policies with a digest said; ``since``: when they first came into force here."""

    digest: str
    since: datetime
    rules: Mapping[str, RuleText] = field(default_factory=dict)
