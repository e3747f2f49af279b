"""Clients that take their time, never end, or speak no HTTP: each wait of the door has an end and an answer."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request

from gateway.errors import GatewayError
from gateway.http import asgi, door
from gateway.http.routes import DialectEndpoint
from gateway.pipeline.doors import Inbound, Outbound
from gateway.web import gate
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.error_forms import openai_error

PATIENCE = 120.0
GREETING = b"POST / HTTP/1.1\r\nHost: a\r\n"


class Pipeline:
    """Answers what it is told; writes down what came through."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.refusals: list[str] = []
        self.stranger = False

    async def recognise(self, inbound: Inbound) -> None:
        if self.stranger:
            raise GatewayError("schluessel_ungueltig", "Bitte weisen Sie sich aus.")

    async def turn_away(self, inbound: Inbound, error: GatewayError) -> Outbound:
        self.refusals.append(error.code)
        return Outbound(error.status, {}, openai_error(error, inbound.request_id))

    async def handle(self, inbound: Inbound) -> Outbound:
        self.bodies.append(inbound.body)
        return Outbound(200, {}, b"{}")


@asynccontextmanager
async def serving(pipeline: Any) -> AsyncIterator[int]:
    endpoint = DialectEndpoint(ChatCompletions(), pipeline, 1000)
    config = uvicorn.Config(endpoint, http=door.Door, port=0, lifespan="off", log_config=None, ws="none",
                            timeout_keep_alive=75)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


def door_test(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE))
    return run


async def all_of(reader: asyncio.StreamReader) -> tuple[bytes, Any]:
    """Read until the server closes; return the status line and the error."""
    raw = await reader.read()
    head, _, body = raw.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], json.loads(body)["error"]


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the server closes; whoever goes on sending sees a reset instead of an end."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def trickle(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send one byte after the other for as long as the server takes them."""
    try:
        while True:
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.001)
    except ConnectionError:
        pass


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.1)
    monkeypatch.setattr(door, "HEAD_SECONDS", 0.4)


@pytest.mark.parametrize("framing", [b"Content-Length: 900\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
@door_test
async def test_a_body_that_comes_byte_by_byte_is_refused_in_words_and_the_connection_ends(framing: bytes) -> None:
    pipeline = Pipeline()
    async with serving(pipeline) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GREETING + framing)
        sending = asyncio.create_task(trickle(writer, b"1\r\na\r\n" if b"chunked" in framing else b"a"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        error = json.loads(await reader.readuntil(b"}}"))["error"]
        assert error["code"] == "anfrage_ungueltig"
        assert "zu langsam" in error["message"]
        assert await ended(reader), "closed although the client would go on for ever"
        await sending
        writer.close()
    assert (pipeline.bodies, pipeline.refusals) == ([], ["anfrage_ungueltig"])


@door_test
async def test_a_large_body_has_more_time_than_a_small_one() -> None:
    """Progress extends the patience: what has arrived counts, not how often something arrives."""
    moments: list[float] = []

    async def receive() -> dict[str, Any]:
        moments.append(0)
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"a" * 65_536, "more_body": len(moments) < 4}
    assert len(await asgi.read_body({}, receive, 1 << 20)) == 4 * 65_536


@pytest.mark.parametrize("gone", [False, True])
@door_test
async def test_a_form_that_never_comes_to_its_end_is_not_waited_for(
        gone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FORM_SECONDS", 0.05)

    async def receive() -> dict[str, Any]:
        if gone:
            return {"type": "http.disconnect"}
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}
    with pytest.raises(GatewayError) as caught:
        await gate._form(Request({"type": "http", "method": "POST", "headers": []}, receive), 1000)
    assert caught.value.code == "anfrage_ungueltig"


@door_test
async def test_a_stranger_whose_body_never_ends_is_not_listened_to_for_ever() -> None:
    pipeline = Pipeline()
    pipeline.stranger = True
    async with serving(pipeline) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GREETING + b"Transfer-Encoding: chunked\r\n\r\n")
        sending = asyncio.create_task(trickle(writer, b"1\r\na\r\n"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
        await reader.readuntil(b"}}")
        assert await ended(reader)
        await sending
        writer.close()


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"POST / HT", GREETING])
@door_test
async def test_a_head_that_does_not_come_to_its_end_closes_the_connection(sent: bytes) -> None:
    async with serving(Pipeline()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        if sent:
            status, error = await all_of(reader)
            assert status == b"HTTP/1.1 400 Bad Request"
            assert error["code"] == "anfrage_ungueltig"
        else:
            assert await reader.read() == b""
        writer.close()


@door_test
async def test_a_head_that_comes_byte_by_byte_closes_the_connection() -> None:
    async with serving(Pipeline()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GREETING + b"X-Slow: ")
        sending = asyncio.create_task(trickle(writer, b"a"))
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 400 ")
        await sending
        writer.close()


@door_test
async def test_a_head_without_end_fills_no_memory() -> None:
    async with serving(Pipeline()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GREETING + b"X-Big: ")
        await trickle(writer, b"a" * 16_384)  # returns only because the connection was closed
        assert reader.at_eof() or reader.exception() or (await reader.read(8)) == b"HTTP/1.1"
        writer.close()


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 40,  # TLS
                                 b"HALLO WELT\r\n\r\n", b"GET  HTTP\r\n\r\n",
                                 b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                                 b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"])
@door_test
async def test_what_is_no_http_is_refused_in_the_words_of_the_house(raw: bytes) -> None:
    pipeline = Pipeline()
    async with serving(pipeline) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        status, error = await all_of(reader)
        writer.close()
    assert status == b"HTTP/1.1 400 Bad Request"
    assert error["code"] == "anfrage_ungueltig"
    assert "https://" in error["message"]
    assert "Vorgang " in error["message"]
    assert pipeline.bodies == []


@door_test
async def test_who_sends_in_time_keeps_the_connection_for_the_next_request() -> None:
    pipeline = Pipeline()
    async with serving(pipeline) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in (b"a", b"bc"):
            writer.write(GREETING + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.25)  # longer than a head may take: between requests another patience counts
        writer.close()
    assert pipeline.bodies == [b"a", b"bc"]


class Talker(Pipeline):
    """Answers with a stream that has no end of its own accord; writes down how it ended."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces
        self.ended = asyncio.Event()
        self.said = 0

    async def handle(self, inbound: Inbound) -> Outbound:
        return Outbound(200, {}, stream=self._talk(), content_type="text/event-stream")

    async def _talk(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(self.pieces):
                await asyncio.sleep(0)  # a provider's bytes have to come
                yield b"data: " + b"a" * 65_536 + b"\n\n"
                self.said += 1
        finally:
            self.ended.set()


@asynccontextmanager
async def hard_of_hearing(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection that holds little on its way."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
    writer.write(GREETING + b"Content-Length: 1\r\n\r\na")
    try:
        yield reader, writer
    finally:
        writer.close()


@door_test
async def test_a_client_that_stops_reading_its_stream_does_not_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "TAKE_SECONDS", 0.1)
    pipeline = Talker(100_000)
    async with serving(pipeline) as port, hard_of_hearing(port):
        await pipeline.ended.wait()
    assert pipeline.said < pipeline.pieces


@door_test
async def test_a_client_that_stops_reading_a_whole_answer_does_not_hold_its_connection(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "TAKE_SECONDS", 0.1)
    lost = asyncio.Event()
    before = door.Door.connection_lost

    def connection_lost(self: door.Door, exc: Exception | None) -> None:
        before(self, exc)
        lost.set()
    monkeypatch.setattr(door.Door, "connection_lost", connection_lost)

    class Writer(Pipeline):
        async def handle(self, inbound: Inbound) -> Outbound:
            return Outbound(200, {}, b"a" * (32 << 20))
    async with serving(Writer()) as port, hard_of_hearing(port):
        await lost.wait()


@door_test
async def test_a_client_that_reads_slowly_gets_its_whole_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "TAKE_SECONDS", 1.5)  # the system's own buffer moves in steps; the whole takes longer
    monkeypatch.setattr(door, "TAKE_BYTES", 1)
    pipeline = Talker(128)
    async with serving(pipeline) as port, hard_of_hearing(port) as (reader, _):
        tail = b""
        while not tail.endswith(b"\r\n0\r\n\r\n"):
            piece = await reader.read(65_536)
            assert piece, "cut off before its end"
            tail = (tail + piece)[-7:]
            await asyncio.sleep(0.001)
    assert pipeline.said == pipeline.pieces
