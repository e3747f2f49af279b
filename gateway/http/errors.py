"""No framework default error leaves the house: every path answers in the form its reader understands."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import GatewayError, internal
from gateway.http.asgi import request_number
from gateway.wire.error_forms import anthropic_error, openai_error

_log = logging.getLogger(__name__)
_MESSAGES: Final = re.compile(r"(?:/v1)?/messages(?:/|$)")
HtmlError = Callable[[Request, int, str], Response]
"""Renders an error page for a person: request, status, Vorgangsnummer."""


def json_error(error: GatewayError, request_id: str, path: str = "") -> Response:
    """Return an error as the clients of this address show it: those of the Messages API have a form of their own."""
    headers = {"x-request-id": request_id}
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    form = anthropic_error if _MESSAGES.match(path) else openai_error
    return Response(form(error, request_id), error.status, headers, "application/json")


class ErrorHandlers:
    """Handlers for what the framework itself refuses: unknown paths, wrong methods, faults of ours."""

    def __init__(self, html: HtmlError | None = None) -> None:
        self._html = html

    async def refused(self, request: Request, exception: Exception) -> Response:
        """Answer an `HTTPException`."""
        status = exception.status_code if isinstance(exception, HTTPException) else 500
        if status == 405:
            error = GatewayError("methode_unbekannt", "Diese Adresse nimmt solche Aufrufe nicht an. Bitte prüfen Sie "
                                 "die Einstellungen Ihres Programms.")
        elif status == 404:
            error = GatewayError("pfad_unbekannt", "Diese Adresse gibt es bei der KI-Pforte nicht. Entweder ist "
                                 "die Adresse in Ihrem Programm falsch (sie endet meist auf /v1), oder das Programm "
                                 "will etwas, das es hier nicht gibt, etwa Bilder erzeugen oder Dateien ablegen.")
        else:
            error = GatewayError("anfrage_ungueltig", "Die KI-Pforte versteht diese Anfrage nicht.")
        return self._answer(request, error, status, exception)

    async def failed(self, request: Request, exception: Exception) -> Response:
        """Answer a fault of ours; the log gets the places, never the words of the exception."""
        _log.error("the request failed unexpectedly", exc_info=exception)
        return self._answer(request, internal(), 500)

    def _answer(self, request: Request, error: GatewayError, status: int,
                exception: Exception | None = None) -> Response:
        request_id = request_number()
        wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1")
        if self._html is not None and wants_page:
            return self._html(request, status, request_id)
        response = json_error(error, request_id, request.url.path)
        response.status_code = status
        if isinstance(exception, HTTPException) and exception.headers:  # 405 must say what is allowed
            response.headers.update(exception.headers)
        return response
