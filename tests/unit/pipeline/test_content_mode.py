"""Where two people agreed to it, the book gets what left and what came back, sealed; elsewhere it gets nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.pipeline.finishing import all_finished
from gateway.ports import Side
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import all_on, person

NAME, NOTICE = "Sabine Krüger", "Inhaltsmodus bis morgen."


class Chest:
    """Implements `gateway.ports.Safe`: seals with nothing at all, so that a test can look inside."""

    notice = NOTICE

    def __init__(self, closed: frozenset[Side] = frozenset()) -> None:
        self.closed = closed
        self.taken: list[tuple[Side, list[str]]] = []

    async def shut(self, side: Side, texts: Sequence[str]) -> bytes:
        if side in self.closed:
            return b""
        self.taken.append((side, list(texts)))
        return json.dumps([side, *texts], ensure_ascii=False).encode()


def house(*closed: Side, department: str = "bauamt") -> tuple[FakeHouse, Chest]:
    of, chest = FakeHouse(all_on, person("bauamt")), Chest(frozenset(closed))
    of.safes[department] = chest
    return of, chest


def ask(of: FakeHouse, **more: Any) -> tuple[dict[str, str], str]:
    out, body = asyncio.run(of.ask(chat(**more)))
    return dict(out.headers), body.decode()


@pytest.mark.parametrize("stream", [False, True])
def test_the_book_gets_the_replaced_request_and_the_answer_before_anything_is_put_back(stream: bool) -> None:
    of, chest = house()
    headers, said = ask(of, stream=stream)
    assert NOTICE in headers["x-ki-pforte-hinweis"]
    assert [entry.kind for entry in of.book if entry.content] == ["intent", "outcome"]
    assert [side for side, _ in chest.taken] == ["request", "answer"]
    assert all(NAME.encode() not in entry.content for entry in of.book)
    (request,), (answer,) = (texts for _, texts in chest.taken)
    assert request == answer != "Frau Sabine Krüger fragt.", "the provider of this test says what it was sent"
    assert "Krüger" in said, "the person reads the name all the same"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_with_nothing_to_put_back_is_kept_as_well(stream: bool) -> None:
    of, chest = house()
    ask(of, text="Wie wird das Wetter?", stream=stream)
    assert chest.taken == [("request", ["Wie wird das Wetter?"]), ("answer", ["Wie wird das Wetter?"])]


@pytest.mark.parametrize("text", ["Wie wird das Wetter?", "Frau Sabine Krüger fragt."])
@pytest.mark.parametrize("stream", [False, True])
def test_whoever_asks_gets_the_same_answer_with_it_and_without(text: str, stream: bool) -> None:
    (with_it, _), without = house(), FakeHouse(all_on, person("bauamt"))
    kept, plain = (ask(of, text=text, stream=stream)[1] for of in (with_it, without))
    told = [[json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")] or json.loads(body)
            for body in (kept, plain)]
    assert said(told[0]) == said(told[1])


def said(answer: Any) -> str:
    events = answer if isinstance(answer, list) else [answer]
    choices = [choice for event in events for choice in event["choices"]]
    return "".join((c.get("delta") or c.get("message") or {}).get("content", "") for c in choices)


def test_another_department_keeps_nothing_and_is_told_nothing() -> None:
    of, chest = house(department="sozialamt")
    headers, _ = ask(of)
    assert chest.taken == []
    assert not any(entry.content for entry in of.book)
    assert "Inhaltsmodus" not in headers.get("x-ki-pforte-hinweis", "")


def test_what_cannot_be_sealed_is_not_kept_and_the_request_goes_on() -> None:
    of, chest = house("request")
    headers, said = ask(of)
    assert chest.taken == []
    assert "Krüger" in said
    assert "Inhaltsmodus" not in headers["x-ki-pforte-hinweis"]


def test_a_mode_that_ends_under_way_keeps_no_answer() -> None:
    of, _ = house("answer")
    ask(of)
    assert [entry.kind for entry in of.book if entry.content] == ["intent"]


def test_a_refusal_keeps_nothing() -> None:
    of, chest = house()
    out, _ = asyncio.run(of.ask(chat(model="gibt-es-nicht")))
    assert (out.status, chest.taken, of.kinds()) == (404, [], ["denied"])


def test_who_hangs_up_leaves_what_had_come_until_then() -> None:
    of, chest = house()

    async def hang_up() -> None:
        of.steps.held = "chunk:1"
        asked = asyncio.create_task(of.ask(chat(stream=True)))
        await of.steps.reached.wait()
        asked.cancel()
        of.steps.go_on.set()
        await asyncio.gather(asked, return_exceptions=True)
        await all_finished()
    asyncio.run(hang_up())
    assert of.book[-1].meta["status"] == "aborted"
    sides = dict(chest.taken)
    assert sides["request"][0].startswith(sides["answer"][0]) if sides.get("answer") else True
    assert sides["request"]
