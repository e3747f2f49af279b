"""Signing in with one's personal API key, and out again."""

from __future__ import annotations

import logging
import re
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.sessions import SignIn, Way
from gateway.ports import Credentials
from gateway.web import words
from gateway.web.gate import Desk, Visit, open_form
from gateway.web.i18n import N_, _
from gateway.web.targets import on_this_server

_log = logging.getLogger(__name__)
_KEY_ID: Final = re.compile(r"kip_([0-9A-Za-z]{8})_")


async def form(desk: Desk, visit: Visit) -> Response:
    """Show the sign-in."""
    if visit.member is not None:
        return RedirectResponse(safe_target(visit.request.query_params.get("weiter", "")), 303)
    return show(desk, visit, safe_target(visit.request.query_params.get("weiter", "")))


async def sign_in(desk: Desk, visit: Visit) -> Response:
    """Check the key and begin a session."""
    if not desk.context.key_sign_in:
        return show(desk, visit, safe_target(visit.form.get("weiter", "")), 403)
    now = desk.context.now()
    target, key = safe_target(visit.form.get("weiter", "")), visit.form.get("schluessel", "").strip()
    client = visit.request.client.host if visit.request.client else ""
    match = _KEY_ID.match(key)
    account = match[1] if match else ""
    if (wait := desk.throttle.wait(client, account, now)) > 0:
        minutes = words.minutes(-(-wait // 60))
        response = show(desk, visit, target, 429, _(
            "Es gab zu viele vergebliche Versuche. Bitte versuchen Sie es in {minutes} noch einmal.").format(
                minutes=minutes))
        response.headers["retry-after"] = str(wait)
        return response
    try:
        if not key:
            raise GatewayError("schluessel_ungueltig", N_("Bitte geben Sie Ihren persönlichen Schlüssel ein. Er "
                                                          "beginnt mit „kip_“."))
        principal = await desk.context.authenticator.authenticate(Credentials("bearer", key))
        if principal.kind != "person" or not match:
            raise GatewayError("schluessel_ungueltig", N_("Mit diesem Schlüssel kann man sich hier nicht anmelden."))
    except GatewayError as error:
        if error.code == "schluessel_ungueltig":
            desk.throttle.failed(client, account, now)
            _log.info("sign-in refused")
        return show(desk, visit, target, error.status, error.message)
    desk.throttle.succeeded(account)
    await begin(desk, visit, SignIn(principal.subject, "key", now, principal.key_id))
    return RedirectResponse(target, 303)


async def begin(desk: Desk, visit: Visit, sign_in: SignIn) -> None:
    """Let a session begin in this browser, and end the one it had."""
    if visit.session is not None:
        await desk.context.members.end(visit.session.id)
    session = desk.sessions.begin(sign_in.began_at)
    await desk.context.members.begin(session.id, sign_in)
    visit.cookie = desk.sessions.write(session)


async def sign_out(desk: Desk, visit: Visit) -> Response:
    """End the session."""
    elsewhere = visit.member is not None and visit.member.sign_in.way == "oidc"
    if visit.session is not None:
        await desk.context.members.end(visit.session.id)
    visit.cookie = ""
    return RedirectResponse("/anmelden?abgemeldet=" + ("2" if elsewhere else "1"), 303)


def show(desk: Desk, visit: Visit, target: str, status: int = 200, problem: str = "",
         way: Way = "key") -> Response:
    """Show the sign-in; with a `problem` of one way to sign in, at its field."""
    open_form(visit)
    context, left = desk.context, visit.request.query_params.get("abgemeldet", "") if not problem else ""
    return desk.page(visit, "signin.html", status, target=target, problem=problem, signed_out=left in ("1", "2"),
                     at_provider=left == "2" and context.sso is not None, sso=context.sso is not None,
                     by_key=context.key_sign_in, by_password=context.local_sign_in, way=way if problem else "",
                     email=visit.form.get("adresse", "")[:254])


def safe_target(wanted: str) -> str:
    """Return where to go after signing in: a page of this server, else the start page."""
    return "/" if wanted.startswith(("/anmelden", "/abmelden")) else on_this_server(wanted)
