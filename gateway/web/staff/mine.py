"""My use of AI: what I used of my limits, my own requests in plain words, a receipt for each, all of it as a file.

Kept true: a page shows records that name the person who is signed in, and no others; a number of somebody else's
Vorgang is answered like one that does not exist. Looking at one's own records leaves no record: nobody is to be
watched while they check what is known about them.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from audit.exports.source import Exported
from gateway.errors import GatewayError
from gateway.policy.titles import in_words
from gateway.web import i18n, words
from gateway.web.asking import ask
from gateway.web.disclosure import REQUESTS, Names, OwnRecord, own_file, own_records
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, _
from gateway.web.staff import limits

PAGE: Final = 20
_CURSOR: Final = re.compile(r"[0-9]{1,17}\.[0-9]{1,15}")
LATEST: Final = 3
"""How many of them the start page shows."""
_KINDS: Final = {"html": "text/html; charset=utf-8", "json": "application/json"}
_NOT_THERE: Final = N_(
    "Unter dieser Nummer gibt es keinen Vorgang, der Ihnen zugeordnet ist. Ganz neue erscheinen nach etwa einer "
    "Sekunde. Ist die Frist abgelaufen, lässt sich ein Vorgang niemandem mehr zuordnen.")


async def page(desk: Desk, visit: Visit) -> Response:
    """Show limits and a page of one's own requests."""
    before = visit.request.query_params.get("vor") or None
    if before and not _CURSOR.fullmatch(before):
        raise GatewayError("anfrage_ungueltig", _("Diese Stelle der Liste gibt es nicht. Bitte öffnen Sie die Seite "
                                                  "„Meine Nutzung“ neu."))
    rows, older = await recent(desk, visit, PAGE, before)
    used = await limits.of(desk, visit)
    return desk.page(visit, "staff/usage.html", records=rows, limits=used, sentence=limits.sentence(used),
                     older="/usage?" + urlencode({"vor": older}) if older else "", first=before is None)


async def recent(desk: Desk, visit: Visit, limit: int, before: str | None = None) -> tuple[list[OwnRecord], str | None]:
    """Return one's own last requests in plain words, newest first, and the cursor of the next page."""
    found, older = await ask(desk.context.own.own_page, visit.somebody.person.id, REQUESTS, before, limit)
    return own_records(found, _names(desk)), older


async def receipt(desk: Desk, visit: Visit) -> Response:
    """Show what became of one of one's own requests."""
    found = await _own(desk, visit)
    if not found:
        return desk.error(visit, 404, text=_NOT_THERE, extra=N_("Ihre Vorgänge finden Sie unter „Meine Nutzung“."),
                          way=("/usage", _("Zu meiner Nutzung")))
    policies = desk.context.policies()
    shown = own_records(found, _names(desk))[-1]
    request = next((record for record in found if record.envelope.type in REQUESTS), found[0])
    model = policies.models.get(request.text("model"))
    return desk.page(visit, "staff/receipt.html", shown=shown, model=model, index=request.line.idx,
                     leaf=request.leaf.hex(), current=request.text("policy") == policies.digest,
                     policy=request.text("policy"), sent=request.envelope.type == "intent",
                     spent=_duration(found), kept_pass=words.PASS_STATES.get(request.text("pass"), ""))


async def proof(desk: Desk, visit: Visit) -> Response:
    """Give the proof of one of one's own requests as a file."""
    found = await _own(desk, visit)
    if not found:
        return desk.error(visit, 404, text=_NOT_THERE)
    text = await ask(desk.context.own.proof, found[0].envelope.id)
    return _file(text.encode(), "text/plain; charset=utf-8", f"vorgang-{found[0].text('vorgang')}.tlog-proof")


async def take(desk: Desk, visit: Visit) -> Response:
    """Give everything that names the person as a file."""
    form = visit.request.path_params["form"]
    if form not in _KINDS:
        return desk.error(visit, 404)
    found = await ask(desk.context.own.own_records, visit.somebody.person.id)
    organisation = desk.context.policies().organisation.name
    with i18n.reading(i18n.language() if form == "html" else i18n.GERMAN):  # for programs it is always the same
        data = own_file(own_records(found, _names(desk)), organisation, words.day(desk.context.now()), form)
    return _file(data, _KINDS[form], f"meine-ki-nutzung.{form}")


async def _own(desk: Desk, visit: Visit) -> list[Exported]:
    """Return one's own records of a Vorgang, request first."""
    vorgang = visit.request.path_params["vorgang"].strip().upper()
    return await ask(desk.context.own.own_records, visit.somebody.person.id, vorgang) if vorgang else []


def _duration(found: list[Exported]) -> str:
    spent = next((number for record in found if (number := record.number("latency_ms")) is not None), None)
    return words.duration(spent) if spent is not None else ""


def _names(desk: Desk) -> Names:
    policies = desk.context.policies()
    return Names({model.id: model.name for model in policies.models.values()},
                 {key: purpose.title for key, purpose in policies.organisation.purposes.allow.items()},
                 lambda rule: in_words(rule, policies))


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
