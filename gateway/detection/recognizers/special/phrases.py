"""Phrases of the special categories: what people write without a telling word ("kommt allein nicht mehr zurecht").

What it is: a file (``gateway/detection/data/phrases_*.txt``) of groups. A group begins with its level and its trigger
words; below stand its patterns, one a line, each tried around each of the words::

    weak: zurecht klar
      (?:nicht|kaum)(?: mehr)? (?:zurecht|klar)

A deeper line goes on with the pattern above it, a line that begins with ``+`` with the words. A space in a pattern
stands for any blank, case does not matter, ``{NAME}`` stands for what a line ``$NAME = ...`` says, and ``{words}`` in
lower case for words that the program knows. A group ``x`` is the finding, else the whole match.

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
_MACRO: Final = re.compile(r"\{([A-Za-z]{2,})\}")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One group: its trigger words, its patterns as one, and how much it says."""

    words: str
    pattern: re.Pattern[str]
    level: str


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

    return Phrase(fill(words), re.compile(fill("|".join(patterns)).replace(" ", r"\s"), re.I), level)
