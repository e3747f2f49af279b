"""One handler for every dialect: what differs between APIs is in `gateway.wire`, what happens is in the pipeline."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace

from starlette.routing import BaseRoute, Route

from gateway.errors import GatewayError, internal
from gateway.http.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    credentials_of,
    headers_of,
    new_request_id,
    numbered,
    read_body,
    request_number,
    send_outbound,
    while_connected,
)
from gateway.http.cors import CLOSED, Cors, answer_preflight, is_preflight, opened
from gateway.http.keep_alive import SILENT, KeepAlive
from gateway.model.current import working_on
from gateway.pipeline.doors import Inbound
from gateway.pipeline.pipeline import Pipeline
from gateway.wire.dialect import Dialect

_log = logging.getLogger(__name__)
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class DialectEndpoint:
    """ASGI application of one wire API."""

    def __init__(self, dialect: Dialect, pipeline: Pipeline, max_body: int,
                 keep_alive: KeepAlive = SILENT) -> None:
        self._dialect, self._pipeline, self._max_body = dialect, pipeline, max_body
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_number()
        headers = headers_of(scope)
        inbound = Inbound(self._dialect, b"", credentials_of(headers), headers.get("x-ki-zweck"), request_id)
        try:
            await self._pipeline.recognise(inbound)
            inbound = replace(inbound, body=await read_body(headers, receive, self._max_body))
        except ClientGone:
            return
        except Exception as fault:  # noqa: BLE001  (a fault of ours is an answer as well)
            if not isinstance(fault, GatewayError):
                _log.exception("the request failed at the door")
            error = fault if isinstance(fault, GatewayError) else internal()
            await send_outbound(await self._pipeline.turn_away(inbound, error), send)
            return
        await while_connected(receive, self._serve(inbound, send))

    async def _serve(self, inbound: Inbound, send: Send) -> None:
        outbound = await self._pipeline.handle(inbound)
        sign = b"" if outbound.stream is None else self._keep_alive.sign(
            self._dialect.name, inbound.request_id, outbound.headers.get("x-ki-pforte-model", ""))
        await send_outbound(outbound, send, sign, self._keep_alive.seconds)


class Front:
    """The wire APIs, and behind them the framework with everything else, wrong methods included.

    Every layer of the framework wraps every piece of every stream, and none has anything to do there.
    """

    def __init__(self, framework: Application, endpoints: Mapping[str, DialectEndpoint], cors: Cors = CLOSED) -> None:
        self._framework, self._endpoints, self._cors = framework, endpoints, cors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._framework(scope, receive, send)
            return
        with working_on(new_request_id()):
            await self._lead(scope, receive, send)

    async def _lead(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["path"])
        origin = self._cors.origin(scope)
        if origin is not None and (endpoint or scope["path"].startswith(("/v1/", "/models", "/conversations"))):
            if is_preflight(scope):
                await answer_preflight(scope, send, origin, request_number())
                return
            send = opened(send, origin)
        if endpoint is not None and scope["method"] == "POST":
            await endpoint(scope, receive, send)
        else:
            await self._framework(scope, receive, numbered(send))


def dialect_endpoints(dialects: Iterable[Dialect], pipeline: Pipeline, max_body: int,
                      keep_alive: KeepAlive = SILENT) -> dict[str, DialectEndpoint]:
    """Return the endpoints of all dialects by path: with and without ``/v1``, with and without a trailing slash."""
    endpoints: dict[str, DialectEndpoint] = {}
    for dialect in dialects:
        endpoint = DialectEndpoint(dialect, pipeline, max_body, keep_alive)
        endpoints |= {prefix + path + slash: endpoint
                      for path in dialect.paths for prefix in ("/v1", "") for slash in ("", "/")}
    return endpoints


def dialect_routes(endpoints: Mapping[str, DialectEndpoint]) -> list[BaseRoute]:
    """Return the same for the framework, which refuses what is no POST."""
    return [Route(path, endpoint, methods=["POST"]) for path, endpoint in endpoints.items()]
