"""An incident: the clock, the form of Art. 33(3) GDPR, the decision, what was held, the file to take along."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.responses import Response

from gateway.errors import GatewayError
from gateway.model.casework import CaseFile
from gateway.model.incident import FIELDS, GROUPS, known_at, missing, read
from gateway.paper.forms import MEDIA, file_of
from gateway.paper.report import Form
from gateway.web.asking import do
from gateway.web.casework import views
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said, told
from gateway.web.i18n import N_

FORM = 300_000
"""Bytes of the form: some fields hold pages of text, and umlauts take six bytes on the way."""
_FORMS: dict[str, Form] = {"html": "html", "pdf": "pdf", "json": "json"}


async def overview(desk: Desk, visit: Visit) -> Response:
    """Show the list."""
    return desk.page(visit, "casework/incidents.html", hours=desk.context.cases.hours,
                     **await views.listing(desk, visit, ("vorfall",)))


async def begin(desk: Desk, visit: Visit) -> Response:
    """Open an incident that no finding led to."""
    made = await do(desk.context.cases.open_incident, views.role_of(visit), views.ROLE, "", 0)
    return views.back(f"/review/vorfaelle/{made.id}", "vorfall")


async def show(desk: Desk, visit: Visit) -> Response:
    """Show one incident."""
    return await _page(desk, visit)


async def change(desk: Desk, visit: Visit) -> Response:
    """Do what a button says."""
    id_ = views.number(visit, ("vorfall",))
    if not id_:
        return views.nothing(desk, visit)
    if visit.form.get("schritt") == "angaben":
        return await _save(desk, visit, id_)
    try:
        done = await _act(desk, visit, id_)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, said(error.message))
    return views.back(f"/review/vorfaelle/{id_}", done)


async def _save(desk: Desk, visit: Visit, id_: str) -> Response:
    values, problems = read(visit.form)
    if problems:
        return await _page(desk, visit, problems={one.name: said(one.text) for one in problems}, typed=values)
    try:
        await do(desk.context.cases.save, views.role_of(visit), views.ROLE, id_, views.version_of(visit.form), values)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, said(error.message), typed=values)
    return views.back(f"/review/vorfaelle/{id_}", "angaben")


async def _act(desk: Desk, visit: Visit, id_: str) -> str:
    cases, form, by = desk.context.cases, visit.form, views.role_of(visit)
    step, version = form.get("schritt", ""), views.version_of(form)
    if step == "entscheiden":
        choice = form.get("entscheidung", "")
        if choice not in ("melden", "nicht_melden"):
            raise GatewayError("anfrage_ungueltig", N_("Bitte wählen Sie, ob der Vorfall gemeldet wird."))
        await do(cases.decide, by, views.ROLE, id_, version, choice == "melden", form.get("begruendung", ""))
        return "entschieden"
    if step == "abschliessen":
        await do(cases.finish, by, views.ROLE, id_, version, form.get("schluss", ""))
        return "fertig"
    if step == "aufbewahren":
        await do(cases.hold, by, views.ROLE, id_, form.get("vorgang", ""))
        return "aufbewahrt"
    if step == "freigeben":
        await do(cases.release, by, views.ROLE, id_)
        return "frei"
    if step == "anhalten":
        return "gestoppt" if await do(cases.stop_model, by, views.ROLE, id_, form.get("modell", "")) else (
            "gestoppt_schon")
    done = await views.common(desk, visit, id_)
    if done is None:
        raise GatewayError("anfrage_ungueltig", N_("Diese Schaltfläche gibt es nicht. Es wurde nichts geändert."))
    return done


async def take(desk: Desk, visit: Visit) -> Response:
    """Give the file of an incident; that it was made stands in the log first."""
    id_, form = views.number(visit, ("vorfall",)), _FORMS.get(visit.form.get("form", ""), "html")
    if not id_:
        return views.nothing(desk, visit)
    report = await do(desk.context.cases.paper, views.role_of(visit), views.ROLE, id_, form)
    data = await asyncio.to_thread(file_of, report, form)
    return Response(data, media_type=MEDIA[form], headers={
        "content-disposition": f'attachment; filename="vorfall-{id_}.{form}"'})


async def _page(desk: Desk, visit: Visit, problem: str = "", problems: Mapping[str, str] | None = None,
                typed: Mapping[str, str] | None = None) -> Response:
    file = await views.opened(desk, visit, ("vorfall",))
    if file is None:
        return views.nothing(desk, visit)
    policies, stopped = desk.context.policies(), desk.context.stopped()
    values = dict(file.sheet.values) if typed is None else dict(typed)
    return desk.page(
        visit, "casework/incident.html", 422 if problem or problems else 200, groups=GROUPS, values=values,
        known=known_at(file.sheet.values), missing=missing(file.sheet.values), hours=desk.context.cases.hours,
        logged=[name for name in file.sheet.logged if values.get(name) == file.sheet.values.get(name)],
        labels={name: told(field.label) for name, field in FIELDS.items()}, decided=_decided(file),
        models=[(m.id, m.name, m.id in stopped) for m in policies.models.values() if m.enabled],
        **views.detail(desk, file, visit, problem, problems or {}))


def _decided(file: CaseFile) -> str:
    """Return the reason of the last decision."""
    found = [note.text.partition("\n") for note in file.notes if note.what == "stand"]
    return next((reason for state, _, reason in reversed(found) if state in ("meldepflichtig", "nicht_meldepflichtig")),
                "")
