"""Lines of a Markdown file that people fill in: numbered, sorted into what each one is, and how to say what is wrong.

Only what courses and checklists are built from is told apart (headings, boxes, quotes); everything else is text, and
inside a fenced block everything is text. All mistakes of a file are collected, so one round of corrections is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?= |$)")
_BOX: Final = re.compile(r" {0,3}[-*+] +\[([ xX])\] +(?=\S)")
_NEARLY: Final = re.compile(r" {0,3}[-*+] *\[.{0,2}\](?!\().*")
_QUOTE: Final = re.compile(r"( *)> ?(.*)")
BOX: Final = "schreiben Sie „- [ ] “ und dahinter den Text, mit je einem Leerzeichen vor, in und hinter den Klammern"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in one line, and what to write instead (German)."""

    line: int
    what: str
    remedy: str


class Mistakes(ValueError):  # noqa: N818 - it holds many
    """A file cannot be used. ``mistakes`` holds all of it, in the order of the lines."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda m: m.line))
        super().__init__("\n".join(f"Zeile {m.line}: {m.what}; {m.remedy}" for m in self.mistakes))


@dataclass(frozen=True, slots=True)
class Line:
    """One line as written. ``level`` is that of a heading; ``box`` is the sign in a box (`` `` or ``x``)."""

    number: int
    raw: str
    level: int = 0
    box: str | None = None
    text: str = ""
    """What the heading or the box says."""
    nearly_box: bool = False
    """Whether somebody meant a box and missed a blank."""

    @property
    def blank(self) -> bool:
        """Whether nothing is on it."""
        return not self.raw.strip()

    @property
    def indented(self) -> bool:
        """Whether it belongs to the list item above it."""
        return self.raw.startswith("  ")

    @property
    def quote(self) -> str | None:
        """What is quoted, for a line with ``>``."""
        found = _QUOTE.fullmatch(self.raw)
        return found[2].rstrip() if found else None

def lines_of(text: str, mistakes: list[Mistake]) -> Iterator[Line]:
    """Yield the lines of a file. A block that is never closed would swallow the rest, so it is a mistake."""
    fence, opened = "", 0
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        raw = raw.expandtabs(4)
        found = _FENCE.match(raw)
        if fence:
            if found and found[1].startswith(fence) and raw.strip() == found[1]:
                fence = ""
            yield Line(number, raw)
        elif found:
            fence, opened = found[1], number
            yield Line(number, raw)
        else:
            yield _sorted(number, raw)
    if fence:
        mistakes.append(Mistake(opened, f"Der Block „{fence}“ wird nicht geschlossen",
                                f"setzen Sie an sein Ende eine Zeile mit „{fence}“"))


def _sorted(number: int, raw: str) -> Line:
    if heading := _HEADING.match(raw):  # blanks are single, so that nothing behind here has to look for their end
        return Line(number, raw, level=len(heading[1]), text=" ".join(raw[heading.end():].split()))
    if box := _BOX.match(raw):
        return Line(number, raw, box=box[1].lower(), text=raw[box.end():].rstrip())
    return Line(number, raw, nearly_box=_NEARLY.fullmatch(raw) is not None)


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines as one text without blank lines around it."""
    return "\n".join(lines).strip("\n").rstrip()
