"""Where anybody looks whether a certificate of the KI-Pass counts: by its number, or by the signed file.

Kept true: the answer is computed now; a pass that was blocked, has expired or whose holder left or withdrew the number
gives one and the same answer, without a reason and without a name; what is shown is what the certificate shows. Numbers
cannot be guessed (90 random bits) and are slowed down all the same; no page here may be indexed or kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from gateway.kipass import credential
from gateway.kipass.issuer import did_document, document
from gateway.kipass.number import LONGEST, in_groups, read_number
from gateway.kipass.signing import CredentialError, Problem
from gateway.model.certificates import Attestation
from gateway.web import words
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit, open_form
from gateway.web.i18n import N_, _
from gateway.web.throttle import Throttle

FORM: Final = 60_000
"""Bytes of the form: a certificate as large as they may be, as a browser spells it."""
_PATH: Final = "/pass/pruefen"


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: ``kind`` is the mark beside it, `then` what the reader can do."""

    kind: str
    title: str
    then: str
    shows: Attestation | None = None


OVER: Final = Result("no", N_("Dieser KI-Pass gilt nicht mehr."),
                     N_("Die Person arbeitet zurzeit nicht mit einem gültigen KI-Pass dieser Verwaltung, oder sie hat "
                     "diesen Nachweis zurückgezogen. Warum, wird hier nicht gesagt."))
UNKNOWN: Final = Result("no", N_("Unter dieser Nummer gibt es keinen Nachweis."),
                        N_("Der Nachweis ist möglicherweise gefälscht. Bitte vergleichen Sie die Nummer noch einmal."))
SLIP: Final = Result("open", N_("Diese Nummer ist nicht vollständig oder enthält einen Schreibfehler."),
                     N_("Sie hat zwanzig Zeichen in fünf Gruppen. Bitte vergleichen Sie sie mit dem Nachweis."))
FOREIGN: Final = Result("open", N_("Diesen Nachweis hat nicht diese Verwaltung ausgestellt."),
                        N_("Stammt er von einer anderen, dann prüfen Sie ihn bitte auf deren Seite. Ihre Adresse steht "
                        "auf dem Nachweis. Sonst ist er gefälscht."))


def forged(problem: Problem) -> Result:
    """Return what to say of a signed file that does not count."""
    return Result("no", N_("Dieser Nachweis ist nicht gültig."), credential.REFUSALS[problem])


class Verification:
    """The public pages of certificates, with their own count of misses."""

    def __init__(self) -> None:
        self._throttle = Throttle()

    async def form(self, desk: Desk, visit: Visit) -> Response:
        """Show where to type a number."""
        return self._page(desk, visit)

    async def by_number(self, desk: Desk, visit: Visit) -> Response:
        """Show what stands under the number in the address: where the QR code leads."""
        if (slow := self._slow(desk, visit)) is not None:
            return slow
        typed = str(visit.request.path_params["id"])
        number = read_number(typed)
        result = SLIP if number is None else await self._look_up(desk, number)
        if result.kind == "ok" or result is OVER:
            return self._page(desk, visit, result)
        self._missed(desk, visit)
        return self._page(desk, visit, result, 404, typed=typed[:60])

    async def by_form(self, desk: Desk, visit: Visit) -> Response:
        """Read what somebody typed or chose: a number, the address of a certificate, or the signed file."""
        if (slow := self._slow(desk, visit)) is not None:
            return slow
        typed = visit.form.get("nachweis", "").strip()
        file = visit.files.get("datei", b"").decode("utf-8-sig", "replace")
        if not typed and not file:
            return self._page(desk, visit, status=400, problem=_(
                "Bitte geben Sie eine Nummer ein oder wählen Sie eine Datei aus."))
        number = None if file else read_number(typed.rstrip("/").rpartition("/")[2])
        if number is not None:
            return RedirectResponse(f"{_PATH}/{number}", 303)
        if file or "." in typed or len(typed) > LONGEST:
            result = await self._by_file(desk, "".join((file or typed).split()))
        else:
            result = SLIP
        if result.kind != "ok" and result is not OVER:
            self._missed(desk, visit)
        return self._page(desk, visit, result, typed="" if result.kind == "ok" else typed[:2000])

    async def _look_up(self, desk: Desk, number: str) -> Result:
        found = await do(desk.context.certificates.look_up, number)
        if found is None:
            return UNKNOWN
        _attestation, shows = found
        if shows is None:
            return OVER
        return Result("ok", N_("Dieser KI-Pass gilt."),
                      N_("Bitte vergleichen Sie die Angaben mit dem Nachweis, den Sie vor sich haben."), shows)

    async def _by_file(self, desk: Desk, token: str) -> Result:
        issuer = await do(desk.context.certificates.issuer)
        try:
            found = credential.verify(token, issuer, desk.context.now())
        except CredentialError as error:
            if error.problem is Problem.EXPIRED:
                return OVER
            return FOREIGN if error.problem is Problem.UNKNOWN_KEY else forged(error.problem)
        return await self._look_up(desk, found.shows.number)

    def _page(self, desk: Desk, visit: Visit, result: Result | None = None, status: int = 200, *, typed: str = "",
              problem: str = "") -> Response:
        open_form(visit)
        number = in_groups(result.shows.number) if result and result.shows else ""
        response = desk.page(visit, "verification.html", status, result=result, typed=typed, problem=problem,
                             number=number)
        response.headers["cache-control"], response.headers["x-robots-tag"] = "no-store", "noindex"
        return response

    def _slow(self, desk: Desk, visit: Visit) -> Response | None:
        wait = self._throttle.wait(_address(visit), "", desk.context.now())
        if wait <= 0:
            return None
        response = self._page(desk, visit, Result(
            "open", N_("Bitte warten Sie einen Moment."), _(
                "Von Ihrem Anschluss kamen viele Nummern, die es nicht gibt. Bitte versuchen Sie es in {minutes} noch "
                "einmal.").format(minutes=words.minutes(-(-wait // 60)))), 429)
        response.headers["retry-after"] = str(wait)
        return response

    def _missed(self, desk: Desk, visit: Visit) -> None:
        self._throttle.failed(_address(visit), "", desk.context.now())


async def issuer_keys(desk: Desk, visit: Visit) -> Response:
    """Give the keys with which others check certificates of this house."""
    return _json(document(await do(desk.context.certificates.issuer)))


async def issuer_did(desk: Desk, visit: Visit) -> Response:
    """Give the DID document of this house, for whoever checks Open Badges."""
    return _json(did_document(await do(desk.context.certificates.issuer)), "application/did+json")


def _json(content: dict[str, Any], kind: str = "application/json") -> Response:
    return Response(json.dumps(content, ensure_ascii=False, indent=2), media_type=kind,
                    headers={"access-control-allow-origin": "*"})  # wallets in a browser look here, too


def _address(visit: Visit) -> str:
    return visit.request.client.host if visit.request.client else ""
