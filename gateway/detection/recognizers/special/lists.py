"""Word lists of the special categories: how they are written, and what they become.

What it is: a list (``gateway/detection/data/special_*.txt``) has up to three parts, ``= sure``, ``= telling`` and
``= weak``: how much a word says by itself. Words are separated by spaces:

======== ==========================================================================================================
word     exactly this word, in any case
Word     only with a capital first letter ("Pole", not "pole")
WORD     only in capitals ("MS", "ALS", "AU")
word*    with the endings of adjectives and nouns ("depressive", "depressiven")
word/in  with the endings of persons ("Alkoholikerin", "Alkoholikern")
-word    every word that ends like this ("Brustkrebs", "Lungenentzündung")
!word    never, although it ends like that ("Flusskrebs")
======== ==========================================================================================================

What it keeps true: a word stands under one kind only, the strongest; a word with a hyphen or a dot is two words to
the index and is refused here, so that no entry waits for something that never comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.detection.data import lines

LEVELS: Final = ("sure", "telling", "weak")
_ENDINGS: Final = ("", "e", "en", "er", "es", "em", "n", "s")
_PERSON_ENDINGS: Final = ("", "s", "n", "en", "in", "innen")
NEVER: Final = "NEVER"
"""The kind of words that only look like one of a list."""


@dataclass(frozen=True, slots=True)
class Words:
    """One list: trigger words by kind (``HEALTH.sure``), and how those must be written that may not stand in any
    case."""

    triggers: dict[str, str]
    written: dict[str, str]


def read(entity: str, name: str) -> Words:
    """Return the list `name` for `entity`."""
    kinds: dict[str, str] = {}
    written: dict[str, str] = {}
    for level, entries in sections(name).items():
        if level not in LEVELS:
            raise ValueError(f"{name}: unknown part {level}")
        for entry in entries:
            for word in _forms(entry):
                if word.lower() != word:
                    written.setdefault(word.lower(), word)
                kinds.setdefault(word.lower(), NEVER if entry[0] == "!" else f"{entity}.{level}")
    triggers: dict[str, list[str]] = {}
    for word, kind in kinds.items():
        triggers.setdefault(kind, []).append(word)
    return Words({kind: " ".join(words) for kind, words in triggers.items()}, written)


def sections(name: str) -> dict[str, list[str]]:
    """Return the entries of a list by its parts."""
    parts: dict[str, list[str]] = {}
    for line in lines(name):
        if line.startswith("= "):
            entries = parts.setdefault(line[2:], [])
        else:
            entries.extend(line.split())
    return parts


def _forms(entry: str) -> Iterator[str]:
    dash = "-" if entry[0] == "-" else ""
    stem = entry.lstrip("!-")
    endings: tuple[str, ...] = ("",)
    if stem.endswith("*"):
        stem, endings = stem[:-1], _ENDINGS
    elif stem.endswith("/in"):
        stem, endings = stem[:-3], _PERSON_ENDINGS
    if not stem.isalpha():
        raise ValueError(f"{entry} is no single word")
    for ending in endings:
        yield dash + stem + ending


def merge(*parts: dict[str, str]) -> dict[str, str]:
    """Return triggers of several lists as one."""
    merged: dict[str, str] = {}
    for part in parts:
        for kind, listed in part.items():
            merged[kind] = f"{merged[kind]} {listed}" if kind in merged else listed
    return merged
