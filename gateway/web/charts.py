"""Charts: numbers in, inline SVG with title, description and a table out. Pure; made on the server.

Own, because nothing healthy fits here: libraries for charts in Python write inline styles or scripts, which our content
security policy forbids, or need a plotting engine; none gives patterns, a table behind and a form for paper. Three
forms are enough: `columns` (days or months, stacked), `lines` (days) and `bars` (horizontal, stacked).

Kept true: no colour alone (each series has its own pattern or dash, and its name beside it); no style attribute,
colours come by class from ``charts.css`` in light, dark, print and forced colours; nothing shrinks with the window,
because places across are in percent and letters keep their size. `Chart.alone` is the same drawing with colours of its
own and fixed places, for reports on paper. A value None is a number that is not told (small groups): an empty stub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from gateway.web import drawing, words
from gateway.web.i18n import _
from gateway.web.tables import Column

MOST_SERIES: Final = 4
_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing that is counted, with a value for each label."""

    name: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as a template shows it: ``ui.chart(chart)``."""

    form: str
    title: str
    sentence: str
    labels: tuple[str, ...]
    short: tuple[str, ...]
    """The labels as they stand on an axis."""
    series: tuple[Series, ...]
    label: str
    """What the labels are: the head of the first column of the table."""
    hidden: str

    @property
    def id(self) -> str:
        """What the names of its parts begin with: the same for the same chart."""
        return "c" + hashlib.sha256(f"{self.form}{self.title}".encode()).hexdigest()[:8]

    @property
    def blank(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value == 0 for one in self.series for value in one.values)

    @property
    def svg(self) -> Markup:
        """The drawing for a page."""
        return Markup(_draw(self, drawing.Screen(self.id)))  # noqa: S704 - every text goes through `escape`

    def alone(self) -> str:
        """Return the drawing as a file of its own, for a report on paper."""
        return _draw(self, drawing.Paper(self.id))

    @property
    def legend(self) -> list[tuple[str, Markup]]:
        """The names of the series, each with its sample."""
        pen = drawing.Screen(self.id)
        return [(one.name, Markup(pen.sample(n, line=self.form == "lines")))  # noqa: S704 - holds no text
                for n, one in enumerate(self.series, 1)]

    @property
    def columns(self) -> list[Column]:
        """The columns of its table."""
        return [Column("label", self.label, "head"), *(Column(str(n), one.name, "num")
                                                       for n, one in enumerate(self.series))]

    @property
    def rows(self) -> list[list[str]]:
        """The rows of its table."""
        return [[label, *(self._told(one.values[n]) for one in self.series)] for n, label in enumerate(self.labels)]

    def _told(self, value: int | None) -> str:
        return self.hidden if value is None else words.number(value)


def columns(title: str, days: Sequence[date], series: Sequence[Series], *, what: str, sentence: str = "",
            hidden: str = "") -> Chart:
    """Return columns over days, one above the other where there are several series. ``what``: what is counted."""
    return _over_days("columns", title, days, series, what, sentence, hidden)


def months(title: str, firsts: Sequence[date], series: Sequence[Series], *, what: str) -> Chart:
    """Return columns over months, each named by its first day."""
    labels = tuple(map(words.month, firsts))
    return _chart("columns", title, labels, tuple(words.month(day)[:3] + f" {day:%y}" for day in firsts), series,
                  _("Monat"), _total(series, what), "")


def lines(title: str, days: Sequence[date], series: Sequence[Series], *, what: str, sentence: str = "",
          hidden: str = "") -> Chart:
    """Return one line for each series over days."""
    return _over_days("lines", title, days, series, what, sentence, hidden)


def bars(title: str, labels: Sequence[str], series: Sequence[Series], *, what: str, label: str, sentence: str = "",
         hidden: str = "") -> Chart:
    """Return a horizontal bar for each label, in parts where there are several series. ``label``: what labels are."""
    return _chart("bars", title, tuple(labels), tuple(map(_cut, labels)), series, label,
                  sentence or _total(series, what), hidden)


def _over_days(form: str, title: str, days: Sequence[date], series: Sequence[Series], what: str, sentence: str,
               hidden: str) -> Chart:
    labels = tuple(words.day(day) for day in days)
    return _chart(form, title, labels, tuple(map(words.short_day, days)), series, _("Tag"),
                  sentence or _over(labels, series, what), hidden)


def _chart(form: str, title: str, labels: tuple[str, ...], short: tuple[str, ...], series: Sequence[Series], label: str,
           sentence: str, hidden: str) -> Chart:
    if not 1 <= len(series) <= MOST_SERIES:
        raise ValueError(f"a chart shows 1 to {MOST_SERIES} series, not {len(series)}: merge the small ones")
    if any(len(one.values) != len(labels) for one in series):
        raise ValueError("each series has one value for each label")
    return Chart(form, title, sentence, labels, short, tuple(series), label, hidden or _("unter 5"))


def _sums(series: Sequence[Series]) -> list[int]:
    return [sum(value or 0 for value in values) for values in zip(*(one.values for one in series), strict=True)]


def _total(series: Sequence[Series], what: str) -> str:
    return _("{what} zusammen: {count}.").format(count=words.number(sum(_sums(series))), what=_begun(what))


def _over(labels: Sequence[str], series: Sequence[Series], what: str) -> str:
    sums = _sums(series)
    if not any(sums):
        return _("Keine {what} in diesem Zeitraum.").format(what=what)
    highest = max(range(len(sums)), key=lambda n: sums[n])
    return _("{what} vom {first} bis {last}: {count}, am meisten am {day}: {most}.").format(
        first=labels[0], last=labels[-1], count=words.number(sum(sums)), what=_begun(what), day=labels[highest],
        most=words.number(sums[highest]))


def _begun(what: str) -> str:
    """Return a word as a sentence begins with it."""
    return what[:1].upper() + what[1:]


def _cut(label: str) -> str:
    return label if len(label) <= 36 else label[:35].rstrip() + "…"


# ---- drawing ---------------------------------------------------------------------------------------------------------

def _draw(chart: Chart, pen: drawing.Pen) -> str:
    height, body = (_bars if chart.form == "bars" else _plot)(chart, pen)
    names = [one.name for one in chart.series] if len(chart.series) > 1 else []
    return pen.sheet(chart.title, chart.sentence, height, body, names, line=chart.form == "lines")


TOP: Final = 24
BASE: Final = 184
"""Where values begin, and where nought is."""
LEFT: Final = .08
"""What is kept free for the numbers of the axis."""


def _across(share: float) -> float:
    return LEFT + share * (1 - LEFT)


def steps(highest: int) -> list[int]:
    """Return what stands at an axis: 0 and up to four round numbers, the last not below the highest value."""
    size = 1
    while size * _TICKS < highest:
        size = next(n for n in (f * 10 ** p for p in range(19) for f in (1, 2, 5)) if n > size)
    return [size * n for n in range(max(1, -(-highest // size)) + 1)]


def _plot(chart: Chart, pen: drawing.Pen) -> tuple[int, str]:
    tops = _sums(chart.series) if chart.form == "columns" else [v or 0 for one in chart.series for v in one.values]
    axis = steps(max(tops, default=0))
    scale = (BASE - TOP) / axis[-1]
    inside = (_columns if chart.form == "columns" else _lines)(chart, pen, scale)
    grid = "".join(pen.rule(BASE - step * scale) for step in axis)
    names = "".join(pen.text(0, BASE - step * scale - 4, words.number(step), "axis") for step in axis[1:])
    return BASE + 24, grid + inside + names + _days(chart, pen)


def _days(chart: Chart, pen: drawing.Pen) -> str:
    count = len(chart.short)
    shown = sorted({0, count - 1} if count < 3 else {0, count // 2, count - 1})
    drawn = []
    for n in shown:
        anchor = "start" if n == 0 and count > 1 else "end" if n == count - 1 and count > 1 else "middle"
        place = {"start": n / count, "middle": (n + .5) / count, "end": (n + 1) / count}[anchor]
        drawn.append(pen.text(_across(place), BASE + 20, chart.short[n], "axis", anchor))
    return "".join(drawn)


def _columns(chart: Chart, pen: drawing.Pen, scale: float) -> str:
    count, drawn = len(chart.labels), []
    for n, label in enumerate(chart.labels):
        floor = float(BASE)
        for number, one in enumerate(chart.series, 1):
            value = one.values[n]
            if value == 0:
                continue
            size = max(1.0, value * scale) if value else 4.0
            floor -= size
            gap = .5 if number > 1 and size > 3 else 0
            drawn.append(pen.box(_across((n + .14) / count), .72 * (1 - LEFT) / count, floor, size - gap,
                                 number if value else 0, f"{label}, {one.name}: {chart._told(value)}"))
    return "".join(drawn)


def _lines(chart: Chart, pen: drawing.Pen, scale: float) -> str:
    count = len(chart.labels)
    return "".join(pen.line([(_across((n + .5) / count), None if value is None else BASE - value * scale)
                             for n, value in enumerate(one.values)], number)
                   for number, one in enumerate(chart.series, 1))


ROW: Final = 48


def _bars(chart: Chart, pen: drawing.Pen) -> tuple[int, str]:
    sums, drawn = _sums(chart.series), []
    longest = max(1, *sums)
    for n, label in enumerate(chart.short):
        top = n * ROW
        only = chart.series[0].values[n] if len(chart.series) == 1 else sums[n]
        drawn += [pen.text(0, top + 16, f"{label}: ", "name", bold=chart._told(only)), pen.rule(top + 31, "track")]
        place = 0.0
        for number, one in enumerate(chart.series, 1):
            value = one.values[n]
            size = .012 if value is None else value / longest
            if size:
                drawn.append(pen.box(place, max(size, .003), top + 24, 14, 0 if value is None else number,
                                     f"{chart.labels[n]}, {one.name}: {chart._told(value)}"))
            place += size
    return len(chart.short) * ROW, "".join(drawn)
