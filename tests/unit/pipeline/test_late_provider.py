"""A silent provider: the stream begins without it, and however it goes on, it ends once, in the book and readably."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.pipeline.doors import Inbound, Outbound
from gateway.pipeline.finishing import CLOSING, all_finished
from gateway.pipeline.late import Patient
from gateway.ports import Credentials
from gateway.wire.chat_completions import ChatCompletions
from tests.support.fake_house import FakeHouse, chat
from tests.unit.policy.policy_sets import shipped


def house(**failing: Exception) -> FakeHouse:
    """A house whose provider waits at «send», and that has no patience at all."""
    made = FakeHouse(shipped)
    made.rooms.upstream = Patient(made, 0)
    made.steps.held = "send"
    made.steps.failing = {name.replace("_", ":"): error for name, error in failing.items()}
    return made


async def begin(made: FakeHouse, **more: Any) -> Outbound:
    body = orjson.dumps(chat(stream=True, **more))
    return await made.pipeline.handle(Inbound(ChatCompletions(), body, Credentials("bearer", "kip_x"), None, "1-2"))


async def rest(made: FakeHouse, out: Outbound) -> bytes:
    """Let the provider speak and read to the end."""
    assert out.stream is not None
    made.steps.go_on.set()
    async with aclosing(out.stream) as stream:
        return b"".join([piece async for piece in stream])


def ends(made: FakeHouse) -> list[tuple[str, str, str, int]]:
    return [(e.kind, e.meta.get("status", ""), e.meta.get("code", ""), e.meta.get("http_status", 0))
            for e in made.book]


def test_the_stream_begins_before_the_provider_and_goes_on_as_ever() -> None:
    async def run() -> None:
        made = house()
        out = await begin(made)
        assert out.status == 200
        assert out.headers["x-ki-pforte-decision"] == "allowed"
        assert made.answers == []
        assert made.kinds() == ["intent"], "nothing is said to the client before it is in the book"
        raw = await rest(made, out)
        assert "Sabine Krüger" in raw.decode()
        assert raw.endswith(b"data: [DONE]\n\n")
        assert ends(made)[1] == ("outcome", "ok", "", 200)
        assert made.answers[0].closed == 1
    asyncio.run(run())


@pytest.mark.parametrize(("failing", "says", "code", "status"), [
    ({"send": GatewayError("anbieter_zeit", "Das Modell hat nicht geantwortet.")}, None, "anbieter_zeit", 200),
    ({"send": RuntimeError("canary: Sabine Krüger")}, None, "intern", 200),
    ({}, (429, b'{"error":{"message":"canary: Sabine"}}'), "limit_erreicht", 429),
    ({}, (500, b"canary"), "anbieter_fehler", 500)])
def test_a_late_refusal_ends_the_stream_in_words(failing: dict[str, Exception], says: tuple[int, bytes] | None,
                                                 code: str, status: int) -> None:
    async def run() -> None:
        made = house(**failing)
        if says:
            made.says = lambda _: (says[0], [says[1]])
        raw = await rest(made, await begin(made))
        *_, last, done, end = raw.split(b"\n\n")
        assert (done, end) == (b"data: [DONE]", b"")
        assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == code
        assert b"canary" not in raw
        assert ends(made)[1:] == [("outcome", "failed", code, status)]
        assert all(answer.closed for answer in made.answers)
    asyncio.run(run())


@pytest.mark.parametrize("early", [False, True])
def test_who_hangs_up_while_the_provider_is_silent_takes_the_question_back(early: bool) -> None:
    async def run() -> None:
        made = house()
        made.rooms.upstream = Patient(made, 60 if early else 0)

        async def ask() -> None:
            out = await begin(made)
            assert out.stream is not None
            async with aclosing(out.stream) as stream:
                await anext(stream)
        task = asyncio.create_task(ask())
        await made.steps.reached.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await all_finished()
        assert ends(made)[1:] == [("outcome", "aborted", "", 0 if early else 200)]
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []
        assert made.answers == []
    asyncio.run(run())


def test_a_stream_that_nobody_reads_is_given_up() -> None:
    async def run() -> None:
        made = house()
        out = await begin(made)
        assert out.stream is not None
        await out.stream.aclose()
        await all_finished()
        assert ends(made)[1:] == [("outcome", "aborted", "", 200)]
        assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []
    asyncio.run(run())


def test_a_closing_house_says_so_to_whoever_still_waits_for_the_provider() -> None:
    async def run() -> None:
        made = house()
        out = await begin(made)
        assert out.stream is not None
        got: list[bytes] = []

        async def read() -> None:
            assert out.stream is not None
            async with aclosing(out.stream) as stream:
                got.extend([piece async for piece in stream])
        task = asyncio.create_task(read())
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel(CLOSING)
        await task
        assert "neu gestartet" in b"".join(got).decode()
        assert ends(made)[1:] == [("outcome", "failed", "intern", 200)]
    asyncio.run(run())


def test_an_answer_that_is_not_streamed_is_waited_for() -> None:
    async def run() -> None:
        made = house(send=GatewayError("anbieter_zeit", "Das Modell hat nicht geantwortet."))
        made.steps.held = ""
        out, _ = await made.ask(chat())
        assert out.status == 504, "it can still be said in the head"
    asyncio.run(run())


@pytest.mark.parametrize(("header", "noted"), [("2", 2), ("0", None), ("", None), ("ä", None), ("-1", None),
                                               ("1\n2", None), ("9" * 500, 9999)])
def test_that_a_program_asks_again_stands_in_the_book(header: str, noted: int | None) -> None:
    made = FakeHouse(shipped)
    inbound = Inbound(ChatCompletions(), orjson.dumps(chat()),
                      Credentials("bearer", "kip_x", {"x-stainless-retry-count": header}), None, "1-2")
    asyncio.run(made.pipeline.handle(inbound))
    assert made.book[0].meta.get("retry") == noted
