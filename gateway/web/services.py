"""Keys of automatic services, for the IT: who answers for each, until when, and what to do when somebody leaves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.kipass import last_day
from gateway.kipass.calendar import day_of
from gateway.model.accounts import ServiceKey
from gateway.web import clients, keys
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _

SOON: Final = timedelta(days=30)
_ONCE: Final = 40


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """The key of a service in a list."""

    one: ServiceKey
    department: str
    until: date
    mark: str
    state: str
    """How it stands, in words."""

    @property
    def needs_care(self) -> bool:
        """Whether somebody should do something."""
        return self.mark != "ok"


async def page(desk: Desk, visit: Visit) -> Response:
    """Show the services and the form for a new one."""
    return await _show(desk, visit)


async def create(desk: Desk, visit: Visit) -> Response:
    """Make a key for a service and show it, this once."""
    form = visit.form
    try:
        end = keys.end_of(form.get("bis", ""))
        if end is None:
            raise GatewayError("anfrage_ungueltig",
                               N_("Bitte geben Sie den letzten Tag an, an dem der Schlüssel gilt."))
        program = clients.BY_ID.get(form.get("programm", ""), clients.BY_ID["allgemein"])
        key, text = await desk.context.keys.create_service(
            visit.somebody.principal.subject, form.get("person", ""), form.get("amt", ""), form.get("name", ""), end,
            form.get("zweck", ""), program.block_style, form.get("einmal", "")[:_ONCE] or secrets.token_hex(8))
    except GatewayError as error:
        if error.status >= 500:
            raise
        return await _show(desk, visit, error.message)
    return keys.shown_once(desk, visit, key, text, program.id)


async def one(desk: Desk, visit: Visit) -> Response:
    """Show one service: hand it over, or revoke its key."""
    return await _show_one(desk, visit)


async def hand_over(desk: Desk, visit: Visit) -> Response:
    """Let somebody else answer for a service."""
    try:
        done = await desk.context.keys.hand_over(visit.somebody.principal.subject, visit.request.path_params["id"],
                                                 visit.form.get("person", ""))
    except GatewayError as error:
        if error.status >= 500:
            raise
        return await _show_one(desk, visit, error.message)
    if done is None:
        return desk.error(visit, 404)
    return RedirectResponse(f"/keys/dienste?uebergeben={done.key.id}", 303)


async def revoke(desk: Desk, visit: Visit) -> Response:
    """Revoke the key of a service for good."""
    done = await desk.context.keys.revoke_service(visit.somebody.principal.subject, visit.request.path_params["id"])
    return desk.error(visit, 404) if done is None else RedirectResponse("/keys/dienste?widerrufen=1", 303)


async def _rows(desk: Desk) -> list[ServiceRow]:
    policies, now = desk.context.policies(), desk.context.now()
    found = []
    for one_ in await desk.context.keys.services():
        key = one_.key
        assert key.expires_at is not None, "the registry makes no key of a service without an end"
        rules = policies.departments.get(key.service or "")
        if not one_.owner.active:
            mark, state = "no", _("arbeitet nicht: Die verantwortliche Person ist nicht mehr da")
        elif rules is None:
            mark, state = "no", _("arbeitet nicht: Für das Amt gibt es keine Regeln mehr")
        elif key.expires_at <= now:
            mark, state = "no", _("abgelaufen")
        elif key.expires_at <= now + SOON:
            mark, state = "open", _("läuft bald ab")
        else:
            mark, state = "ok", _("gilt")
        found.append(ServiceRow(one_, rules.name if rules else key.service or "", last_day(key.expires_at), mark,
                                state))
    return found


async def _show(desk: Desk, visit: Visit, problem: str = "") -> Response:
    policies, found = desk.context.policies(), await _rows(desk)
    query = visit.request.query_params
    return desk.page(
        visit, "services.html", 400 if problem else 200, rows=found, care=[row for row in found if row.needs_care],
        problem=problem, form=visit.form, once=secrets.token_hex(8), today=day_of(desk.context.now()),
        departments=[(key, rules.name) for key, rules in policies.departments.items()],
        purposes=[(key, one_.title) for key, one_ in policies.organisation.purposes.allow.items()],
        programs=[p for p in clients.PROGRAMS if p.service or p.id in ("allgemein", "python")],
        revoked=query.get("widerrufen") == "1" and not problem,
        handed=next((row for row in found if row.one.key.id == query.get("uebergeben")), None))


async def _show_one(desk: Desk, visit: Visit, problem: str = "") -> Response:
    wanted = visit.request.path_params["id"]
    row = next((row for row in await _rows(desk) if row.one.key.id == wanted), None)
    if row is None:
        return desk.error(visit, 404)
    return desk.page(visit, "service.html", 400 if problem else 200, row=row, problem=problem, form=visit.form)
