"""Signs of life in a stream: while nothing comes, neither a web server in between nor the client must take it for dead.

Keeps true: no piece of the answer waits for a sign of life or changes its place. Pieces hold whole events (the answers
in `gateway.wire` cut at nothing else), and a sign is written only between two of them.

Does not know: what the answer says. Before the head of a stream nothing can be said; that the head does not wait for a
slow provider is the work of `gateway.pipeline.late`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

Style = Literal["comment", "chunk", "off"]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_COMMENT: Final = b": keep-alive\n\n"
"""Two line feeds: a reader that cuts at blank lines would lose the event behind a comment that ends with one."""
_LINE: Final = b": keep-alive\n"
"""One, where events have an ``id``: the SDKs for Python then take a blank line alone for an event, and fail at it."""
_PING: Final = b'event: ping\ndata: {"type":"ping"}\n\n'
"""Belongs to the Messages API; its clients expect it anywhere."""


def _chat(identity: str, model: str) -> bytes:
    choice = {"index": 0, "delta": {}, "finish_reason": None}
    return _event({"id": identity, "object": "chat.completion.chunk", "created": 0, "model": model,
                   "choices": [choice]})


def _completion(identity: str, model: str) -> bytes:
    choice = {"index": 0, "text": "", "logprobs": None, "finish_reason": None}
    return _event({"id": identity, "object": "text_completion", "created": 0, "model": model, "choices": [choice]})


def _event(content: dict[str, object]) -> bytes:
    return b"data: " + orjson.dumps(content) + b"\n\n"


_CHUNKS: Final[dict[str, Callable[[str, str], bytes]]] = {"chat": _chat, "completions": _completion}
"""Only these APIs have an event that says nothing; in the Responses API every event has a number and a meaning."""


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """What is said, and after how long a silence."""

    style: Style = "comment"
    seconds: float = 15.0

    @property
    def patience(self) -> float | None:
        """Seconds after which a stream begins although the provider has not said anything; None: it waits."""
        return None if self.style == "off" else self.seconds

    def sign(self, dialect: str, identity: str, model: str) -> bytes:
        """Return the sign of life for one answer; empty: none."""
        if self.style == "off":
            return b""
        if dialect == "messages":
            return _PING
        if self.style == "chunk" and dialect in _CHUNKS:
            return _CHUNKS[dialect](identity, model)
        return _COMMENT


SILENT: Final = KeepAlive("off")


class Pulse:
    """One stream being sent: `send` its pieces through here; whenever `seconds` pass without one, `sign` is sent."""

    def __init__(self, send: Send, sign: bytes, seconds: float) -> None:
        self._forward, self._sign, self._seconds = send, sign, seconds
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()
        self._sending = False
        self._beat: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        if sign:
            self._timer = self._loop.call_later(seconds, self._look)

    async def send(self, piece: bytes) -> None:
        """Send a piece of the answer; it waits for the client alone."""
        self._sending = True
        if self._sign is _COMMENT and (b"\nid:" in piece or piece.startswith(b"id:")):
            self._sign = _LINE
        await self._forward({"type": "http.response.body", "body": piece, "more_body": True})
        self._last, self._sending = self._loop.time(), False

    def stop(self) -> None:
        """Say nothing any more; call it before the end is sent."""
        if self._timer is not None:
            self._timer.cancel()
        if self._beat is not None:
            self._beat.cancel()  # it waits for a slow client and has not been written yet, or is done

    def _look(self) -> None:
        rest = self._last + self._seconds - self._loop.time()
        if rest <= 0:
            rest = self._seconds
            # A client that is slow to read has enough before it; no second sign waits behind the first.
            if not self._sending and (self._beat is None or self._beat.done()):
                self._beat = self._loop.create_task(self._say())
        self._timer = self._loop.call_later(rest, self._look)

    async def _say(self) -> None:
        await self._forward({"type": "http.response.body", "body": self._sign, "more_body": True})
