"""A proxy that does nothing but pass on: what Python costs before any of KI-Pforte's own work.

The same parts as the gateway (uvicorn, uvloop, httptools in front, aiohttp behind), no key, no inspection, no ledger.
The gateway's figures are to be read against this row. Run:
``python -m tests.bench.bare_proxy --port 9200 --upstream http://127.0.0.1:9100/v1``.
"""

from __future__ import annotations

import argparse
from typing import Any

import aiohttp
import uvicorn


class BareProxy:
    """An ASGI application: body in, body out, piece by piece."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._pass_on(scope["path"], receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._session.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _pass_on(self, path: str, receive: Any, send: Any) -> None:
        assert self._session is not None
        if path == "/readyz":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        url = self._upstream + path.removeprefix("/v1")
        async with self._session.post(url, data=body, headers={"content-type": "application/json"}) as answer:
            kept = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()
                    if name.lower() in ("content-type", "content-length")]
            await send({"type": "http.response.start", "status": answer.status, "headers": kept})
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--upstream", required=True)
    options = arguments.parse_args()
    uvicorn.run(BareProxy(options.upstream), port=options.port, loop="uvloop", http="httptools", lifespan="on",
                log_level="warning", access_log=False)
