"""The documents of the KI-Pass: all versions, and a new one in two steps, look and publish.

What is published is the policy of the house, so the page can do what the command does and no more. The text travels in
the form; a PDF is published with the command, since nobody could compare it here.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.kipass import KiPassConfig
from gateway.model.office import Draft
from gateway.web import words
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _
from gateway.web.office_ports import ask_office

FORM: Final = 1_500_000
HERE: Final = "/office/documents"
NAMES: Final = Words({"dienstvereinbarung": N_("Dienstvereinbarung"), "leitlinien": N_("Leitlinien"),
                      "checkliste": N_("Checkliste"), "information": N_("Information")})
CHANGES: Final = (N_("wesentlich"), N_("redaktionell"))
"""How much a version changes, as documents say it."""


async def versions(desk: Desk, visit: Visit) -> Response:
    """Show all versions of everything."""
    office = desk.context.office
    return desk.page(visit, "office_documents.html", kinds=await ask_office(office.documents), name_of=name_of,
                     can_publish=office.can_publish, done=visit.request.query_params.get("getan") == "1")


async def edit(desk: Desk, visit: Visit) -> Response:
    """Show the form for a new version, with the text of the one before."""
    kind = visit.request.query_params.get("art", "")
    rules = desk.context.policies().kipass
    known = {view.name: view for view in await ask_office(desk.context.office.documents)}
    if kind not in known:
        return desk.error(visit, 404, text=N_("Dieses Dokument gibt es nicht."))
    last = next(iter(known[kind].versions), None)
    text = _text(rules, last.sha256) if last else ""
    return _form(desk, visit, {"art": kind, "titel": last.title if last else "", "text": text, "frist": "28",
                               "ab": words.iso_day(desk.context.now()), "aenderung": "wesentlich"})


async def change(desk: Desk, visit: Visit) -> Response:
    """Show what publishing would do, or publish."""
    office, form = desk.context.office, dict(visit.form)
    if (file := visit.files.get("datei")):
        form["text"] = file.decode("utf-8-sig", "replace")
    try:
        draft = _draft(form)
        if form.get("schritt") == "veroeffentlichen":
            await ask_office(office.publish, visit.somebody.person.id, draft)
            return RedirectResponse(f"{HERE}?getan=1", 303)
        if form.get("schritt") != "zeigen":
            return _form(desk, visit, form)
        seen = await ask_office(office.draft, draft)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return _form(desk, visit, form, error.message)
    return desk.page(visit, "office_draft.html", seen=seen, form=form, name=name_of(draft.kind))


def name_of(kind: str) -> str:
    """Return what a document is called."""
    word, _sep, course = kind.partition(":")
    return _("Kurs „{name}“").format(name=course) if course else NAMES.get(word, word)


def _form(desk: Desk, visit: Visit, form: dict[str, str], problem: str = "") -> Response:
    return desk.page(visit, "office_edit.html", 422 if problem else 200, form=form, problem=problem,
                     name=name_of(form.get("art", "")), can_publish=desk.context.office.can_publish)


def _draft(form: dict[str, str]) -> Draft:
    day, days = words.read_day(form.get("ab", "")), form.get("frist", "") or "0"
    if day is None:
        raise GatewayError("anfrage_ungueltig", _("Bitte geben Sie den ersten Tag an, zum Beispiel 01.12.2026."))
    if not (days.isascii() and days.isdigit() and int(days[:6]) <= 3660 and len(days) < 5):
        raise GatewayError("anfrage_ungueltig", _("Bitte geben Sie die Frist in Tagen an, zum Beispiel 28."))
    text = form.get("text", "").replace("\r\n", "\n").strip("\n")
    if not text.strip() or "\0" in text or "\ufffd" in text:
        raise GatewayError("anfrage_ungueltig", _(
            "Bitte geben Sie den Text ein, oder wählen Sie eine Textdatei (UTF-8)."))
    return Draft(form.get("art", ""), (text + "\n").encode(), ".md", form.get("fassung", "").strip(),
                 form.get("aenderung", ""), day, form.get("titel", ""), int(days))


def _text(rules: KiPassConfig, sha256: str) -> str:
    content = rules.texts.get(sha256, b"")
    return "" if content.startswith(b"%PDF") else content.decode("utf-8-sig", "replace")
