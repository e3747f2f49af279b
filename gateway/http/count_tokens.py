"""``/v1/messages/count_tokens``: how long a request would be. Nothing leaves the house, so nothing is recorded.

Who may not use the model learns no number. Counted is what the person, the model and the tools said, and the
descriptions of tools; pictures and files are not, and what redaction changes is not taken into account.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import orjson
from starlette.routing import BaseRoute, Route

from gateway.errors import GatewayError, internal
from gateway.http.asgi import (
    ClientGone,
    Receive,
    Scope,
    Send,
    credentials_of,
    headers_of,
    read_body,
    request_number,
    send_outbound,
)
from gateway.pipeline.doors import Outbound, error_outbound
from gateway.policy.decide import AdmitFacts, admit
from gateway.policy.policyset import PolicySet
from gateway.ports import Authenticator, Clock, Stops
from gateway.wire.dialect import ParsedRequest
from gateway.wire.messages import Messages

_log = logging.getLogger(__name__)
_PER_MESSAGE: Final = 4
"""Tokens that mark who speaks."""
_DIALECT: Final = Messages()


class TokenCountEndpoint:
    """ASGI application of the one question."""

    def __init__(self, authenticator: Authenticator, policies: Callable[[], PolicySet], stops: Stops, clock: Clock,
                 count: Callable[[Sequence[str]], Awaitable[int]], max_body: int) -> None:
        self._authenticator, self._policies, self._stops, self._clock = authenticator, policies, stops, clock
        self._count, self._max_body = count, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = request_number()
        headers = {"x-request-id": request_id}
        try:
            number = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception as fault:  # noqa: BLE001  (a fault of ours is an answer as well)
            if not isinstance(fault, GatewayError):
                _log.exception("the request failed unexpectedly")
            error = fault if isinstance(fault, GatewayError) else internal()
            await send_outbound(error_outbound(error, _DIALECT.error(error, request_id), headers), send)
            return
        await send_outbound(Outbound(200, headers, orjson.dumps({"input_tokens": number})), send)

    async def _answer(self, scope: Scope, receive: Receive) -> int:
        headers = headers_of(scope)
        principal = await self._authenticator.authenticate(credentials_of(headers))
        parsed = _DIALECT.parse(await read_body(headers, receive, self._max_body))
        admission = admit(self._policies(), AdmitFacts(
            principal=principal, model=parsed.model, purpose=headers.get("x-ki-zweck"), dialect=_DIALECT.name,
            now=self._clock.now(), stopped=self._stops()))
        if admission.denial is not None:
            raise GatewayError(admission.denial.code, admission.denial.message)
        return await self._count(_texts(parsed)) + _PER_MESSAGE * len(parsed.document.root["messages"])

    def routes(self) -> list[BaseRoute]:
        """Return the routes: with and without ``/v1``, with and without a trailing slash."""
        return [Route(f"{prefix}/messages/count_tokens{slash}", self, methods=["POST"])
                for prefix in ("/v1", "") for slash in ("", "/")]


def _texts(parsed: ParsedRequest) -> list[str]:
    """Return all that a model would read: tools as the JSON that they are, of the rest the texts."""
    tools = parsed.document.root.get("tools")
    said = [slot.text for slot in parsed.document.slots if slot.scope != "schema"]
    return [*said, orjson.dumps(tools).decode()] if tools else said
