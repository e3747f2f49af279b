"""The porter who counts (implements `gateway.ports.Limiter`): lets a request in or not, and settles what it used.

What it keeps true: a request takes everything it needs at once or nothing; what it took is corrected to what it really
used, or given back, exactly once, whoever is cancelled meanwhile; one request counts once, however many models were
tried. A request that no model answered counts among those of its minute only, so a client's own second try after a
failure is no second request. (What clients say about themselves, ``X-Stainless-Retry-Count``, decides nothing: anybody
can write it.)

Not known here: what an answer is. Whoever relays it says what was used.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from gateway.limits import words
from gateway.limits.counting import AwayError, Books, Counter, Counts, Place, Standing, Take, amounts_of
from gateway.limits.periods import PERIODS
from gateway.model.limits import Count, Limit, Limits, Used
from gateway.model.principal import Principal
from gateway.model.register import RegisteredModel
from gateway.pipeline.finishing import finish
from gateway.ports import Clock, Metrics

_log = logging.getLogger(__name__)
NEAR: Final = 80
"""Percent of a day's or month's limit from which on people are told."""


class CountingLimiter:
    """One instance serves all requests of a process."""

    def __init__(self, counts: Counts, books: Books, clock: Clock, metrics: Metrics,
                 contact: Callable[[], str]) -> None:
        self.counts, self.books, self.clock = counts, books, clock
        self.metrics, self.contact = metrics, contact
        self.inside: dict[str, tuple[Place, ...]] = {}
        """Who stands where, for `renew`."""

    async def enter(self, principal: Principal, model: RegisteredModel, limits: Limits, tokens_in: int,
                    tokens_out: int, now: datetime) -> CountedTicket:
        """See `gateway.ports.Limiter.enter`."""
        ticket = CountedTicket(self, principal, now)
        if limits:
            try:
                await finish(ticket.take(model, limits, (tokens_in, tokens_out)))
            except asyncio.CancelledError:
                await finish(ticket.close())
                raise
        else:
            ticket.unlimited(model)
        return ticket

    async def renew(self) -> None:
        """Give a sign of life for everybody who is inside."""
        if self.inside:
            await self.counts.renew(dict(self.inside), self.clock.now())

    async def own(self, principal: Principal, limit: Limit) -> list[Used]:
        """Return what the person who asks has used of their own limits. Raises `AwayError`."""
        now = self.clock.now()
        counters = self.books.counters("person", principal.subject, limit, now)
        values = await self.counts.read([counter.key for counter in counters], now)
        used = [Used(counter.what, value, counter.most, counter.ends)
                for counter, value in zip(counters, values, strict=True)]
        if limit.concurrent is not None:
            place = self.books.place("person", principal.subject, limit.concurrent, now)
            used.append(Used("concurrent", (await self.counts.standing([place], now))[0], limit.concurrent))
        return used


class CountedTicket:
    """Implements `gateway.ports.Ticket`."""

    def __init__(self, limiter: CountingLimiter, principal: Principal, now: datetime) -> None:
        self.notice = ""
        self._limiter, self._principal, self._now = limiter, principal, now
        self._id = secrets.token_hex(8)
        self._model: RegisteredModel | None = None
        self._tokens = (0, 0)
        self._held = Take()
        self._turn = asyncio.Lock()
        self._ended = False

    def unlimited(self, model: RegisteredModel) -> None:
        """Hold nothing."""
        self._model = model

    async def take(self, model: RegisteredModel, limits: Limits, tokens: tuple[int, int]) -> None:
        """Take what a request to this model needs, and give back what it needs no longer."""
        async with self._turn:
            limiter, now = self._limiter, self._limiter.clock.now()
            wanted = limiter.books.take(self._principal, model, limits, tokens, self._now)
            await self._take_more(wanted, model, now)
            stays = {place.key for place in wanted.places}
            leaving = tuple(place for place in self._held.places if place.key not in stays)
            await self._book(wanted.amounts, leaving, downwards=True)
            self._model, self._tokens, self._held = model, tokens, wanted
            if wanted.places:
                limiter.inside[self._id] = wanted.places

    async def _take_more(self, wanted: Take, model: RegisteredModel, now: datetime) -> None:
        """Take what is wanted beyond what is held. Raises ``limit_erreicht`` and ``budget_erschoepft``."""
        held = {counter.key: number for counter, number in self._held.amounts.items()}
        stands = {place.key for place in self._held.places}
        more = Take({counter: max(0, number - held.get(counter.key, 0))
                     for counter, number in wanted.amounts.items() if counter.ends > now},
                    tuple(place for place in wanted.places if place.key not in stands))
        if not more.amounts and not more.places:
            return
        try:
            standing = await self._limiter.counts.take(more, self._id, now)
        except AwayError:
            raise words.uncounted() from None
        if not standing.granted:
            raise self._refused(more, standing, model, now)
        if self._model is None:
            self.notice = self._near(more, standing)

    async def moved(self, model: RegisteredModel, limits: Limits) -> None:
        """See `gateway.ports.Ticket.moved`."""
        if self._model is not None and model.id == self._model.id:
            return
        await finish(self.take(model, limits, self._tokens))

    async def settle(self, tokens_in: int, tokens_out: int) -> None:
        """See `gateway.ports.Ticket.settle`."""
        await finish(self._end((tokens_in, tokens_out)))

    async def close(self) -> None:
        """See `gateway.ports.Ticket.close`."""
        if not self._ended:
            await finish(self._end(None))

    async def _end(self, tokens: tuple[int, int] | None) -> None:
        async with self._turn:
            if self._ended:
                return
            self._ended = True
            self._limiter.inside.pop(self._id, None)
            try:
                await self._book(self._used(tokens), self._held.places)
            except Exception:  # noqa: BLE001  (the answer is out; a count that went wrong must not take it back)
                _log.exception("what a request used could not be counted")

    def _used(self, tokens: tuple[int, int] | None) -> Mapping[Counter, int]:
        """Return what is to stand on the counters in the end."""
        model, limiter = self._model, self._limiter
        if tokens is None or model is None:
            return {counter: number for counter, number in self._held.amounts.items()
                    if counter.what == "requests_per_minute"}
        if model.prices:
            limiter.metrics.cost(model.id, model.prices.cost(*tokens))
        uses = amounts_of(model, tokens)
        return {counter: uses[counter.what] for counter in self._held.amounts}

    async def _book(self, amounts: Mapping[Counter, int], leaving: tuple[Place, ...], *,
                    downwards: bool = False) -> None:
        """Bring what is held to `amounts`; with `downwards` only what became less (the rest was taken)."""
        wanted = {counter.key: number for counter, number in amounts.items()}
        changes = {c.key: Count(c.key, wanted.pop(c.key, 0) - number, c.ends)
                   for c, number in self._held.amounts.items()}
        ends = {counter.key: counter.ends for counter in amounts}
        changes |= {key: Count(key, number, ends[key]) for key, number in wanted.items()}
        moved = [c for c in changes.values() if c.value < 0 or (c.value and not downwards)]
        if moved or leaving:
            await self._limiter.counts.book(moved, leaving, self._id, self._limiter.clock.now())

    def _refused(self, wanted: Take, standing: Standing, model: RegisteredModel, now: datetime) -> Exception:
        """Return the error for the limit that lasts longest: whoever waits for it has waited for all."""
        contact = self._limiter.contact()
        full = [c for (c, number), value in zip(wanted.amounts.items(), standing.counted, strict=True)
                if number and value + number > c.most]
        if full:
            last = max(full, key=lambda counter: counter.ends)
            self._limiter.metrics.limit_refused(last.by, last.what)
            return words.refusal(last, model, contact, now)
        crowd = next(place for place, number in zip(wanted.places, standing.taken, strict=True) if number >= place.most)
        self._limiter.metrics.limit_refused(crowd.by, "concurrent")
        return words.crowded(crowd, model, contact)

    def _near(self, wanted: Take, standing: Standing) -> str:
        near = [(100 * (value + number) // counter.most, counter)
                for (counter, number), value in zip(wanted.amounts.items(), standing.counted, strict=True)
                if PERIODS[counter.what] != "minute" and 100 * (value + number) >= NEAR * counter.most]
        for _, counter in near:
            self._limiter.metrics.limit_near(counter.by, counter.what)
        return words.near(max(near, key=lambda one: one[0])[1]) if near else ""
