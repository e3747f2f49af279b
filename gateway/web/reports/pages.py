"""Reports to read and to take along, and the papers that the data protection officer releases."""

from __future__ import annotations

from typing import Final, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.reporting import KINDS, ReportKind, readable
from gateway.paper.forms import MEDIA, fragment
from gateway.paper.report import FORMS, Form
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_

_SHOWN: Final = 25
WORDS: Final[dict[str, str]] = {"html": "HTML", "pdf": "PDF", "csv": "CSV", "json": "JSON"}
"""The forms, as buttons name them."""
_NONE: Final = N_("Diesen Bericht gibt es nicht, oder er ist für eine andere Rolle bestimmt.")


async def overview(desk: Desk, visit: Visit) -> Response:
    """Show the reports of this reader, and what was given out."""
    kinds = readable(visit.somebody.principal.roles)
    reports = desk.context.reports
    rows = [(kind, await do(reports.periods, kind.key)) for kind in kinds if not kind.released]
    given = await do(reports.given, [kind.key for kind in kinds], _SHOWN)
    return desk.page(visit, "reports/overview.html", reports=rows, forms=WORDS, given=given,
                     titles={key: kind.title for key, kind in KINDS.items()})


async def show(desk: Desk, visit: Visit) -> Response:
    """Show a report."""
    kind = _readable(visit)
    if kind is None:
        return desk.error(visit, 404, text=_NONE)
    periods = await do(desk.context.reports.periods, kind.key)
    wanted = visit.request.query_params.get("zeitraum", "") or next((key for key, _ in periods), "")
    try:
        report = await do(desk.context.reports.make, kind.key, wanted)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return desk.error(visit, 404, text=error.message)
    return desk.page(visit, "reports/report.html", kind=kind, report=report, body=fragment(report), periods=periods,
                     wanted=wanted, forms=WORDS)


async def take(desk: Desk, visit: Visit) -> Response:
    """Give a report as a file."""
    kind = _readable(visit)
    if kind is None:
        return desk.error(visit, 404, text=_NONE)
    member = visit.somebody
    role = next(role for role in sorted(kind.readers) if role in member.principal.roles)
    name, data = await do(desk.context.reports.give, member.person.id, role, kind.key,
                          visit.form.get("zeitraum", ""), _form(visit))
    return _file(name, data)


async def papers(desk: Desk, visit: Visit) -> Response:
    """Show the papers that are released, and how they stand."""
    rows = [(kind, await do(desk.context.reports.draft, kind.key)) for kind in KINDS.values() if kind.released]
    return desk.page(visit, "reports/papers.html", papers=rows)


async def paper(desk: Desk, visit: Visit) -> Response:
    """Show a paper as of now, and what changed since the last release."""
    kind = _releasable(visit.request)
    if kind is None:
        return desk.error(visit, 404, text=_NONE)
    draft = await do(desk.context.reports.draft, kind.key)
    return desk.page(visit, "reports/paper.html", kind=kind, draft=draft, report=draft.report,
                     body=fragment(draft.report, 1), forms=WORDS,
                     done=visit.request.query_params.get("freigegeben") == "ja")


async def release(desk: Desk, visit: Visit) -> Response:
    """Release a paper that was looked through."""
    kind = _releasable(visit.request)
    if kind is None:
        return desk.error(visit, 404, text=_NONE)
    await do(desk.context.reports.release, visit.somebody.person.id, kind.key, visit.form.get("gesehen", ""))
    return RedirectResponse(f"/review/unterlagen/{kind.key}?freigegeben=ja", 303)


async def take_release(desk: Desk, visit: Visit) -> Response:
    """Give a released paper as a file."""
    kind, number = _releasable(visit.request), visit.request.path_params["id"]
    if kind is None or not number.isascii() or not number.isdigit() or len(number) > 9:
        return desk.error(visit, 404, text=_NONE)
    return _file(*await do(desk.context.reports.release_file, visit.somebody.person.id, kind.key, int(number),
                           _form(visit)))


def _readable(visit: Visit) -> ReportKind | None:
    key = visit.request.path_params["kind"]
    return next((kind for kind in readable(visit.somebody.principal.roles) if kind.key == key), None)


def _releasable(request: Request) -> ReportKind | None:
    kind = KINDS.get(request.path_params["kind"])
    return kind if kind is not None and kind.released else None


def _form(visit: Visit) -> Form:
    wanted = visit.form.get("form", "")
    return next((form for form in FORMS if form == wanted), "pdf")


def _file(name: str, data: bytes) -> Response:
    form = cast(Form, name.rpartition(".")[2])
    return Response(data, media_type=MEDIA[form], headers={"content-disposition": f'attachment; filename="{name}"'})
