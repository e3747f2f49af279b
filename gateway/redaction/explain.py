"""What would leave the house, and why each stretch was replaced: for support, for the preview, for the evaluation.

The same `plan` and `apply` that the pipeline uses; nothing here decides. An entry holds offsets, kind, placeholder and
reason, never the value, so that an explanation can be shown to somebody who may not read the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.decision import Action
from gateway.model.finding import Finding
from gateway.redaction.notes import Cut
from gateway.redaction.redact import Operate, apply, plan


@dataclass(frozen=True, slots=True)
class Entry:
    """One stretch of the text: replaced (`issued`, or for good by `action`), or only noted (`noted`)."""

    start: int
    end: int
    entity: str
    reason: str
    """A key of `gateway.model.reasons.REASONS`."""
    score: float
    certain: bool
    noted: bool = False
    action: Action = "note"
    issued: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A text as it would leave, the values behind the placeholders, and all entries in the order of the text."""

    text: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    entries: tuple[Entry, ...]
    residue: int = 0
    """Certain values that would still be readable: then the pipeline sends nothing."""


def explain(text: str, findings: Sequence[Finding], actions: Mapping[str, Action], operate: Operate) -> Explained:
    """Redact one text and say what happened to it."""
    planned = plan([text], [findings], actions)
    redaction = apply([text], planned, operate)
    replaced = [_entry(cut, findings) for cut in planned.cuts[0]]
    noted = [Entry(f.start, f.end, f.entity, f.reason, f.score, f.certain, noted=True) for f in findings if f.noted]
    return Explained(redaction.texts[0], redaction.values, tuple(sorted(
        [*replaced, *noted], key=lambda entry: (entry.start, entry.noted, -entry.end))), planned.residue)


def _entry(cut: Cut, findings: Sequence[Finding]) -> Entry:
    """Return the entry of a replaced stretch, with the reason of the finding that covers most of it; among equals a
    rule says more than the model."""
    best: Finding | None = None
    most = (0, False, False, 0.0)
    for found in findings:
        shared = min(cut.end, found.end) - max(cut.start, found.start)
        rank = (shared, found.entity == cut.entity, found.reason != "modell", found.score)
        if shared > 0 and rank > most:
            best, most = found, rank
    if cut.entity == "LITERAL":
        return Entry(cut.start, cut.end, cut.entity, "platzhalter", 1.0, True, False, cut.action, cut.issued)
    if best is None:
        return Entry(cut.start, cut.end, cut.entity, "wiederholung", 1.0, True, False, cut.action, cut.issued)
    return Entry(cut.start, cut.end, cut.entity, best.reason, best.score, best.certain, False, cut.action, cut.issued)
