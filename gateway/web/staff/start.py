"""Pages for staff: what do I stand with, and what may go where?"""

from __future__ import annotations

import logging

from starlette.responses import Response

from gateway.errors import GatewayError
from gateway.web import i18n, register, steps, words
from gateway.web.disclosure import OwnRecord
from gateway.web.gate import Desk, Visit
from gateway.web.mypass import overview_of
from gateway.web.staff import mine

_log = logging.getLogger(__name__)


async def start(desk: Desk, visit: Visit) -> Response:
    """Show the start page: for staff what they may do, for everybody else what this is."""
    member = visit.member
    if member is None:
        with i18n.reading(visit.language):
            return desk.page(visit, "welcome.html")
    policies, now = desk.context.policies(), desk.context.now()
    rules = member.rules(policies)
    found = await overview_of(desk, visit)
    latest = await _latest(desk, visit)
    today = now.astimezone(words.BERLIN).date()
    return desk.page(
        visit, "staff/start.html", greeting=words.address(member.person.name), overview=found,
        sentence=steps.sentence(found, policies.kipass, now),
        department=rules.name if rules else member.person.department,
        models=register.for_department(rules, today, desk.context.stopped()) if rules else [], known=rules is not None,
        latest=latest)


async def _latest(desk: Desk, visit: Visit) -> list[OwnRecord]:
    """Return the last requests; none when the ledger cannot be read: the page has more to say than that."""
    try:
        return (await mine.recent(desk, visit, mine.LATEST))[0]
    except GatewayError as error:
        _log.warning("start page without the last requests: %s", error.hint or error.code)
        return []
