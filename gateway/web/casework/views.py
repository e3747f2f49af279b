"""What the pages of casework share: words for states, the list with its filters, the history, and the common acts.

Whoever opens a matter leaves a record (``view``) before the page is shown; if that cannot be written, it is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.casework import MOVES, SEVERITIES, STATES, CaseFile, Kind, Matter, Note, State, Wanted
from gateway.model.findings import title_of
from gateway.web import words
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import told
from gateway.web.i18n import N_, Words, _, ngettext

PAGE: Final = 25
ROLE: Final = "dpo"
NUMBER: Final = re.compile(r"(?P<kind>[BVAR])-[0-9]{4}-[0-9]{1,9}")
WAYS: Final[Mapping[Kind, str]] = {"befund": "/review/befunde", "vorfall": "/review/vorfaelle",
                                   "anfrage": "/review/anfragen", "ruege": "/review/anfragen"}
STATE_WORDS: Final = Words({
    "neu": N_("neu"), "in_pruefung": N_("in Prüfung"), "vorfall": N_("wurde Vorfall"),
    "kein_befund": N_("kein Befund"), "meldepflichtig": N_("meldepflichtig"),
    "nicht_meldepflichtig": N_("nicht meldepflichtig"), "erledigt": N_("erledigt"), "abgelehnt": N_("abgelehnt")})
MARKS: Final[Mapping[State, str]] = {"neu": "open", "in_pruefung": "open", "vorfall": "stop", "kein_befund": "ok",
                                     "meldepflichtig": "no", "nicht_meldepflichtig": "ok", "erledigt": "ok",
                                     "abgelehnt": "stop"}
WEIGHTS: Final = Words({"niedrig": N_("niedrig"), "mittel": N_("mittel"), "hoch": N_("hoch")})
WEIGHT_MARKS: Final = {"niedrig": "", "mittel": "open", "hoch": "no"}
STEPS: Final = Words({
    "vermerk": N_("Vermerk"), "stand": N_("Stand"), "zustaendig": N_("Zuständig"), "frist": N_("Frist"),
    "schwere": N_("Schwere"), "angaben": N_("Angaben geändert"), "ausgabe": N_("Ausgegeben"),
    "aufbewahrung": N_("Aufbewahrung"), "meldung": N_("Gemeldet"), "schritt": N_("Schritt")})
TO: Final = Words({"in_pruefung": N_("In Prüfung nehmen"), "kein_befund": N_("Kein Befund"),
             "erledigt": N_("Erledigt"), "abgelehnt": N_("Ablehnen")})
"""What the button says that brings a matter there."""


@dataclass(frozen=True, slots=True)
class Line:
    """One matter in a list."""

    matter: Matter
    href: str
    title: str
    place: str
    count: int
    owner: str
    left: str
    over: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the history, in words."""

    at: datetime
    what: str
    who: str
    text: str
    digest: str
    typed: bool = False
    """Whether somebody wrote the text."""


def role_of(visit: Visit) -> str:
    """Return the opaque id of who acts."""
    return visit.somebody.person.id


def number(visit: Visit, kinds: tuple[Kind, ...]) -> str:
    """Return the number in the address; nothing where it is none, or that of another kind: it has its own pages."""
    found = visit.request.path_params["id"].upper()
    match = NUMBER.fullmatch(found)
    return found if match and match["kind"].lower() in {kind[0] for kind in kinds} else ""


def wanted(visit: Visit, kinds: tuple[Kind, ...]) -> tuple[Wanted, dict[str, str], int]:
    """Return what the address asks for: as filter, as it stands there, and the page."""
    query = visit.request.query_params
    asked = {name: query.get(name, "") for name in ("stand", "schwere", "regel", "zustaendig")}
    state = next((s for s in STATES if s == asked["stand"]), None)
    still = {"": True, "alle": None}.get(asked["stand"])
    page = query.get("seite", "1").lstrip("0")
    return (Wanted(kinds, (state,) if state else (), asked["schwere"] if asked["schwere"] in SEVERITIES else "",
                   asked["regel"][:64], asked["zustaendig"][:32], still if state is None else None), asked,
            int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1)


async def listing(desk: Desk, visit: Visit, kinds: tuple[Kind, ...]) -> dict[str, Any]:
    """Return the values of a page with a list."""
    cases, (filter_, asked, page) = desk.context.cases, wanted(visit, kinds)
    found, total = await do(cases.listed, filter_, PAGE, (page - 1) * PAGE)
    tallies, owners, now = await do(cases.tallies, found), await do(cases.owners), desk.context.now()
    names = dict(owners)
    lines = [Line(one, f"{WAYS[one.kind]}/{one.id}", title(one), cases.place(one) if one.kind == "befund" else "",
                  tallies.get(one.cause or "", 0), names.get(one.owner or "", ""),
                  words.left(one.due_at, now) if one.due_at and one.open else "",
                  bool(one.due_at and one.open and one.due_at < now)) for one in found]

    def address(**changes: str) -> str:
        query = {k: v for k, v in {**asked, **changes}.items() if v}
        return visit.request.url.path + (f"?{urlencode(query)}" if query else "")
    return {"lines": lines, "total": total, "asked": asked, "owners": names, "page_number": page,
            "newer": address(seite=str(page - 1)) if page > 1 else "", "filtered": any(asked.values()),
            "older": address(seite=str(page + 1)) if page * PAGE < total else "", **vocabulary()}


def vocabulary() -> dict[str, Any]:
    """Return the words that templates need."""
    return {"states": STATE_WORDS, "state_marks": MARKS, "weights": WEIGHTS, "weight_marks": WEIGHT_MARKS, "to": TO}


def title(matter: Matter) -> str:
    """Return what a matter is called in a list."""
    from gateway.model.casework import REQUESTS
    if matter.kind == "befund":
        return told(title_of(matter.about))
    named = {"vorfall": _("Vorfall"), "ruege": _("KI-Rüge")}
    return named.get(matter.kind) or told(REQUESTS.get(matter.about, matter.about))


def history(file: CaseFile) -> list[Entry]:
    """Return the history of a matter in words, the newest first."""
    names = dict(file.owners)
    return [Entry(note.at, STEPS[note.what], note.name or (_("nicht mehr eingetragen") if note.by else "KI-Pforte"),
                  _said(note, names), note.digest, note.what == "vermerk") for note in reversed(file.notes)]


def _said(note: Note, names: Mapping[str, str]) -> str:
    first, _sep, rest = note.text.partition("\n")
    if note.what == "stand":
        return ". ".join(piece for piece in (STATE_WORDS.get(first, first), rest)
                         if piece)
    if note.what == "zustaendig":
        return names.get(note.text, _("jemand anderes")) if note.text else _("niemand")
    if note.what == "frist":
        try:
            day = words.day(datetime.fromisoformat(first))
        except ValueError:
            day = first
        return ". ".join(piece for piece in (_("bis {day}").format(day=day) if day else _("ohne Frist"), rest) if piece)
    if note.what == "aufbewahrung":
        count = int(note.text)
        return (ngettext("{number} Eintrag aufbewahrt", "{number} Einträge aufbewahrt", count) if count >= 0 else
                ngettext("{number} Eintrag wieder frei", "{number} Einträge wieder frei", -count)).format(
                    number=words.number(abs(count)))
    if note.what == "angaben":
        count = len(note.text.splitlines())
        return ngettext("{number} Feld", "{number} Felder", count).format(number=words.number(count))
    return note.text if note.what == "vermerk" else told(note.text)


async def opened(desk: Desk, visit: Visit, kinds: tuple[Kind, ...]) -> CaseFile | None:
    """Return the matter that the address names; that somebody looks is written first."""
    id_ = number(visit, kinds)
    file = await do(desk.context.cases.file, id_) if id_ else None
    if file is None or file.matter.kind not in kinds:
        return None
    await desk.context.recorder.record("view", {"page": WAYS[file.matter.kind].lstrip("/"), "case": id_, "role": ROLE},
                                       subject=role_of(visit))
    return file


def nothing(desk: Desk, visit: Visit) -> Response:
    """Say that there is no such matter."""
    return desk.error(visit, 404, text=N_("Unter dieser Nummer gibt es nichts. Was lange abgeschlossen ist, wird "
                                          "nach seiner Frist gelöscht."))


def detail(desk: Desk, file: CaseFile, visit: Visit, problem: str, problems: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that every page of one matter needs."""
    matter, now = file.matter, desk.context.now()
    moves = [to for to in MOVES[matter.kind].get(matter.state, ()) if to in TO]
    return {"file": file, "matter": matter, "title_": title(matter), "history": history(file), "moves": moves,
            "left": words.left(matter.due_at, now) if matter.due_at and matter.open else "",
            "over": bool(matter.due_at and matter.open and matter.due_at < now),
            "here": f"{WAYS[matter.kind]}/{matter.id}", "problem": problem, "problems": problems, "form": visit.form,
            "step": visit.form.get("schritt", "") if problem else "", "done": DONE.get(
                visit.request.query_params.get("getan", ""), ""), "names": dict(file.owners), **vocabulary()}


DONE: Final = Words({
    "vermerk": N_("Der Vermerk ist gespeichert."), "stand": N_("Der Stand ist geändert."),
    "frist": N_("Die Frist ist geändert."),
    "zustaendig": N_("Die Zuständigkeit ist geändert."), "schwere": N_("Die Schwere ist geändert."),
    "vorfall": N_("Der Vorfall ist eröffnet. Die Frist läuft."), "angaben": N_("Die Angaben sind gespeichert."),
    "entschieden": N_("Die Entscheidung ist dokumentiert."), "fertig": N_("Der Vorfall ist abgeschlossen."),
    "aufbewahrt": N_("Die Einträge werden für diesen Vorfall aufbewahrt."),
    "frei": N_("Die Einträge sind wieder frei."),
    "gestoppt": N_("Das Modell ist angehalten. Das gilt überall innerhalb von Sekunden."),
    "gestoppt_schon": N_("Das Modell war schon angehalten."), "schritt": N_("Der Schritt ist eingetragen."),
    "angelegt": N_("Die Anfrage ist aufgenommen."),
    "geloescht": N_("Der Personenbezug ist gelöscht. Das Protokoll bleibt beweisbar."),
})


async def common(desk: Desk, visit: Visit, id_: str) -> str | None:
    """Do one of the acts that every matter has; return what was done, or None if it is none of them."""
    cases, form, by = desk.context.cases, visit.form, role_of(visit)
    step, version = form.get("schritt", ""), version_of(form)
    if step == "vermerk":
        await do(cases.note, by, ROLE, id_, form.get("vermerk", ""))
    elif step == "stand":
        to = next((state for state in STATES if state == form.get("nach")), None)
        if to is None:
            raise GatewayError("anfrage_ungueltig", N_("Bitte wählen Sie den neuen Stand."))
        await do(cases.move, by, ROLE, id_, version, to, form.get("grund", ""))
    elif step == "zustaendig":
        await do(cases.assign, by, ROLE, id_, version, form.get("wer", ""))
    elif step == "frist":
        day = words.read_day(form.get("tag", "")) if form.get("tag") else None
        if form.get("tag") and day is None:
            raise GatewayError("anfrage_ungueltig", N_("Bitte geben Sie den Tag an, zum Beispiel 22.11.2026."))
        await do(cases.set_due, by, ROLE, id_, version, day)
    elif step == "schwere":
        await do(cases.weigh, by, ROLE, id_, version, form.get("wert", ""))
    else:
        return None
    return step


def version_of(form: Mapping[str, str]) -> int:
    """Return the version of the matter that the form was made from."""
    text = form.get("fassung", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def back(way: str, done: str) -> Response:
    """Return to the page of a matter and say what was done."""
    return RedirectResponse(f"{way}?getan={done}", 303)
