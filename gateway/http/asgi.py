"""Plain ASGI: reading a body within limits, sending an answer, noticing that the client hung up.

No framework object is built per request: the way in costs what the bytes cost.
"""

from __future__ import annotations

import asyncio
import os
from base64 import b32encode
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any, cast

from gateway.errors import GatewayError
from gateway.http.keep_alive import Pulse
from gateway.model.current import current_request
from gateway.pipeline.doors import Outbound
from gateway.pipeline.finishing import CLOSING
from gateway.ports import Credentials

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ")
"""Crockford's base 32: no letter that is taken for another when it is read out on the telephone."""
_random: list[bytes] = []
"""Random bytes in stock: asking the system gives up the interpreter lock, and others may keep it for a millisecond."""
os.register_at_fork(after_in_child=_random.clear)
BODY_SECONDS = 30.0
"""For a small body, whatever the pieces it comes in."""
BODY_RATE = 64 * 1024
"""Bytes a second that a large one must keep up: 20 MiB have five minutes more."""
_TWICE = "\n"
"""Between the values of a header about who asks that came more than once: no value can hold it, so whoever reads such
a header (`gateway.identity`) sees that there are two answers."""
_ABOUT_WHO = ("x-", "authorization", "api-key")
"""What the names of such headers begin with."""


def new_request_id() -> str:
    """Return a fresh Vorgangsnummer: 60 random bits in three groups, ``7F3K-2QXM-9BTD``."""
    try:
        raw = _random.pop()
    except IndexError:
        stock = os.urandom(8 * 256)
        _random.extend([stock[at:at + 8] for at in range(8, len(stock), 8)])
        raw = stock[:8]
    letters = b32encode(raw).translate(_CROCKFORD)[:12].decode("ascii")
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def request_number() -> str:
    """Return the Vorgangsnummer that the front door gave this request; a fresh one where there was no front door."""
    return current_request() or new_request_id()


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers with lower-case names; the first of several wins, but of those about who asks all are kept."""
    result: dict[str, str] = {}
    for raw, content in scope["headers"]:
        name, value = raw.decode("latin-1").lower(), content.decode("latin-1")
        if name in result and name.startswith(_ABOUT_WHO):
            result[name] += _TWICE + value
        else:
            result.setdefault(name, value)
    return result


def credentials_of(headers: dict[str, str]) -> Credentials:
    """Return what the client presented as proof of who it is."""
    # Which of them name a person is written in the entry of the front end (`ki-pforte client`).
    names = {name: value for name, value in headers.items() if name.startswith("x-") and name != "x-api-key"}
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return Credentials("bearer", secret.strip(), names)
    for name in ("x-api-key", "api-key"):
        if headers.get(name):
            return Credentials(name, headers[name].strip(), names)
    if scheme.lower() == "basic":
        return Credentials("basic", secret.strip(), names)
    return Credentials("none", "", names)


async def read_body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
    """Return the whole body. Raises ``zu_gross`` as soon as it is clear that it is, ``anfrage_ungueltig`` if it is
    packed or comes too slowly."""
    if headers.get("content-encoding", "identity") != "identity":
        raise GatewayError("anfrage_ungueltig", "Komprimierte Anfragen nimmt die KI-Pforte nicht an. Bitte schalten "
                           "Sie die Komprimierung in Ihrem Programm aus.")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(began + BODY_SECONDS) as patience:
            return await _collect(receive, limit, lambda size: patience.reschedule(
                began + BODY_SECONDS + size / BODY_RATE))
    except TimeoutError:
        raise GatewayError("anfrage_ungueltig", "Die Anfrage ist zu langsam angekommen und darum unvollständig. Bitte "
                           "prüfen Sie die Verbindung und senden Sie die Anfrage noch einmal.") from None


async def _collect(receive: Receive, limit: int, arrived: Callable[[int], None]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = cast(bytes, message.get("body", b""))
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if len(parts) > 1 else part
        arrived(size)


class ClientGone(Exception):  # noqa: N818  (a fact, not a fault)
    """The client hung up before its request was complete."""


def _too_large(limit: int) -> GatewayError:
    return GatewayError("zu_gross", f"Die Anfrage ist größer als {limit // (1024 * 1024)} MB. Bitte kürzen Sie den "
                        "Text, oder hängen Sie weniger oder kleinere Dateien an.")


def numbered(send: Send) -> Send:
    """Return `send` for an answer that has a Vorgangsnummer if nobody else has given it one."""
    async def with_number(message: Message) -> None:
        if message["type"] == "http.response.start" and all(name != b"x-request-id" for name, _ in message["headers"]):
            message = {**message, "headers": [*message["headers"], (b"x-request-id", request_number().encode("ascii"))]}
        await send(message)
    return with_number


async def send_outbound(outbound: Outbound, send: Send, sign: bytes = b"", seconds: float = 0.0) -> None:
    """Send an answer, whole or as it comes; a stream that is silent for so many seconds shows `sign`, if there is one.
    """
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in outbound.headers.items()]
    headers.append((b"content-type", outbound.content_type.encode("latin-1")))
    if outbound.stream is None:
        headers.append((b"content-length", str(len(outbound.body)).encode()))
        await send({"type": "http.response.start", "status": outbound.status, "headers": headers})
        await send({"type": "http.response.body", "body": outbound.body})
        return
    headers += [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
    async with aclosing(outbound.stream) as stream:
        await send({"type": "http.response.start", "status": outbound.status, "headers": headers})
        pulse = Pulse(send, sign, seconds)
        try:
            async for piece in stream:
                await pulse.send(piece)
        finally:
            pulse.stop()
    await send({"type": "http.response.body", "body": b""})


async def while_connected(receive: Receive, work: Awaitable[None]) -> None:
    """Do `work`; when the client hangs up first, cancel it: what is no longer wanted is no longer asked for.

    When the server stops before the work is done (it cancels us), the work is told, and may still say so to the client.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
        if not task.cancelled():
            task.result()
    except asyncio.CancelledError:
        task.cancel(CLOSING)
        await asyncio.wait((task,))
        if task.cancelled():
            raise
        task.result()
    finally:
        gone.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
