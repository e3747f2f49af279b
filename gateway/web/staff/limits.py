"""What I have used today and this month, of how much. Shows the person who asks, and nobody and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.model.limits import Used
from gateway.web import words
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import N_, Words, _

NEAR: Final = 80
"""Percent from which on a limit is shown as nearly used up."""
_KINDS: Final = Words({
    "requests_per_minute": N_("Anfragen in dieser Minute"), "requests_per_day": N_("Anfragen heute"),
    "tokens_per_day": N_("Tokens heute"), "tokens_per_month": N_("Tokens in diesem Monat"),
    "micro_euro_per_day": N_("Kosten heute"), "micro_euro_per_month": N_("Kosten in diesem Monat"),
    "concurrent": N_("Anfragen, die gerade laufen"),
})


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One limit as its owner sees it."""

    kind: str
    used: str
    most: str
    percent: int
    mark: str
    state: str
    again: datetime | None


async def of(desk: Desk, visit: Visit) -> list[UsageRow] | None:
    """Return how much of their own limits the person has used; None: nobody can tell now."""
    used = await desk.context.usage(visit.somebody.principal)
    return None if used is None else [_row(one) for one in used]


def _row(one: Used) -> UsageRow:
    percent = min(100, 100 * one.used // one.most)
    mark, state = (("no", _("aufgebraucht")) if one.used >= one.most else
                   ("stop", _("fast aufgebraucht")) if percent >= NEAR else ("ok", _("frei")))
    return UsageRow(_KINDS[one.what], _amount(one.what, one.used), _amount(one.what, one.most), percent, mark, state,
                    one.ends)


def _amount(what: str, value: int) -> str:
    if not what.startswith("micro_euro"):
        return words.number(value)
    return words.euro(value)


def sentence(rows: list[UsageRow] | None) -> str:
    """Say in a sentence how things stand."""
    if rows is None:
        return _("Wie viel Sie verbraucht haben, lässt sich gerade nicht sagen. Bitte sehen Sie in einer Minute noch "
                 "einmal nach.")
    if not rows:
        return _("Für Sie gilt keine persönliche Grenze. Deshalb wird auch nicht gezählt, was Sie nutzen.")
    full = [row.kind for row in rows if row.mark == "no"]
    near = [row.kind for row in rows if row.mark == "stop"]
    if full:
        return _("Aufgebraucht: {what}.").format(what=words.listed(full))
    return _("Fast aufgebraucht: {what}.").format(what=words.listed(near)) if near else \
        _("Sie haben von allem noch genug.")
