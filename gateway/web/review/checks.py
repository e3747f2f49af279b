"""Checking the ledger: a verdict in words, against which note, and everything it takes to check without this house.

The note that counts is the one that lies outside. Whoever puts it here may keep it in the account, for comfort: a check
with a note that this house kept proves less than one with the mailbox, and the page says so. The files to take along
are made in the background; every export is a record before it is a file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from starlette.responses import FileResponse, RedirectResponse, Response

from audit import zipapp
from gateway.errors import GatewayError
from gateway.model.review import KeptNote
from gateway.web.asking import ask, do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, _
from gateway.web.review.checking import Checking
from gateway.web.review.ports import Takeout
from gateway.web.review.timeline import moment_of

FORM: Final = 65_536
PATH: Final = "/review/pruefung"
TYPES: Final = {"zip": "application/zip", "csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


class Checks:
    """The page, its forms, and its downloads."""

    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    async def page(self, desk: Desk, visit: Visit) -> Response:
        """Show the last verdict."""
        return await self._page(desk, visit)

    async def _page(self, desk: Desk, visit: Visit, problem: str = "", typed: str = "") -> Response:
        context, person = desk.context, visit.somebody.person.id
        house = context.review
        result, status = await self._checking.last(), await ask(context.ledger.status)
        own = frozenset(await ask(house.ledger.pseudonyms, person))
        return desk.page(
            visit, "review/check.html", 422 if problem else 200, result=result, status=status, problem=problem,
            typed=typed, running_since=self._checking.running_since, failed=self._checking.problem,
            note=await do(house.desk.note, person), vkeys=[str(key) for key in await ask(house.ledger.vkeys)],
            by="" if result is None or not result.by else _("von Ihnen") if result.by in own
            else _("von {who}").format(who=result.by),
            bundles=[shown(one) for one in await do(house.takeouts.every, person) if one.ending == "zip"][:3])

    async def check(self, desk: Desk, visit: Visit) -> Response:
        """Run the verifier, with the note that was brought or kept."""
        person, house = visit.somebody.person.id, desk.context.review
        kept: KeptNote | None = None
        brought = visit.form.get("notiz", "").strip() or _text(visit.files.get("datei", b""))
        if brought:
            try:
                kept = await do(house.desk.keep_note, person, brought)
            except GatewayError as error:
                if error.code != "anfrage_ungueltig":
                    raise
                return await self._page(desk, visit, said(error.message), brought)
        elif visit.form.get("mit") == "notiz":
            kept = await do(house.desk.note, person)
        await self._checking.run(person, [kept.note] if kept is not None else [])
        return RedirectResponse(PATH, 303)

    async def bundle(self, desk: Desk, visit: Visit) -> Response:
        """Make the bundle of the whole log."""
        await do(desk.context.review.takeouts.begin, visit.somebody.person.id, "bundle", None, "pruefung")
        return RedirectResponse(f"{PATH}#buendel", 303)


async def every_file(desk: Desk, visit: Visit) -> Response:
    """Show what was made for this person, and what is being made."""
    found = await do(desk.context.review.takeouts.every, visit.somebody.person.id)
    return desk.page(visit, "review/files.html", files=[shown(one) for one in found])


async def fetch(desk: Desk, visit: Visit) -> Response:
    """Give a file to whoever asked for it. (That it was made for them is a record already.)"""
    name = visit.request.path_params["name"]
    found = await do(desk.context.review.takeouts.get, visit.somebody.person.id, name)
    if found is None or found.state != "ready":
        return desk.error(visit, 404, way=("/review/dateien", _("Zu Ihren Dateien")), text=N_(
            "Diese Datei gibt es nicht oder nicht mehr. Dateien liegen hier einen Tag."))
    return FileResponse(found.path, media_type=TYPES[found.ending],
                        filename=f"ki-pforte-protokoll-{datetime.fromtimestamp(found.at, UTC):%Y-%m-%d}.{found.ending}")


def shown(one: Takeout) -> dict[str, object]:
    """Return a file as a template shows it."""
    return {"name": one.name, "at": moment_of(one.at * 1_000_000), "state": one.state, "size": one.size,
            "ending": one.ending}


async def program(desk: Desk, visit: Visit) -> Response:
    """Give the verifier as one file for Python."""
    return Response(await do(zipapp.content), media_type="application/octet-stream",
                    headers={"content-disposition": 'attachment; filename="pruefer.pyz"'})


async def offline_page(desk: Desk, visit: Visit) -> Response:
    """Give the verifier as one page for a browser, to be kept: it is a file, and no page of ours."""
    return Response((files("audit") / "pruefer.html").read_bytes(), media_type="application/octet-stream",
                    headers={"content-disposition": 'attachment; filename="pruefer.html"'})


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip()
