"""A provider that answers with what it received, on real HTTP, and remembers every request it ever got.

Runs in a thread with its own event loop, so that synchronous tests and real server processes can use it. How it
behaves is set with `EchoProvider.doing`; nobody waits for a clock, only for events.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

PATIENCE = 30.0
"""Seconds after which a test that waits for an event has failed; nothing is measured with it."""


@dataclass
class Received:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when the connection was cut before the answer was complete."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The newest message."""
        content = self.json["messages"][-1]["content"]
        return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


@dataclass(frozen=True)
class Behaviour:
    """How the provider answers."""

    cut: int | None = None
    """Characters per piece of a stream; None: all in one."""
    tool: tuple[str, str] | None = None
    """Name of a tool to call and its argument; the value of the argument is the text received."""
    status: int = 200
    error: bytes = b""
    """Body of an answer of status 400 and more, or of a broken one."""
    break_after: int | None = None
    """Pieces of a stream after which the connection is cut."""
    wait_after: int | None = None
    """Pieces after which nothing more comes until `EchoProvider.go_on`; 0: not even the head of the answer."""
    only: str = ""
    """Only where the newest message holds this; all else is answered at once."""
    says: str | None = None
    """Answer this, and not what was received."""


class EchoProvider:
    """``with EchoProvider() as provider``: ``provider.url`` is an OpenAI-compatible base URL."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.arrived = threading.Semaphore(0)
        self.paused = threading.Event()
        """Set once the provider has sent what `Behaviour.wait_after` says."""
        self._behaviour = Behaviour()
        self._released = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="echo-provider", daemon=True)

    def __enter__(self) -> EchoProvider:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(PATIENCE)
        return self

    def __exit__(self, *_exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    @contextmanager
    def doing(self, **behaviour: Any) -> Iterator[EchoProvider]:
        """Behave like this for a while."""
        self._behaviour = Behaviour(**behaviour)
        self.paused.clear()
        self._released.clear()
        try:
            yield self
        finally:
            self._behaviour = Behaviour()

    def go_on(self) -> None:
        """Let whatever waits go on."""
        self._loop.call_soon_threadsafe(self._released.set)

    @property
    def last(self) -> Received:
        """The request that arrived last."""
        return self.received[-1]

    async def _open(self) -> str:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        got = Received(request.path, dict(request.headers), await request.read())
        self.received.append(got)
        self.arrived.release()
        try:
            how = self._behaviour
            return await self._answer(request, got, how if how.only in got.text else Behaviour())
        except (asyncio.CancelledError, ConnectionError):
            got.hung_up.set()
            raise

    async def _answer(self, request: web.Request, got: Received, how: Behaviour) -> web.StreamResponse:
        if how.wait_after == 0:
            await self._wait()
        if how.status >= 400 or how.error:
            return web.Response(status=how.status, body=how.error, content_type="application/json")
        body = got.json
        choices = [_choice(got, how, body, index) for index in range(body.get("n") or 1)]
        head = {"id": "chatcmpl-echo", "created": 1_767_225_600, "model": body["model"]}
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        if not body.get("stream"):
            whole = {**head, "object": "chat.completion", "choices": choices, "usage": usage}
            return web.json_response(whole)
        head["object"] = "chat.completion.chunk"
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        frames = [{**head, "choices": [piece]} for piece in _pieces(choices, how.cut)]
        if (body.get("stream_options") or {}).get("include_usage"):
            frames.append({**head, "choices": [], "usage": usage})
        for number, frame in enumerate(frames):
            if number == how.break_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            if number == how.wait_after:
                await self._wait()
            await response.write(b"data: " + json.dumps(frame, ensure_ascii=False).encode() + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _wait(self) -> None:
        self.paused.set()
        await self._released.wait()


def _choice(got: Received, how: Behaviour, body: dict[str, Any], index: int) -> dict[str, Any]:
    text = got.text if how.says is None else how.says
    if how.tool is not None and body["messages"][-1]["role"] != "tool":
        name, argument = how.tool
        call = {"id": f"call_{index}", "type": "function",
                "function": {"name": name, "arguments": json.dumps({argument: text}, ensure_ascii=False)}}
        return {"index": index, "message": {"role": "assistant", "content": None, "tool_calls": [call]},
                "finish_reason": "tool_calls"}
    return {"index": index, "message": {"role": "assistant", "content": text if index == 0 else f"{index}: {text}"},
            "finish_reason": "stop"}


def _pieces(choices: list[dict[str, Any]], cut: int | None) -> Iterator[dict[str, Any]]:
    """Yield the choices of chunks: the choices take turns, then each ends."""
    running = [_deltas(choice["message"], cut) for choice in choices]
    while any(running):
        for index, deltas in enumerate(running):
            if deltas:
                yield {"index": index, "delta": deltas.pop(0), "finish_reason": None}
    for choice in choices:
        yield {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}


def _deltas(message: dict[str, Any], cut: int | None) -> list[dict[str, Any]]:
    calls = message.get("tool_calls")
    if calls is None:
        return [{"role": "assistant", "content": ""}, *({"content": part} for part in _cut(message["content"], cut))]
    function = calls[0]["function"]
    first = {**calls[0], "index": 0, "function": {"name": function["name"], "arguments": ""}}
    return [{"role": "assistant", "content": None, "tool_calls": [first]},
            *({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}
              for part in _cut(function["arguments"], cut))]


def _cut(text: str, size: int | None) -> list[str]:
    return [text[at:at + size] for at in range(0, len(text), size)] if size else [text]
