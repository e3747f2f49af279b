"""From overlapping findings to spans that do not overlap, without uncovering a character that anybody claimed.

Presidio's own conflict resolution duplicates text on the way back ("Otto vonvon Berlin"). Here: a value with a valid
check digit wins, then the longer span, then the kind that says more; the loser keeps what is left of it if that holds
a letter or digit, otherwise the winner takes the rest in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from gateway.model.finding import Finding
from gateway.redaction.ending import widened
from gateway.redaction.place import Area, areas
from gateway.redaction.placeholder import lookalikes

_PRIORITY = {key: rank for rank, key in enumerate((
    "LITERAL", "URL", "EMAIL", "IBAN", "CARD", "TAX_ID", "SOCIAL_SECURITY", "HEALTH_INSURANCE", "ID_CARD", "PASSPORT",
    "RESIDENCE_PERMIT", "DRIVER_LICENCE", "TAX_NUMBER", "CASH_NUMBER", "CASE_NUMBER", "PARCEL", "ADDRESS", "BIRTHDATE",
    "DATE_SENSITIVE", "PERSON", "PLATE", "PHONE", "IP", "USERNAME"))}


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of a text that will be replaced as a whole."""

    start: int
    end: int
    entity: str
    checked: bool = False
    """A check digit proved it."""

    def rank(self) -> tuple[bool, bool, int, int]:
        """Sort key: the greater wins an overlap."""
        return (self.entity == "LITERAL", self.checked, self.end - self.start,
                -_PRIORITY.get(self.entity, len(_PRIORITY)))


def resolve(text: str, findings: Iterable[Finding]) -> list[Span]:
    """Return the spans of `text` to replace, sorted and disjoint; together they cover every finding."""
    spans = [Span(f.start, f.end, f.entity, f.reason == "pruefziffer")
             for f in findings if 0 <= f.start < f.end <= len(text)]
    spans += [Span(start, end, "LITERAL") for start, end in lookalikes(text)]
    spans = _with_endings(text, _disjoint(text, spans))
    found = areas(text) if spans else []
    return _lift(spans, found) if found else spans


def _with_endings(text: str, spans: list[Span]) -> list[Span]:
    starts = [*(span.start for span in spans[1:]), len(text)]
    ends = [widened(text, span.end, following) for span, following in zip(spans, starts, strict=False)]
    return [span if span.end == end else replace(span, end=end) for span, end in zip(spans, ends, strict=True)]


def _disjoint(text: str, spans: list[Span]) -> list[Span]:
    spans.sort(key=lambda s: s.start)
    if all(a.end <= b.start for a, b in pairwise(spans)):
        return spans
    taken: list[Span] = []
    for span in sorted(spans, key=Span.rank, reverse=True):
        _place(text, span, taken)
    return taken


def _lift(spans: list[Span], found: list[Area]) -> list[Span]:
    """Widen each span that begins inside an address or a tag to all of it; what then overlaps becomes one value."""
    while True:
        lifted: list[Span] = []
        waiting, around = iter([*found, None]), list[Area]()
        ahead = next(waiting)
        for span in spans:
            while ahead is not None and ahead.inside <= span.start:
                around.append(ahead)
                ahead = next(waiting)
            around = [area for area in around if area.end >= span.start]
            if around:
                start, end = min(a.start for a in around), max(a.end for a in around)
                if start < span.start or end > span.end:
                    span = Span(min(start, span.start), max(end, span.end), "URL")
            while lifted and lifted[-1].end > span.start:
                before = lifted.pop()
                span = Span(min(before.start, span.start), max(before.end, span.end), "URL")
            lifted.append(span)
        if lifted == spans:
            return spans
        spans = lifted


def _place(text: str, span: Span, taken: list[Span]) -> None:
    """Add `span` to `taken`, which is sorted and disjoint, as far as it is not covered yet."""
    first = last = bisect_right(taken, span.start, key=lambda s: s.end)
    while last < len(taken) and taken[last].start < span.end:
        last += 1
    if first == last:
        taken.insert(first, span)
        return
    edges = [span.start, *(edge for other in taken[first:last] for edge in (other.start, other.end)), span.end]
    for at in range(last, first - 1, -1):  # from the end, so that places before it keep their number
        start, end = edges[2 * (at - first)], edges[2 * (at - first) + 1]
        if start >= end:
            continue
        if any(c.isalnum() for c in text[start:end]):
            taken.insert(at, Span(start, end, span.entity))
        elif at < len(taken) and taken[at].start == end:
            taken[at] = replace(taken[at], start=start)
        else:
            taken[at - 1] = replace(taken[at - 1], end=end)
