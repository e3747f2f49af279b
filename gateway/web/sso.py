"""Signing in at the OpenID provider of the house: out to it, back from it, and its notices that somebody left.

What happens there is the matter of `gateway.web.context.SingleSignOn`; here are the pages, the ticket in the browser
and the session. A sign-in that fails ends on a calm page with a way on; what the provider wrote is never shown.
"""

from __future__ import annotations

import logging
from typing import Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.sessions import SignIn
from gateway.web.context import SingleSignOn
from gateway.web.gate import Desk, Page, Visit
from gateway.web.signin import begin, safe_target

NOTICE_FORM: Final = 32_768
TICKET: Final = "ki_pforte_anmeldung"
SECONDS: Final = 600
_log = logging.getLogger(__name__)


def pages(provider: SingleSignOn) -> tuple[Page, ...]:
    """Return the addresses of a house that has a provider."""
    ways = Ways(provider)
    return (Page("/anmelden/sso", ways.go, english=True), Page("/anmelden/zurueck", ways.back, english=True),
            Page("/anmelden/abmelden", ways.leave),
            Page("/anmelden/abmelden-oidc", ways.notice, "POST", form=NOTICE_FORM, ours=False))


class Ways:
    """What answers at these addresses."""

    def __init__(self, provider: SingleSignOn) -> None:
        self._provider = provider

    async def go(self, desk: Desk, visit: Visit) -> Response:
        """Send the browser to the provider."""
        asked = visit.request.query_params
        target = safe_target(asked.get("weiter", ""))
        try:
            begun = await self._provider.begin(target, strong=asked.get("stark") == "1")
        except GatewayError as error:
            return _failed(desk, visit, error, target)
        response = RedirectResponse(begun.address, 303)
        response.set_cookie(TICKET, begun.cookie, httponly=True, samesite="lax", path="/anmelden", max_age=SECONDS,
                            secure=visit.request.url.scheme == "https")
        return response

    async def back(self, desk: Desk, visit: Visit) -> Response:
        """Let in who comes back from the provider."""
        try:
            arrival = await self._provider.finish(visit.request.query_params, visit.request.cookies.get(TICKET, ""))
            await begin(desk, visit, SignIn(arrival.subject, "oidc", desk.context.now(), strong=arrival.strong,
                                            provider_sid=arrival.provider_sid))
            response: Response = RedirectResponse(safe_target(arrival.target), 303)
        except GatewayError as error:
            _log.info("sign-in at the provider refused: %s", error.hint or error.code)
            response = _failed(desk, visit, error, "/")
        response.delete_cookie(TICKET, httponly=True, samesite="lax", path="/anmelden",
                               secure=visit.request.url.scheme == "https")
        return response

    async def leave(self, desk: Desk, visit: Visit) -> Response:
        """Send somebody who signed out here to sign out at the provider too."""
        return RedirectResponse(await self._provider.farewell() or "/anmelden?abgemeldet=1", 303)

    async def notice(self, desk: Desk, visit: Visit) -> Response:
        """Take a notice of the provider that somebody signed out there (OpenID Connect Back-Channel Logout)."""
        try:
            await self._provider.departed(visit.form.get("logout_token", ""))
        except GatewayError as error:
            refused = error.status == 401
            _log.info("notice of the provider refused: %s", error.hint or error.code)
            return JSONResponse({"error": "invalid_request" if refused else "temporarily_unavailable"},
                                400 if refused else error.status, {"cache-control": "no-store"})
        return Response(status_code=200, headers={"cache-control": "no-store"})


def _failed(desk: Desk, visit: Visit, error: GatewayError, target: str) -> Response:
    response = desk.page(visit, "sso.html", error.status, what=error.message, target=target)
    if error.retry_after:
        response.headers["retry-after"] = str(error.retry_after)
    return response
