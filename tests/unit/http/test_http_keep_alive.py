"""Signs of life: shown in silence, never between the halves of an event, never in front of what is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import anthropic._streaming
import openai._streaming
import orjson
import pytest

from gateway.http.asgi import send_outbound
from gateway.http.keep_alive import SILENT, KeepAlive, Pulse
from gateway.pipeline.doors import Outbound

MOMENT = 0.001
"""Seconds of silence that the tests call long. Nothing is measured: they wait until the sign is there."""
SIGN = b": keep-alive\n\n"


class Client:
    """Gets what is sent; `until` waits for it; while `slow` is set, nothing can be sent to it."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.waiting = 0
        self.slow = asyncio.Event()
        self.slow.set()
        self._news = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.waiting += 1
        await self.slow.wait()
        self.waiting -= 1
        if message["type"] == "http.response.body":
            self.got.append(message["body"])
            self._news.set()

    async def one_more(self) -> None:
        before = self.got.count(SIGN)
        while self.got.count(SIGN) == before:
            await self.next()

    async def next(self) -> None:
        self._news.clear()
        await asyncio.wait_for(self._news.wait(), 10)


def test_silence_is_filled_before_between_and_never_after_the_pieces() -> None:
    async def run() -> list[bytes]:
        client = Client()

        async def stream() -> AsyncGenerator[bytes, None]:
            await client.one_more()
            yield b"one"
            await client.one_more()
            yield b"two"
        await send_outbound(Outbound(200, {}, stream=stream()), client.send, SIGN, MOMENT)
        before = len(client.got)
        await asyncio.sleep(MOMENT * 20)
        assert len(client.got) == before, "the answer is over"
        return client.got
    got = asyncio.run(run())
    assert [piece for piece in got if piece != SIGN] == [b"one", b"two", b""]
    assert got[-2:] == [b"two", b""]


def test_a_stream_without_a_sign_stays_silent() -> None:
    async def run() -> list[bytes]:
        client = Client()

        async def stream() -> AsyncGenerator[bytes, None]:
            await asyncio.sleep(MOMENT * 20)
            yield b"one"
        await send_outbound(Outbound(200, {}, stream=stream()), client.send)
        return client.got
    assert asyncio.run(run()) == [b"one", b""]


def test_nothing_piles_up_in_front_of_a_client_that_does_not_read() -> None:
    async def run() -> tuple[int, list[bytes]]:
        client = Client()
        pulse = Pulse(client.send, SIGN, MOMENT)
        client.slow.clear()
        await asyncio.sleep(MOMENT * 30)
        most = client.waiting
        pulse.stop()
        client.slow.set()
        await pulse.send(b"piece")
        return most, client.got
    most, got = asyncio.run(run())
    assert most == 1
    assert got == [b"piece"], "a sign that was not written yet is not written any more"


def test_while_a_piece_is_being_written_no_sign_is() -> None:
    async def run() -> list[bytes]:
        client = Client()
        pulse = Pulse(client.send, SIGN, MOMENT)
        client.slow.clear()
        writing = asyncio.create_task(pulse.send(b"piece"))
        await asyncio.sleep(MOMENT * 30)
        client.slow.set()
        await writing
        pulse.stop()
        return client.got
    assert asyncio.run(run()) == [b"piece"]


@pytest.mark.parametrize("decoder", [openai._streaming.SSEDecoder, anthropic._streaming.SSEDecoder])
@pytest.mark.parametrize("event", [b'data: {"a":1}\n\n', b'id: 1\ndata: {"a":1}\n\n', b'data: {"a":1}\nid: 1\n\n'])
def test_the_sdks_see_nothing_but_the_events(event: bytes, decoder: Any) -> None:
    async def run() -> list[bytes]:
        client = Client()

        async def stream() -> AsyncGenerator[bytes, None]:
            for _ in range(3):
                before = len(client.got)
                while len(client.got) < before + 2:
                    await client.next()
                yield event
        sign = KeepAlive().sign("chat", "n", "m")
        await send_outbound(Outbound(200, {}, stream=stream()), client.send, sign, MOMENT)
        return client.got
    seen = [found.data for found in decoder().iter_bytes(iter([b"".join(asyncio.run(run()))]))]
    assert seen == ['{"a":1}'] * 3


def test_each_api_has_a_sign_that_its_clients_read_over() -> None:
    comment, chunk = KeepAlive(), KeepAlive("chunk")
    assert comment.sign("chat", "n", "m") == comment.sign("responses", "n", "m") == SIGN
    assert chunk.sign("responses", "n", "m") == SIGN, "its events are numbered without a gap"
    for style in (comment, chunk):
        assert style.sign("messages", "n", "m") == b'event: ping\ndata: {"type":"ping"}\n\n'
    event = orjson.loads(chunk.sign("chat", "n", "m").removeprefix(b"data: "))
    assert event["object"] == "chat.completion.chunk"
    assert event["choices"] == [{"index": 0, "delta": {}, "finish_reason": None}]
    old = orjson.loads(chunk.sign("completions", "n", "m").removeprefix(b"data: "))
    assert (old["object"], old["choices"][0]["text"]) == ("text_completion", "")


@pytest.mark.parametrize("dialect", ["chat", "completions", "responses", "messages"])
def test_off_is_off(dialect: str) -> None:
    assert SILENT.sign(dialect, "n", "m") == b""
    assert SILENT.patience is None
