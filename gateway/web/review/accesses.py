"""Who looked at what: everything that was opened, taken along or resolved. For the officer and the Personalrat alike.

Whoever looks is named by the role and the pseudonym, never by name: the role says for which office somebody acted, and
who that was is found, where there is a cause, on the same way as anybody else (four eyes). Looking at this list is no
record itself: it names nobody, and the list would watch itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup
from starlette.responses import Response

from audit import Filters, RecordRow
from audit.reid_state import TYPES as REID
from gateway.model.reporting import KINDS
from gateway.web import words
from gateway.web.asking import ask
from gateway.web.gate import Desk, Visit
from gateway.web.heard import told
from gateway.web.i18n import N_, Words, _
from gateway.web.review.filters import is_cursor
from gateway.web.review.timeline import moment_of, number_of, text_of

PAGE: Final = 50
_LOOKED: Final = ("view", "sample.verdict")
_TAKEN: Final = ("export", "report", "release", "case.export")
_CONTENT: Final = ("content.handout", "content.read")
_RESOLVED: Final = (*REID, "reid.key_set", "reid.key_approved")
_CHECKED: Final = ("verify.result",)
_LET_GO: Final = ("erasure", "case.erasure", "hold.set", "hold.release")
_SAVED: Final = ("view.saved", "view.removed")
GROUPS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "alle": (N_("alle Zugriffe"), (*_LOOKED, *_TAKEN, *_CONTENT, *_RESOLVED, *_CHECKED, *_LET_GO, *_SAVED)),
    "einsichten": (N_("Einsichten"), _LOOKED),
    "mitgenommen": (N_("Exporte, Auskünfte und Berichte"), _TAKEN),
    "inhalte": (N_("Inhalte gelesen"), _CONTENT),
    "person": (N_("Personen festgestellt"), _RESOLVED),
    "pruefungen": (N_("Prüfungen"), _CHECKED),
    "geloescht": (N_("Gelöscht oder aufbewahrt"), _LET_GO),
}
"""What can be chosen: the address, the word, the types of records."""
REASONS: Final = Words({"pruefung": N_("Prüfung")})
TAKEN: Final = Words({"ki-pass": N_("Liste der KI-Pässe"), "literacy": N_("Bericht zur KI-Kompetenz")})


@dataclass(frozen=True, slots=True)
class Access:
    """One line."""

    at: datetime
    what: str
    about: str
    href: str
    role: str
    pseudonym: str
    id: str


async def page(desk: Desk, visit: Visit) -> Response:
    """Show the list."""
    query = visit.request.query_params
    chosen = query.get("art", "alle") if query.get("art") in GROUPS else "alle"
    before = query.get("vor", "")
    asked = Filters(types=GROUPS[chosen][1])
    found = await ask(desk.context.ledger.reader.page, asked, before if is_cursor(before) else None, PAGE)
    parts = await ask(desk.context.review.ledger.reader.parts, [row.id for row in found.rows])
    officer = "dpo" in visit.somebody.principal.roles
    rows = [_access(row, parts.get(row.id, {}), links=officer) for row in found.rows]
    return desk.page(visit, "review/accesses.html", rows=rows, groups=GROUPS, chosen=chosen,
                     older=f"/review/zugriffe?art={chosen}&vor={found.before}" if found.before else "",
                     newest=f"/review/zugriffe?art={chosen}" if before else "")


def _access(row: RecordRow, parts: Mapping[str, Any], *, links: bool) -> Access:
    meta = parts["meta"] if isinstance(parts.get("meta"), dict) else {}
    subject = parts["subject"] if isinstance(parts.get("subject"), dict) else {}
    role = text_of(meta, "role")
    via = words.OFFICES["kommandozeile"] if text_of(meta, "via") == "cli" else ""
    return Access(moment_of(row.t_us), words.TYPES.get(row.type, row.type), _about(row.type, meta),
                  f"/review/protokoll/{row.ref}" if row.ref and links else "", words.ROLES.get(role, role) or via,
                  text_of(subject, "pseudonym"), row.id)


def _about(kind: str, meta: Mapping[str, Any]) -> str:
    if kind == "view":
        found = text_of(meta, "page")
        return " ".join(text for text in (words.PAGES.get(found, found), text_of(meta, "case")) if text)
    if kind in _TAKEN:
        rows, reason = number_of(meta, "rows"), text_of(meta, "reason")
        what = text_of(meta, "report") or text_of(meta, "kind") or text_of(meta, "list")
        pieces = [told(KINDS[what].title) if what in KINDS else TAKEN.get(what, what) if kind != "case.export" else "",
                  text_of(meta, "case"), text_of(meta, "format"),
                  words.many(rows, _("Eintrag"), _("Einträge")) if rows is not None else "",
                  _("Zweck: {purpose}").format(purpose=REASONS.get(reason, reason)) if reason else ""]
        return Markup(", ").join(piece for piece in pieces if piece)
    if kind == "verify.result":
        return told(text_of(meta, "verdict"))
    if kind == "sample.verdict":
        return _("Stichprobe {month}").format(month=text_of(meta, "sample"))
    return text_of(meta, "case")
