"""The pens that draw charts: one for pages (classes, places across in percent), one for paper (colours, fixed places).

Both draw the same things: a sheet, rules, boxes, lines, letters. Every text is escaped here and nowhere else. The first
series is whole, the others are hatched, dotted and barred; lines are whole, dashed, dotted and both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from markupsafe import escape

WIDTH: Final = 720
"""How wide a drawing on paper is."""
_HATCH: Final = {2: "M-2 2 2-2M0 8 8 0M6 10 10 6", 3: "M2 2h.1M6 6h.1", 4: "M0 2h8M0 6h8"}
_DASH: Final = {1: "", 2: "8 5", 3: "2 5", 4: "10 4 2 4"}
_INK: Final = {1: "#1f3d99", 2: "#8a4b00", 3: "#006b5e", 4: "#5b6079"}
_GROUND: Final = {2: "#fdf0dc", 3: "#dff3ef", 4: "#ffffff"}


class Pen(ABC):
    """What both pens draw in the same way. Places across are shares of the width, places down are pixels."""

    alone = False

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def x(self, share: float) -> str:
        """Return a place across."""

    @abstractmethod
    def paint(self, number: int) -> str:
        """Return how the area of a series is filled; 0: a number that is not told."""

    @abstractmethod
    def ink(self, kind: str) -> str:
        """Return the look of rules and letters."""

    def rule(self, down: float, kind: str = "rule") -> str:
        """Return a horizontal line from edge to edge."""
        return f'<line {self.ink(kind)} x1="0" x2="{self.x(1)}" y1="{down:.1f}" y2="{down:.1f}"/>'

    def text(self, across: float, down: float, words: str, kind: str, anchor: str = "start", bold: str = "") -> str:
        """Return letters; ``bold`` follows them in bold."""
        more = f'<tspan font-weight="600">{escape(bold)}</tspan>' if bold else ""
        return (f'<text {self.ink(kind)} x="{self.x(across)}" y="{down:.1f}" text-anchor="{anchor}">'
                f"{escape(words)}{more}</text>")

    def box(self, across: float, wide: float, top: float, high: float, number: int, told: str) -> str:
        """Return one value as an area, with the words that appear when one points at it."""
        return (f'<rect {self.paint(number)} x="{self.x(across)}" y="{top:.1f}" width="{self.x(wide)}" '
                f'height="{high:.1f}"><title>{escape(told)}</title></rect>')

    def line(self, points: Sequence[tuple[float, float | None]], number: int) -> str:
        """Return a line through points; where one is missing the line has a gap."""
        pieces, pen_up = [], True
        for across, down in points:
            if down is not None:
                pieces.append(f"{'M' if pen_up else 'L'}{across * WIDTH:.1f} {down:.1f}")
            pen_up = down is None
        path = f'<path {self.stroke(number)} fill="none" d="{"".join(pieces)}"/>'
        return path if self.alone else (f'<svg width="100%" height="208" viewBox="0 0 {WIDTH} 208" '
                                        f'preserveAspectRatio="none">{path}</svg>')

    def stroke(self, number: int) -> str:
        """Return the look of a line."""
        dash = f' stroke-dasharray="{_DASH[number]}"' if _DASH[number] else ""
        colour = f'stroke="{_INK[number]}"' if self.alone else f'class="l{number}"'
        return f'{colour} stroke-width="2.5" vector-effect="non-scaling-stroke"{dash}'

    def patterns(self) -> str:
        """Return the hatchings, to be named by `paint`."""
        drawn = []
        for number, path in _HATCH.items():
            ground = f'fill="{_GROUND[number]}"' if self.alone else f'class="g{number}"'
            ink = f'stroke="{_INK[number]}"' if self.alone else f'class="h{number}"'
            wide = 4 if number == 3 else 2
            drawn.append(f'<pattern id="{self.name}-{number}" width="8" height="8" patternUnits="userSpaceOnUse">'
                         f'<rect {ground} width="8" height="8"/><path {ink} fill="none" stroke-width="{wide}" '
                         f'stroke-linecap="round" d="{path}"/></pattern>')
        return f"<defs>{''.join(drawn)}</defs>"

    def sample(self, number: int, *, line: bool, attributes: str = "") -> str:
        """Return what stands beside the name of a series."""
        inside = (f'<path {self.stroke(number)} fill="none" d="M0 8H24"/>' if line
                  else f'<rect {self.paint(number)} x="0.5" y="0.5" width="23" height="15"/>')
        return ('<svg class="swatch" width="24" height="16" aria-hidden="true" focusable="false"'
                f"{attributes}>{inside}</svg>")

    @abstractmethod
    def sheet(self, title: str, sentence: str, height: int, body: str, names: Sequence[str], *, line: bool) -> str:
        """Return the whole drawing."""


class Screen(Pen):
    """Draws for a page."""

    def x(self, share: float) -> str:
        """Return a place across, in percent."""
        return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"

    def paint(self, number: int) -> str:
        """Return the class of an area, and its hatching."""
        return f'class="s{number}"' + (f' fill="url(#{self.name}-{number})"' if number in _HATCH else "")

    def ink(self, kind: str) -> str:
        """Return the class."""
        return f'class="{kind}"'

    def sheet(self, title: str, sentence: str, height: int, body: str, names: Sequence[str], *, line: bool) -> str:
        """Return the drawing; the names of the series stand below it, on the page."""
        return (f'<svg class="chart-sheet" role="img" width="100%" height="{height}" '
                f'aria-labelledby="{self.name}-t {self.name}-d"><title id="{self.name}-t">{escape(title)}</title>'
                f'<desc id="{self.name}-d">{escape(sentence)}</desc>{self.patterns()}{body}</svg>')


class Paper(Pen):
    """Draws for paper."""

    alone = True

    def x(self, share: float) -> str:
        """Return a place across."""
        return f"{WIDTH * share:.1f}"

    def paint(self, number: int) -> str:
        """Return colour, or hatching with an edge."""
        if number in _HATCH:
            return f'fill="url(#{self.name}-{number})" stroke="{_INK[number]}" stroke-width="1"'
        return f'fill="{_INK[1]}"' if number else 'fill="none" stroke="#5b6079" stroke-dasharray="2 2"'

    def ink(self, kind: str) -> str:
        """Return colours and letters."""
        if kind in ("rule", "track"):
            return 'stroke="#c9ccd8" stroke-width="1"'
        colour = "#4a4f66" if kind == "axis" else "#14182b"
        return f'font-family="Fira Sans, DejaVu Sans, sans-serif" font-size="13" fill="{colour}"'

    def sheet(self, title: str, sentence: str, height: int, body: str, names: Sequence[str], *, line: bool) -> str:
        """Return the drawing with the names of its series below it."""
        legend = "".join(
            self.sample(n, line=line, attributes=f' x="{(n - 1) * 180}" y="{height + 12}"')
            + self.text(((n - 1) * 180 + 32) / WIDTH, height + 25, name, "name") for n, name in enumerate(names, 1))
        whole = height + (36 if names else 0)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{whole}" '
                f'viewBox="0 0 {WIDTH} {whole}" role="img"><title>{escape(title)}</title>'
                f"<desc>{escape(sentence)}</desc>{self.patterns()}{body}{legend}</svg>")
