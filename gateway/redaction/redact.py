"""Texts and findings in, texts that may leave and a mapping out. Total: there is no text it cannot take.

Two steps. `plan` decides which stretches are replaced and how; it holds offsets and no content, so it may be kept for
a conversation that comes back with the same texts. `apply` carries a plan out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.model.decision import Action
from gateway.model.finding import Finding
from gateway.redaction import mapping as mappings
from gateway.redaction.propagate import propagate
from gateway.redaction.spans import Span, resolve

Operate = Callable[[Action, str, str], str]
"""(action, entity, value) -> what stands in its place for good."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be replaced in each text. ``numbered`` lists the spans in the order in which values get numbers."""

    spans: tuple[tuple[Span, ...], ...]
    numbered: tuple[tuple[int, Span], ...]


@dataclass(frozen=True, slots=True)
class Redaction:
    """The texts as they may leave, the mapping back, and counts per (entity, action)."""

    texts: list[str]
    mapping: mappings.Mapping
    counts: Counter[tuple[str, str]]


def plan(texts: Sequence[str], findings: Sequence[Sequence[Finding]], actions: Mapping[str, Action]) -> Plan:
    """Decide what is replaced: findings whose action keeps the text play no part."""
    wanted = [[f for f in found if _replaces(f, actions)] for found in findings]
    first = [resolve(text, found) for text, found in zip(texts, wanted, strict=True)]
    further = propagate(texts, wanted)
    final = [_merge(text, spans, more) if more else spans
             for text, spans, more in zip(texts, first, further, strict=True)]
    numbered = tuple((index, span) for index, spans in enumerate(first) for span in spans)
    return Plan(tuple(tuple(spans) for spans in final), numbered)


def _replaces(finding: Finding, actions: Mapping[str, Action]) -> bool:
    action = actions.get(finding.entity, "placeholder")
    if finding.noted and action == "placeholder":
        return False  # noticed for policy; the word itself stays unless policy asks for more than the default
    return action not in ("keep", "note")


def _merge(text: str, spans: list[Span], more: list[Span]) -> list[Span]:
    covered = [Finding(s.start, s.end, s.entity, 1.0, "pruefziffer" if s.checked else "wiederholung")
               for s in spans]
    inside = [m for m in more if not any(s.start <= m.start and m.end <= s.end for s in spans)]
    if not inside:
        return spans
    return resolve(text, covered + [Finding(m.start, m.end, m.entity, 1.0, "wiederholung")
                                    for m in inside])


def apply(texts: Sequence[str], plan: Plan, actions: Mapping[str, Action], operate: Operate) -> Redaction:
    """Carry out `plan`, which was made for these very texts."""
    mapping = mappings.Mapping()
    for index, span in plan.numbered:
        if actions.get(span.entity, "placeholder") == "placeholder":
            mapping.placeholder(texts[index][span.start:span.end], span.entity)
    counts: Counter[tuple[str, str]] = Counter()
    out: list[str] = []
    for text, spans in zip(texts, plan.spans, strict=True):
        if not spans:
            out.append(text)
            continue
        pieces: list[str] = []
        position = 0
        for span in spans:
            value = text[span.start:span.end]
            action = actions.get(span.entity, "placeholder")
            pieces.append(text[position:span.start])
            if action in ("mask", "hash", "generalise"):
                pieces.append(operate(action, span.entity, value))
            else:
                action = "placeholder"
                pieces.append(mapping.placeholder(value, span.entity))
            counts[span.entity, action] += 1
            position = span.end
        pieces.append(text[position:])
        out.append("".join(pieces))
    return Redaction(out, mapping, counts)


def redact(texts: Sequence[str], findings: Sequence[Sequence[Finding]], actions: Mapping[str, Action],
           operate: Operate) -> Redaction:
    """Plan and apply in one step."""
    return apply(texts, plan(texts, findings, actions), actions, operate)
