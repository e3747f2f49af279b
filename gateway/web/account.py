"""One's own account: who the house thinks one is, where one is signed in, and the password where there is one."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.web import local, words
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _

WAYS = Words({"key": N_("mit einem Schlüssel"), "oidc": N_("beim Anmeldedienst des Hauses"),
              "local": N_("mit Adresse und Kennwort")})


async def page(desk: Desk, visit: Visit) -> Response:
    """Show the account."""
    return await _show(desk, visit)


async def sign_out_everywhere(desk: Desk, visit: Visit) -> Response:
    """End every sign-in of this person, this one included."""
    await desk.context.accounts.sign_out(visit.somebody.principal.subject)
    visit.cookie = ""
    return RedirectResponse("/anmelden?abgemeldet=1", 303)


async def change_password(desk: Desk, visit: Visit) -> Response:
    """Change the password; all other sign-ins end."""
    form, context, subject = visit.form, desk.context, visit.somebody.principal.subject
    names = {f"change {subject}": local.PER_PAIR}
    try:
        if form.get("kennwort", "") != form.get("noch_einmal", ""):
            raise GatewayError("anfrage_ungueltig", local.DIFFERENT)
        if (wait := await context.guesses.wait(names, context.now())) > 0:
            raise GatewayError("limit_erreicht", _(
                "Es gab zu viele vergebliche Versuche. Bitte versuchen Sie es in {minutes} noch einmal.").format(
                    minutes=words.minutes(-(-wait // 60))))
        await context.guesses.count(names, context.now())
        await context.accounts.change(subject, form.get("bisher", ""), form.get("kennwort", ""),
                                      visit.session.id if visit.session else "")
    except GatewayError as error:
        if error.status >= 500:
            raise
        return await _show(desk, visit, error.message, error.status)
    return RedirectResponse("/konto?geaendert=1", 303)


async def _show(desk: Desk, visit: Visit, problem: str = "", status: int = 200) -> Response:
    who, accounts, policies = visit.somebody, desk.context.accounts, desk.context.policies()
    found = await accounts.sign_ins(who.principal.subject, visit.session.id if visit.session else "")
    rules = policies.departments.get(who.person.department)
    return desk.page(
        visit, "account.html", status, sign_ins=[(WAYS[one.way], one) for one in found], problem=problem,
        has_password=desk.context.local_sign_in and await accounts.has_password(who.principal.subject),
        department=rules.name if rules else who.person.department, changed=not problem and
        visit.request.query_params.get("geaendert") == "1",
        holds=words.listed([words.ROLES[role] for role in words.ROLES if role in who.person.roles and role != "staff"]))
