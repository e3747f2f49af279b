"""The porter who counts: who is let in, what it says, and what stands on the counters afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.errors import GatewayError
from gateway.kipass.calendar import BERLIN
from gateway.limits.counting import Standing, Take
from gateway.limits.memory import MemoryCounts
from gateway.model.limits import Limit, Limits
from gateway.model.principal import Principal
from gateway.model.register import Prices
from gateway.pipeline.finishing import all_finished
from gateway.ports import Ticket
from tests.support.awaited import awaited
from tests.support.counted import NOON, CountingTown, clerk, model

MIO = 1_000_000


async def enter(town: CountingTown, limits: Limits, who: Principal | None = None, tokens: tuple[int, int] = (100, 50),
                to: str = "eu-cloud") -> Ticket:
    return await town.limiter.enter(who or clerk(), model(to), limits, *tokens, town.clock.now())


async def refused(town: CountingTown, limits: Limits, who: Principal | None = None,
                  tokens: tuple[int, int] = (100, 50), to: str = "eu-cloud") -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await enter(town, limits, who, tokens, to)
    return caught.value


async def used(town: CountingTown, limit: Limit, who: Principal | None = None) -> dict[str, int]:
    return {one.what: one.used for one in await town.limiter.own(who or clerk(), limit)}


ALL = Limit(requests_per_minute=10, requests_per_day=10, tokens_per_day=10_000, tokens_per_month=10_000,
            concurrent=10, micro_euro_per_day=MIO, micro_euro_per_month=MIO)


@awaited
async def test_what_was_reserved_becomes_what_was_used() -> None:
    town = CountingTown()
    ticket = await enter(town, {"person": ALL})
    assert await used(town, ALL) == {"requests_per_minute": 1, "requests_per_day": 1, "tokens_per_day": 150,
                                     "tokens_per_month": 150, "micro_euro_per_day": 600, "micro_euro_per_month": 600,
                                     "concurrent": 1}
    await ticket.settle(40, 10)
    await ticket.settle(9999, 9999)
    await ticket.close()
    assert await used(town, ALL) == {"requests_per_minute": 1, "requests_per_day": 1, "tokens_per_day": 50,
                                     "tokens_per_month": 50, "micro_euro_per_day": 140, "micro_euro_per_month": 140,
                                     "concurrent": 0}


@awaited
async def test_an_answer_that_was_longer_than_expected_counts_in_full() -> None:
    town = CountingTown()
    await (await enter(town, {"person": ALL})).settle(100, 20_000)
    assert (await used(town, ALL))["tokens_per_day"] == 20_100
    assert (await refused(town, {"person": ALL})).code == "budget_erschoepft"


@awaited
async def test_a_request_that_no_model_answered_counts_in_its_minute_only() -> None:
    town = CountingTown()
    ticket = await enter(town, {"person": ALL})
    await ticket.close()
    await ticket.close()
    await ticket.settle(5, 5)
    found = await used(town, ALL)
    assert found.pop("requests_per_minute") == 1
    assert set(found.values()) == {0}


@awaited
async def test_people_departments_models_and_the_organisation_are_counted_apart_and_together() -> None:
    town = CountingTown()
    limits: Limits = {"person": Limit(requests_per_day=2), "department": Limit(requests_per_day=3),
                      "model": Limit(requests_per_day=4), "organisation": Limit(requests_per_day=5)}
    for who in (clerk("a"), clerk("a"), clerk("b")):
        await enter(town, limits, who)
    assert (await refused(town, limits, clerk("a"))).hint == "person requests_per_day"
    assert "Ihres Amtes" in (await refused(town, limits, clerk("b"))).message
    await enter(town, limits, clerk("c", "sozialamt"))
    assert "„Modell eu-cloud“" in (await refused(town, limits, clerk("d", "sozialamt"))).message
    await enter(town, limits, clerk("d", "sozialamt"), to="demo")
    assert "für das ganze Haus" in (await refused(town, limits, clerk("e", "it"), to="demo")).message


@awaited
async def test_a_refused_request_leaves_nothing_on_any_counter() -> None:
    town = CountingTown()
    limits: Limits = {"person": ALL, "organisation": Limit(tokens_per_day=10)}
    await refused(town, limits)
    assert set((await used(town, ALL)).values()) == {0}


@awaited
async def test_the_refusal_says_which_limit_when_it_ends_and_whom_to_ask() -> None:
    town = CountingTown()
    await enter(town, {"person": Limit(requests_per_day=1)})
    error = await refused(town, {"person": Limit(requests_per_day=1)})
    assert error.code == "limit_erreicht"
    assert error.message == (
        "Ihre Anfrage wurde nicht gesendet: Ihre Grenze (1 Anfrage je Tag) ist erreicht. Am 23.11.2026 um 00:00 Uhr "
        "beginnt sie neu. Fragen beantwortet: IT-Service, Tel. 06000 12-111.")
    assert error.retry_after == 11 * 3600 + 59 * 60 + 30


@awaited
async def test_a_spent_budget_has_its_own_code_and_the_end_of_its_month() -> None:
    town = CountingTown()
    error = await refused(town, {"department": Limit(micro_euro_per_month=500)})
    assert error.code == "budget_erschoepft"
    assert "Die Grenze Ihres Amtes (0,00 Euro je Monat) reicht dafür nicht mehr." in error.message
    assert "Am 01.12.2026 um 00:00 Uhr" in error.message


@awaited
async def test_of_several_full_limits_the_one_that_lasts_longest_is_named() -> None:
    town = CountingTown()
    limit = Limit(requests_per_minute=1, requests_per_day=1, tokens_per_month=150)
    await enter(town, {"person": limit})
    assert "Tokens je Monat" in (await refused(town, {"person": limit})).message


@awaited
async def test_a_full_minute_ends_with_the_minute() -> None:
    town = CountingTown()
    limits: Limits = {"person": Limit(requests_per_minute=1)}
    await enter(town, limits)
    error = await refused(town, limits)
    assert (error.retry_after, "Um 12:01 Uhr geht es weiter." in error.message) == (30, True)
    town.clock.time += timedelta(seconds=30)
    await enter(town, limits)


@awaited
async def test_too_many_at_the_same_time_are_asked_to_come_back_soon() -> None:
    town = CountingTown()
    limits: Limits = {"person": Limit(concurrent=1), "model": Limit(concurrent=5)}
    ticket = await enter(town, limits)
    error = await refused(town, limits)
    assert (error.code, error.retry_after) == ("limit_erreicht", 5)
    await ticket.settle(1, 1)
    await enter(town, limits)


@awaited
async def test_every_refusal_fits_into_what_clients_show() -> None:
    town = CountingTown()
    town.limiter.contact = lambda: "Servicestelle für Informationstechnik im Rathaus am Markt, Zimmer 204, " * 3
    for what in ("requests_per_minute", "requests_per_day", "tokens_per_day", "tokens_per_month", "concurrent",
                 "micro_euro_per_day", "micro_euro_per_month"):
        for by in ("person", "department", "model", "organisation"):
            limits: Limits = {by: Limit(**{what: 0})}  # type: ignore[dict-item]
            assert len((await refused(town, limits)).message) + len(' Vorgang 7F3K-2QXM-9BTD') <= 300, (what, by)


@awaited
async def test_midnight_in_berlin_begins_a_new_day_and_not_a_new_month() -> None:
    town = CountingTown()
    town.clock.time = NOON.replace(hour=22, minute=59)
    limits: Limits = {"person": Limit(requests_per_day=1, tokens_per_month=300)}
    await enter(town, limits)
    await refused(town, limits)
    town.clock.time += timedelta(minutes=1)
    await enter(town, limits)
    town.clock.time += timedelta(days=1)
    assert "je Monat" in (await refused(town, limits)).message


@awaited
async def test_an_answer_that_comes_after_midnight_is_settled_on_the_day_it_was_asked() -> None:
    town = CountingTown()
    town.clock.time = NOON.replace(hour=22, minute=59)
    limit = Limit(tokens_per_day=1000, tokens_per_month=1000, concurrent=1)
    ticket = await enter(town, {"person": limit})
    town.clock.time += timedelta(minutes=2)
    await town.limiter.renew()
    assert (await refused(town, {"person": limit})).hint == "person concurrent"
    await ticket.settle(300, 400)
    assert await used(town, limit) == {"tokens_per_day": 0, "tokens_per_month": 700, "concurrent": 0}


@awaited
async def test_from_eighty_percent_on_people_are_told_in_ascii() -> None:
    town = CountingTown()
    limits: Limits = {"person": Limit(requests_per_day=5), "organisation": Limit(requests_per_day=100)}
    notices = [(await enter(town, limits)).notice for _ in range(5)]
    assert notices[:3] == ["", "", ""]
    assert notices[3] == ("Mehr als 80 % Ihrer Grenze (5 Anfragen je Tag) sind verbraucht; am 23.11.2026 beginnt sie "
                          "neu.")
    assert all(notice.isascii() for notice in notices)
    assert town.noted.calls == [("limit_near", "person", "requests_per_day")] * 2


@awaited
async def test_metrics_know_kinds_of_limits_and_models_and_no_people() -> None:
    town = CountingTown()
    limits: Limits = {"person": Limit(requests_per_day=1)}
    await (await enter(town, limits, clerk("subject-secret", "amt-secret"))).settle(MIO, 0)
    await refused(town, limits, clerk("subject-secret", "amt-secret"))
    assert ("cost", "eu-cloud", MIO) in town.noted.calls
    assert ("limit_refused", "person", "requests_per_day") in town.noted.calls
    assert "secret" not in repr(town.noted.calls)


@awaited
async def test_what_is_not_limited_is_not_counted_but_costs_all_the_same() -> None:
    town = CountingTown()
    ticket = await enter(town, {})
    await ticket.settle(10, 10)
    assert town.noted.calls == [("cost", "eu-cloud", 110)]
    assert vars(town.counts)["_values"] == {}


@awaited
async def test_a_model_that_costs_nothing_can_be_used_when_the_money_is_spent() -> None:
    town = CountingTown()
    limits: Limits = {"person": Limit(micro_euro_per_day=600)}
    await (await enter(town, limits)).settle(100, 50)
    assert (await refused(town, limits)).code == "budget_erschoepft"
    free = model("haus", Prices(0, 0))
    await town.limiter.enter(clerk(), free, limits, 100, 50, town.clock.now())


@awaited
async def test_another_model_for_the_same_request_is_no_second_request() -> None:
    town = CountingTown()
    person, first, second = ALL, Limit(requests_per_day=5, concurrent=5), Limit(requests_per_day=7, concurrent=7)
    ticket = await enter(town, {"person": person, "model": first}, to="one")
    await ticket.moved(model("two", Prices(2 * MIO, 20 * MIO)), {"person": person, "model": second})
    found = await used(town, person)
    assert (found["requests_per_day"], found["tokens_per_day"], found["micro_euro_per_day"]) == (1, 150, 1200)
    assert found["concurrent"] == 1
    key = town.books.key("2026-11-22", "model", "one", "requests_per_day")
    other = town.books.key("2026-11-22", "model", "two", "requests_per_day")
    assert await town.counts.read([key, other], NOON) == [0, 1]
    await ticket.settle(10, 0)
    assert (await used(town, person))["micro_euro_per_day"] == 20
    assert await town.counts.standing([town.books.place("model", name, 9, NOON) for name in ("one", "two")],
                                      NOON) == [0, 0]


@awaited
async def test_a_place_of_the_person_is_kept_although_the_limits_of_the_other_model_differ() -> None:
    town = CountingTown()
    ticket = await enter(town, {"person": Limit(concurrent=1)}, to="one")
    await ticket.moved(model("two"), {"person": Limit(concurrent=2)})
    assert await used(town, Limit(concurrent=2)) == {"concurrent": 1}


@awaited
async def test_a_model_that_is_full_cannot_stand_in_and_the_request_holds_what_it_held() -> None:
    town = CountingTown()
    full: Limits = {"person": ALL, "model": Limit(requests_per_day=1)}
    await enter(town, full, clerk("other"), to="two")
    ticket = await enter(town, {"person": ALL}, to="one")
    with pytest.raises(GatewayError, match="limit_erreicht"):
        await ticket.moved(model("two"), full)
    assert (await used(town, ALL))["requests_per_day"] == 1
    await ticket.close()
    assert (await used(town, ALL))["requests_per_day"] == 0


class SlowCounts(MemoryCounts):
    """Counts that take their time, as over a network."""

    def __init__(self) -> None:
        super().__init__()
        self.taking, self.go_on = asyncio.Event(), asyncio.Event()

    async def take(self, wanted: Take, holder: str, now: object) -> Standing:
        standing = await super().take(wanted, holder, NOON)
        self.taking.set()
        await self.go_on.wait()
        return standing


@awaited
async def test_who_hangs_up_while_being_counted_holds_nothing() -> None:
    slow = SlowCounts()
    town = CountingTown(slow)
    task = asyncio.create_task(enter(town, {"person": ALL}))
    await slow.taking.wait()
    task.cancel()
    await asyncio.sleep(0)
    slow.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    await all_finished()
    found = await used(town, ALL)
    assert (found["requests_per_day"], found["tokens_per_day"], found["concurrent"]) == (0, 0, 0)
    assert town.limiter.inside == {}


@awaited
async def test_a_counter_names_nobody_and_changes_with_person_day_and_secret() -> None:
    town = CountingTown()
    keys = [c.key for c in town.books.counters("person", "subject-1", ALL, NOON)]
    others = [*(c.key for c in town.books.counters("person", "subject-2", ALL, NOON)),
              *(c.key for c in town.books.counters("department", "subject-1", ALL, NOON)),
              *(c.key for c in CountingTown(secret=b"t" * 32).books.counters("person", "subject-1", ALL, NOON)),
              *(c.key for c in town.books.counters("person", "subject-1", ALL, NOON + timedelta(days=31)))]
    assert len({*keys, *others}) == len(keys) + len(others)
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)
    today = {c.what: c.key for c in town.books.counters("person", "subject-1", ALL, NOON)}
    tomorrow = {c.what: c.key for c in town.books.counters("person", "subject-1", ALL, NOON + timedelta(days=1))}
    assert {what for what in today if today[what] == tomorrow[what]} == {"tokens_per_month", "micro_euro_per_month"}


@awaited
async def test_nothing_of_a_day_is_left_when_the_day_is_over() -> None:
    town = CountingTown()
    ticket = await enter(town, {"person": Limit(requests_per_minute=5, tokens_per_day=500, concurrent=3)})
    await ticket.settle(1, 1)
    memory = vars(town.counts)
    assert memory["_values"]
    midnight = NOON.astimezone(BERLIN).replace(hour=0, minute=0, second=0) + timedelta(days=1)
    await town.counts.read([], midnight)
    assert (memory["_values"], memory["_places"], memory["_changed"], memory["_ends"]) == ({}, {}, {}, [])
