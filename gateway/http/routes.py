"""One handler for every dialect: what differs between APIs is in `gateway.wire`, what happens is in the pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from starlette.routing import BaseRoute, Route

from gateway.errors import GatewayError
from gateway.http.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    credentials_of,
    headers_of,
    new_request_id,
    read_body,
    send_outbound,
    while_connected,
)
from gateway.pipeline.pipeline import Inbound, Pipeline
from gateway.wire.dialect import Dialect


class DialectEndpoint:
    """ASGI application of one wire API."""

    def __init__(self, dialect: Dialect, pipeline: Pipeline, max_body: int) -> None:
        self._dialect, self._pipeline, self._max_body = dialect, pipeline, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_request_id()
        headers = headers_of(scope)
        inbound = Inbound(self._dialect, b"", credentials_of(headers), headers.get("x-ki-zweck"), request_id)
        try:
            await self._pipeline.recognise(inbound)
            inbound = replace(inbound, body=await read_body(headers, receive, self._max_body))
        except GatewayError as error:
            await send_outbound(await self._pipeline.turn_away(inbound, error), send)
            return
        except ClientGone:
            return
        await while_connected(receive, self._serve(inbound, send))

    async def _serve(self, inbound: Inbound, send: Send) -> None:
        await send_outbound(await self._pipeline.handle(inbound), send)


def dialect_routes(dialects: Iterable[Dialect], pipeline: Pipeline, max_body: int) -> list[BaseRoute]:
    """Return the routes of all dialects: with and without ``/v1``, with and without a trailing slash."""
    routes: list[BaseRoute] = []
    for dialect in dialects:
        endpoint = DialectEndpoint(dialect, pipeline, max_body)
        for path in dialect.paths:
            routes += [Route(prefix + path + slash, endpoint, methods=["POST"])
                       for prefix in ("/v1", "") for slash in ("", "/")]
    return routes
