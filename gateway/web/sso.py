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
from gateway.web.gate import Desk, Visit
from gateway.web.signin import begin, safe_target

PATH: Final = "/anmelden/sso"
BACK: Final = "/anmelden/zurueck"
NOTICE: Final = "/anmelden/abmelden-oidc"
LEAVE: Final = "/anmelden/abmelden"
NOTICE_FORM: Final = 32_768
TICKET: Final = "ki_pforte_anmeldung"
SECONDS: Final = 600
_log = logging.getLogger(__name__)


async def go(desk: Desk, visit: Visit) -> Response:
    """Send the browser to the provider."""
    target = safe_target(visit.request.query_params.get("weiter", ""))
    strong = visit.request.query_params.get("stark") == "1"
    if (sso := desk.context.sso) is None:
        return desk.error(visit, 404)
    try:
        begun = await sso.begin(target, strong=strong)
    except GatewayError as error:
        return _failed(desk, visit, error, target)
    response = RedirectResponse(begun.address, 303)
    response.set_cookie(TICKET, begun.cookie, httponly=True, samesite="lax", path="/anmelden", max_age=SECONDS,
                        secure=visit.request.url.scheme == "https")
    return response


async def back(desk: Desk, visit: Visit) -> Response:
    """Let in who comes back from the provider."""
    if (sso := desk.context.sso) is None:
        return desk.error(visit, 404)
    try:
        arrival = await sso.finish(visit.request.query_params, visit.request.cookies.get(TICKET, ""))
        await begin(desk, visit, SignIn(arrival.subject, "oidc", desk.context.now(), strong=arrival.strong,
                                        provider_sid=arrival.provider_sid))
        response: Response = RedirectResponse(safe_target(arrival.target), 303)
    except GatewayError as error:
        _log.info("sign-in at the provider refused: %s", error.hint or error.code)
        response = _failed(desk, visit, error, "/")
    response.delete_cookie(TICKET, httponly=True, samesite="lax", path="/anmelden",
                           secure=visit.request.url.scheme == "https")
    return response


async def leave(desk: Desk, visit: Visit) -> Response:
    """Send somebody who signed out here to sign out at the provider too."""
    address = await desk.context.sso.farewell() if desk.context.sso else ""
    return RedirectResponse(address or "/anmelden?abgemeldet=1", 303)


async def notice(desk: Desk, visit: Visit) -> Response:
    """Take a notice of the provider that somebody signed out there (OpenID Connect Back-Channel Logout)."""
    try:
        if desk.context.sso is None:
            raise GatewayError("pfad_unbekannt", "Es gibt keinen Anmeldedienst.")
        await desk.context.sso.departed(visit.form.get("logout_token", ""))
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
