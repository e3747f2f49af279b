"""The demo as an HTTP server on loopback.

Keeps true: it listens on 127.0.0.1 only, keeps nothing and writes no log; it stops working when the client hangs
up. It asks for no key: nothing it says is worth one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from aiohttp import web

from gateway.errors import GatewayError
from gateway.upstream.demo import chat, embeddings, recordings, responses
from gateway.upstream.demo.answer import MalformedError
from gateway.wire.forms import read_form

_Body = dict[str, Any]
_MAX_BYTES = 64 * 1024 * 1024


class DemoProvider:
    """``base_url = await DemoProvider().start()`` ... ``await provider.close()``."""

    def __init__(self, port: int = 0, pause: float = 0.0) -> None:
        """`pause` is the time between two pieces of a streamed answer, so that people see it grow."""
        self._port = port
        self._pause = pause
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen, on a free port when none was named, and return the address for ``base_url``."""
        application = web.Application(client_max_size=_MAX_BYTES, middlewares=[_json_errors])
        application.router.add_get("/v1/models", _models)
        application.router.add_post("/v1/chat/completions", self._handler(chat.answer, chat.events, done=True))
        application.router.add_post("/v1/completions",
                                    self._handler(chat.completion, chat.completion_events, done=True))
        application.router.add_post("/v1/responses", self._handler(responses.answer, responses.events, done=False))
        application.router.add_post("/v1/embeddings", _embeddings)
        for path in ("transcriptions", "translations"):
            application.router.add_post(f"/v1/audio/{path}", self._recording)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, handler_cancellation=True,
                                     shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        port = self._runner.addresses[0][1]
        return f"http://127.0.0.1:{port}/v1"

    async def close(self) -> None:
        """Stop listening and cut what is still under way."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _handler(self, whole: Callable[[_Body, str], _Body], events: Callable[[_Body, str], Iterator[_Body]], *,
                 done: bool) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            body, identity = await _read(request)
            if not body.get("stream"):
                return _json(whole(body, identity))
            whole(body, identity)  # refuses a malformed request before the stream begins
            return await self._stream(request, events(body, identity), named=not done, done=done)

        return handle

    async def _recording(self, request: web.Request) -> web.StreamResponse:
        form = read_form(await request.read(), ())
        if form.get("stream") == "true":
            recordings.answer(form)  # refuses what is no recording before the stream begins
            return await self._stream(request, recordings.events(form), named=False, done=False)
        whole, media = recordings.answer(form)
        return _json(whole) if isinstance(whole, dict) else web.Response(body=whole, content_type=media)

    async def _stream(self, request: web.Request, events: Iterator[_Body], *, named: bool,
                      done: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        for event in events:
            name = f"event: {event['type']}\n".encode() if named else b""
            await response.write(name + b"data: " + orjson.dumps(event) + b"\n\n")
            await asyncio.sleep(self._pause)  # also 0: the client may hang up between two pieces
        if done:
            await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


async def _models(_request: web.Request) -> web.Response:
    return _json({"object": "list", "data": [
        {"id": "demo", "object": "model", "created": chat.CREATED, "owned_by": "ki-pforte-demo"}]})


async def _embeddings(request: web.Request) -> web.Response:
    body, _identity = await _read(request)
    return _json(embeddings.answer(body))


async def _read(request: web.Request) -> tuple[_Body, str]:
    raw = await request.read()
    body = orjson.loads(raw)
    if not isinstance(body, dict):
        raise MalformedError("body")
    return body, hashlib.sha256(raw).hexdigest()[:16]


def _json(document: _Body, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(document), status=status, content_type="application/json")


def _error(status: int, message: str, param: str | None = None) -> web.Response:
    return _json({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": None}}, status)


@web.middleware
async def _json_errors(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as error:
        return _error(error.status, f"Der Demo-Anbieter kennt das nicht ({error.status}).")
    except orjson.JSONDecodeError:
        return _error(400, "Der Demo-Anbieter konnte die Anfrage nicht als JSON lesen.")
    except GatewayError:
        return _error(400, "Der Demo-Anbieter konnte das Formular nicht lesen.")
    except MalformedError as error:
        field = str(error)
        return _error(400, f"Der Demo-Anbieter versteht die Anfrage nicht: {field} fehlt oder ist falsch.", field)
    return response
