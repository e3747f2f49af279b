"""Three charts of the months that are over: requests, refusals by reason, requests by kind of finding.

They show the numbers of the reports (`gateway.reports.figures`) and no others: behind each stand five people or more,
small groups are told together, and the month that runs is not told. Numbers of single days, or a second way of cutting
time, would tell about single people, alone or by subtraction from the reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from audit.statistics import Group
from gateway.web import charts, words
from gateway.web.asking import do
from gateway.web.charts import Chart, Series
from gateway.web.i18n import _
from gateway.web.reports.ports import Reports

MONTHS: Final = 12
MOST: Final = 3
"""Reasons and kinds that have a colour of their own; the rest goes together."""


async def draw(reports: Reports) -> list[Chart]:
    """Return the charts; none before the first month is over."""
    months = await do(reports.newest_months, MONTHS)
    if not months:
        return []
    days = [month.first for month in months]

    def of(question: str) -> list[Sequence[Group]]:
        return [month.told.get(question, ()) for month in months]
    return [
        charts.months(_("Anfragen"), days, _series(of("decision"), lambda name: words.DECISIONS.get(name, name)),
                      what=_("Anfragen")),
        charts.months(_("Ablehnungen nach Grund"), days, _series(
            of("code"), lambda code: words.CODES.get(code, code)), what=_("Ablehnungen")),
        charts.months(_("Anfragen mit Angaben dieser Art"), days, _series(of("finding"), words.entity),
                      what=_("Funde")),
    ]


def _series(months: Sequence[Sequence[Group]], word: Callable[[str], str]) -> list[Series]:
    """Return the largest names that are told alone, and all that is told together or is smaller as one."""
    sums: Counter[str] = Counter()
    for groups in months:
        sums.update({group.names[0]: group.count for group in groups if len(group.names) == 1 and group.names[0]})
    names = [name for name, _count in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))][:MOST]
    told = [{group.names: group.count for group in groups} for groups in months]
    series = [Series(word(name), [found.get((name,), 0) for found in told]) for name in names]
    rest = [sum(count for group, count in found.items() if len(group) > 1 or group[0] not in names) for found in told]
    if any(rest) or not series:
        series.append(Series(_("andere und zusammen gezählte"), rest))
    return series
