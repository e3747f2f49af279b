"""The door: bodies within limits, keys wherever clients put them, clients that hang up, errors in one form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.http.asgi import (
    ClientGone,
    Message,
    credentials_of,
    headers_of,
    new_request_id,
    read_body,
    send_outbound,
    while_connected,
)
from gateway.pipeline.doors import Outbound
from gateway.pipeline.finishing import is_closing


def receiving(*messages: Message) -> Any:
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")
    return receive


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}


def test_a_vorgangsnummer_can_be_read_out_and_is_hardly_ever_the_same() -> None:
    numbers = {new_request_id() for _ in range(2000)}
    assert len(numbers) == 2000
    for number in numbers:
        assert [len(group) for group in number.split("-")] == [4, 4, 4]
        assert not set(number) & set("ILOU"), "letters that are taken for others"


def test_a_body_in_parts_is_put_together() -> None:
    assert asyncio.run(read_body({}, receiving(part(b"ab", True), part(b"", True), part(b"c")), 10)) == b"abc"


@pytest.mark.parametrize(("headers", "messages"), [
    ({"content-length": "11"}, []), ({}, [part(b"a" * 11)]), ({"content-length": "x"}, [part(b"a" * 6, True)] * 2)])
def test_a_body_that_is_too_large_is_refused_as_soon_as_that_is_clear(headers: Any, messages: list[Message]) -> None:
    with pytest.raises(GatewayError) as caught:
        asyncio.run(read_body(headers, receiving(*messages), 10))
    assert caught.value.code == "zu_gross"


def test_a_client_that_hangs_up_while_it_sends_is_no_error() -> None:
    with pytest.raises(ClientGone):
        asyncio.run(read_body({}, receiving(part(b"a", True), GONE), 10))


@pytest.mark.parametrize(("headers", "expected"), [
    ({"authorization": "Bearer kip_a"}, ("bearer", "kip_a")),
    ({"authorization": "bearer  kip_a "}, ("bearer", "kip_a")),
    ({"x-api-key": " kip_a "}, ("x-api-key", "kip_a")), ({"api-key": "kip_a"}, ("api-key", "kip_a")),
    ({"authorization": "Basic abc"}, ("basic", "abc")), ({"authorization": "Bearer "}, ("none", "")),
    ({"authorization": "Bearer ", "x-api-key": "kip_a"}, ("x-api-key", "kip_a")), ({}, ("none", ""))])
def test_a_key_is_found_wherever_a_client_puts_it(headers: dict[str, str], expected: tuple[str, str]) -> None:
    found = credentials_of(headers)
    assert (found.scheme, found.secret) == expected
    assert "kip_a" not in repr(found)


def test_only_headers_that_may_name_a_person_go_with_the_credentials() -> None:
    found = credentials_of({"x-openwebui-user-email": "a@x.example", "x-amt": "b", "cookie": "c", "x-api-key": "k"})
    assert found.headers == {"x-openwebui-user-email": "a@x.example", "x-amt": "b"}


def test_of_a_header_that_stands_twice_the_first_counts() -> None:
    assert headers_of({"headers": [(b"Accept", b"1"), (b"accept", b"2")]}) == {"accept": "1"}


def test_a_header_that_may_name_a_person_and_stands_twice_shows_that_it_does() -> None:
    assert headers_of({"headers": [(b"X-A", b"1"), (b"x-a", b"2"), (b"X-B", b"3")]}) == {"x-a": "1\n2", "x-b": "3"}
    assert headers_of({"headers": [(b"Authorization", b"Bearer 1"), (b"authorization", b"Bearer 2")]}) == {
        "authorization": "Bearer 1\nBearer 2"}


async def _stream(closed: list[str]) -> AsyncGenerator[bytes, None]:
    try:
        yield b""
        yield b"a"
        yield b"b"
    finally:
        closed.append("closed")


def test_a_stream_is_sent_piece_by_piece_and_closed() -> None:
    sent: list[Message] = []
    closed: list[str] = []

    async def run() -> None:
        async def send(message: Message) -> None:
            sent.append(message)
        await send_outbound(Outbound(200, {"x-a": "ü"}, stream=_stream(closed), content_type="text/event-stream"), send)
    asyncio.run(run())
    assert b"".join(m.get("body", b"") for m in sent) == b"ab"
    assert (b"cache-control", b"no-cache") in sent[0]["headers"]
    assert not sent[-1].get("more_body")
    assert closed == ["closed"]


def test_a_stream_whose_head_cannot_be_sent_is_closed_as_well() -> None:
    closed: list[str] = []

    async def run() -> None:
        stream = _stream(closed)
        await anext(stream)

        async def send(_: Message) -> None:
            raise ConnectionResetError
        await send_outbound(Outbound(200, {}, stream=stream), send)
    with pytest.raises(ConnectionResetError):
        asyncio.run(run())
    assert closed == ["closed"]


def test_work_that_nobody_waits_for_is_cancelled_and_has_time_to_tidy_up() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            seen.append("tidied")
    asyncio.run(while_connected(receiving(GONE), work()))
    assert seen == ["tidied"]


def test_work_that_is_done_is_done_although_the_client_stays() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("done")
    asyncio.run(while_connected(receiving(), work()))
    assert seen == ["done"]


def test_a_fault_in_the_work_is_not_swallowed() -> None:
    async def work() -> None:
        raise ValueError
    with pytest.raises(ValueError):
        asyncio.run(while_connected(receiving(), work()))


def test_work_is_told_that_the_server_stops_and_may_say_so_itself() -> None:
    seen: list[str] = []

    async def work(polite: bool) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            seen.append("closing" if is_closing(cancelled) else "gone")
            if not polite:
                raise

    async def stop(polite: bool) -> None:
        serving = asyncio.create_task(while_connected(receiving(), work(polite)))
        await asyncio.sleep(0.01)
        serving.cancel("as the server does")
        await serving
    asyncio.run(stop(polite=True))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stop(polite=False))
    asyncio.run(while_connected(receiving(GONE), work(polite=True)))
    assert seen == ["closing", "closing", "gone"]
