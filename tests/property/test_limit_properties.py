"""Whatever people do at the same time: never more than a limit, and in the end what was used is what is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.limits.memory import MemoryCounts
from gateway.limits.periods import PERIODS
from gateway.model.limits import LIMITED_BY, Limit, Limits
from gateway.model.register import Prices
from gateway.ports import Ticket
from tests.support.counted import NOON, CountingTown, clerk, model

PEOPLE = [clerk("a"), clerk("b"), clerk("c", "it")]
MODELS = [model("one", Prices(3_000_000, 5_000_000)), model("two", Prices(0, 0)), model("three")]
LIMITS = st.builds(Limit, *(st.none() | st.integers(0, most) for most in (12, 9, 900, 2000, 4, 4000, 9000)))
TOKENS = st.tuples(st.integers(0, 200), st.integers(0, 200))
ENTER = st.tuples(st.just("enter"), st.integers(0, 2), st.integers(0, 2), TOKENS)
OTHERS = st.tuples(st.sampled_from(["settle", "close", "move"]), st.integers(0, 20), st.integers(0, 2), TOKENS)


@dataclass
class Office:
    """The limits of an office, and what its people do."""

    limits: dict[str, Limit]
    town: CountingTown = field(default_factory=CountingTown)
    tickets: list[Ticket] = field(default_factory=list)
    open_: set[int] = field(default_factory=set)

    def rules(self) -> Limits:
        return {by: self.limits[by] for by in LIMITED_BY if by in self.limits}

    async def do(self, kind: str, who: int, which: int, tokens: tuple[int, int]) -> None:
        if kind == "enter":
            try:
                ticket = await self.town.limiter.enter(PEOPLE[who], MODELS[which], self.rules(), *tokens, NOON)
            except GatewayError:
                return
            self.open_.add(len(self.tickets))
            self.tickets.append(ticket)
        elif self.tickets:
            number = who % len(self.tickets)
            if kind == "move" and number in self.open_:
                try:
                    await self.tickets[number].moved(MODELS[which], self.rules())
                except GatewayError:
                    return
            elif kind != "move":
                self.open_.discard(number)
                await (self.tickets[number].settle(*tokens) if kind == "settle" else self.tickets[number].close())

    def counters(self) -> dict[tuple[str, str, str], int]:
        """What stands where, by name."""
        found = {}
        names = {"person": ["a", "b", "c"], "department": ["bauamt", "it"], "model": ["one", "two", "three"],
                 "organisation": [""]}
        values = vars(self.town.counts)["_values"]
        for by, limit in self.rules().items():
            for name in names[by]:
                for counter in self.town.books.counters(by, name, limit, NOON):
                    found[by, name, counter.what] = values[counter.key].value if counter.key in values else 0
        return found

    def standing(self) -> Counter[str]:
        return Counter({key: len(holders) for key, holders in vars(self.town.counts)["_places"].items()})


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(LIMITED_BY), LIMITS, min_size=1),
       st.lists(st.lists(ENTER | OTHERS, min_size=1, max_size=6), max_size=12))
def test_reservations_never_exceed_a_limit_and_nothing_remains_of_what_was_not_used(
        limits: dict[str, Limit], rounds: list[list[tuple[str, int, int, tuple[int, int]]]]) -> None:
    async def run() -> None:
        office = Office(limits)
        for deeds in rounds:
            before = office.counters()
            await asyncio.gather(*(office.do(*deed) for deed in deeds))
            if not any(kind == "settle" for kind, *_ in deeds):
                for key, value in office.counters().items():
                    most = getattr(limits[key[0]], key[2])
                    assert value <= max(most, before[key]), key
            for number in office.standing().values():
                assert number <= max((limit.concurrent or 0) for limit in limits.values())
        for ticket in office.tickets:
            await ticket.close()
        assert not office.standing()
        assert office.town.limiter.inside == {}
    asyncio.run(run())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), TOKENS, st.none() | TOKENS), max_size=25))
def test_in_the_end_exactly_what_was_used_is_counted(
        requests: list[tuple[int, int, tuple[int, int], tuple[int, int] | None]]) -> None:
    """Each request: who, which model, expected tokens, used tokens (None: nobody answered)."""
    plenty = Limit(*[10**9] * 7)
    office = Office(dict.fromkeys(LIMITED_BY, plenty))

    async def one(who: int, which: int, expected: tuple[int, int], used: tuple[int, int] | None) -> None:
        ticket = await office.town.limiter.enter(PEOPLE[who], MODELS[which], office.rules(), *expected, NOON)
        await asyncio.sleep(0)
        await (ticket.close() if used is None else ticket.settle(*used))

    async def run() -> None:
        await asyncio.gather(*(one(*request) for request in requests))
    asyncio.run(run())
    wanted: Counter[tuple[str, str, str]] = Counter()
    for who, which, _, used in requests:
        person, target = PEOPLE[who], MODELS[which]
        for by, name in (("person", person.subject), ("department", person.department), ("model", target.id),
                         ("organisation", "")):
            wanted[by, name, "requests_per_minute"] += 1
            if used is not None:
                cost = target.prices.cost(*used) if target.prices else 0
                wanted[by, name, "requests_per_day"] += 1
                for what, amount in (("tokens", sum(used)), ("micro_euro", cost)):
                    wanted[by, name, f"{what}_per_day"] += amount
                    wanted[by, name, f"{what}_per_month"] += amount
    assert {key: value for key, value in office.counters().items() if value} == +wanted
    assert isinstance(office.town.counts, MemoryCounts)
    totals = sum(change.value for change in office.town.counts.changes())
    assert totals == sum(value for key, value in wanted.items() if PERIODS[key[2]] != "minute")
