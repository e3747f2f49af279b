"""The line to the providers: one HTTP client per worker, with the rules that every adapter shares.

Keeps true: only the headers given to `Line.post` leave (no cookie, no proxy from the environment, no netrc); a
redirect is never followed, because it could leave the region that policy allowed; certificates are checked
(``SSL_CERT_FILE`` adds an authority of one's own); every wait has an end; an exchange that is not read to its end
closes its connection at once, so that the provider stops working; an answer that is packed although we asked for
none such is refused unread, so nothing is ever unpacked here; whatever goes wrong leaves as a `GatewayError` without
content.

A request is sent a second time only where it cannot have been answered: the connection was never made, or a
connection that had been kept open was closed under us before one byte came back. This is weaker than it looks: a
provider that reads the whole request and then dies without a word is asked twice as well.

Does not know: what the bytes mean. A body without a length, ended by closing the connection, cannot be told from
one that was cut; whoever reads the events sees that their end is missing.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any
from weakref import WeakSet

import aiohttp
from yarl import URL

from gateway.errors import GatewayError
from gateway.upstream import failures

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PLAIN = frozenset({"", "identity"})
_EVER = float("inf")
_LONGEST_REST = 3600
_REUSED: ContextVar[bool] = ContextVar("connection_reused", default=False)
"""Whether the present try goes over a connection that was kept open."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How many connections, and how long to wait for what. Times are seconds."""

    connections: int = 1024
    connections_per_host: int = 512
    connect_seconds: float = 10.0
    """For a free place among the connections, DNS, TCP and TLS together."""
    first_byte_seconds: float = 120.0
    """For the head of a streamed answer (of an answer in one piece: the model's ``timeout_seconds``)."""
    idle_seconds: float = 90.0
    """Between two pieces of an answer."""
    keepalive_seconds: float = 30.0
    """How long an unused connection stays open; shorter than what providers and load balancers allow (60 and more)."""
    proxy: str | None = None
    """The organisation's HTTP proxy, when providers are only reachable through it. Never read from the environment."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one exchange."""

    head: float
    idle: float
    total: float


class Answer:
    """An answer that has begun (implements `gateway.ports.UpstreamResponse`)."""

    __slots__ = ("_deadline", "_failure", "_idle", "_loop", "_response", "_timer", "_waiting_since",
                 "content_type", "retry_after", "status")

    def __init__(self, response: aiohttp.ClientResponse, idle: float, deadline: float) -> None:
        self.status = response.status
        self.content_type = response.headers.get("Content-Type", "application/octet-stream")
        self.retry_after = retry_after(response.headers.get("Retry-After"))
        self._response = response
        self._idle = idle
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._waiting_since = _EVER
        self._failure: GatewayError | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield what has arrived, as it arrived. One timer watches the whole answer: no piece pays for its own."""
        read, clock = self._response.content.readany, self._loop.time
        if not self._response.content.is_eof():  # a small body has arrived as a whole: no wait, no timer
            self._watch()
        try:
            while True:
                self._waiting_since = clock()
                piece = await read()
                self._waiting_since = _EVER
                if not piece:
                    return
                yield piece
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            # RuntimeError: aiohttp's word for "connection closed" when a read begins after the cut.
            raise self._failure or failures.broken(f"body: {type(error).__name__}") from None
        finally:
            self._rest()

    async def close(self) -> None:
        """Give the connection back after a complete body (aiohttp has done so already), else close it now."""
        self._rest()
        self._response.close()

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self) -> None:
        """Look again when the present wait would be over; a slow reader on our side does not count as waiting."""
        now = self._loop.time()
        idle_until = min(self._waiting_since, now) + self._idle
        if now >= self._deadline:
            self._give_up("total")
        elif now >= idle_until:
            self._give_up("idle")
        else:
            self._timer = self._loop.call_at(min(idle_until, self._deadline), self._watch)

    def _give_up(self, limit: str) -> None:
        self._failure = failures.slow(f"{limit} limit reached while reading the answer")
        self._response.content.set_exception(aiohttp.ServerTimeoutError())
        self._response.close()


class Line:
    """Sends bytes to a provider. Use as ``await line.open()`` ... ``await line.close()``; one per event loop."""

    def __init__(self, settings: LineSettings | None = None) -> None:
        self.settings = settings or LineSettings()
        self._connector: _Connector | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the client. Nothing is connected yet."""
        if self._session is not None:
            return
        limits = self.settings
        self._connector = _Connector(limit=limits.connections, limit_per_host=limits.connections_per_host,
                                     keepalive_timeout=limits.keepalive_seconds, ttl_dns_cache=60)
        timeout = aiohttp.ClientTimeout(total=None, connect=limits.connect_seconds, sock_connect=limits.connect_seconds)
        self._session = aiohttp.ClientSession(
            connector=self._connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
            auto_decompress=False, proxy=limits.proxy)

    async def close(self) -> None:
        """Close every connection, also those in use."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def connections(self) -> tuple[int, int]:
        """Return how many connections were made since `open`, and how many requests found one open."""
        return (0, 0) if self._connector is None else (self._connector.opened, self._connector.reused)

    def patience(self, total: float, *, stream: bool) -> Patience:
        """Return how long to wait for an answer whose model allows `total` seconds."""
        head = min(self.settings.first_byte_seconds, total) if stream else total
        return Patience(head, self.settings.idle_seconds if stream else total, total)

    async def post(self, url: URL, headers: Mapping[str, str], body: bytes, patience: Patience) -> Answer:
        """Send `body` and return once the head of the answer is there, whatever its status (but no redirect)."""
        deadline = asyncio.get_running_loop().time() + patience.total
        try:
            async with asyncio.timeout(patience.head):
                response = await self._send(url, headers, body)
        except TimeoutError as error:  # ours, or aiohttp's for the connection (a TimeoutError as well)
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise failures.busy("connect limit reached") from None
            raise failures.slow("first byte limit reached") from None
        if response.status in _REDIRECTS:
            response.close()
            raise failures.redirected(response.status)
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in _PLAIN:
            response.close()  # a few bytes of it could be gigabytes, and streams would stall in its blocks
            raise failures.unreadable("the answer is compressed although identity was asked for")
        return Answer(response, patience.idle, deadline)

    async def _send(self, url: URL, headers: Mapping[str, str], body: bytes) -> aiohttp.ClientResponse:
        """One try, and a second one where the first cannot have reached anybody."""
        if self._session is None:
            raise failures.misconfigured("upstream used before start() or after close()")
        retry = True
        while True:
            _REUSED.set(False)
            try:
                return await self._session.post(url, data=_Body(body), headers=headers, allow_redirects=False)
            except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
                raise failures.untrusted(type(error).__name__) from None
            except aiohttp.ClientConnectorError as error:
                if not retry:
                    raise failures.unreachable(f"connect: {type(error.os_error).__name__}") from None
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                if not (retry and _REUSED.get()):
                    raise failures.unreachable(f"before the answer: {type(error).__name__}") from None
            except aiohttp.ServerTimeoutError:
                raise
            except (aiohttp.ClientError, ValueError) as error:
                raise failures.unreadable(f"head of the answer: {type(error).__name__}") from None
            retry = False


class _Connector(aiohttp.TCPConnector):
    """Tells whether a request found an open connection. (aiohttp's tracing tells it too, for 70 µs per request.)"""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.opened = 0
        self.reused = 0
        self._known: WeakSet[Any] = WeakSet()

    async def connect(self, *arguments: Any, **options: Any) -> Any:
        connection = await super().connect(*arguments, **options)
        if connection.protocol in self._known:
            self.reused += 1
            _REUSED.set(True)
        else:
            self.opened += 1
            self._known.add(connection.protocol)
        return connection


class _Body(aiohttp.BytesPayload):
    """Bytes ready to send. aiohttp would warn above 1 MB; the transport takes them as they are, without a copy."""

    def __init__(self, value: bytes) -> None:
        if len(value) <= 2**20:
            super().__init__(value, content_type="application/json")
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            super().__init__(value, content_type="application/json")


def retry_after(value: str | None) -> int | None:
    """Return the seconds of a ``Retry-After`` header (a number or a date), an hour at most; None when it says nothing.
    """
    if value is None:
        return None
    try:
        return min(max(0, ceil(float(value))), _LONGEST_REST)
    except (ValueError, OverflowError):
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    rest = ceil((moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return min(max(0, rest), _LONGEST_REST)
