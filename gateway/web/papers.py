"""The documents of the KI-Pass, to read again and to keep: for everybody who is signed in."""

from __future__ import annotations

from pathlib import PurePosixPath

from starlette.responses import Response

from gateway.kipass.documents import text_of
from gateway.model.kipass import Document, KiPassConfig
from gateway.web import steps
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_


async def every(desk: Desk, visit: Visit) -> Response:
    """List what is in force, what is announced, and earlier versions that this person acknowledged."""
    config = desk.context.policies().kipass
    return desk.page(visit, "documents.html",
                     documents=list(steps.documents(visit.somebody, config, desk.context.now())))


async def read(desk: Desk, visit: Visit) -> Response:
    """Show a version as a page."""
    config = desk.context.policies().kipass
    found = _find(config, visit)
    if found is None:
        return _unknown(desk, visit)
    text = text_of(config, found) if found.file.endswith(".md") else ""
    return desk.page(visit, "document.html", document=found, text=text)


async def download(desk: Desk, visit: Visit) -> Response:
    """Hand out a version exactly as it was hashed. Never shown in place: it is a file to keep."""
    config = desk.context.policies().kipass
    found = _find(config, visit)
    if found is None:
        return _unknown(desk, visit)
    suffix = PurePosixPath(found.file).suffix
    version = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in found.version)
    kind = "application/pdf" if suffix == ".pdf" else "text/markdown; charset=utf-8"
    return Response(config.texts[found.sha256], headers={
        "content-type": kind, "content-disposition": f'attachment; filename="{found.kind}-{version}{suffix}"'})


def _find(config: KiPassConfig, visit: Visit) -> Document | None:
    wanted = visit.request.path_params["sha256"]
    return next((d for versions in config.documents.values() for d in versions if d.sha256 == wanted), None)


def _unknown(desk: Desk, visit: Visit) -> Response:
    return desk.error(visit, 404, extra=N_("Die Papiere, die es gibt, stehen auf der Seite „Unterlagen“."))
