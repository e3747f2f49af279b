"""The file of one person: what they can show, what the office did about it, and the acts of the office.

Nothing about the use of models is here, and nothing that measures anybody. A block and a withdrawal are asked about
once, with the reason already written; what can be taken back is done at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.kipass.documents import versions_of
from gateway.model.kipass import KiPassConfig, PassEventKind
from gateway.model.office import Acted, PersonFile, Shown
from gateway.model.principal import PassStatus
from gateway.web import words
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _
from gateway.web.office import MARKS, until
from gateway.web.office_ports import ask_office

DONE: Final = Words({
    "gesperrt": N_("Der KI-Pass ist gesperrt. Das gilt überall innerhalb von Sekunden."),
    "entsperrt": N_("Die Sperre ist aufgehoben."), "entzogen": N_("Der KI-Pass ist entzogen."),
    "erteilt": N_("Der KI-Pass ist wieder erteilt."), "nachweis": N_("Der Nachweis ist eingetragen."),
    "widerruf": N_("Der Nachweis zählt nicht mehr."),
})
_ACTS: Final[dict[str, PassEventKind]] = {"sperren": "gesperrt", "entsperren": "entsperrt", "entziehen": "entzogen",
                                          "erteilen": "erteilt"}
_ASKED: Final = Words({"sperren": N_("KI-Pass sperren"), "entziehen": N_("KI-Pass entziehen")})


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a scope: whether it counts, and the evidence for it, newest first."""

    title: str
    open: bool
    shown: tuple[tuple[Shown, str], ...]
    """With the version that it names."""


@dataclass(frozen=True, slots=True)
class ScopeView:
    """How a pass stands, and its steps."""

    key: str
    name: str
    status: PassStatus
    steps: tuple[StepView, ...]
    held: str
    """What the office holds against it: ``gesperrt``, ``entzogen``, or nothing."""


async def show(desk: Desk, visit: Visit) -> Response:
    """Show the file."""
    return await _page(desk, visit)


async def change(desk: Desk, visit: Visit) -> Response:
    """Do what a button says, or say at its form why not."""
    person, form = visit.request.path_params["id"], visit.form
    step, reason = form.get("schritt", ""), form.get("grund", "").strip()
    if step == "einladen":
        return await _invite(desk, visit, person)
    if step in _ASKED and form.get("sicher") != "ja" and reason:
        file = await ask_office(desk.context.office.person, person)
        rules = desk.context.policies().kipass
        scope = rules.scopes.get(form.get("bereich", ""))
        return desk.page(visit, "office_sure.html", file=file, step=step, reason=reason, button=_ASKED[step],
                         scope=scope.key if scope else "", scope_name=scope.name if scope else "")
    try:
        done = await _do(desk, visit, person, step, reason)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, step=step, problem=error.message)
    return RedirectResponse(f"/office/people/{person}?getan={done}", 303)


async def _invite(desk: Desk, visit: Visit, person: str) -> Response:
    """Make a link with which the person chooses a password, and show it this once."""
    context = desk.context
    if not context.local_sign_in:
        return desk.error(visit, 404)
    try:
        made = await context.accounts.invite(visit.somebody.person.id, "ki-pass-stelle", person)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, step="einladen", problem=error.message)
    base = context.policies().organisation.base_url.rstrip("/")
    return desk.page(visit, "office_invitation.html", made=made, link=f"{base}/einladung/{made.code}")


async def _do(desk: Desk, visit: Visit, person: str, step: str, reason: str) -> str:
    office, by, form = desk.context.office, visit.somebody.person.id, visit.form
    if (event := _ACTS.get(step)) is not None:
        await ask_office(office.act, by, person, event, form.get("bereich") or None, reason)
        return event
    if step == "eintragen":
        day = words.read_day(form.get("tag", ""))
        if day is None:
            raise GatewayError("anfrage_ungueltig", _("Bitte geben Sie den Tag an, zum Beispiel 22.11.2026."))
        await ask_office(office.enter, by, person, form.get("modul", ""), day)
        return "nachweis"
    number = form.get("nachweis", "")
    if step == "widerrufen" and number.isascii() and number.isdigit() and len(number) < 19:
        await ask_office(office.revoke, by, person, int(number), reason)
        return "widerruf"
    raise GatewayError("anfrage_ungueltig", _("Diese Schaltfläche gibt es nicht. Es wurde nichts geändert."))


async def _page(desk: Desk, visit: Visit, step: str = "", problem: str = "") -> Response:
    try:
        file = await ask_office(desk.context.office.person, visit.request.path_params["id"])
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return desk.error(visit, 404, text=error.message)
    policies = desk.context.policies()
    rules, department = policies.kipass, policies.departments.get(file.person.department)
    return desk.page(
        visit, "office_person.html", 422 if problem else 200, file=file, step=step, problem=problem, form=visit.form,
        scopes=[_scope(key, file, rules) for key in rules.scopes], marks=MARKS, until=until,
        department=department.name if department else file.person.department, states=words.PASS_STATES,
        modules={key: module.title for key, module in rules.modules.items()},
        scope_names={key: scope.name for key, scope in rules.scopes.items()},
        local=desk.context.local_sign_in, today=words.iso_day(desk.context.now()),
        blocked=_blocks(file, "gesperrt", "entsperrt"),
        withdrawn=_blocks(file, "entzogen", "erteilt"), done=DONE.get(visit.request.query_params.get("getan", ""), ""))


def _scope(key: str, file: PersonFile, rules: KiPassConfig) -> ScopeView:
    scope, status = rules.scopes[key], file.held[key]
    steps = []
    for module in (rules.modules[name] for name in scope.modules):
        versions = {d.sha256: d.version for d in versions_of(rules, module)}
        shown = tuple((s, versions.get(s.evidence.document_sha256 or "", "")) for s in reversed(file.evidence)
                      if s.evidence.module == module.key)
        steps.append(StepView(module.title, module.title in status.missing, shown))
    return ScopeView(key, scope.name, status, tuple(steps), _held(file.events, key))


def _held(events: tuple[Acted, ...], scope: str) -> str:
    last = next((a.event.event for a in reversed(events) if a.event.scope in (None, scope)), "")
    return last if last in ("gesperrt", "entzogen") else ""


def _blocks(file: PersonFile, opens: str, closes: str) -> list[tuple[str, datetime]]:
    """Return what is open: the scope (empty: the whole pass) and since when. What closes the whole closes all."""
    held: dict[str, datetime] = {}
    for acted in file.events:
        event, scope = acted.event, acted.event.scope or ""
        if event.event == opens:
            held.setdefault(scope, event.at)
        elif event.event == closes:
            held = {k: at for k, at in held.items() if scope and k != scope}
    return sorted(held.items())
