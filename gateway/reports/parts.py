"""Sections that several reports have: numbers of requests, passes, and how far the numbers go.

Reports are German papers. What the public page shows of them (`usage`, `refusals`, `found`) is told in the language of
whoever reads that page; everybody else reads German (`gateway.web.i18n.reading`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from audit.statistics import Group
from gateway.kipass.calendar import day_of
from gateway.model.kipass import BASIS
from gateway.model.literacy import STANDINGS
from gateway.paper.report import Block, Column, Section, Table, Text
from gateway.reports.figures import Figures
from gateway.reports.periods import month_after
from gateway.reports.situation import InForce, Situation
from gateway.reports.wording import STANDING_WORDS
from gateway.web import words
from gateway.web.i18n import N_, _

Named = Callable[[str], str]
NOTHING_TOLD = N_("In diesem Zeitraum gibt es keine Zahlen.")


def usage(of: Situation, *, departments: bool = True) -> Section:
    """Return how many requests there were, and for whom."""
    house, told = of.house, of.figures.told
    blocks: list[Block] = [Text(extent(of))]
    if of.figures.months:
        blocks += [group_table("entscheidung", _("Anfragen nach Entscheidung"), _("Entscheidung"), told["decision"],
                               lambda key: words.DECISIONS.get(key, key or _("ohne Angabe")))]
        if departments:
            blocks += [group_table("amt", _("Anfragen nach Amt"), _("Amt"), told["department"],
                                   lambda key: house.department(key) if key else _("ohne Angabe"))]
        blocks += [group_table("modell", _("Anfragen nach Modell"), _("Modell"), told["model"],
                               lambda key: house.model(key) if key else _("ohne Modell"))]
    return Section(_("Anfragen"), tuple(blocks))


def refusals(of: Situation) -> Section:
    """Return why requests were refused."""
    return Section(_("Ablehnungen").capitalize(), (
        Text(_("Abgelehnte Anfragen haben das Haus nicht verlassen. Gezählt wird der Grund, den die anfragende Person "
               "gelesen hat.")),
        group_table("grund", _("Abgelehnte Anfragen nach Grund"), _("Grund"), of.figures.told["code"],
                    lambda key: words.CODES.get(key, key or _("ohne Angabe")))))


def found(of: Situation) -> Section:
    """Return what kinds of personal data were found in requests."""
    return Section(_("Gefundene Angaben"), (
        Text(_("In so vielen Anfragen wurden Angaben dieser Art gefunden. Eine Anfrage kann in mehreren Zeilen zählen. "
               "Was mit den Angaben geschieht, steht in den Richtlinien: In der Regel werden sie ersetzt, bevor ein "
               "Anbieter etwas erhält.")),
        group_table("fund", _("Anfragen mit Angaben dieser Art"), _("Art der Angabe"), of.figures.told["finding"],
                    words.entity)))


def group_table(key: str, caption: str, head: str, groups: tuple[Group, ...], name: Named) -> Table:
    """Return numbers as a table with bars; what is told together stands in one row."""
    rows = tuple((_named(group, name), group.count) for group in groups)
    return Table(key, caption, (Column(head), Column(_("Anfragen"), "bar")), rows, _(NOTHING_TOLD))


def _named(group: Group, name: Named) -> str:
    names = sorted((name(key) for key in group.names), key=str.casefold)
    return names[0] if len(names) == 1 else _("zusammen: {names}").format(names=words.listed(names))


def extent(of: Situation) -> str:
    """Say which months the numbers are of, and which are missing."""
    return " ".join(_extent(of.figures, of))


def _extent(figures: Figures, of: Situation) -> Iterator[str]:
    today, months = day_of(of.house.now), of.period.months
    if figures.months:
        yield _("Gezählt sind: {months}.").format(months=_months(figures.months))
    if figures.silent:
        yield _("Ohne Zahlen, weil es zu wenige Anfragen oder zu wenige Personen waren: {months}.").format(
            months=_months(figures.silent))
    if open_ := [m for m in months if month_after(m) > today]:
        yield _("Noch nicht zu Ende: {months}. Ein Monat zählt erst, wenn er um ist.").format(months=_months(open_))
    if waiting := [m for m in months if m in of.counting]:
        yield _("Werden gerade gezählt und fehlen noch: {months}. In einigen Minuten sind sie dabei.").format(
            months=_months(waiting))
    counted = {*figures.months, *figures.silent, *open_, *of.counting}
    if before := [m for m in months if m not in counted]:
        yield _("Nicht gezählt, weil das Protokoll später beginnt: {months}.").format(months=_months(before))
    if figures.months:
        yield _("Hinter jeder Zahl stehen mindestens fünf Personen; kleinere Gruppen sind zusammengefasst, auch so, "
                "dass nichts durch Abziehen folgt.")


def _months(months: Sequence[str]) -> str:
    """Return months as a sentence lists them; those that follow one another as "Januar bis Oktober 2026"."""
    runs: list[list[str]] = []
    for month in months:
        if runs and f"{month_after(runs[-1][-1]):%Y-%m}" == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    return words.listed([_month(run[0]) if len(run) == 1 else
                         _("{first} bis {last}").format(first=_month(run[0]).split()[0], last=_month(run[-1]))
                         for run in runs])


def _month(month: str) -> str:
    names = (N_("Januar"), N_("Februar"), N_("März"), N_("April"), N_("Mai"), N_("Juni"), N_("Juli"), N_("August"),
             N_("September"), N_("Oktober"), N_("November"), N_("Dezember"))
    return f"{_(names[int(month[5:]) - 1])} {month[:4]}"


def passes(of: Situation) -> Section:
    """Return how many people hold the KI-Pass, as of today."""
    report = of.literacy
    if report is None or not report.lines:
        return Section("KI-Pässe", (Text("Es sind weniger als fünf Personen eingetragen. Damit niemand zu erkennen "
                                         "ist, werden keine Zahlen angegeben."),))
    columns = (Column("Amt"), Column("Personen", "bar"),
               *(Column(STANDING_WORDS[standing], "number") for standing in STANDINGS))
    rows = tuple((line.department or "Weitere Ämter", line.people,
                  *(line.told[BASIS][standing] for standing in STANDINGS)) for line in report.lines)
    return Section("KI-Pässe", (
        Text(f"Stand {report.day:%d.%m.%Y}, {words.many(report.people, 'Person', 'Personen')}. Ein Strich steht, wo "
             f"eine Zahl auf weniger als fünf Personen schließen ließe.{late(of.waiting)}"),
        Table("ki-pass", f"KI-Pass „{report.scopes[BASIS]}“ nach Amt", columns, rows)))


def late(waiting: int) -> str:
    """Say of how many people the state is just being worked out anew."""
    return f" {words.many(waiting, 'Person wird', 'Personen werden')} gerade neu ausgewertet." if waiting else ""


def shared(house: InForce) -> str:
    """Return the newest note of the ledger in one line, for whoever wants to check it."""
    lines = [line for line in house.checkpoint.splitlines() if line]
    return f"Prüfpunkt: {' / '.join(lines[:3])}" if len(lines) >= 3 else "Prüfpunkt: noch keiner"
