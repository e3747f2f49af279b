"""Signing in with an address and a password, and the link with which somebody chooses theirs.

Guessing is counted before a password is looked at, so many at once gain nothing: ten attempts in a quarter of an hour
for one account from one place, thirty for one account, a hundred from one place. Every wait ends by itself, and a
colleague whose account somebody hammers at still comes in with a key or a new link. What was typed is never shown
again, the address is.
"""

from __future__ import annotations

import logging
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.people import Person
from gateway.model.sessions import SignIn
from gateway.web import signin, words
from gateway.web.gate import Desk, Visit, open_form
from gateway.web.i18n import N_, _

_log = logging.getLogger(__name__)
PER_PAIR: Final = 10
PER_ACCOUNT: Final = 30
PER_PLACE: Final = 100
LONGEST_EMAIL: Final = 254
WRONG: Final = N_("Adresse und Kennwort passen nicht zusammen. Achten Sie bitte auf Groß- und Kleinschreibung. "
                  "Kennwort vergessen? Wie Sie ein neues wählen, steht unten.")
DIFFERENT: Final = N_("Die beiden Eingaben sind verschieden. Bitte geben Sie zweimal dasselbe Kennwort ein.")


async def sign_in(desk: Desk, visit: Visit) -> Response:
    """Check address and password, and begin a session."""
    context, form = desk.context, visit.form
    if not context.local_sign_in:
        return desk.error(visit, 404)
    now, target = context.now(), signin.safe_target(form.get("weiter", ""))
    email = form.get("adresse", "").strip().lower()[:LONGEST_EMAIL]
    limits = _limits(visit, email)
    if (wait := await context.guesses.wait(limits, now)) > 0:
        response = signin.show(desk, visit, target, 429, _(
            "Es gab zu viele vergebliche Versuche. Bitte versuchen Sie es in {minutes} noch einmal.").format(
                minutes=words.minutes(-(-wait // 60))), "local")
        response.headers["retry-after"] = str(wait)
        return response
    await context.guesses.count(limits, now)
    try:
        subject = await context.accounts.sign_in(email, form.get("kennwort", ""))
    except GatewayError as error:
        return signin.show(desk, visit, target, error.status, error.message, "local")
    if subject is None:
        _log.info("sign-in refused")
        return signin.show(desk, visit, target, 401, WRONG, "local")
    await context.guesses.count(limits, now, by=-1)
    await signin.begin(desk, visit, SignIn(subject, "local", now))
    return RedirectResponse(target, 303)


async def forgot(desk: Desk, visit: Visit) -> Response:
    """Say how one comes to a new password: the same for everybody."""
    return desk.page(visit, "password_forgot.html") if desk.context.local_sign_in else desk.error(visit, 404)


async def invitation(desk: Desk, visit: Visit) -> Response:
    """Show the form to whoever brings a link that works."""
    return await _choose(desk, visit)


async def redeem(desk: Desk, visit: Visit) -> Response:
    """Set the password that was chosen, and sign in."""
    context, form = desk.context, visit.form
    if not context.local_sign_in:
        return desk.error(visit, 404)
    if form.get("kennwort", "") != form.get("noch_einmal", ""):
        return await _choose(desk, visit, DIFFERENT)
    limits = _limits(visit, "")
    if await context.guesses.wait(limits, context.now()) > 0:
        return desk.error(visit, 429, text=N_("Von hier gab es zu viele vergebliche Versuche."),
                          extra=N_("Bitte versuchen Sie es in einer Viertelstunde noch einmal."))
    try:
        person = await context.accounts.redeem(visit.request.path_params["code"], form.get("kennwort", ""))
    except GatewayError as error:
        if error.status >= 500:
            raise
        await context.guesses.count(limits, context.now())
        return await _choose(desk, visit, error.message)
    await signin.begin(desk, visit, SignIn(person.id, "local", context.now()))
    return RedirectResponse("/", 303)


async def _choose(desk: Desk, visit: Visit, problem: str = "") -> Response:
    if not desk.context.local_sign_in:
        return desk.error(visit, 404)
    try:
        person: Person | None = await desk.context.accounts.invited(visit.request.path_params["code"])
    except GatewayError as error:
        if error.status >= 500:
            raise
        return desk.page(visit, "invitation_gone.html", 410, what=error.message)
    open_form(visit)
    return desk.page(visit, "invitation.html", 400 if problem else 200, person=person, problem=problem)


def _limits(visit: Visit, email: str) -> dict[str, int]:
    place = visit.request.client.host if visit.request.client else ""
    return {f"pair {place} {email}": PER_PAIR, f"place {place}": PER_PLACE,
            **({f"account {email}": PER_ACCOUNT} if email else {})}
