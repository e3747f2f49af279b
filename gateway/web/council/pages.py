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
from gateway.web.reid.keys import NAMES
from gateway.web.reid.ports import ask_reid
from gateway.web.reid.stations import task

HERE: Final = "/review/personalrat"
COUNCIL: Final[Role] = "personalrat"
DONE: Final = {"zustimmung": "Ihre Zustimmung ist eingetragen.", "schluessel": "Der Schlüssel ist jetzt in Kraft.",
               "beendet": "Der Inhaltsmodus ist beendet, oder der Antrag ist abgelehnt."}
MODES: Final = {"waiting": "wartet auf Zustimmung", "on": "eingeschaltet", "off": "beendet",
                "withdrawn": "abgelehnt oder zurückgezogen", "lapsed": "verfallen"}
KINDS: Final = {"ersteinrichtung": "Ersteinrichtung", "zustimmung": "Zustimmung des Personalrats",
                "verringerung": "Verringerung, keine Zustimmung nötig"}
REASONS: Final = {"sicherheitsvorfall": "Sicherheitsvorfall", "datenschutzvorfall": "Verletzung des Datenschutzes",
                  "missbrauch": "begründeter Verdacht auf Missbrauch", "fehlersuche": "Fehlersuche",
                  "anordnung": "Anordnung eines Gerichts oder einer Behörde"}
LINKS: Final = {
    "/review/berichte": "der Bericht für das Vierteljahr, nach Ämtern und nie nach Personen",
    "/review/zugriffe": "wer was angesehen und mitgenommen hat",
    "/review/person": "alle Anträge mit ihren Schritten",
}
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
            return await _page(desk, visit, "Diesen Schritt gibt es nicht. Bitte wählen Sie einen der Knöpfe.")
    except NotAllowed as error:
        return desk.error(visit, 403, heading="Dafür braucht es eine andere Person", text=str(error),
                          extra="Es wurde nichts geändert.", way=(HERE, "Zurück"))
    except LedgerConfigError as error:
        return await _page(desk, visit, str(error))
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await _page(desk, visit, error.message)
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
    return [*found, ("/review/person/schluessel", "Schlüssel für das Siegel",
                     "wer öffnen kann, und der eigene Schlüssel")]


def _by_reason(reasons: list[str]) -> list[tuple[str, int]]:
    return cast(list[tuple[str, int]], sorted(Counter(reasons).items(), key=lambda pair: (-pair[1], pair[0])))
