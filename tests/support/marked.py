"""Texts with marked personal data: ``[[TYPE|surface]]``, for tables of examples."""

from __future__ import annotations

import re

from gateway.detection import RuleDetector
from gateway.model.finding import Passage

MARK = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)
_WORD = re.compile(r"[^\W_]+")


def unmark(marked: str) -> tuple[str, list[tuple[str, int, int]]]:
    """Return the plain text and what is marked in it: type, start, end."""
    spans, offset = [], 0
    for m in MARK.finditer(marked):
        start = m.start() - offset
        spans.append((m[1], start, start + len(m[2])))
        offset += len(m[0]) - len(m[2])
    return MARK.sub(lambda m: m[2], marked), spans


def faults(detector: RuleDetector, marked: str, ignore: frozenset[str] = frozenset({"PERSON"})) -> list[str]:
    """Say which words are missed, replaced without need, or found as something else.

    Words count, not characters at the border: what a reader could still read, and what would be taken from an answer.
    """
    text, spans = unmark(marked)
    found = [f for f in detector.find(Passage(text)) if not f.noted and f.entity not in ignore]
    result = []
    for word in _WORD.finditer(text):
        a, b = word.span()
        wanted = next((kind for kind, start, end in spans if start < b and a < end), None)
        kinds = {f.entity for f in found if f.start <= a and b <= f.end}
        touched = any(f.start < b and a < f.end for f in found)
        if wanted and wanted not in ignore and not kinds:
            result.append(f"missed {wanted}: {word[0]}")
        elif wanted and wanted not in ignore and wanted not in kinds:
            result.append(f"{wanted} taken for {sorted(kinds)}: {word[0]}")
        elif wanted is None and touched:
            result.append(f"too much: {word[0]}")
    return result
