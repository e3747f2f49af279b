"""One's own keys: see them, make one (shown once), revoke one, and what to type into one's program.

Kept true: a key is on one page only, the answer to the form that made it, which no cache keeps; the same form sent
again (a reload) makes and shows nothing. A key of somebody else is one that does not exist.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.kipass import last_day
from gateway.kipass.calendar import day_of, midnight
from gateway.model.people import ApiKey
from gateway.policy.decide import visible_models
from gateway.web import clients
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _

LATEST: Final = date(2200, 1, 1)
_ONCE: Final = 40


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key in a list."""

    key: ApiKey
    works: bool
    here: bool
    """Whether this browser is signed in with it."""

    @property
    def until(self) -> date | None:
        """The last day on which it works."""
        return last_day(self.key.expires_at) if self.key.expires_at else None

    @property
    def state(self) -> tuple[str, str]:
        """The sign and the word for how it stands."""
        if self.key.revoked_at:
            return "stop", N_("widerrufen")
        return ("ok", N_("gilt")) if self.works else ("stop", N_("abgelaufen"))


async def page(desk: Desk, visit: Visit) -> Response:
    """Show one's keys, the form for a new one, and the settings for programs."""
    return await _show(desk, visit)


async def create(desk: Desk, visit: Visit) -> Response:
    """Make a key and show it, this once."""
    form, subject = visit.form, visit.somebody.principal.subject
    try:
        program = clients.BY_ID.get(form.get("programm", ""), clients.BY_ID["allgemein"])
        key, text = await desk.context.keys.create(
            subject, form.get("name", "").strip() or _name(program), end_of(form.get("bis", "")), form.get("zweck", ""),
            program.block_style, form.get("einmal", "")[:_ONCE] or secrets.token_hex(8))
    except GatewayError as error:
        if error.status >= 500:
            raise
        return await _show(desk, visit, error.message)
    return shown_once(desk, visit, key, text, program.id)


async def ask_revoke(desk: Desk, visit: Visit) -> Response:
    """Ask once before a key is revoked, and say what happens."""
    row = await _own(desk, visit)
    return desk.page(visit, "key_revoke.html", row=row) if row else desk.error(visit, 404)


async def revoke(desk: Desk, visit: Visit) -> Response:
    """Revoke a key for good."""
    row = await _own(desk, visit)
    if row is None or await desk.context.keys.revoke(visit.somebody.principal.subject, row.key.id) is None:
        return desk.error(visit, 404)
    return RedirectResponse(f"/keys?widerrufen={row.key.id}", 303)


def shown_once(desk: Desk, visit: Visit, key: ApiKey, text: str, program: str) -> Response:
    """Show a key that was just made, with the settings for programs in which it is filled in."""
    service = key.service is not None
    found = clients.sheets(_address(desk), text, _model(desk, visit, key.service), service=service)
    found.sort(key=lambda sheet: sheet.program.id != program)
    return desk.page(visit, "key_new.html", key=key, text=text, sheets=found, program=program, service=service,
                     until=last_day(key.expires_at) if key.expires_at else None)


def end_of(text: str) -> datetime | None:
    """Return the moment after the last day that was typed; nothing if none was. Raises ``anfrage_ungueltig``."""
    if not text.strip():
        return None
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            day = datetime.strptime(text.strip(), form).date()
        except ValueError:
            continue
        if day < LATEST:
            return midnight(day + timedelta(days=1))
    raise GatewayError("anfrage_ungueltig", N_("Bitte geben Sie den letzten Tag in der Form 31.12.2027 an."))


def rows(desk: Desk, visit: Visit, keys: list[ApiKey]) -> list[KeyRow]:
    """Return keys for a list."""
    now, here = desk.context.now(), visit.somebody.sign_in.key_id
    return [KeyRow(key, key.revoked_at is None and (key.expires_at is None or key.expires_at > now), key.id == here)
            for key in keys]


async def _show(desk: Desk, visit: Visit, problem: str = "") -> Response:
    found = rows(desk, visit, await desk.context.keys.mine(visit.somebody.principal.subject))
    own = [row for row in found if row.key.service is None]
    rules = visit.somebody.rules(desk.context.policies())
    gone = visit.request.query_params.get("widerrufen", "")
    return desk.page(
        visit, "keys.html", 400 if problem else 200, problem=problem, form=visit.form, once=secrets.token_hex(8),
        working=[row for row in own if row.works], over=[row for row in own if not row.works],
        services=[row for row in found if row.key.service and row.works],
        purposes=[(key, purpose.title) for key, purpose in rules.purposes.items()] if rules else [],
        departments={key: one.name for key, one in desk.context.policies().departments.items()},
        programs=[p for p in clients.PROGRAMS if not p.service], today=day_of(desk.context.now()),
        gone=next((row for row in own if row.key.id == gone and row.key.revoked_at), None),
        sheets=clients.sheets(_address(desk), clients.KEY, _model(desk, visit, None)))


async def _own(desk: Desk, visit: Visit) -> KeyRow | None:
    wanted = visit.request.path_params["id"]
    found = rows(desk, visit, await desk.context.keys.mine(visit.somebody.principal.subject))
    return next((row for row in found if row.key.id == wanted and row.key.service is None and row.works), None)


def _name(program: clients.Program) -> str:
    return _("Schlüssel") if program.id == "allgemein" else program.name.partition(",")[0]


def _address(desk: Desk) -> str:
    return desk.context.policies().organisation.base_url.rstrip("/")


def _model(desk: Desk, visit: Visit, department: str | None) -> str:
    """Return a model that whoever uses the key may use; nothing of the kind: the word for it."""
    policies, who, stopped = desk.context.policies(), visit.somebody.principal, desk.context.stopped()
    found = visible_models(policies, department) if department else visible_models(policies, who.department, who.groups)
    return next((model.id for model in found if model.id not in stopped), "MODELL")
