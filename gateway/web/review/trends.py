"""Three small charts of ninety days: requests, refusals by reason, replaced values by kind. Counts, and nobody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from audit.daily import What
from gateway.web import charts, words
from gateway.web.asking import ask
from gateway.web.charts import Chart, Series
from gateway.web.i18n import _
from gateway.web.review.ports import ReviewLedger

DAYS: Final = 90
MOST: Final = 3
"""Reasons and kinds that have a colour of their own; the rest goes together."""
Numbers = Mapping[date, Mapping[str, int]]


async def draw(ledger: ReviewLedger, today: date) -> list[Chart]:
    """Return the charts."""
    since = today - timedelta(days=DAYS - 1)

    async def numbers(what: What) -> Numbers:
        return await ask(ledger.per_day, what, since, today)
    days = [since + timedelta(days=n) for n in range(DAYS)]
    requests = await numbers("decision")
    return [
        charts.columns(_("Anfragen"), days, [
            Series(words.DECISIONS["allowed"], _values(requests, days, "allowed")),
            Series(words.DECISIONS["denied"], _values(requests, days, "denied"))], what=_("Anfragen")),
        charts.columns(_("Ablehnungen nach Grund"), days, _largest(
            await numbers("code"), days, lambda code: words.CODES.get(code, code)), what=_("Ablehnungen")),
        charts.columns(_("Ersetzte Angaben nach Art"), days, _largest(
            await numbers("replaced"), days, words.entity), what=_("ersetzte Angaben")),
    ]


def _values(numbers: Numbers, days: list[date], name: str) -> list[int]:
    return [numbers.get(day, {}).get(name, 0) for day in days]


def _largest(numbers: Numbers, days: list[date], word: Callable[[str], str]) -> list[Series]:
    sums: Counter[str] = Counter()
    for found in numbers.values():
        sums.update(found)
    ranked = [name for name, _count in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))]
    series = [Series(word(name), _values(numbers, days, name)) for name in ranked[:MOST]]
    if rest := ranked[MOST:]:
        series.append(Series(_("andere"), [sum(numbers.get(day, {}).get(name, 0) for name in rest) for day in days]))
    return series or [Series(_("keine"), [0] * len(days))]
