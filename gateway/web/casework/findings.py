"""The queue of findings: what the house noticed by itself, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from gateway.errors import GatewayError
from gateway.model.casework import KINDS_OF_PROBLEM, PLACES
from gateway.model.findings import RULES
from gateway.web.asking import do
from gateway.web.casework import views
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said, told
from gateway.web.i18n import N_, _

SHOWN = 20
"""Records that a finding links to; the rest is in the Protokoll."""


async def overview(desk: Desk, visit: Visit) -> Response:
    """Show the list."""
    values = await views.listing(desk, visit, ("befund",))
    return desk.page(visit, "casework/findings.html", **values,
                     rules={key: told(rule.title) for key, rule in RULES.items()})


async def show(desk: Desk, visit: Visit) -> Response:
    """Show one finding."""
    return await _page(desk, visit)


async def change(desk: Desk, visit: Visit) -> Response:
    """Do what a button says."""
    id_, form = views.number(visit, ("befund",)), visit.form
    if not id_:
        return views.nothing(desk, visit)
    try:
        if form.get("schritt") == "vorfall":
            made = await do(desk.context.cases.open_incident, views.role_of(visit), views.ROLE, id_,
                            views.version_of(form))
            return views.back(f"/review/vorfaelle/{made.id}", "vorfall")
        done = await views.common(desk, visit, id_)
        if done is None:
            raise GatewayError("anfrage_ungueltig", N_(
                "Diese Schaltfläche gibt es nicht. Es wurde nichts geändert."))
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, said(error.message))
    return views.back(f"/review/befunde/{id_}", done)


async def _page(desk: Desk, visit: Visit, problem: str = "") -> Response:
    file = await views.opened(desk, visit, ("befund",))
    if file is None:
        return views.nothing(desk, visit)
    given = file.sheet.values
    feedback = [(label, told(words.get(given.get(name, ""), given.get(name, "")))) for label, name, words in (
        (_("Was nicht gut war"), "art", KINDS_OF_PROBLEM), (_("Wo"), "stelle", PLACES), (_("Vorgang"), "vorgang", {}))
        if given.get(name)]
    return desk.page(visit, "casework/finding.html", 422 if problem else 200,
                     records=[(id_, _made(id_)) for id_ in file.records[:SHOWN]],
                     more=max(0, (file.tally.count if file.tally else 0) - SHOWN), feedback=feedback,
                     place=desk.context.cases.place(file.matter), **views.detail(desk, file, visit, problem, {}))


def _made(record_id: str) -> datetime:
    """Return when a record was made: its id begins with the millisecond (UUIDv7)."""
    return datetime.fromtimestamp(int(record_id.replace("-", "")[:12], 16) / 1000, UTC)
