"""``/witness/add-checkpoint``: this house countersigns the checkpoints of neighbours (C2SP ``tlog-witness``).

Open to everybody who can sign with a key of the list; what is asked of the witness is checked there. The answer to a
size that does not fit carries the size that was seen, as the protocol wants it.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

PATH: Final = "/witness/add-checkpoint"
SECONDS: Final = 20.0
_MOST: Final = 64 * 1024


class Answer(Protocol):
    """What the witness says."""

    @property
    def status(self) -> int:
        """The status of HTTP."""
        ...

    @property
    def body(self) -> str:
        """The signature, or a size."""
        ...


class Witness(Protocol):
    """Who countersigns (`audit.Witness`). Blocks."""

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one request."""
        ...


class WitnessEndpoint:
    """Serves the one path of a witness."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(PATH, self._add, methods=["POST"])]

    async def _add(self, request: Request) -> Response:
        body = b""
        try:
            async with asyncio.timeout(SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > _MOST:
                        return Response(status_code=413)
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=408)
        answer = await asyncio.to_thread(self._witness.add_checkpoint, body)
        kind = "text/x.tlog.size" if answer.status == 409 else "text/plain; charset=utf-8"
        return Response(answer.body, answer.status, headers={"content-type": kind})
