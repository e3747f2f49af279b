"""Pages for everybody: transparency, help, and the texts that every public site has."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from gateway.web import register, words
from gateway.web.asking import ask
from gateway.web.figures import Figures, Line, Tally
from gateway.web.gate import Desk, Visit


class Transparency:
    """Which AI the town hall uses: as a page, and as JSON for whoever asks for it."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    async def page(self, desk: Desk, visit: Visit) -> Response:
        """Answer in the form that was asked for."""
        if _prefers_json(visit.request.headers.get("accept", "")):
            return await self.as_json(desk, visit)
        policies = desk.context.policies()
        figures = await self._figures(desk)
        names = {model.id: model.name for model in policies.models.values()}
        departments = {key: rules.name for key, rules in policies.departments.items()}
        return desk.page(
            visit, "transparency.html", models=[(m, register.classes(m)) for m in register.in_service(policies)],
            stopped=desk.context.stopped(),
            purposes=[purpose.title for purpose in policies.organisation.purposes.allow.values()],
            figures=figures, model_names=names, department_names=departments, quarter=_in_words(figures.quarter))

    async def as_json(self, desk: Desk, visit: Visit) -> Response:
        """Return register and figures as JSON."""
        policies, figures = desk.context.policies(), await self._figures(desk)
        stopped = desk.context.stopped()
        body: dict[str, Any] = {
            "organisation": policies.organisation.name, "rechtsgrundlage": policies.organisation.legal_basis,
            "stand": desk.context.now().isoformat(timespec="seconds"), "richtlinien": policies.digest,
            "zwecke": [{"id": key, "titel": p.title} for key, p in policies.organisation.purposes.allow.items()],
            "modelle": [register.public_entry(m, stopped) for m in register.in_service(policies)],
            "zahlen": {
                "quartal": figures.quarter, "vollstaendig": figures.complete, "anfragen": figures.total,
                "durchgelassen": figures.allowed, "abgelehnt": figures.denied, "nach_modell": _json(figures.models),
                "ablehnungen_nach_grund": _json(figures.refusals),
                "nach_bereich": _json(figures.departments, rest="uebrige")},
            "hinweis": "null bei „anzahl“ bedeutet: unter 5. Bereiche mit weniger als fünf Personen sind "
                       "zusammengefasst.",
        }
        return Response(json.dumps(body, ensure_ascii=False, indent=2), media_type="application/json")

    async def _figures(self, desk: Desk) -> Figures:
        return await ask(self._tally.figures, desk.context.now(), desk.context.department_size)


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


def _prefers_json(accept: str) -> bool:
    """Whether a client that can read both named JSON first."""
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    return "application/json" in kinds and "text/html" not in kinds[:kinds.index("application/json")]


def _json(lines: tuple[Line, ...], rest: str = "unbekannt") -> list[dict[str, Any]]:
    return [{"id": line.key or rest, "anzahl": line.count} for line in lines]


def _in_words(quarter: str) -> str:
    year, _, number = quarter.partition("-Q")
    return f"{words.number(int(number))}. Quartal {year}"
