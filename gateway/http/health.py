"""``/healthz`` (the process lives), ``/readyz`` (requests can be served, with reasons) and ``/metrics``.

``/healthz/stream`` shows whether pieces of an answer arrive one by one: some short lines, a quarter of a second apart,
with the headers of every stream of ours. ``doctor`` asks for it through the web server in front.

Whoever asks through a web server in front comes from the net of the staff or from further away: reasons and warnings
name cases, departments and machines, and figures are for Prometheus, so neither is told there. Every web server says in
a header that it passed something on, and no client can take that away.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

READY_SECONDS: Final = 1.0
PIECES: Final = 8
PAUSE_SECONDS: Final = 0.25
AT_ONCE: Final = 8
_PASSED_ON: Final = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
LEAVING: Final = "leaving"
"""In the state of the application (the server shares it with every request) while this process is about to end."""
_LEAVES: Final = {
    "status": "nicht bereit", "checks": {"dienst": False}, "warnings": [],
    "reasons": {"dienst": "Dieser Prozess wird beendet. Was noch ankommt, bedient er; Neues gehört zu einem anderen."}}


@dataclass(frozen=True, slots=True)
class Readiness:
    """What can fail, each with its state; ``warnings`` never make the whole unready."""

    checks: dict[str, bool]
    reasons: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)
    """More that operators want to see, by area."""

    @property
    def ready(self) -> bool:
        """Whether requests can be served."""
        return all(self.checks.values())


class Health:
    """The three paths that machines ask."""

    def __init__(self, readiness: Callable[[], Awaitable[Readiness]], metrics: Callable[[], bytes],
                 metrics_token: str = "",
                 pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(PAUSE_SECONDS)) -> None:
        self._readiness, self._metrics, self._token = readiness, metrics, metrics_token
        self._pause, self._streaming = pause, 0
        self._looking = asyncio.Lock()
        self._seen: tuple[float, Readiness] | None = None

    async def alive(self, request: Request) -> Response:
        """Answer ``/healthz``."""
        return _json({"status": "ok"}, 200)

    async def ready(self, request: Request) -> Response:
        """Answer ``/readyz``: 200 as long as requests can be served, else 503."""
        if request.scope.get("state", {}).get(LEAVING):
            return _json(_LEAVES, 503)
        state = await self._look()
        if _passed_on(request):
            return _json({"status": "ok" if state.ready else "nicht bereit"}, 200 if state.ready else 503)
        body = {"status": "ok" if state.ready else "nicht bereit", "checks": state.checks, "reasons": state.reasons,
                "warnings": list(state.warnings), **({"details": state.details} if state.details else {})}
        return _json(body, 200 if state.ready else 503)

    async def stream(self, request: Request) -> Response:
        """Answer ``/healthz/stream``; only so many at once, because anybody may ask and each one lasts."""
        if self._streaming >= AT_ONCE:
            return _json({"status": "gerade zu viele Proben"}, 503)
        return StreamingResponse(self._pieces(), media_type="text/event-stream",
                                 headers={"cache-control": "no-cache", "x-accel-buffering": "no"})

    async def _pieces(self) -> AsyncIterator[bytes]:
        self._streaming += 1
        try:
            for number in range(1, PIECES + 1):
                yield b"data: %d/%d\n\n" % (number, PIECES)
                await self._pause()
        finally:
            self._streaming -= 1

    async def _look(self) -> Readiness:
        """Return the state; who asks within a second of another gets the same, because looking costs a real write."""
        async with self._looking:
            now = asyncio.get_running_loop().time
            if self._seen is None or now() - self._seen[0] > READY_SECONDS:
                state = await self._readiness()
                self._seen = now(), state
            return self._seen[1]

    async def metrics(self, request: Request) -> Response:
        """Answer ``/metrics``: with a token set, to who brings it; without, to who asks directly."""
        if not self._token and _passed_on(request):
            return _json({"status": "Kennzahlen gibt es über den Webserver nur mit KI_PFORTE_METRICS_TOKEN"}, 403)
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            return _json({"status": "Kennwort fehlt oder ist falsch"}, 401)
        return Response(self._metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def routes(self, *, with_metrics: bool) -> list[BaseRoute]:
        """Return the routes; metrics may have a port of their own."""
        routes: list[BaseRoute] = [Route("/healthz", self.alive), Route("/readyz", self.ready),
                                   Route("/healthz/stream", self.stream)]
        return [*routes, Route("/metrics", self.metrics)] if with_metrics else routes


def _passed_on(request: Request) -> bool:
    return any(name in request.headers for name in _PASSED_ON)


def _json(body: object, status: int) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json")
