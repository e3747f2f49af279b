"""Readiness: honest, and not a way to keep the house busy."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.requests import Request

from gateway.http.health import LEAVING, Health, Readiness

REQUEST = Request({"type": "http", "method": "GET", "headers": []})


class House:
    def __init__(self) -> None:
        self.looked = 0
        self.ledger = True

    async def readiness(self) -> Readiness:
        self.looked += 1
        await asyncio.sleep(0)
        return Readiness({"protokoll": self.ledger}, {} if self.ledger else {"protokoll": "Gesperrt."}, ("Bald.",))


def test_many_who_ask_at_once_cost_one_look() -> None:
    async def run() -> None:
        house = House()
        health = Health(house.readiness, lambda: b"")
        answers = await asyncio.gather(*(health.ready(REQUEST) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert json.loads(answers[0].body)["warnings"] == ["Bald."]
        assert house.looked == 1
    asyncio.run(run())


def test_a_process_that_leaves_is_not_ready_and_looks_at_nothing_any_more() -> None:
    async def run() -> None:
        house = House()
        leaving = Request({"type": "http", "method": "GET", "headers": [], "state": {LEAVING: True}})
        answer = await Health(house.readiness, lambda: b"").ready(leaving)
        assert answer.status_code == 503
        assert "wird beendet" in json.loads(answer.body)["reasons"]["dienst"]
        assert house.looked == 0
    asyncio.run(run())


def test_what_was_seen_is_not_believed_for_long() -> None:
    async def run() -> None:
        house = House()
        health = Health(house.readiness, lambda: b"")
        await health.ready(REQUEST)
        house.ledger = False
        loop = asyncio.get_running_loop()
        later = loop.time() + 1.01
        loop.time = lambda: later  # type: ignore[method-assign]
        answer = await health.ready(REQUEST)
        assert answer.status_code == 503
        assert json.loads(answer.body)["reasons"] == {"protokoll": "Gesperrt."}
    asyncio.run(run())


@pytest.mark.parametrize("header", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"])
def test_who_comes_through_the_web_server_hears_whether_and_not_why(header: bytes) -> None:
    async def run() -> None:
        house = House()
        passed = Request({"type": "http", "method": "GET", "headers": [(header, b"192.0.2.7")]})
        health = Health(house.readiness, lambda: b"zahl 1")
        assert json.loads(bytes((await health.ready(passed)).body)) == {"status": "ok"}
        assert (await health.metrics(passed)).status_code == 403
        assert (await health.metrics(REQUEST)).body == b"zahl 1"
        house.ledger = False
        answer = await Health(house.readiness, lambda: b"").ready(passed)
        assert (answer.status_code, json.loads(bytes(answer.body))) == (503, {"status": "nicht bereit"})
        own = Request({"type": "http", "method": "GET", "headers": [(header, b"x"), (b"authorization", b"Bearer t")]})
        assert (await Health(house.readiness, lambda: b"zahl 1", "t").metrics(own)).body == b"zahl 1"
        assert (await Health(house.readiness, lambda: b"zahl 1", "t").metrics(passed)).status_code == 401
    asyncio.run(run())
