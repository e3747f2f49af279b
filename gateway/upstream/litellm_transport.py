"""litellm's way out: every HTTP request it makes travels over our `Line`, for the one call that is under way.

Import this only through `gateway.upstream.litellm_library` (it imports httpx, which only litellm needs).

Keeps true: what litellm's own clients would do is not done: no redirect, no proxy or certificate switch from the
environment, no retry, no cookie; a request outside of a call, with another method than POST, to another host than
the register names, or to the Responses API (litellm would let the provider store it) is refused; without a key in the
register no credential leaves, whatever litellm found in the environment.

Does not know: what SDKs beside litellm do on their own (cloud vendors' sign-in libraries for Bedrock, Vertex,
SageMaker).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx  # noqa: TID251 - the type of litellm's door; the bytes themselves travel on aiohttp
from yarl import URL

from gateway.errors import GatewayError
from gateway.upstream import failures
from gateway.upstream.line import Answer, Line, Patience

_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "user-agent", "accept-encoding"})
_CREDENTIALS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})
_ERROR_BODY_LIMIT = 64 * 1024
_TAIL = 1024


@dataclass(slots=True)
class Call:
    """One exchange on its way through litellm: how to send it, and what really happened on the wire."""

    line: Line
    patience: Patience
    host: str | None
    """The host that the register names; None when it leaves the address to litellm."""
    with_key: bool
    answer: Answer | None = None
    failure: GatewayError | None = None
    error_body: bytes = field(default=b"", repr=False)
    tail: bytes = field(default=b"", repr=False)
    """How the body of the answer ended, as far as it has come."""

    async def close(self) -> None:
        """Cut the connection unless the body was complete."""
        if self.answer is not None:
            await self.answer.close()


CURRENT: ContextVar[Call] = ContextVar("litellm_call")


class LineTransport(httpx.AsyncBaseTransport):
    """The transport of every asynchronous client that litellm makes."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over the line of the current call and keep what comes back where the adapter finds it."""
        call = CURRENT.get(None)
        if call is None or request.method != "POST" or call.answer is not None:
            raise httpx.UnsupportedProtocol("refused: only the one POST of a call may leave")
        try:
            return await self._post(call, request)
        except GatewayError as error:
            call.failure = error
            raise

    async def _post(self, call: Call, request: httpx.Request) -> httpx.Response:
        url = URL(str(request.url), encoded=True)
        if call.host is not None and url.host != call.host:
            raise failures.misconfigured("litellm chose another host than base_url names")
        if url.path.rstrip("/").endswith("/responses"):
            raise failures.misconfigured("for the Responses API write adapter: openai, dialects: [responses]")
        answer = await call.line.post(url, _headers(call, request), await request.aread(), call.patience)
        call.answer = answer
        headers = {"content-type": answer.content_type}
        if answer.status < 400:
            return httpx.Response(answer.status, headers=headers, stream=_Body(call, answer), request=request)
        call.error_body = await _beginning(answer)
        return httpx.Response(answer.status, headers=headers, content=call.error_body, request=request)


class NoTransport(httpx.BaseTransport):
    """The transport of every blocking client: litellm has no reason to use one, and it would stop the event loop."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse."""
        raise httpx.UnsupportedProtocol("refused: blocking requests do not leave this house")


class _Body(httpx.AsyncByteStream):
    """The body of an answer for httpx; a break is remembered, because litellm may take it for an end."""

    def __init__(self, call: Call, answer: Answer) -> None:
        self._call = call
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.chunks():
                self._call.tail = (self._call.tail + piece)[-_TAIL:]
                yield piece
        except GatewayError as error:
            self._call.failure = error
            raise

    async def aclose(self) -> None:
        await self._answer.close()


def _headers(call: Call, request: httpx.Request) -> dict[str, str]:
    kept = {}
    for name, value in request.headers.items():
        if name in _OURS or name.startswith("x-stainless-") or (name in _CREDENTIALS and not call.with_key):
            continue
        kept[name] = value
    kept["User-Agent"] = "ki-pforte"
    kept["Accept-Encoding"] = "identity"
    return kept


async def _beginning(answer: Answer) -> bytes:
    body = bytearray()
    try:
        async for piece in answer.chunks():
            body += piece
            if len(body) > _ERROR_BODY_LIMIT:
                break
    finally:
        await answer.close()
    return bytes(body[:_ERROR_BODY_LIMIT])
