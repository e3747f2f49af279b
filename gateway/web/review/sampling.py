"""The monthly sample: which requests were drawn, which were looked at, and what that showed.

Who draws is nobody: the sample follows from a signed checkpoint (`audit.sample`). A verdict is a record
(``sample.verdict``); the newest one of a request counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from audit import Filters
from audit.sample import Sample, month_after
from gateway.errors import GatewayError
from gateway.kipass.calendar import BERLIN
from gateway.web import words
from gateway.web.asking import ask, do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, Words, _
from gateway.web.review import records
from gateway.web.review.protocol import names_of
from gateway.web.review.timeline import moment_of, text_of

SHOWN: Final = 6
"""Months that can be chosen."""
VERDICTS: Final = Words({"ohne": N_("ohne Beanstandung"), "befund": N_("Befund")})
_MONTH: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said of a request."""

    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """A sample, and how far it was looked at."""

    sample: Sample
    said: Mapping[str, Said] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """How many nobody looked at."""
        return sum(one.record_id not in self.said for one in self.sample.drawn)


def last_month(now: datetime) -> date:
    """Return the first day of the month before, in Berlin."""
    return (now.astimezone(BERLIN).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def key_of(month: date) -> str:
    """Return a month as addresses and records name it: 2026-10."""
    return f"{month:%Y-%m}"


async def progress(desk: Desk, month: date) -> Progress:
    """Draw the sample of a month, and see what was said of it."""
    ledger = desk.context.review.ledger
    sample = await ask(ledger.sample, month)
    if not sample.drawn:
        return Progress(sample)
    since = datetime(*month_after(month).timetuple()[:3], tzinfo=BERLIN)
    asked = Filters(types=("sample.verdict",), since=round(since.timestamp()) * 1_000_000)
    rows = (await ask(desk.context.ledger.reader.page, asked, None, _PAGE)).rows
    parts = await ask(ledger.reader.parts, [row.id for row in rows])
    said: dict[str, Said] = {}
    for row in reversed(rows):
        meta: Any = parts.get(row.id, {}).get("meta")
        if isinstance(meta, dict) and meta.get("sample") == key_of(month) and meta.get("verdict") in VERDICTS:
            said[text_of(meta, "record")] = Said(meta["verdict"], moment_of(row.t_us))
    return Progress(sample, said)


async def page(desk: Desk, visit: Visit, problem: str = "") -> Response:
    """Show the sample of a month."""
    now = desk.context.now()
    newest = last_month(now)
    month = _asked((visit.form or visit.request.query_params).get("monat", ""), newest)
    found = await progress(desk, month)
    names = names_of(desk.context.policies())
    rows = []
    for drawn in found.sample.drawn:
        view = await ask(desk.context.ledger.reader.get, drawn.record_id)
        rows.append((drawn, view, names["amt"].get(text_of(view.meta, "department"), "") if view else "",
                     found.said.get(drawn.record_id)))
    return desk.page(visit, "review/sample.html", 422 if problem else 200, found=found, month=month,
                     month_name=words.month(month), month_key=key_of(month), rows=rows, verdicts=VERDICTS,
                     problem=problem, seed=found.sample.root.hex(), drawable=words.month(month_after(month)),
                     months=[(key_of(one), words.month(one)) for one in _months(newest)], kinds=records)


async def judge(desk: Desk, visit: Visit) -> Response:
    """Put down a verdict."""
    form, person = visit.form, visit.somebody.person.id
    month = _asked(form.get("monat", ""), last_month(desk.context.now()))
    found = await ask(desk.context.review.ledger.sample, month)
    if form.get("eintrag", "") not in {one.record_id for one in found.drawn}:
        return await page(desk, visit, _("Dieser Vorgang gehört nicht zu dieser Stichprobe."))
    try:
        await do(desk.context.review.desk.judge, person, "dpo", key_of(month), form["eintrag"], form.get("urteil", ""))
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await page(desk, visit, said(error.message))
    await ask(desk.context.review.ledger.sequence)
    return RedirectResponse(f"/review/stichprobe?monat={key_of(month)}", 303)


def _asked(text: str, newest: date) -> date:
    match = _MONTH.fullmatch(text)
    found = date(int(match[1]), int(match[2]), 1) if match else newest
    return min(found, newest)


def _months(newest: date) -> list[date]:
    found = [newest]
    while len(found) < SHOWN:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found
