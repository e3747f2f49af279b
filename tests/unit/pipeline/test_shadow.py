"""A shadow policy set is asked beside the one in force, is counted and recorded, and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.pipeline.shadow import Shadow
from gateway.policy import PolicySet
from gateway.policy.compile import reworked
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person, shipped
from tests.unit.policy.test_simulate import REQUESTS

OTHER = replace(all_on(), digest="e" * 64)


def house_with(live: PolicySet, other: PolicySet | Callable[[], PolicySet | None] | None, **passes: Any) -> FakeHouse:
    house = FakeHouse(lambda: live, person("bauamt", **passes))
    if other is not None:
        asked = other if callable(other) else (lambda: other)
        house.rooms.shadow = Shadow(asked, house.rooms.metrics)
    return house


def shadows(house: FakeHouse) -> list[Any]:
    return [e.meta.get("shadow") for e in house.book if e.kind != "outcome"]


def test_where_no_shadow_is_set_nothing_of_it_is_recorded() -> None:
    house = house_with(shipped(), None)
    asyncio.run(house.ask(chat()))
    assert shadows(house) == [None]
    assert not [call for call in house.measured if call[0] == "shadow"]


def test_a_shadow_that_says_the_same_is_counted_without_a_difference() -> None:
    house = house_with(all_on(), OTHER)
    for body, purpose in REQUESTS:
        asyncio.run(house.ask(body, purpose))
    calls = [call[1:] for call in house.measured if call[0] == "shadow"]
    assert len(calls) == len(REQUESTS)
    assert {difference for *_, difference in calls} == {"none"}
    assert all(said in ("open", live) for live, said, _ in calls)
    assert all(set(said) == {"policy", "said"} for said in shadows(house))


def test_a_shadow_that_refuses_is_recorded_with_its_rule_and_the_request_goes_on() -> None:
    stricter = reworked(all_on(), "e" * 64, models={
        k: replace(m, enabled=k != "demo") for k, m in all_on().models.items()})
    house = house_with(all_on(), stricter)
    out, _ = asyncio.run(house.ask(chat()))
    assert out.status == 200
    assert len(house.sent) == 1
    assert shadows(house) == [{"policy": "e" * 16, "said": "denied", "difference": "decision",
                               "code": "modell_unbekannt", "rule": "models"}]
    assert ("shadow", "allowed", "denied", "decision") in house.measured


def test_a_shadow_that_would_allow_what_nobody_looked_at_says_that_it_cannot_be_known() -> None:
    house = house_with(reworked(all_on(), "f" * 64, models={
        k: replace(m, enabled=k != "demo") for k, m in all_on().models.items()}), OTHER)
    out, _ = asyncio.run(house.ask(chat()))
    assert out.status == 404
    assert shadows(house) == [{"policy": "e" * 16, "said": "open"}]


def test_a_shadow_that_raises_is_counted_as_failed(caplog: pytest.LogCaptureFixture) -> None:
    class Bad(dict[str, Any]):
        def get(self, *_: Any) -> Any:
            raise RuntimeError("Sabine Krüger")
    house = house_with(all_on(), replace(OTHER, departments=Bad()))
    out, _ = asyncio.run(house.ask(chat()))
    assert out.status == 200
    assert shadows(house) == [None]
    assert ("shadow", "allowed", "failed", "none") in house.measured
    assert "Krüger" not in caplog.text


def test_a_request_under_way_ends_with_the_policies_the_detector_and_the_memory_it_began_with() -> None:
    """The generation is exchanged while the request waits at its limits; nothing of the new one reaches it."""
    in_force = [all_on()]
    house = FakeHouse(lambda: in_force[0])

    class Other:
        async def inspect(self, passages: Any) -> Any:
            raise AssertionError("the request began with another detector")

        find = inspect

    async def scenario() -> int:
        house.steps.held = "enter"
        asking = asyncio.create_task(house.ask(chat()))
        await house.steps.reached.wait()
        before = house.rooms.memory
        in_force[0] = reworked(all_on(), "e" * 64, models={})
        house.pipeline.begin(Other())  # type: ignore[arg-type]
        house.steps.go_on.set()
        house.steps.held = ""
        out, _ = await asking
        assert house.rooms.memory is not before
        assert out.headers["x-ki-pforte-policy"] == all_on().digest
        return out.status
    assert asyncio.run(scenario()) == 200
    assert [e.meta["policy"] for e in house.book] == [all_on().digest] * 2
    out, _ = asyncio.run(house.ask(chat()))
    assert out.status == 404, "the next request belongs to the new generation"
