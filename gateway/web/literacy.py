"""The report about AI literacy as files: a sheet that stands for itself and prints, CSV, JSON; and its page.

The sheet loads nothing: no script, no style sheet, no picture from elsewhere. The same report gives the same bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from starlette.responses import Response

from audit.sheet import table
from gateway.model.literacy import STANDINGS, Report
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _
from gateway.web.render import Assets, Renderer

WORDS: Final = Words({"gilt": N_("gilt"), "galt": N_("gilt nicht mehr"), "offen": N_("noch nicht oder gesperrt")})
STATES: Final = Words({
    "gueltig": N_("gültig"), "kulanz": N_("gültig in der Kulanzzeit"), "abgelaufen": N_("abgelaufen"),
    "dv_neu": N_("neue Dienstvereinbarung offen"), "fehlt": N_("Schritte offen"), "gesperrt": N_("gesperrt")})
MEDIA: Final = {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8", "json": "application/json"}


def values(report: Report) -> dict[str, Any]:
    """Return what the sheet and the page show."""
    states = {scope: [(_(" oder ").join(STATES.get(s, s) for s in key.split("+")), number)
                      for key, number in sorted(found.items(), key=lambda pair: -pair[1])]
              for scope, found in report.states.items()}
    return {"report": report, "states": states, "standings": STANDINGS, "words": WORDS,
            "quarters": [(_spelled(period), number) for period, number in report.quarters]}


def _spelled(period: str) -> str:
    """Return ``2026-Q3 bis 2026-Q4`` as people write it."""
    return re.sub(r"(\d{4})-Q(\d)", lambda found: _("{quarter}. Quartal {year}").format(
        quarter=found[2], year=found[1]), period.replace(" bis ", _(" bis ")))


def file_of(report: Report, kind: str) -> bytes:
    """Return the report as a file: ``html``, ``csv`` or ``json``."""
    return {"html": _sheet, "csv": _table, "json": _json}[kind](report)


def _sheet(report: Report) -> bytes:
    return Renderer(Assets()).html("literacy_sheet.html", values(report)).encode()


def _table(report: Report) -> bytes:
    headings = ("Stand", "Amt", "Personen", "Bereich", *(WORDS[s] for s in STANDINGS))
    rows = [(report.day.isoformat(), line.department or "Weitere Ämter", line.people, name,
             *("nicht angegeben" if line.told[scope][s] is None else line.told[scope][s] for s in STANDINGS))
            for line in report.lines for scope, name in report.scopes.items()]
    return "".join(table(headings, rows)).encode()


def _json(report: Report) -> bytes:
    return json.dumps({
        "kind": "literacy", "organisation": report.organisation, "day": report.day.isoformat(),
        "policy": report.policy, "people": report.people, "scopes": dict(report.scopes),
        "states": {scope: dict(found) for scope, found in report.states.items()},
        "departments": [{"department": line.department or None, "people": line.people,
                         "scopes": {scope: dict(told) for scope, told in line.told.items()}} for line in report.lines],
        "contents": [{"title": c.title, "version": c.version, "people": c.people} for c in report.contents],
        "quarters": [{"period": period, "steps": number} for period, number in report.quarters],
    }, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


async def page(desk: Desk, visit: Visit) -> Response:
    """Show the report."""
    report, waiting = await do(desk.context.literacy.make)
    return desk.page(visit, "literacy.html", waiting=waiting, **values(report))


async def take(desk: Desk, visit: Visit) -> Response:
    """Give the report as a file; the ledger is told its hash."""
    kind = visit.form.get("form", "")
    kind = kind if kind in MEDIA else "html"
    report, _waiting = await do(desk.context.literacy.make)
    data = file_of(report, kind)
    member = visit.somebody
    await do(desk.context.literacy.note, member.person.id, member.principal.roles, report, kind, data)
    return Response(data, media_type=MEDIA[kind], headers={
        "content-disposition": f'attachment; filename="ki-kompetenz-{report.day.isoformat()}.{kind}"'})
