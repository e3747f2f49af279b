"""The room put together: what the monitoring hears, what the readiness page says, what a person may ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from gateway.limits.budgets import own_limit
from gateway.limits.room import LimitMetrics, LimitOptions, LimitRoom
from gateway.model.limits import Count, Limit, Limits, Used
from gateway.model.principal import Principal
from gateway.model.small_groups import merging
from gateway.pipeline.turnstile import limits_of
from gateway.policy import PolicySet
from gateway.settings import Settings, SettingsError
from gateway.telemetry.metrics import PrometheusMetrics
from tests.support.awaited import awaited
from tests.support.counted import Noted, SetClock, clerk, model, with_limits
from tests.unit.policy.policy_sets import all_on, person, shipped


class Shelf:
    """A shelf that remembers how often it was asked."""

    def __init__(self) -> None:
        self.saved: list[Count] = []

    async def load(self, now: datetime) -> list[Count]:
        return []

    async def add(self, changes: Sequence[Count], now: datetime) -> list[Count]:
        self.saved += changes
        return list(changes)


def limited(**rules: dict[str, Any]) -> PolicySet:
    return with_limits(shipped(), all_on().models, **rules)


def room(policies: PolicySet, **options: Any) -> tuple[LimitRoom, Noted, Shelf]:
    noted, shelf, clock = Noted(), Shelf(), SetClock()
    made = LimitRoom(LimitOptions(**options), b"s" * 32, clock, cast(LimitMetrics, noted), lambda: policies, shelf)
    return made, noted, shelf


async def use(made: LimitRoom, limits: Limits, who: Principal, tokens: int) -> None:
    ticket = await made.limiter.enter(who, model(), limits, 1, 1, made.limiter.clock.now())
    await ticket.settle(tokens, 0)


@awaited
async def test_the_monitoring_hears_shares_of_departments_and_of_the_house_and_none_of_people() -> None:
    rules = {"tokens_per_day": 1000}
    policies = limited(person=rules, department=rules, organisation={"tokens_per_day": 4000, "requests_per_minute": 9})
    made, noted, shelf = room(policies)
    limits = limits_of(policies, person("bauamt"), policies.models["demo"])
    assert limits
    await use(made, limits, person("bauamt"), 250)
    for second in (1, 2, 15):
        await made.tick(second)
    shares = noted.calls[-1]
    assert shares[0] == "budgets"
    assert {key: used for key, used in shares[1].items() if used[0]} == {
        ("bauamt", "tokens_per_day"): (250, 1000), ("", "tokens_per_day"): (250, 4000)}
    assert len(shares[1]) == len(policies.departments) + 1
    assert {c.value for c in shelf.saved} == {250}
    await made.close()


def test_small_departments_are_added_up_and_a_handful_of_people_is_never_told_alone() -> None:
    sizes = {"bauamt": 20, "standesamt": 3, "presse": 2, "allein": 1}
    metrics = PrometheusMetrics("1", lambda name: merging(sizes)(name))
    metrics.budgets({(name, "micro_euro_per_month"): (n * 10, 100) for n, name in enumerate(sizes, 1)}
                    | {("", "micro_euro_per_month"): (100, 1000)})
    text = metrics.render().decode()
    assert 'budget_used_ratio{department="bauamt",limit="euro_per_month"} 0.1' in text
    assert 'budget_used_ratio{department="andere",limit="euro_per_month"} 0.3' in text
    assert 'budget_used_ratio{department="",limit="euro_per_month"} 0.1' in text
    assert "standesamt" not in text
    sizes |= {"standesamt": 1, "presse": 1}
    metrics.budgets({(name, "micro_euro_per_month"): (10, 100) for name in sizes})
    text = metrics.render().decode()
    assert 'department="bauamt"' not in text, "it stands with the handful, who would be told alone without it"
    assert 'budget_used_ratio{department="andere",limit="euro_per_month"} 0.1' in text


@awaited
async def test_a_person_sees_their_own_numbers_under_the_limit_of_their_department() -> None:
    policies = limited(person={"tokens_per_day": 1000})
    made, _, _ = room(policies)
    limits = limits_of(policies, person("bauamt"), policies.models["demo"])
    await use(made, limits, person("bauamt"), 250)
    (mine,) = await made.own(person("bauamt")) or []
    assert mine == Used("tokens_per_day", 250, 1000, datetime(2026, 11, 22, 23, tzinfo=UTC))
    (other,) = await made.own(replace(person("bauamt"), subject="other")) or []
    assert other.used == 0
    assert own_limit(policies, clerk(department="gibt-es-nicht")) == Limit()


@pytest.mark.parametrize(("workers", "rules", "said"), [
    (1, {"tokens_per_day": 9}, 0), (2, {"tokens_per_day": 9}, 1), (2, {}, 0)])
def test_several_processes_without_a_common_count_are_said_where_there_is_a_limit(
        workers: int, rules: dict[str, int], said: int) -> None:
    made, _, _ = room(limited(person=rules), workers=workers)
    assert len(made.problems()) == said


@awaited
async def test_the_rule_that_holds_without_the_server_stands_on_the_readiness_page() -> None:
    for rule, words in (("local", "jeder Prozess zählt für sich"), ("refuse", "abgelehnt, was begrenzt ist")):
        made, _, _ = room(limited(person={"tokens_per_day": 9}), url="redis://127.0.0.1:1/0", without=rule)
        await made.start()
        (problem,) = made.problems()
        assert words in problem
        assert "KI_PFORTE_LIMITS_WITHOUT_REDIS" in problem
        await made.close()


@awaited
async def test_an_address_that_is_none_stops_the_start_with_a_sentence() -> None:
    with pytest.raises(SettingsError, match="KI_PFORTE_REDIS_URL"):
        room(limited(), url="redis://127.0.0.1:keine/0")
    for wrong in ("http://127.0.0.1:6379", "redis://127.0.0.1:keine/0", "127.0.0.1:6379"):
        with pytest.raises(ValueError, match="redis://Rechner"):
            Settings(redis_url=wrong)
    for right in ("", "redis://:geheim@127.0.0.1:6379/0", "valkeys://x", "redis+unix:///run/redis.sock",
                  "redis+sentinel://a:1,b:2/haupt"):
        assert Settings(redis_url=right).redis_url == right
