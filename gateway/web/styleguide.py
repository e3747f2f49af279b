"""All components on one page, each with the line that makes it: for whoever builds pages.

Only in development (`WebContext.development`; ``python -m tests.support.web_house`` serves it); elsewhere there is no
such address.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from gateway.web import charts, words
from gateway.web.gate import Desk, Visit
from gateway.web.tables import Column, Sorting


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline."""

    at: datetime
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of several."""

    title: str
    state: str
    kind: str
    text: str = ""
    href: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter."""

    label: str
    value: str
    without: str


COLUMNS = (Column("zeit", "Zeit", "nowrap", sort=True), Column("amt", "Amt", sort=True), Column("was", "Was geschah"),
           Column("zahl", "Ersetzt", "num", sort=True))


async def page(desk: Desk, visit: Visit) -> Response:
    """Show them."""
    now = desk.context.now()
    rows = [(now - timedelta(hours=n), amt, mark, word, number) for n, (amt, mark, word, number) in enumerate([
        ("Bauamt", "ok", "durchgelassen", 7), ("Sozialamt", "no", "abgelehnt", 1204), ("Standesamt", "open", "", 0)])]
    return desk.page(
        visit, "styleguide.html", rows=rows, columns=COLUMNS, shown=samples(now),
        sorting=Sorting.read("/styleguide", visit.request.query_params, {"zeit", "amt", "zahl"}, "-zeit"),
        chips=[Chip("Amt", "Bauamt", "/styleguide"), Chip("Von", "01.10.2026", "/styleguide")],
        events=[Event(now, "Anfrage erhalten", "2,1 kB, 3 Namen, 1 IBAN"), Event(now, "Gesendet"),
                Event(now, "Beantwortet", "1,8 s")],
        steps=[Step("Grund nennen", "erledigt am 21.11.2026", "done"),
               Step("Zweiter Schlüssel", "wartet auf den Personalrat", "next", "Der Schlüssel bleibt im Browser.",
                    "/styleguide", "Bestätigen"), Step("Ansehen", "danach 24 Stunden lang", "open")],
        deadline=now + timedelta(hours=51, minutes=12), passed=now - timedelta(hours=3))


def samples(now: datetime) -> list[charts.Chart]:
    """Return one chart of each kind, of made-up numbers that are always the same."""
    today = now.astimezone(words.BERLIN).date()
    days = [today - timedelta(days=89 - n) for n in range(90)]
    wave = [0 if day.weekday() > 4 else int(140 + 60 * math.sin(n / 9) + 13 * (n % 5)) for n, day in enumerate(days)]
    return [
        charts.columns("Anfragen", days, [charts.Series("durchgelassen", wave),
                                          charts.Series("abgelehnt", [v // 9 for v in wave])], what="Anfragen"),
        charts.lines("Ersetzte Angaben", days, [
            charts.Series("Namen", [3 * v for v in wave]), charts.Series("Anschriften", [2 * v for v in wave]),
            charts.Series("IBAN", [v // 2 if v else None for v in wave])], what="ersetzte Angaben"),
        charts.bars("Ablehnungen nach Grund", [
            "Inhalt nicht erlaubt", "KI-Pass abgelaufen", "Modell nicht erlaubt",
            "Vertrag zur Auftragsverarbeitung abgelaufen"], [charts.Series("Ablehnungen", [1204, 311, 87, None])],
            what="Ablehnungen", label="Grund"),
        charts.bars("Anfragen nach Amt", ["Bauamt", "Sozialamt", "Bürgerbüro"], [
            charts.Series("im Haus", [420, 610, 95]), charts.Series("EU", [280, 0, 310]),
            charts.Series("Drittland", [12, 0, 4]), charts.Series("unbekannt", [3, 9, 0])],
            what="Anfragen", label="Amt"),
        charts.columns("Ein Zeitraum ohne Anfragen", days, [charts.Series("Anfragen", [0] * 90)], what="Anfragen"),
    ]
