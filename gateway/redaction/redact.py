"""Texts and findings in, texts that may leave and the way back out. Total: there is no text it cannot take.

Two steps. `plan` decides which stretches are replaced and how, and gives out the placeholders; it holds offsets and
placeholders, no content, so it may be kept for a conversation that comes back with the same texts. `apply` carries a
plan out by slicing.

The same value has the same placeholder in every text, two values never share one. Numbers follow the order in which
values were *found* (not where they were propagated to), so a conversation that comes back whole with every turn keeps
its numbers.

Planning a text costs most; what can be said about it may be kept (`gateway.redaction.notes`). What is left to do for a
whole conversation is to collect what is looked for, to ask each text whether that changes anything, and to number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.decision import Action
from gateway.model.entities import ENTITIES
from gateway.model.finding import Finding
from gateway.redaction import persons
from gateway.redaction.moves import Edit, Moves
from gateway.redaction.notes import FOR_GOOD, Cut, Notes, Piece
from gateway.redaction.placeholder import token
from gateway.redaction.propagate import Needles

Operate = Callable[[Action, str, str], str]
"""(action, entity, value) -> what stands in its place for good."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is replaced in each text, and where the value behind each placeholder stands: text, start, end."""

    cuts: tuple[tuple[Cut, ...], ...]
    values: Mapping[str, tuple[int, int, int]]
    counts: Mapping[tuple[str, str], int]
    residue: int = 0
    """Certain values that would still be readable: always 0, or the request must not leave."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The texts as they may leave, the value behind each issued placeholder, and counts per (entity, action)."""

    texts: list[str] = field(repr=False)
    values: dict[str, str] = field(repr=False)
    counts: Mapping[tuple[str, str], int]
    edits: Sequence[Sequence[Edit]] = field(default=(), repr=False)
    """What was replaced in each text."""

    def moves(self, before: Sequence[str], which: Iterable[int | None]) -> list[Moves | None]:
        """Return, for each of these texts, how places in it moved; None stays None."""
        return [None if at is None else Moves(before[at], self.texts[at], self.edits[at]) for at in which]


def plan(texts: Sequence[str], findings: Sequence[Sequence[Finding]], actions: Mapping[str, Action],
         notes: Sequence[Notes] | None = None) -> Plan:
    """Decide what is replaced. `notes` on each text, made with these actions, save work and change nothing."""
    notes = [Notes() for _ in texts] if notes is None else notes
    written: dict[int, str] = {}
    studies = [kept.study(text, found, actions, written)
               for kept, text, found in zip(notes, texts, findings, strict=True)]
    searched = Needles(texts, [s.certain for s in studies], [s.needles for s in studies], written)
    outcomes = [kept.outcome(text, study, searched, actions)
                for kept, text, study in zip(notes, texts, studies, strict=True)]
    further = [[] if o.pieces is s.pieces else o.pieces for s, o in zip(studies, outcomes, strict=True)]
    issued, values = _issue(texts, [s.pieces for s in studies], further)
    cuts = tuple(kept.cuts(outcome.pieces, [
        "" if piece.action in FOR_GOOD else issued.of(text[piece.start:piece.end], piece) for piece in outcome.pieces])
        for kept, text, outcome in zip(notes, texts, outcomes, strict=True))
    counts: Counter[tuple[str, str]] = Counter((cut.entity, cut.action) for found in cuts for cut in found)
    return Plan(cuts, values, counts, sum(o.residue for o in outcomes))


class _Tokens:
    """The placeholder of each value; of a surname after "Frau" and after "Herr", that of each of the two people."""

    def __init__(self, mentions: Iterable[tuple[str, Piece]]) -> None:
        addressed: dict[str, set[str]] = defaultdict(set)
        for value, piece in mentions:
            if piece.salutation and piece.name is not None and not piece.name.given:
                addressed[value].add(piece.salutation)
        self._shared = frozenset(value for value, salutations in addressed.items() if len(salutations) > 1)
        self.issued: dict[str, str] = {}

    def key(self, value: str, piece: Piece) -> str:
        """Return what has one placeholder: one sign for who is meant, and the value."""
        return (piece.salutation if value in self._shared and piece.salutation else "-") + value

    def of(self, value: str, piece: Piece) -> str:
        """Return the placeholder of `value` where `piece` is."""
        return self.issued[self.key(value, piece)]


def _issue(texts: Sequence[str], *rounds: Sequence[Sequence[Piece]],
           ) -> tuple[_Tokens, dict[str, tuple[int, int, int]]]:
    """Return the placeholders, and where the value behind each of them stands.

    Spellings of one number, and forms of one person, share the number.
    """
    found = [(texts[index][piece.start:piece.end], index, piece) for pieces in rounds
             for index, own in enumerate(pieces) for piece in own if piece.action not in FOR_GOOD]
    tokens = _Tokens((value, piece) for value, _, piece in found)
    first: dict[str, tuple[int, Piece]] = {}
    mentions: list[tuple[str, persons.Name, str]] = []
    for value, index, piece in found:
        key = tokens.key(value, piece)
        first.setdefault(key, (index, piece))
        if piece.name is not None:
            mentions.append((key, piece.name, piece.salutation))
    people = persons.forms(mentions)
    numbers: dict[str, dict[int, int]] = defaultdict(dict)
    spellings: Counter[tuple[str, int]] = Counter()
    values: dict[str, tuple[int, int, int]] = {}
    for key, (index, piece) in first.items():
        label = ENTITIES[piece.entity].label
        if piece.name is not None:
            name = token(label, *people[key])
        else:
            number = numbers[label].setdefault(piece.number, len(numbers[label]) + 1)
            spellings[label, number] += 1
            spelling = spellings[label, number]
            name = token(label, number, str(spelling) if spelling > 1 else "")
        tokens.issued[key] = name
        values[name] = index, piece.start, piece.end
    return tokens, values


def apply(texts: Sequence[str], plan: Plan, operate: Operate) -> Redaction:
    """Carry out `plan`, which was made for these very texts."""
    out: list[str] = []
    edits: list[list[Edit]] = []
    for text, cuts in zip(texts, plan.cuts, strict=True):
        edits.append(edited := [])
        if not cuts:
            out.append(text)
            continue
        pieces: list[str] = []
        position = 0
        for start, end, entity, action, issued in cuts:
            stands = issued or operate(action, entity, text[start:end])
            pieces += (text[position:start], stands)
            edited.append((start, end, len(stands)))
            position = end
        pieces.append(text[position:])
        out.append("".join(pieces))
    values = {issued: texts[index][start:end] for issued, (index, start, end) in plan.values.items()}
    return Redaction(out, values, plan.counts, edits)


def redact(texts: Sequence[str], findings: Sequence[Sequence[Finding]], actions: Mapping[str, Action],
           operate: Operate) -> Redaction:
    """Plan and apply in one step."""
    return apply(texts, plan(texts, findings, actions), operate)
