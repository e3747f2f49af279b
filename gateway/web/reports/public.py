"""What the public is told: which AI the town hall uses, for what, where it runs, how much. For people and programs.

The figures are of years, from months that are over (`gateway.reports.figures`): about nobody, and the same for
everybody who asks on the same day.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from gateway.errors import GatewayError
from gateway.paper.forms import fragment
from gateway.web import i18n, register, words
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _
from gateway.web.reports.ports import PublicFigures

UNTOLD = N_("nicht angegeben, weil es um sehr wenige Personen geht")
NOTE = ("Hinter jeder Zahl stehen mindestens fünf Personen; kleinere Gruppen sind zusammengefasst. null bedeutet: nur "
        "zusammen mit anderen angegeben. Gezählt werden Monate, die zu Ende sind.")


async def page(desk: Desk, visit: Visit) -> Response:
    """Answer in the form that was asked for."""
    if _prefers_json(visit.request.headers.get("accept", "")):
        with i18n.reading(i18n.GERMAN):  # programs read the same, whoever asks
            return await as_json(desk, visit)
    policies = desk.context.policies()
    try:
        figures = await _figures(desk, visit)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return desk.error(visit, 404, text=error.message, way=("/transparency", _("Zur Übersicht")))
    return desk.page(
        visit, "reports/transparency.html", models=[(m, register.classes(m)) for m in register.in_service(policies)],
        stopped=desk.context.stopped(), figures=figures,
        numbers=fragment(figures.report, 1, shown=_shown, untold=_(UNTOLD)),
        purposes=[purpose.title for purpose in policies.organisation.purposes.allow.values()])


async def as_json(desk: Desk, visit: Visit) -> Response:
    """Return register and figures as JSON."""
    policies, figures = desk.context.policies(), await _figures(desk, visit)
    organisation, stopped = policies.organisation, desk.context.stopped()
    body: dict[str, Any] = {
        "organisation": organisation.name, "rechtsgrundlage": organisation.legal_basis,
        "stand": desk.context.now().isoformat(timespec="seconds"), "richtlinien": policies.digest,
        "kontakt": organisation.contact.datenschutz, "beschwerde": f"{organisation.base_url}/transparency/ruege",
        "zwecke": [{"id": key, "titel": purpose.title} for key, purpose in organisation.purposes.allow.items()],
        "modelle": [register.public_entry(m, stopped) for m in register.in_service(policies)],
        "register": list(await do(desk.context.reports.systems)),
        "zahlen": figures.values, "jahre": [key for key, _ in figures.years], "hinweis": NOTE}
    return Response(json.dumps(body, ensure_ascii=False, indent=2), media_type="application/json")


async def as_csv(desk: Desk, visit: Visit) -> Response:
    """Return the register as a table."""
    table = await do(desk.context.reports.systems_csv)
    return Response(table.encode(), media_type="text/csv; charset=utf-8",
                    headers={"content-disposition": 'attachment; filename="ki-register.csv"'})


async def _figures(desk: Desk, visit: Visit) -> PublicFigures:
    return await do(desk.context.reports.public, visit.request.query_params.get("jahr", ""))


def _shown(cell: str | int | None) -> str:
    return "–" if cell is None else words.number(cell) if isinstance(cell, int) else cell


def _prefers_json(accept: str) -> bool:
    """Whether a client that can read both named JSON first."""
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    return "application/json" in kinds and "text/html" not in kinds[:kinds.index("application/json")]
