"""One page for the Personalrat: what waits for them, and what was done about people; everybody acts signed in.

The data protection officer sees the same page and cannot agree on it. Nothing here names or counts single persons:
requests to find out who a pseudonym is stand with their reason and state, and their numbers by reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Final, cast

from starlette.responses import RedirectResponse, Response

from audit import LedgerConfigError, NotAllowed
from gateway.errors import GatewayError
from gateway.model.people import Role
from gateway.model.reid import STATES
from gateway.web import navigation
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, Words, _
from gateway.web.reid.keys import NAMES
from gateway.web.reid.ports import ask_reid
from gateway.web.reid.stations import task

HERE: Final = "/review/personalrat"
COUNCIL: Final[Role] = "personalrat"
DONE: Final = Words({"zustimmung": N_("Ihre Zustimmung ist eingetragen."),
    "schluessel": N_("Der Schlüssel ist jetzt in Kraft."),
               "beendet": N_("Der Inhaltsmodus ist beendet, oder der Antrag ist abgelehnt.")})
MODES: Final = Words({"waiting": N_("wartet auf Zustimmung"), "on": N_("eingeschaltet"), "off": N_("beendet"),
                "withdrawn": N_("abgelehnt oder zurückgezogen"), "lapsed": N_("verfallen")})
KINDS: Final = Words({"ersteinrichtung": N_("Ersteinrichtung"), "zustimmung": N_("Zustimmung des Personalrats"),
                "verringerung": N_("Verringerung, keine Zustimmung nötig")})
REASONS: Final = Words({"sicherheitsvorfall": N_("Sicherheitsvorfall"),
    "datenschutzvorfall": N_("Verletzung des Datenschutzes"),
                  "missbrauch": N_("begründeter Verdacht auf Missbrauch"), "fehlersuche": N_("Fehlersuche"),
                  "anordnung": N_("Anordnung eines Gerichts oder einer Behörde")})
LINKS: Final = Words({
    "/review/berichte": N_("der Bericht für das Vierteljahr, nach Ämtern und nie nach Personen"),
    "/review/zugriffe": N_("wer was angesehen und mitgenommen hat"),
    "/review/person": N_("alle Anträge mit ihren Schritten"),
})
"""What is told about pages of the same section; which of them there are, `gateway.web.navigation` knows."""
SHOWN: Final = 20
"""Entries of each list; all of them are in the quarterly report."""


async def page(desk: Desk, visit: Visit) -> Response:
    """Show what waits and what happened."""
    return await _page(desk, visit)


async def act(desk: Desk, visit: Visit) -> Response:
    """Agree, or end."""
    council, reid = desk.context.council, desk.context.reid
    form, by, step = visit.form, visit.somebody.person.id, visit.form.get("schritt", "")
    number = form.get("nummer", "")
    try:
        if step == "richtlinien":
            await do(council.policies.agree, by, form.get("stand", ""))
        elif step == "schluessel":
            await ask_reid(reid.approve_key, by, visit.somebody.principal.roles, form.get("rolle", ""),
                           form.get("schluessel", ""))
        elif step == "inhalt" and _is_number(number):
            await do(council.content.approve, by, COUNCIL, int(number))
        elif step == "inhalt-ende" and _is_number(number):
            await do(council.content.stop, by, COUNCIL, int(number))
        else:
            return await _page(desk, visit, _("Diesen Schritt gibt es nicht. Bitte wählen Sie einen der Knöpfe."))
    except NotAllowed as error:
        return desk.error(visit, 403, heading=N_("Dafür braucht es eine andere Person"), text=str(error),
                          extra=N_("Es wurde nichts geändert."), way=(HERE, _("Zurück")))
    except LedgerConfigError as error:
        return await _page(desk, visit, said(str(error)))
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, said(error.message))
    done = {"schluessel": "schluessel", "inhalt-ende": "beendet"}.get(step, "zustimmung")
    return RedirectResponse(f"{HERE}?getan={done}", 303)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


async def _page(desk: Desk, visit: Visit, problem: str = "") -> Response:
    context, member = desk.context, visit.somebody
    now, roles = context.now(), member.principal.roles
    cases = await ask_reid(context.reid.cases, member.person.id)
    keys = await ask_reid(context.reid.keys)
    modes = [(mode, mode.state(now)) for mode in await do(context.council.content.modes)]
    pending = await do(context.council.policies.pending)
    waiting_keys = [key for key in keys.keys if not key.in_force]
    mine = [case for case in cases if task(case, roles, now)] if COUNCIL in roles else []
    waits = len(pending) + len(waiting_keys) + len(mine) + sum(
        state == "waiting" and not mode.approved_in(COUNCIL) for mode, state in modes)
    departments = {key: rules.name for key, rules in context.policies().departments.items()}
    return desk.page(
        visit, "council/page.html", 422 if problem else 200, problem=problem, may_agree=COUNCIL in roles, waits=waits,
        done=DONE.get(visit.request.query_params.get("getan", ""), ""), pending=pending, waiting_keys=waiting_keys,
        key_names=NAMES, mine=mine, modes=[pair for pair in modes if pair[1] in ("waiting", "on")],
        past_modes=[pair for pair in modes if pair[1] not in ("waiting", "on")][:SHOWN], mode_words=MODES,
        mode_reasons=REASONS, departments=departments, cases=cases[:SHOWN], more=max(0, len(cases) - SHOWN),
        states=STATES, reasons=context.reid.reasons, by_reason=_by_reason([case.reason for case in cases]),
        agreements=(await do(context.council.policies.agreements))[:SHOWN], kinds=KINDS, links_here=_links(roles))


def _links(roles: Collection[str]) -> list[tuple[str, str, str]]:
    found = [(path, word, LINKS[path]) for path, word in navigation.sections(HERE, roles) if path in LINKS]
    return [*found, ("/review/person/schluessel", _("Schlüssel für das Siegel"),
                     _("wer öffnen kann, und der eigene Schlüssel"))]


def _by_reason(reasons: list[str]) -> list[tuple[str, int]]:
    return cast(list[tuple[str, int]], sorted(Counter(reasons).items(), key=lambda pair: (-pair[1], pair[0])))
