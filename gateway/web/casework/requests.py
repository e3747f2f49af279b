"""Requests of people (Art. 15 and 17 GDPR) and complaints about the use of AI: one queue with deadlines.

An answer is made of what the log says (`gateway.web.disclosure`): to an employee about their own requests, to a citizen
without a word about who worked on it. That it was made stands in the log before it is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.errors import GatewayError
from gateway.model.casework import REQUESTS, STEPS, CaseFile
from gateway.policy.titles import in_words
from gateway.web import disclosure, words
from gateway.web.asking import do
from gateway.web.casework import views
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, _
from gateway.web.render import Assets, Renderer

KINDS: Final = ("anfrage", "ruege")
FIELDS: Final = ("email", "name", "aktenzeichen", "amt", "von", "bis")
LONGEST: Final = 200
_MEDIA: Final = {"html": "text/html; charset=utf-8", "json": "application/json"}


async def overview(desk: Desk, visit: Visit) -> Response:
    """Show the queue."""
    return desk.page(visit, "casework/requests.html", **await views.listing(desk, visit, KINDS))


async def form(desk: Desk, visit: Visit) -> Response:
    """Show the form for a new request."""
    return _form(desk, visit)


def _form(desk: Desk, visit: Visit, problem: str = "") -> Response:
    departments = {key: rules.name for key, rules in desk.context.policies().departments.items()}
    return desk.page(visit, "casework/request_new.html", 422 if problem else 200, problem=problem, form=visit.form,
                     kinds=REQUESTS, departments=departments, today=words.iso_day(desk.context.now()))


async def begin(desk: Desk, visit: Visit) -> Response:
    """Take in a request."""
    sent = visit.form
    received = words.read_day(sent.get("eingang", ""))
    values = {name: sent.get(name, "").strip()[:LONGEST] for name in FIELDS}
    for name in ("von", "bis"):
        found = words.read_day(values[name])
        values[name] = found.isoformat() if found else ""
    values["email"] = values["email"].lower()
    if received is None:
        return _form(desk, visit, _("Bitte geben Sie an, wann die Anfrage einging, zum Beispiel 22.11.2026."))
    try:
        made = await do(desk.context.cases.open_request, views.role_of(visit), views.ROLE, sent.get("art", ""),
                        received, values)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return _form(desk, visit, said(error.message))
    return views.back(f"/review/anfragen/{made.id}", "angelegt")


async def show(desk: Desk, visit: Visit) -> Response:
    """Show one request or complaint."""
    return await _page(desk, visit)


async def change(desk: Desk, visit: Visit) -> Response:
    """Do what a button says."""
    id_ = views.number(visit, KINDS)
    if not id_:
        return views.nothing(desk, visit)
    if visit.form.get("schritt") == "loeschen" and visit.form.get("sicher") != "ja":
        return await _sure(desk, visit)
    try:
        done = await _act(desk, visit, id_)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, said(error.message))
    return views.back(f"/review/anfragen/{id_}", done)


async def _act(desk: Desk, visit: Visit, id_: str) -> str:
    cases, sent, by = desk.context.cases, visit.form, views.role_of(visit)
    step, version = sent.get("schritt", ""), views.version_of(sent)
    if step == "loeschen":
        await do(cases.erase, by, views.ROLE, id_, version)
        return "geloescht"
    if step == "verlaengern":
        await do(cases.extend, by, views.ROLE, id_, version, sent.get("grund_frist", ""))
        return "frist"
    if step == "schritt":
        await do(cases.step, by, views.ROLE, id_, sent.get("was", ""))
        return "schritt"
    done = await views.common(desk, visit, id_)
    if done is None:
        raise GatewayError("anfrage_ungueltig", N_("Diese Schaltfläche gibt es nicht. Es wurde nichts geändert."))
    return done


async def _sure(desk: Desk, visit: Visit) -> Response:
    file = await views.opened(desk, visit, ("anfrage",))
    if file is None:
        return views.nothing(desk, visit)
    return desk.page(visit, "casework/erase_sure.html", matter=file.matter, values=file.sheet.values,
                     version=visit.form.get("fassung", ""))


async def take(desk: Desk, visit: Visit) -> Response:
    """Give the answer to a request as a file."""
    id_, form_ = views.number(visit, KINDS), visit.form.get("form", "")
    form_ = form_ if form_ in _MEDIA else "html"
    file = await do(desk.context.cases.file, id_) if id_ else None
    if file is None or file.matter.kind != "anfrage":
        return views.nothing(desk, visit)
    try:
        found = await do(desk.context.cases.disclosure, views.role_of(visit), views.ROLE, id_, form_)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, said(error.message))
    data = await asyncio.to_thread(_answer, desk, file, found, form_)
    return Response(data, media_type=_MEDIA[form_], headers={
        "content-disposition": f'attachment; filename="auskunft-{id_}.{form_}"'})


def _answer(desk: Desk, file: CaseFile, found: list[Any], form_: str) -> bytes:
    policies, day = desk.context.policies(), words.day(desk.context.now())
    names = disclosure.Names({model.id: model.name for model in policies.models.values()},
                             {key: purpose.title for key, purpose in policies.organisation.purposes.allow.items()},
                             lambda rule: in_words(rule, policies))
    if file.matter.about != "auskunft_buerger":
        return disclosure.own_file(disclosure.own_records(found, names), policies.organisation.name, day, form_)
    return disclosure.citizen_file(disclosure.citizen_records(found, names), policies.organisation.name, day,
                                   _period(file.sheet.values), form_)


def _period(values: Mapping[str, str]) -> str:
    pieces = []
    for name, word in (("von", _("ab")), ("bis", _("bis"))):
        if (day := words.read_day(values.get(name, ""))) is not None:
            pieces.append(f"{word} {words.day(day)}")
    return " ".join(pieces)


async def letter(desk: Desk, visit: Visit) -> Response:
    """Give the answer's covering letter, ready to be filled in and printed."""
    file = await views.opened(desk, visit, KINDS)
    if file is None:
        return views.nothing(desk, visit)
    policies = desk.context.policies()
    html = Renderer(Assets()).html("casework/letter.html", {
        "organisation": policies.organisation, "matter": file.matter, "values": file.sheet.values,
        "day": words.day(desk.context.now()), "received": _received(file), "period": _period(file.sheet.values)})
    return Response(html, media_type="text/html", headers={
        "content-disposition": f'attachment; filename="antwort-{file.matter.id}.html"'})


def _received(file: CaseFile) -> str:
    day = words.read_day(file.sheet.values.get("eingang", ""))
    return words.day(day or file.matter.opened_at)


async def _page(desk: Desk, visit: Visit, problem: str = "") -> Response:
    file = await views.opened(desk, visit, KINDS)
    if file is None:
        return views.nothing(desk, visit)
    departments = {key: rules.name for key, rules in desk.context.policies().departments.items()}
    done = {note.text for note in file.notes if note.what == "schritt"}
    return desk.page(
        visit, "casework/request.html", 422 if problem else 200, values=file.sheet.values, received=_received(file),
        department=departments.get(file.sheet.values.get("amt", ""), file.sheet.values.get("amt", "")),
        period=_period(file.sheet.values), steps=[(key, word, word in done) for key, word in STEPS.items()],
        taken=sum(note.what == "ausgabe" for note in file.notes),
        extended=any(note.what == "frist" for note in file.notes), **views.detail(desk, file, visit, problem, {}))
