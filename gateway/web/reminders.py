"""Reminders of the KI-Pass: first how many people and why, then the button. Names are not shown; nobody needs them."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.web import words
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _, ngettext

HERE: Final = "/office/reminders"
REASONS: Final = Words({"ablauf": N_("KI-Pass endet bald"),
                        "dienstvereinbarung": N_("Neue Dienstvereinbarung zu lesen")})


async def show(desk: Desk, visit: Visit) -> Response:
    """Show who would be reminded, as numbers."""
    office = desk.context.reminders
    people, reasons = await do(office.trial)
    return desk.page(visit, "reminders.html", people=people, ready=office.ready(), done=_done(visit),
                     reasons=[(REASONS.get(key, key), count) for key, count in sorted(reasons.items())])


async def send(desk: Desk, visit: Visit) -> Response:
    """Send a portion."""
    sent, failed = await do(desk.context.reminders.send_some, visit.somebody.person.id)
    return RedirectResponse(f"{HERE}?verschickt={sent}&offen={failed}", 303)


def _done(visit: Visit) -> str:
    query = visit.request.query_params
    sent, failed = query.get("verschickt", ""), query.get("offen", "")
    if not (sent.isdecimal() and failed.isdecimal() and len(sent + failed) < 12):
        return ""
    if int(failed) and not int(sent):
        return _("Der Mailserver hat nichts angenommen. Bitte versuchen Sie es später noch einmal.")
    done = ngettext("{count} Erinnerung ist verschickt.", "{count} Erinnerungen sind verschickt.", int(sent)).format(
        count=words.number(int(sent)))
    if not int(failed):
        return done
    return f"{done} " + _("{count} hat der Mailserver nicht angenommen; der nächste Versand versucht sie noch einmal."
                          ).format(count=words.number(int(failed)))
