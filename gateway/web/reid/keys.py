"""The keys of the two trustees: each makes their own in their own browser and hands in the public part.

What is sent is one line of text, the public key. The private key goes from the browser into a file on the person's own
disk, encrypted under a password; the form has no field with a name for it. Without a script the line comes from the
command ``python -m audit trustee new``, into the same field.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from audit import LedgerConfigError
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, Words, _
from gateway.web.reid.ports import ask_reid
from gateway.web.reid.stations import COUNCIL, DPO

HERE: Final = "/review/person/schluessel"
NAMES: Final = Words({"dpo": N_("Datenschutz"), "personalrat": N_("Personalrat"), "treuhand": N_("Treuhand")})


async def page(desk: Desk, visit: Visit) -> Response:
    """Show which keys count, and how to make one's own."""
    return await _page(desk, visit)


async def hand_in(desk: Desk, visit: Visit) -> Response:
    """Take a public key; it waits for the Personalrat."""
    role = visit.form.get("rolle", "")
    if role not in (DPO, COUNCIL):
        return await _page(desk, visit, next(iter(_own(visit)), ""),
                           _("Bitte geben Sie Ihren öffentlichen Schlüssel ab."))
    if role not in _own(visit):
        return desk.error(visit, 403, text=N_("Einen Schlüssel gibt nur ab, wer diese Rolle hat."))
    try:
        await ask_reid(desk.context.reid.propose_key, visit.somebody.person.id, role,
                       visit.form.get("oeffentlich", "").strip())
    except LedgerConfigError as error:
        return await _page(desk, visit, role, said(str(error)))
    return RedirectResponse(f"{HERE}?getan=1", 303)


async def _page(desk: Desk, visit: Visit, wrong: str = "", problem: str = "") -> Response:
    keys = await ask_reid(desk.context.reid.keys)
    return desk.page(visit, "reid/keys.html", 422 if problem else 200, keys=keys, names=NAMES, own=_own(visit),
                     wrong=wrong, problem=problem, done=visit.request.query_params.get("getan") == "1",
                     typed=visit.form.get("oeffentlich", "")[:200])


def _own(visit: Visit) -> list[str]:
    return [role for role in (DPO, COUNCIL) if role in visit.somebody.principal.roles]
