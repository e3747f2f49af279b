"""How much somebody may use: numbers per minute, day and month. Only what they are, not how they are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal

LimitedBy = Literal["person", "department", "model", "organisation"]
"""Who shares one count. ``person`` within the organisation, ``model`` over all who use it."""
LIMITED_BY: Final[tuple[LimitedBy, ...]] = ("person", "department", "model", "organisation")


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that one counter may reach; None: no limit. Days and months are those of the calendar in the office."""

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_day: int | None = None
    tokens_per_month: int | None = None
    concurrent: int | None = None
    """Requests under way at the same time, streams among them."""
    micro_euro_per_day: int | None = None
    micro_euro_per_month: int | None = None
    """Millionths of a euro: prices per million tokens come out whole."""

    def tightened(self, other: Limit) -> Limit:
        """Return the smaller number of both, each."""
        return Limit(*(_least(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is limited."""
        return self == NO_LIMIT


NO_LIMIT: Final = Limit()
Limits = Mapping[LimitedBy, Limit]
"""What holds for one request. Who is not named is not limited."""


@dataclass(frozen=True, slots=True)
class Count:
    """One counter under a name that nobody can read a person in, and the end of its day or month."""

    key: str
    value: int
    ends: datetime


@dataclass(frozen=True, slots=True)
class Used:
    """How much of one limit is used up: `what` is a field of `Limit`."""

    what: str
    used: int
    most: int
    ends: datetime | None = None
    """When it begins anew; None for requests under way."""


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
