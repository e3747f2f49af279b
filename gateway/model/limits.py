"""How much somebody may use: numbers per minute, day and month. Only what they are, not how they are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
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


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
