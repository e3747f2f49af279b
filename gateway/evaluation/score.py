"""What of the gold words can still be read in the text that leaves, and which other words were lost. Pure.

The rules, independent of labels and of the form of a placeholder:

* A word is a run of letters and digits. It is telling from three characters on unless it is a particle ("von",
  "straße"), and a number from two digits on. Only telling words of an annotation count, with their length.
* Case does not matter. A word has leaked as often as it stands in the text that leaves beyond the times it stands
  outside every annotation in the original: "Kurz" the adjective does not excuse "Kurz" the clerk. A placeholder
  is one word as well, and nobody wrote it: the number in ``[PERSON12]`` does not stand alone.
* A word outside every annotation that is missing in the text that leaves was replaced without need.

The rules are those by which the project is judged; changing them changes what the published figures mean.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.evaluation.documents import Document, Gold

WORD: Final = re.compile(r"[^\W_]+")
NOTICED: Final = frozenset({"HEALTH", "RELIGION", "ORIGIN"})
"""Art. 9 GDPR: policy decides what happens to them, so what counts is that they are noticed."""
PARTICLES: Final = frozenset((
    "von", "van", "der", "den", "dem", "del", "della", "und", "zur", "zum", "the", "ibn", "bin", "bint", "str",
    "straße", "strasse", "weg", "nr", "herr", "frau", "dos", "las", "los", "geb"))


@dataclass(frozen=True, slots=True)
class Score:
    """The count of one document: characters by kind, lost words outside, words as they were written."""

    gold: Mapping[str, int]
    leaked: Mapping[str, int]
    words: Mapping[str, tuple[str, ...]] = field(repr=False)
    """Leaked words by kind, in lower case."""
    outside: int
    over: int
    over_words: tuple[str, ...] = field(repr=False)


def telling(word: str) -> bool:
    """Whether a word gives something away on its own."""
    return (len(word) >= 3 and word.lower() not in PARTICLES) or (word.isdigit() and len(word) >= 2)


def telling_words(gold: Gold) -> Iterator[str]:
    """Yield the telling words of an annotation, in lower case."""
    return (match[0].lower() for match in WORD.finditer(gold.surface) if telling(match[0]))


def score(document: Document, seen: str) -> Score:
    """Count `document` against `seen`, the text that leaves."""
    outside = _outside(document)
    here = Counter(match[0].lower() for match in WORD.finditer(seen))
    want: dict[str, Counter[str]] = {}
    for gold in document.gold:
        for word in telling_words(gold):
            want.setdefault(gold.kind, Counter())[word] += 1
    left = {word: max(0, here[word] - outside[word]) for words in want.values() for word in words}
    leaked: Counter[str] = Counter()
    lost_words: dict[str, tuple[str, ...]] = {}
    for kind, words in want.items():
        lost = {}
        for word, number in words.items():
            lost[word] = min(number, left[word])
            left[word] -= lost[word]
            leaked[kind] += lost[word] * len(word)
        if any(lost.values()):
            lost_words[kind] = tuple(word for word, number in lost.items() if number)
    total = {kind: sum(number * len(word) for word, number in words.items()) for kind, words in want.items()}
    missing = {word: number - here[word] for word, number in outside.items() if number > here[word]}
    return Score(total, {kind: leaked[kind] for kind in total}, lost_words, sum(outside.values()),
                 sum(missing.values()), tuple(missing))


def _outside(document: Document) -> Counter[str]:
    inside = bytearray(len(document.text))
    for gold in document.gold:
        inside[gold.start:gold.end] = b"\x01" * (gold.end - gold.start)
    return Counter(match[0].lower() for match in WORD.finditer(document.text) if not inside[match.start()])
