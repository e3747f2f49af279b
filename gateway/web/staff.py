"""Pages for staff: what do I stand with, and what may go where?"""

from __future__ import annotations

from starlette.responses import Response

from gateway.web import register, steps, words
from gateway.web.gate import Desk, Visit
from gateway.web.mypass import overview_of


async def start(desk: Desk, visit: Visit) -> Response:
    """Show the start page: for staff what they may do, for everybody else what this is."""
    member = visit.member
    if member is None:
        return desk.page(visit, "welcome.html")
    policies, now = desk.context.policies(), desk.context.now()
    rules = member.rules(policies)
    found = await overview_of(desk, visit)
    today = now.astimezone(words.BERLIN).date()
    return desk.page(
        visit, "start.html", greeting=words.address(member.person.name), overview=found,
        sentence=steps.sentence(found, policies.kipass, now),
        department=rules.name if rules else member.person.department,
        models=register.for_department(rules, today, desk.context.stopped()) if rules else [], known=rules is not None)
