"""Measure the recogniser: name words leaked, other words masked, by name origin, and time.

Counted as the evaluation of the whole product counts: whole words (letters and digits), at least three letters, particles
do not count. A name word leaks when it is not covered where it stands; a word outside every annotation is over-masked
when it is covered. Texts come in the markup ``[[TYPE|surface]]`` (JSON lines) or from the generator with names held out.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.detection.ner import NameRecognizer, NameSpan
from gateway.training.corpora import PERSON, Document

WORD: Final = re.compile(r"[^\W_]+")
_MARK: Final = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)
_PARTICLES: Final = frozenset("von van der den dem del della und zur zum the ibn bin bint dos las los geb herr frau".split())

Finder = Callable[[str], list[NameSpan]]


@dataclass(slots=True)
class Figures:
    """What was counted; rates are properties so that figures of several documents add up."""

    names: int = 0
    leaked: int = 0
    documents: int = 0
    clean: int = 0
    words: dict[str, int] = field(default_factory=lambda: {"with": 0, "without": 0})
    masked: dict[str, int] = field(default_factory=lambda: {"with": 0, "without": 0})
    origins: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    missed_words: Counter[str] = field(default_factory=Counter)
    extra_words: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    characters: int = 0

    def summary(self) -> dict[str, object]:
        """Return the rates, ready for a table or JSON."""
        return {
            "documents": self.documents, "name_words": self.names, "leak": _rate(self.leaked, self.names), "clean": _rate(self.clean, self.documents),
            "over_with": _rate(self.masked["with"], self.words["with"]), "over_without": _rate(self.masked["without"], self.words["without"]),
            "ms_per_2000_characters": round(self.seconds * 2e6 / max(self.characters, 1), 2),
            "leak_by_origin": {o: _rate(self.lost[o], n) for o, n in sorted(self.origins.items())},
        }


def _rate(part: int, whole: int) -> float:
    return round(part / max(whole, 1), 4)


def marked(line: str) -> tuple[str, list[tuple[int, int, str]]]:
    """Return text and spans of a text in markup."""
    plain, spans, last = "", [], 0
    for match in _MARK.finditer(line):
        plain += line[last:match.start()]
        spans.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        last = match.end()
    return plain + line[last:], spans


def read_marked(path: Path) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Read documents in markup from JSON lines."""
    return [marked(json.loads(line)["text"]) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def from_documents(documents: Iterable[Document]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return generated or corpus documents in the form measured here; unclear spans count neither way."""
    return [(d.text, [(s, e, "PERSON" if k == PERSON else "UNCLEAR") for s, e, k in d.spans if k in (PERSON, -2)]) for d in documents]


def measure(find: Finder, documents: list[tuple[str, list[tuple[int, int, str]]]], origin: str | Callable[[str], str] = "all",
            figures: Figures | None = None) -> Figures:
    """Count over `documents`; figures given are added to."""
    f = figures or Figures()
    for text, spans in documents:
        begin = time.perf_counter()
        found = find(text)
        f.seconds += time.perf_counter() - begin
        f.characters += len(text)
        covered = bytearray(len(text))
        for span in found:
            covered[span.start:span.end] = b"\x01" * (span.end - span.start)
        inside = bytearray(len(text))
        lost_before = f.leaked
        for start, end, kind in spans:
            inside[start:end] = b"\x01" * (end - start)
            if kind != "PERSON":
                continue
            group = origin if isinstance(origin, str) else origin(text[start:end])
            for match in WORD.finditer(text, start, end):
                if len(match[0]) >= 3 and match[0].lower() not in _PARTICLES:
                    f.names += 1
                    f.origins[group] += 1
                    if not covered[match.start()]:
                        f.leaked += 1
                        f.lost[group] += 1
                        f.missed_words[match[0]] += 1
        side = "with" if spans else "without"
        if spans:
            f.documents += 1
            f.clean += f.leaked == lost_before
        for match in WORD.finditer(text):
            if not inside[match.start()]:
                f.words[side] += 1
                if covered[match.start()]:
                    f.masked[side] += 1
                    f.extra_words[match[0]] += 1
    return f


def propagate(text: str, spans: list[NameSpan], certain: float) -> list[NameSpan]:
    """Add every other place where a word of a certain name stands (same case, or with a genitive ending)."""
    words = {m[0] for s in spans if s.score >= certain for m in WORD.finditer(text, s.start, s.end)
             if len(m[0]) >= 3 and m[0].lower() not in _PARTICLES}
    if not words:
        return spans
    pattern = re.compile(r"(?<![^\W_])(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")s?(?![^\W_])")
    return spans + [NameSpan(m.start(), m.end(), 1.0) for m in pattern.finditer(text)]


def with_propagation(recognizer: NameRecognizer, mask: float, certain: float) -> Finder:
    """Return a finder that also masks repetitions of certain names."""
    return lambda text: propagate(text, recognizer.find(text, mask=mask, certain=certain), certain)
