"""The certificate of one's own KI-Pass: a card and a sheet to print, files to take along, a number to give and take.

Kept true: nobody has a number who did not ask for one, since whoever knows it may look; what is shown is what the pass
is worth at this moment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.kipass import BASIS, credential, open_badge
from gateway.kipass.number import in_groups
from gateway.model.certificates import Attestation
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _
from gateway.web.qr import qr
from gateway.web.steps import state_in_words

P = ParamSpec("P")
T = TypeVar("T")
HERE = "/pass/nachweis"


async def show(desk: Desk, visit: Visit) -> Response:
    """Show the certificate, or how to get one."""
    person, status = visit.somebody.person, visit.somebody.pass_for(BASIS)
    found, shows = await do(desk.context.certificates.of_person, person.id)
    title = _("QR-Code zur Prüfseite: {address}")
    code = (await do(qr, shows.address, title.format(address=shows.address))  # takes some 20 ms
            if found and shows else "")
    sentence = state_in_words(status, desk.context.policies().kipass, desk.context.now())
    return desk.page(visit, "certificate.html", sentence=sentence, found=found, shows=shows, code=code,
                     number=in_groups(found.id) if found else "",
                     done=DONE.get(visit.request.query_params.get("erledigt", ""), ""))


async def change(desk: Desk, visit: Visit) -> Response:
    """Give, withdraw or renew the number."""
    office, person = desk.context.certificates, visit.somebody.person.id
    step = visit.form.get("schritt", "")
    if step == "zurueckziehen":
        done = await do(office.withdraw, person)
    elif step in ("ausstellen", "erneuern"):
        done = await do(office.renew if step == "erneuern" else office.issue, person) is not None
    else:
        raise GatewayError("anfrage_ungueltig", _("Diese Schaltfläche gibt es nicht. Es wurde nichts geändert."))
    return RedirectResponse(f"{HERE}?erledigt={step}" if done else HERE, 303)


DONE = Words({
    "ausstellen": N_("Ihr Nachweis ist ausgestellt."),
    "erneuern": N_("Ihr Nachweis hat eine neue Nummer. Die alte gilt nicht mehr."),
    "zurueckziehen": N_("Ihr Nachweis ist zurückgezogen. Unter seiner Nummer ist nichts mehr über Sie zu sehen."),
})


async def as_file(desk: Desk, visit: Visit) -> Response:
    """Give the certificate as a signed file."""
    return await _file(desk, visit, desk.context.certificates.signed, "ki-pass-nachweis.jws", credential.MEDIA_TYPE)


async def as_badge(desk: Desk, visit: Visit) -> Response:
    """Give the certificate as an Open Badge."""
    return await _file(desk, visit, desk.context.certificates.open_badge, "ki-pass-open-badge.jwt",
                       open_badge.MEDIA_TYPE)


async def _file(desk: Desk, visit: Visit, sign: Callable[[Attestation], str], name: str, kind: str) -> Response:
    found, shows = await do(desk.context.certificates.of_person, visit.somebody.person.id)
    if not found or not shows:
        return RedirectResponse(HERE, 303)
    return Response(await do(sign, shows), media_type=kind,
                    headers={"content-disposition": f'attachment; filename="{name}"'})
