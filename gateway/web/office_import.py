"""Completions from a file, in three pages: choose the file, say which column is what, look, then do.

Between the pages the file lies sealed in the database; the id that opens it stands in the form only, never in an
address. The doing runs in the background: its page may be left, and comes again by itself without a script.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.completions import Columns
from gateway.model.office import FileSeen
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _
from gateway.web.office_ports import ask_office

FORM: Final = 50_000_000 + 65_536
"""Bytes of a form with a file."""
AGAIN: Final = 10
"""Seconds after which the page of an import under way comes again."""
_SHOWN: Final = 100


async def choose(desk: Desk, visit: Visit) -> Response:
    """Show the form for the file."""
    return await _choose(desk, visit)


async def hand_in(desk: Desk, visit: Visit) -> Response:
    """Take the file and show its columns."""
    data = visit.files.get("datei", b"")
    try:
        if not data:
            raise GatewayError("anfrage_ungueltig", _("Bitte wählen Sie eine Datei."))
        seen = await ask_office(desk.context.office.hand_in, visit.somebody.person.id, data)
    except GatewayError as error:
        return await _choose(desk, visit, _spoken(error))
    return _columns_page(desk, visit, seen, seen.guess)


async def look(desk: Desk, visit: Visit) -> Response:
    """Show what would happen, or the columns once more with what is wrong."""
    office, by, form = desk.context.office, visit.somebody.person.id, visit.form
    try:
        seen = await ask_office(office.seen, by, form.get("datei", ""), form.get("kurs", ""))
    except GatewayError as error:
        return await _choose(desk, visit, _spoken(error))
    columns = _columns(form, seen)
    if form.get("schritt") == "spalten" or (columns.course and not columns.module and not columns.courses):
        return _columns_page(desk, visit, seen, columns)
    try:
        plan = await ask_office(office.trial, by, seen.id, columns)
    except GatewayError as error:
        return _columns_page(desk, visit, seen, columns, _spoken(error))
    modules = {key: module.title for key, module in desk.context.policies().kipass.modules.items()}
    return desk.page(visit, "office_trial.html", seen=seen, columns=columns, plan=plan, most=_SHOWN, modules=modules,
                     hidden=[(name, value) for name, value in form.items() if name not in ("formular", "schritt")])


async def carry_out(desk: Desk, visit: Visit) -> Response:
    """Begin, and go to the page that says how far it is."""
    office, by, form = desk.context.office, visit.somebody.person.id, visit.form
    try:
        seen = await ask_office(office.seen, by, form.get("datei", ""), form.get("kurs", ""))
        name = await ask_office(office.start, by, seen.id, _columns(form, seen))
    except GatewayError as error:
        return await _choose(desk, visit, _spoken(error))
    return RedirectResponse(f"/office/import/{name}", 303)


async def progress(desk: Desk, visit: Visit) -> Response:
    """Show how far an import is."""
    found = await ask_office(desk.context.office.imports, visit.somebody.person.id)
    one = next((state for state in found if state.name == visit.request.path_params["name"]), None)
    if one is None:
        return desk.error(visit, 404, text=N_("Diesen Import gibt es nicht mehr. Was er eingetragen hat, bleibt "
                                              "eingetragen."))
    return desk.page(visit, "office_progress.html", one=one, again=AGAIN)


async def _choose(desk: Desk, visit: Visit, problem: str = "") -> Response:
    found = await ask_office(desk.context.office.imports, visit.somebody.person.id)
    return desk.page(visit, "office_import.html", 422 if problem else 200, problem=problem, imports=found)


def _columns_page(desk: Desk, visit: Visit, seen: FileSeen, columns: Columns, problem: str = "") -> Response:
    modules = {key: module.title for key, module in desk.context.policies().kipass.modules.items()}
    return desk.page(visit, "office_columns.html", 422 if problem else 200, seen=seen, columns=columns,
                     problem=problem, modules=modules, done=", ".join(sorted(columns.done)))


def _columns(form: Mapping[str, str], seen: FileSeen) -> Columns:
    done = frozenset(word.strip().lower() for word in form.get("fertig", "").split(",") if word.strip())
    courses = {course: form.get(f"kurs-{i}", "") for i, course in enumerate(seen.courses) if form.get(f"kurs-{i}")}
    module = form.get("modul", "")
    return Columns(form.get("person", ""), form.get("abschluss", ""), form.get("stand", ""), done, module,
                   "" if module else form.get("kurs", ""), {} if module else courses)


def _spoken(error: GatewayError) -> str:
    """Return what the form is to say; what no form can mend goes to the page of errors."""
    if error.code != "anfrage_ungueltig":
        raise error
    return error.message
