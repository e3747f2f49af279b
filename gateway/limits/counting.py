"""What is counted and where: one counter per person (department, model, organisation) and kind of limit.

`Books` turns a request into what it takes (`Take`): amounts from counters of a minute, day or month, and places among
the requests under way. A storage (`Counts`) grants all of it or nothing, in one step that no other comes between:
never is more granted than there is. What is given back, or was more than expected, is booked without a question.

Not known here: what a limit means to people, and who is asked when it is reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.limits.periods import PERIODS, day_before, stretch
from gateway.model.limits import Count, Limit, LimitedBy, Limits
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel

LEASE: Final = timedelta(seconds=60)
"""How long a place stays taken after the last sign of life of the process that took it."""


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """One counter of a minute, day or month; `most` is the limit that holds for this request. Known by its `key`."""

    key: str
    by: LimitedBy
    what: str
    most: int
    ends: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A place among the requests under way; `before` is where those stand that began yesterday."""

    key: str
    before: str
    by: LimitedBy
    most: int


@dataclass(frozen=True, slots=True)
class Take:
    """What one request takes."""

    amounts: Mapping[Counter, int] = field(default_factory=dict)
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a storage says: whether all was granted, and how full everything was *before*, in the order asked."""

    granted: bool
    counted: tuple[int, ...]
    taken: tuple[int, ...]


class AwayError(Exception):
    """The storage does not answer."""


class Counts(Protocol):
    """A storage of counters. Each method may raise `AwayError`."""

    async def take(self, wanted: Take, holder: str, now: datetime) -> Standing:
        """Take all of it for `holder`, or nothing."""
        ...

    async def book(self, changes: Sequence[Count], leaving: Iterable[Place], holder: str, now: datetime) -> None:
        """Add each change to its counter (never below nothing) and give places back. Asks nobody."""
        ...

    async def renew(self, held: Mapping[str, Sequence[Place]], now: datetime) -> None:
        """Say that these holders still stand where they stand."""
        ...

    async def read(self, keys: Sequence[str], now: datetime) -> list[int]:
        """Return what stands on these counters."""
        ...

    async def standing(self, places: Sequence[Place], now: datetime) -> list[int]:
        """Return how many stand on these places."""
        ...


@dataclass(frozen=True, slots=True)
class Books:
    """Names the counters. The names are keyed digests (BLAKE2b, RFC 7693): without the secret of the installation they
    say nothing."""

    secret: bytes = field(repr=False)

    def take(self, principal: Principal, model: RegisteredModel, limits: Limits, tokens: tuple[int, int],
             now: datetime) -> Take:
        """Return what a request takes that uses `tokens` (in, out) of this model."""
        uses = amounts_of(model, tokens)
        amounts: dict[Counter, int] = {}
        places: list[Place] = []
        for by, limit in limits.items():
            name = name_of(by, principal, model)
            amounts |= {counter: uses[counter.what] for counter in self.counters(by, name, limit, now)}
            if limit.concurrent is not None:
                places.append(self.place(by, name, limit.concurrent, now))
        return Take(amounts, tuple(places))

    def counters(self, by: LimitedBy, name: str, limit: Limit, now: datetime) -> list[Counter]:
        """Return the counters behind a limit, those that limit anything."""
        found = []
        for what, period in PERIODS.items():
            most = getattr(limit, what)
            if period != "now" and most is not None:
                here = stretch(period, now)
                found.append(Counter(self.key(here.name, by, name, what), by, what, most, here.ends))
        return found

    def place(self, by: LimitedBy, name: str, most: int, now: datetime) -> Place:
        """Return the place behind a limit of requests at the same time."""
        return Place(self.key(stretch("now", now).name, by, name, "concurrent"),
                     self.key(day_before(now), by, name, "concurrent"), by, most)

    def key(self, period: str, by: str, name: str, what: str) -> str:
        """Return the name of a counter: for this stretch of time, this kind of limit and this one only."""
        named = "\0".join((period, by, name, what)).encode()
        return hashlib.blake2b(named, key=self.secret, digest_size=16).hexdigest()

    @property
    def mark(self) -> str:
        """What tells apart installations with different secrets, and says nothing about the secret."""
        return hashlib.blake2b(b"which secret", key=self.secret, digest_size=8).hexdigest()


def amounts_of(model: RegisteredModel, tokens: tuple[int, int]) -> dict[str, int]:
    """Return what a request that uses `tokens` (in, out) of this model adds to each kind of counter."""
    cost = model.prices.cost(*tokens) if model.prices else 0
    return {"requests_per_minute": 1, "requests_per_day": 1, "tokens_per_day": sum(tokens),
            "tokens_per_month": sum(tokens), "micro_euro_per_day": cost, "micro_euro_per_month": cost}


def name_of(by: LimitedBy, principal: Principal, model: RegisteredModel) -> str:
    """Return whose count it is."""
    return {"person": principal.subject, "department": principal.department, "model": model.id,
            "organisation": ""}[by]
