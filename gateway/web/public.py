"""Pages for everybody: help, and the texts that every public site has."""

from __future__ import annotations

from starlette.responses import Response

from gateway.web import register
from gateway.web.gate import Desk, Visit


async def help_page(desk: Desk, visit: Visit) -> Response:
    """Show how to connect a program."""
    policies = desk.context.policies()
    rules = visit.member.rules(policies) if visit.member else None
    models = [r.model for r in rules.models.values()] if rules else register.in_service(policies)
    base = policies.organisation.base_url.rstrip("/")
    return desk.page(visit, "help.html", base=base, models=models, example=models[0].id if models else "",
                     own=visit.member is not None)


async def privacy(desk: Desk, visit: Visit) -> Response:
    """Show what is stored about whom."""
    return desk.page(visit, "privacy.html")


async def accessibility(desk: Desk, visit: Visit) -> Response:
    """Show the state of accessibility."""
    return desk.page(visit, "accessibility.html")


async def imprint(desk: Desk, visit: Visit) -> Response:
    """Show who is responsible."""
    return desk.page(visit, "imprint.html")
