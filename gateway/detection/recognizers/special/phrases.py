"""Phrases of the special categories: what people write without a telling word ("kommt allein nicht mehr zurecht").

What it is: a file (``gateway/detection/data/phrases_*.txt``) of groups. A group begins with its level and its trigger
words; below stand its patterns, one a line, each tried around each of the words::

    weak: zurecht klar
      (?:nicht|kaum)(?: mehr)? (?:zurecht|klar)

A deeper line goes on with the pattern above it, a line that begins with ``+`` with the words. A space in a pattern
stands for any blank, case does not matter, ``{NAME}`` stands for what a line ``$NAME = ...`` says, and ``{words}`` in
lower case for words that the program knows. A group ``x`` is the finding, else the whole match. ``@`` stands for the
trigger word itself and makes a pattern cheap: what stands left and right of it is looked at from there.

What it keeps true: a pattern is bounded, it is tried only around its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.detection.data import lines

REACH: Final = 70
"""How far a phrase may go beyond its trigger word, to each side."""
_LEFT: Final = 45
"""How far left of its word a pattern with ``@`` may begin."""
_MACRO: Final = re.compile(r"\{([A-Za-z]{2,})\}")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One group: its trigger words, its patterns, and how much it says."""

    words: str
    level: str
    free: re.Pattern[str] | None
    """The patterns without ``@``, as one."""
    tied: tuple[tuple[re.Pattern[str] | None, re.Pattern[str] | None], ...]
    """The patterns with ``@``: what has to end left of the word, what has to begin right of it."""

    def around(self, text: str, start: int, end: int) -> tuple[int, int, int, int] | None:
        """Return where the phrase around the word ``start:end`` stands, and what of it is the finding."""
        lo, hi = max(0, start - REACH), min(len(text), end + REACH)
        for left, right in self.tied:
            after = right.match(text, end, hi) if right else None
            if right is None or after:
                before = left.search(text, max(0, start - _LEFT), start) if left else None
                if left is None or before:
                    span = before.start() if before else start, after.end() if after else end
                    return *span, *span
        for match in self.free.finditer(text, lo, hi) if self.free else ():
            if match.start() <= start and end <= match.end():
                return *match.span(), *match.span("x" if match.groupdict().get("x") else 0)
        return None


def phrases(name: str, words: Mapping[str, str] | None = None) -> tuple[Phrase, ...]:
    """Return the groups of the file `name`; `words` are the trigger words that the program knows."""
    macros: dict[str, str] = dict(words or {})
    groups: list[tuple[str, list[str], list[str]]] = []
    pieces: list[str] = []
    for line in lines(name):
        if line.startswith("$"):
            macro, _, text = line[1:].partition(" = ")
            macros[macro] = text
            pieces = []
        elif line.startswith("      "):
            if pieces:
                pieces[-1] += line.strip()
            else:
                macros[macro] += line.strip()
        elif line.startswith("  "):
            pieces.append(line[2:])
        elif line.startswith("+"):
            groups[-1][1].append(line[1:])
        else:
            level, _, listed = line.partition(": ")
            pieces = []
            groups.append((level, [listed], pieces))
    return tuple(_group(level, " ".join(listed), patterns, macros) for level, listed, patterns in groups)


def _group(level: str, words: str, patterns: list[str], macros: Mapping[str, str]) -> Phrase:
    def fill(text: str) -> str:
        return _MACRO.sub(lambda match: macros[match[1]], text)

    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(fill(pattern).replace(" ", r"\s"), re.I)

    free = [pattern for pattern in patterns if "@" not in pattern]
    sides = [pattern.split("@") for pattern in patterns if "@" in pattern]
    return Phrase(fill(words), level, compiled("|".join(free)) if free else None, tuple(
        (compiled(f"(?:{left})\\Z") if left else None, compiled(right) if right else None) for left, right in sides))
