"""Requests to find out who a pseudonym is: the list, a new one with its reason first, one with its steps, the result.

Kept true: every step names the role it is made in, and whoever does not have it now is refused; the same person cannot
stand on both sides (`gateway.reid.desk` says so, the page answers 403); whoever opens a case or looks at a result is
noted before it is shown. The pages carry pieces of ciphertext to and fro and never a private key: fields for keys have
no name, so no browser sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import escape
from starlette.responses import RedirectResponse, Response

from audit import LedgerConfigError, NotAllowed
from gateway.model.reid import STATES, Case
from gateway.web import words
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, _
from gateway.web.reid.ports import Reid, ask_reid
from gateway.web.reid.stations import COUNCIL, DPO, stations, task, waits_for

HERE: Final = "/review/person"
FORM: Final = 65_536
"""Bytes of a form: a piece has some thousand."""
_FIELDS: Final = ("grund", "fall", "vorgang", "pseudonym")
_ROLE: Final = {"zustimmen": "", "ablehnen": "", "ausgeben": DPO, "umschlag": DPO, "antwort": COUNCIL,
                "informiert": DPO}
"""The steps, and the role in which each is made; agreeing and refusing name theirs."""


async def index(desk: Desk, visit: Visit) -> Response:
    """Show all requests, and whether there are keys to answer them with."""
    reid, roles = desk.context.reid, visit.somebody.principal.roles
    cases, keys = await ask_reid(reid.cases, visit.somebody.person.id), await ask_reid(reid.keys)
    rows = [(case, _(STATES[case.state]), task(case, roles, desk.context.now())) for case in cases]
    return desk.page(visit, "reid/index.html", rows=rows, keys=keys, reasons=reid.reasons,
                     may_ask=DPO in roles, todo=sum(bool(turn) for _case, _word, turn in rows))


async def form(desk: Desk, visit: Visit) -> Response:
    """Show the form of a request: the reason is asked before anything else."""
    query = visit.request.query_params
    return _form(desk, visit, {name: query.get(name, "")[:80] for name in ("vorgang", "pseudonym")}, {})


async def ask_for(desk: Desk, visit: Visit) -> Response:
    """Make a request."""
    values = {name: visit.form.get(name, "").strip()[:80] for name in _FIELDS}
    problems = {}
    if values["grund"] not in desk.context.reid.reasons:
        problems["grund-1"] = _("Bitte wählen Sie den Grund.")
    if not values["fall"]:
        problems["fall"] = _("Bitte nennen Sie die Nummer des Falls.")
    if bool(values["vorgang"]) == bool(values["pseudonym"]):
        problems["vorgang"] = _("Bitte nennen Sie genau einen Vorgang oder genau ein Pseudonym.")
    if problems:
        return _form(desk, visit, values, problems)
    try:
        made = await ask_reid(desk.context.reid.ask, visit.somebody.person.id, values["fall"], values["grund"],
                              values["pseudonym"], values["vorgang"])
    except NotAllowed:
        raise
    except LedgerConfigError as error:
        place = "fall" if "Fall" in str(error) else "vorgang"
        return _form(desk, visit, values, {place: said(str(error))})
    return RedirectResponse(f"{HERE}/{made}", 303)


async def show(desk: Desk, visit: Visit) -> Response:
    """Show one request, and what whoever looks can do now."""
    return await _case(desk, visit)


async def act(desk: Desk, visit: Visit) -> Response:
    """Take the next step."""
    request, step = visit.request.path_params["id"], visit.form.get("schritt", "")
    if await ask_reid(desk.context.reid.case, visit.somebody.person.id, request) is None:
        return _unknown(desk, visit)
    role = _ROLE.get(step) or visit.form.get("rolle", "")
    if step not in _ROLE or role not in (DPO, COUNCIL):
        return await _case(desk, visit, _("Diesen Schritt gibt es nicht. Bitte wählen Sie einen der Knöpfe."))
    if role not in visit.somebody.principal.roles:
        return desk.error(visit, 403, text=escape(
            _("Diesen Schritt macht nur die Rolle „{role}“.").format(role=words.ROLES[role])))
    if step == "informiert" and words.read_day(visit.form.get("am", "")) is None:
        return await _case(desk, visit, _("Bitte geben Sie den Tag an, zum Beispiel 31.12.2026."))
    try:
        await _take(desk.context.reid, visit, step, role, request)
    except NotAllowed as error:
        return desk.error(visit, 403, heading=N_("Dafür braucht es eine andere Person"), text=str(error),
                          extra=N_("Es wurde nichts geändert."), way=(f"{HERE}/{request}", _("Zurück zum Antrag")))
    except LedgerConfigError as error:
        return await _case(desk, visit, said(str(error)))
    return RedirectResponse(f"{HERE}/{request}", 303)


async def _take(reid: Reid, visit: Visit, step: str, role: str, request: str) -> None:
    by, piece = visit.somebody.person.id, visit.form.get("stueck", "").replace("\r\n", "\n")
    day = words.read_day(visit.form.get("am", ""))
    match step:
        case "zustimmen":
            await ask_reid(reid.agree, by, role, request)
        case "ablehnen":
            await ask_reid(reid.refuse, by, role, request)
        case "ausgeben":
            await ask_reid(reid.hand_out, by, request)
        case "umschlag":
            await ask_reid(reid.pass_on, by, request, piece)
        case "antwort":
            await ask_reid(reid.answer, by, request, piece)
        case "informiert" if day is not None:
            await ask_reid(reid.inform, by, request, day)


async def result(desk: Desk, visit: Visit) -> Response:
    """Show who it is, to the one who asked, for a day; that they looked is written first."""
    reid, by, request = desk.context.reid, visit.somebody.person.id, visit.request.path_params["id"]
    case = await ask_reid(reid.case, by, request)
    if case is None:
        return _unknown(desk, visit)
    try:
        found = await ask_reid(reid.found, by, request)
    except NotAllowed as error:
        return desk.error(visit, 403, heading=N_("Das Ergebnis ist für eine andere Person bestimmt"), text=str(error),
                          extra="", way=(f"{HERE}/{request}", _("Zurück zum Antrag")))
    except LedgerConfigError as error:
        return await _case(desk, visit, said(str(error)))
    await _noted(desk, visit, "review/person/ergebnis", request)
    return desk.page(visit, "reid/result.html", case=case, found=found, reasons=reid.reasons)


async def letter(desk: Desk, visit: Visit) -> Response:
    """Show the letter to the person as a template, once it is known who it is: the name is put in by hand."""
    case = await ask_reid(desk.context.reid.case, visit.somebody.person.id, visit.request.path_params["id"])
    if case is None:
        return _unknown(desk, visit)
    if case.state not in ("resolved", "informed"):
        return desk.error(visit, 404, text="Diesen Brief gibt es erst, wenn die Person festgestellt ist.",
                          way=(f"{HERE}/{case.id}", "Zurück zum Antrag"))
    await _noted(desk, visit, "review/person/brief", case.id)
    return desk.page(visit, "reid/letter.html", case=case, reasons=desk.context.reid.reasons)


async def lost(desk: Desk, visit: Visit) -> Response:
    """Say what to do when a key is lost."""
    return desk.page(visit, "reid/lost.html")


async def _noted(desk: Desk, visit: Visit, page: str, request: str) -> None:
    """Write down that somebody looks, and in which role; before anything is shown."""
    role = DPO if DPO in visit.somebody.principal.roles else COUNCIL
    await desk.context.recorder.record("view", {"page": page, "role": role}, subject=visit.somebody.person.id,
                                       ref=request)


def _form(desk: Desk, visit: Visit, values: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    return desk.page(visit, "reid/new.html", 422 if problems else 200, reasons=desk.context.reid.reasons,
                     values={name: values.get(name, "") for name in _FIELDS}, problems=problems)


async def _case(desk: Desk, visit: Visit, problem: str = "") -> Response:
    reid, member = desk.context.reid, visit.somebody
    case = await ask_reid(reid.case, member.person.id, visit.request.path_params["id"])
    if case is None:
        return _unknown(desk, visit)
    await _noted(desk, visit, "review/person", case.id)
    turn = task(case, member.principal.roles, desk.context.now())
    return desk.page(visit, "reid/case.html", 422 if problem else 200, case=case, problem=problem, turn=turn,
                     stations=stations(case), waits=waits_for(case), state_word=_(STATES[case.state]),
                     reasons=reid.reasons, refuse_as=_refusing(case, member.principal.roles))


def _refusing(case: Case, roles: frozenset[str]) -> str:
    """Return in which role somebody may end a request; empty: not, or not any more."""
    alive = case.state in ("open", "approved", "handed_out")
    return next((role for role in (DPO, COUNCIL) if role in roles and alive), "")


def _unknown(desk: Desk, visit: Visit) -> Response:
    return desk.error(visit, 404, text=N_("Diesen Antrag gibt es nicht."))
