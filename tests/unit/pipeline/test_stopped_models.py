"""A model that is stopped gets nothing more, wherever on its way a request is; what is answered already goes on."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.errors import GatewayError
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person


def house() -> FakeHouse:
    return FakeHouse(all_on, person("bauamt"))


async def stopped_at(of: FakeHouse, step: str) -> tuple[int, str]:
    """Stop the model while the request waits at `step`; return status and code."""
    of.steps.held = step
    asked = asyncio.create_task(of.ask(chat()))
    await of.steps.reached.wait()
    of.stopped = frozenset({"demo"})
    of.steps.go_on.set()
    out, body = await asked
    return out.status, json.loads(body).get("error", {}).get("code", "")


@pytest.mark.parametrize("step", ["authenticate", "enter", "inspect", "record:intent"])
def test_a_stop_reaches_a_request_that_is_under_way(step: str) -> None:
    of = house()
    assert asyncio.run(stopped_at(of, step)) == (403, "modell_gestoppt")
    assert of.sent == []
    assert of.kinds()[-1] in ("denied", "outcome")


def test_an_answer_that_has_begun_is_brought_to_its_end() -> None:
    of = house()
    assert asyncio.run(stopped_at(of, "chunk:0")) == (200, "")
    assert len(of.sent) == 1


def test_when_nobody_can_tell_what_is_stopped_nothing_is_sent() -> None:
    of = house()

    def unknown() -> frozenset[str]:
        raise GatewayError("pruefung_nicht_verfuegbar", "Das lässt sich gerade nicht prüfen.")
    of.rooms.stops = unknown
    out, _ = asyncio.run(of.ask(chat()))
    assert (out.status, of.sent) == (503, [])
