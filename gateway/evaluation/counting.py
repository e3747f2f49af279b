"""From counts of single documents to figures, with the interval that belongs to them. Pure, and repeatable: the
bootstrap draws documents with a fixed seed.

What an interval says: if one drew documents like these again, 95 of 100 rates would lie in it. What it does not say:
anything about documents of another make, and nothing where a kind stands in few documents (`FEW`) or has never leaked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from gateway.evaluation.measuring import Measured
from gateway.evaluation.score import NOTICED, telling_words

CHECKED: Final = ("IBAN", "TAX_ID", "CARD", "SOCIAL_SECURITY", "HEALTH_INSURANCE")
"""Kinds with a check digit: these must not leak at all."""
GROUP: Final = 50
"""Name words from which on a group of origin is compared."""
FEW: Final = 5
"""Documents below which an interval would pretend to know something."""
_DRAWS: Final = 2000
_SEED: Final = 2026


@dataclass(frozen=True, slots=True)
class Rate:
    """Part of a whole, in how many documents the whole stood, and the 95 % interval, if there is one."""

    part: int
    whole: int
    documents: int = 0
    low: float | None = None
    high: float | None = None

    @property
    def value(self) -> float:
        """The rate; 0 when there is nothing to count."""
        return self.part / self.whole if self.whole else 0.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Exact spans: found, annotated, both."""

    found: int
    gold: int
    both: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.both / (self.found + self.gold) if self.found + self.gold else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of an evaluation. `leak` is without Art. 9 details, which stand under `noticed`."""

    documents: int
    with_data: int
    leak: Rate
    kinds: Mapping[str, Rate]
    clean: int
    origins: Mapping[str, Rate]
    gap: float | None
    checked_leak: int
    """Characters in `CHECKED` numbers, mistyped ones included."""
    valid_leak: int
    """Of these, characters in numbers whose check digit is right."""
    over_with: Rate
    over_without: Rate
    noticed: Mapping[str, Rate]
    noticed_without: int
    """Documents without Art. 9 details in which one was noted all the same."""
    person_spans: Agreement
    all_spans: Agreement
    round_trip: int
    milliseconds: float
    """Processor time per 2,000 characters."""


def figures(measured: Sequence[Measured], origins: Mapping[str, str] | None = None) -> Figures:
    """Add up what was measured; `origins` maps a name to its group."""
    with_data = [m for m in measured if m.document.gold]
    kinds = sorted({k for m in measured for k in m.score.gold} - NOTICED)
    rates = {k: _leak(measured, (k,)) for k in kinds}
    groups = _groups(measured, origins) if origins is not None else {}
    compared = [rate.value for rate in groups.values() if rate.whole >= GROUP]
    special = [m for m in measured if any(g.kind in NOTICED for g in m.document.gold)]
    return Figures(
        documents=len(measured), with_data=len(with_data), leak=_leak(measured, kinds),
        kinds=dict(sorted(rates.items(), key=lambda item: -item[1].whole)),
        clean=sum(not any(m.score.leaked.get(k) for k in kinds) for m in with_data),
        origins=dict(sorted(groups.items(), key=lambda item: -item[1].whole)),
        gap=max(compared) - min(compared) if len(compared) > 1 else None,
        checked_leak=sum(rates[k].part for k in CHECKED if k in rates), valid_leak=sum(map(_valid_leak, measured)),
        over_with=_rate([(m.score.over, m.score.outside) for m in with_data]),
        over_without=_rate([(m.score.over, m.score.outside) for m in measured if not m.document.gold]),
        noticed={k: _noticed(special, k) for k in sorted(NOTICED)},
        noticed_without=sum(any(e.entity in NOTICED for e in m.explained.entries)
                            for m in measured if m not in special),
        person_spans=_agreement(measured, lambda kind: kind == "PERSON"),
        all_spans=_agreement(measured, lambda kind: kind not in NOTICED),
        round_trip=sum(m.round_trip for m in measured),
        milliseconds=2e6 * sum(m.seconds for m in measured) / max(1, sum(len(m.document.text) for m in measured)))


def _leak(measured: Sequence[Measured], kinds: Iterable[str]) -> Rate:
    wanted = tuple(kinds)
    return _rate([(sum(m.score.leaked.get(k, 0) for k in wanted), whole)
                  for m in measured if (whole := sum(m.score.gold.get(k, 0) for k in wanted))])


def _rate(counts: Sequence[tuple[int, int]]) -> Rate:
    part, whole = sum(p for p, _ in counts), sum(w for _, w in counts)
    if len(counts) < FEW or not whole:
        return Rate(part, whole, len(counts))
    random = Random(_SEED)  # noqa: S311 - a bootstrap is no secret
    rates = []
    for _ in range(_DRAWS):
        drawn = random.choices(counts, k=len(counts))
        rates.append(sum(p for p, _ in drawn) / max(1, sum(w for _, w in drawn)))
    rates.sort()
    return Rate(part, whole, len(counts), rates[_DRAWS * 25 // 1000], rates[_DRAWS * 975 // 1000 - 1])


def _valid_leak(m: Measured) -> int:
    """Count leaked characters of valid numbers, without words that a mistyped number of the document holds as well."""
    mistyped = {word for gold in m.document.gold if gold.surface in m.document.mistyped for word in telling_words(gold)}
    return sum(len(word) for gold in m.document.gold if gold.kind in CHECKED and gold.surface not in m.document.mistyped
               for word in telling_words(gold) if word in m.score.words.get(gold.kind, ()) and word not in mistyped)


def _groups(measured: Sequence[Measured], origins: Mapping[str, str]) -> dict[str, Rate]:
    """Count the telling words of names by group. A word that leaked once in a document counts wherever it stands."""
    gold: Counter[str] = Counter()
    leaked: Counter[str] = Counter()
    documents: dict[str, set[str]] = {}
    for m in measured:
        lost = set(m.score.words.get("PERSON", ()))
        for name in (g for g in m.document.gold if g.kind == "PERSON"):
            group = origins.get(name.surface, "other")
            for word in telling_words(name):
                gold[group] += 1
                leaked[group] += word in lost
                documents.setdefault(group, set()).add(m.document.id)
    return {group: Rate(leaked[group], number, len(documents[group])) for group, number in gold.items()}


def _noticed(measured: Sequence[Measured], kind: str) -> Rate:
    """Count annotated details that a finding of any Art. 9 kind touches, or that were replaced."""
    counts = []
    for m in measured:
        spans = [(e.start, e.end) for e in m.explained.entries if e.entity in NOTICED or not e.noted]
        gold = [g for g in m.document.gold if g.kind == kind]
        if gold:
            counts.append((sum(any(a < g.end and g.start < b for a, b in spans) for g in gold), len(gold)))
    return _rate(counts)


def _agreement(measured: Sequence[Measured], counts: Callable[[str], bool]) -> Agreement:
    found = gold = both = 0
    for m in measured:
        ours = {(e.start, e.end, e.entity) for e in m.explained.entries
                if not e.noted and e.entity != "LITERAL" and counts(e.entity)}
        theirs = {(g.start, g.end, g.kind) for g in m.document.gold if counts(g.kind)}
        found, gold, both = found + len(ours), gold + len(theirs), both + len(ours & theirs)
    return Agreement(found, gold, both)
