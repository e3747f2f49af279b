"""Clients that run in a browser: which pages of other addresses may read the answers of the wire APIs.

Nobody may unless `origins` names the page; a request from elsewhere is served all the same, because its client may be
no browser, and a browser hides the answer by itself. Pages of the house take no part: they live by a cookie, and no
answer of another origin ever comes with one.
"""

from __future__ import annotations

from typing import Final

from gateway.http.asgi import Message, Scope, Send

Header = tuple[bytes, bytes]
_EXPOSED: Final = (b"x-request-id, retry-after, x-should-retry, x-ki-pforte-decision, x-ki-pforte-redactions, "
                   b"x-ki-pforte-model, x-ki-pforte-policy, x-ki-pforte-hinweis")
_HOUR: Final = b"3600"


class Cors:
    """The origins whose pages may read; an origin is scheme, host and port as a browser writes them."""

    def __init__(self, origins: frozenset[str] = frozenset()) -> None:
        self._origins = frozenset(origin.encode("ascii") for origin in origins)

    def origin(self, scope: Scope) -> bytes | None:
        """Return the origin of this request if it may read the answer."""
        if not self._origins:
            return None
        given = [value for name, value in scope["headers"] if name == b"origin"]
        return given[0] if len(given) == 1 and given[0] in self._origins else None


CLOSED: Final = Cors()


def opened(send: Send, origin: bytes) -> Send:
    """Return `send` for an answer that the page at `origin` may read."""
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *_allowed(origin),
                                              (b"access-control-expose-headers", _EXPOSED)]}
        await send(message)
    return with_headers


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks what it may send, before it sends it; such a question brings no credentials."""
    return scope["method"] == "OPTIONS" and any(name == b"access-control-request-method"
                                                for name, _ in scope["headers"])


async def answer_preflight(scope: Scope, send: Send, origin: bytes, request_id: str) -> None:
    """Answer such a question: what the page wants to send, it may."""
    headers = [*_allowed(origin), (b"access-control-allow-methods", b"GET, POST, DELETE"),
               (b"access-control-max-age", _HOUR), (b"x-request-id", request_id.encode("ascii"))]
    headers += [(b"access-control-allow-headers", value) for name, value in scope["headers"]
                if name == b"access-control-request-headers"]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _allowed(origin: bytes) -> list[Header]:
    return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
