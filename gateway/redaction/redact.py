"""Texts and findings in, texts that may leave and the way back out. Total: there is no text it cannot take.

Two steps. `plan` decides which stretches are replaced and how, and gives out the placeholders; it holds offsets and
placeholders, no content, so it may be kept for a conversation that comes back with the same texts. `apply` carries a
plan out by slicing.

The same value has the same placeholder in every text, two values never share one. Numbers follow the order in which
values were *found* (not where they were propagated to), so a conversation that comes back whole with every turn keeps
its numbers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.model.finding import Finding
from gateway.redaction import persons
from gateway.redaction.placeholder import token
from gateway.redaction.propagate import Needles
from gateway.redaction.spans import Span, resolve

Operate = Callable[[Action, str, str], str]
"""(action, entity, value) -> what stands in its place for good."""
FOR_GOOD = ("mask", "hash", "generalise")


@dataclass(frozen=True, slots=True)
class Cut:
    """One stretch that is replaced: by ``issued`` (a placeholder), or for good by what ``action`` makes of it."""

    start: int
    end: int
    entity: str
    action: Action
    issued: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is replaced in each text, and where the value behind each placeholder stands: (placeholder, text, cut)."""

    cuts: tuple[tuple[Cut, ...], ...]
    values: tuple[tuple[str, int, Cut], ...]
    counts: Mapping[tuple[str, str], int]
    residue: int = 0
    """Certain values that would still be readable: always 0, or the request must not leave."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The texts as they may leave, the value behind each issued placeholder, and counts per (entity, action)."""

    texts: list[str] = field(repr=False)
    values: dict[str, str] = field(repr=False)
    counts: Mapping[tuple[str, str], int]


def plan(texts: Sequence[str], findings: Sequence[Sequence[Finding]], actions: Mapping[str, Action]) -> Plan:
    """Decide what is replaced: findings whose action keeps the text play no part."""
    wanted = [[f for f in found if _replaces(f, actions)] for found in findings]
    first = [resolve(text, found) for text, found in zip(texts, wanted, strict=True)]
    needles = Needles(texts, wanted)
    further = needles.search(texts)
    final = [_merge(text, spans, more) if more else spans
             for text, spans, more in zip(texts, first, further, strict=True)]
    in_order = [(i, s) for spans in (first, final) for i, found in enumerate(spans) for s in found]
    issue = _Issuer(texts, actions, in_order)
    cuts = tuple(tuple(issue.cut(index, span) for span in spans) for index, spans in enumerate(final))
    counts: Counter[tuple[str, str]] = Counter((cut.entity, cut.action) for found in cuts for cut in found)
    left = needles.search([_outside(text, found) for text, found in zip(texts, cuts, strict=True)])
    return Plan(cuts, tuple(issue.values), counts, residue=sum(map(len, left)))


def _outside(text: str, cuts: Sequence[Cut]) -> str:
    """Return what of `text` is not replaced."""
    edges = [0, *(edge for cut in cuts for edge in (cut.start, cut.end)), len(text)]
    return "\x00".join(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))


def _replaces(finding: Finding, actions: Mapping[str, Action]) -> bool:
    action = actions.get(finding.entity, "placeholder")
    if finding.noted and action == "placeholder":
        return False  # noticed for policy; the word itself stays unless policy asks for more than the default
    return action not in ("keep", "note")


def _merge(text: str, spans: list[Span], more: list[Span]) -> list[Span]:
    covered = [Finding(s.start, s.end, s.entity, 1.0, "pruefziffer" if s.checked else "wiederholung") for s in spans]
    inside = [m for m in more if not _covers(spans, m)]
    if not inside:
        return spans
    return resolve(text, covered + [Finding(m.start, m.end, m.entity, 1.0, "wiederholung") for m in inside])


def _covers(spans: Sequence[Span], span: Span) -> bool:
    at = bisect_right(spans, span.start, key=lambda s: s.start) - 1
    return at >= 0 and span.end <= spans[at].end


class _Issuer:
    """Gives out placeholders: one per value. Spellings of one number, and forms of one person, share the number."""

    def __init__(self, texts: Sequence[str], actions: Mapping[str, Action],
                 in_order: Sequence[tuple[int, Span]]) -> None:
        self._texts, self._actions = texts, actions
        self._people = persons.forms(
            (texts[i][s.start:s.end], texts[i][max(0, s.start - persons.BEFORE):s.start])
            for i, s in in_order if s.entity == "PERSON" and actions.get("PERSON", "placeholder") == "placeholder")
        self._issued: dict[str, str] = {}
        self._numbers: dict[str, dict[str, int]] = defaultdict(dict)
        self._spellings: Counter[tuple[str, int]] = Counter()
        self.values: list[tuple[str, int, Cut]] = []
        for index, span in in_order:
            self.cut(index, span)

    def cut(self, index: int, span: Span) -> Cut:
        """Return how `span` of text `index` is replaced."""
        action = self._actions.get(span.entity, "placeholder")
        if action in FOR_GOOD:
            return Cut(span.start, span.end, span.entity, action, "")
        value = self._texts[index][span.start:span.end]
        issued = self._issued.get(value)
        if issued is not None:
            return Cut(span.start, span.end, span.entity, "placeholder", issued)
        issued = self._issued[value] = self._next(ENTITIES[span.entity].label, value)
        cut = Cut(span.start, span.end, span.entity, "placeholder", issued)
        self.values.append((issued, index, cut))
        return cut


    def _next(self, label: str, value: str) -> str:
        if label == "PERSON":
            return token(label, *self._people[value])
        known = self._numbers[label]
        number = known.setdefault("".join(filter(str.isalnum, value)).lower() or value, len(known) + 1)
        self._spellings[label, number] += 1
        spelling = self._spellings[label, number]
        return token(label, number, str(spelling) if spelling > 1 else "")


def apply(texts: Sequence[str], plan: Plan, operate: Operate) -> Redaction:
    """Carry out `plan`, which was made for these very texts."""
    out: list[str] = []
    for text, cuts in zip(texts, plan.cuts, strict=True):
        if not cuts:
            out.append(text)
            continue
        pieces: list[str] = []
        position = 0
        for cut in cuts:
            pieces.append(text[position:cut.start])
            pieces.append(cut.issued or operate(cut.action, cut.entity, text[cut.start:cut.end]))
            position = cut.end
        pieces.append(text[position:])
        out.append("".join(pieces))
    values = {issued: texts[index][cut.start:cut.end] for issued, index, cut in plan.values}
    return Redaction(out, values, plan.counts)


def redact(texts: Sequence[str], findings: Sequence[Sequence[Finding]], actions: Mapping[str, Action],
           operate: Operate) -> Redaction:
    """Plan and apply in one step."""
    return apply(texts, plan(texts, findings, actions), operate)
