"""What is known about one text, so that a conversation that comes back pays for its new messages only.

What it is: `Notes` belong to one text with its findings under one set of actions. They hold what follows from these
alone (`_Study`), and what became of the text last time, beside the rest of its request (`Outcome`).

What they keep true: they never decide. An outcome is taken over only if the needles that can stand in the text, or in
what would leave of it, are the very same as last time; everything else about it follows from the text. So planning
with notes, with somebody else's notes on the same text, or without any gives the same plan, and the residual check of
last time is the residual check of this time. They hold offsets, kinds and keyed hashes, never content.

What they do not know: whether they are about this text. The owner keeps them under a digest of it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.model.decision import Action
from gateway.model.finding import Finding
from gateway.redaction import persons
from gateway.redaction.normalise import normalise
from gateway.redaction.propagate import Needle, Needles, needles, words
from gateway.redaction.spans import Span, resolve

_GAP = "¤"
"""Stands where something was replaced when it is searched once more: no letter, and in no value. A control character
would have every text normalised."""
_ROUNDS = 3
"""Where a finding ends within a word, what is left of it is a word that nobody saw; that has an end."""
FOR_GOOD = ("mask", "hash", "generalise")


class Cut(NamedTuple):
    """One stretch that is replaced: by ``issued`` (a placeholder), or for good by what ``action`` makes of it."""

    start: int
    end: int
    entity: str
    action: Action
    issued: str


class Piece(NamedTuple):
    """A span with what is needed to number it: a person is told by the name, any other value by ``number``."""

    start: int
    end: int
    entity: str
    action: Action
    number: int
    name: persons.Name | None
    salutation: str


class _Study(NamedTuple):
    """What follows from a text, its findings and the actions alone."""

    wanted: tuple[Finding, ...]
    certain: tuple[Finding, ...]
    needles: tuple[Needle, ...]
    spans: list[Span]
    pieces: tuple[Piece, ...]


class Outcome(NamedTuple):
    """What becomes of a text beside the others of its request."""

    relevant: frozenset[Needle]
    words: array[int]
    """Of the text and of what would leave of it: what decides which needles are relevant."""
    pieces: tuple[Piece, ...]
    residue: int


class Notes:
    """Notes on one text. Safe to use by several requests at once: what is kept is replaced as a whole."""

    __slots__ = ("_cuts", "_outcome", "_study", "size")

    def __init__(self) -> None:
        self._study: tuple[Sequence[Finding], _Study] | None = None
        self._outcome: tuple[_Study, Outcome] | None = None
        self._cuts: tuple[tuple[Piece, ...], list[str], tuple[Cut, ...]] | None = None
        self.size = 1
        """About how many spans would take the same memory."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known yet."""
        return self._outcome is None

    def study(self, text: str, found: Sequence[Finding], actions: Mapping[str, Action],
              written: dict[int, str]) -> _Study:
        """Return what is to be said about `text` alone. Findings whose action keeps the text play no part.

        `written` takes the letters of new needles.
        """
        known = self._study
        if known is not None and (known[0] is found or known[0] == found):
            return known[1]
        wanted = tuple(f for f in found if _replaces(f, actions))
        certain = tuple(f for f in wanted if f.certain)
        spans = resolve(text, wanted)
        study = _Study(wanted, certain, needles(text, certain, written), spans, _pieces(text, spans, actions))
        self._study = found, study
        return study

    def outcome(self, text: str, study: _Study, searched: Needles, actions: Mapping[str, Action]) -> Outcome:
        """Return what becomes of `text` when everything in `searched` is replaced."""
        known = self._outcome
        if known is not None and known[0] is study and searched.relevant(known[1].words) == known[1].relevant:
            return known[1]
        outcome = _outcome(text, study, searched, actions)
        self._outcome = study, outcome
        self.size = (1 + len(outcome.words) // 16 + 2 * len(outcome.pieces) + len(study.needles)
                     + len(outcome.relevant))
        return outcome

    def cuts(self, pieces: tuple[Piece, ...], issued: list[str]) -> tuple[Cut, ...]:
        """Return the cuts of `pieces` with what was `issued` for each."""
        known = self._cuts
        if known is not None and known[0] is pieces and known[1] == issued:
            return known[2]
        cuts = tuple(Cut(p.start, p.end, p.entity, p.action, token) for p, token in zip(pieces, issued, strict=True))
        self._cuts = pieces, issued, cuts
        return cuts


def _outcome(text: str, study: _Study, searched: Needles, actions: Mapping[str, Action]) -> Outcome:
    seen = own = words(text)
    spans, more = study.spans, searched.search(text, searched.relevant(own))
    for _ in range(_ROUNDS):
        spans = _merge(text, spans, more)
        left = _outside(text, spans)
        outer = words(left) if spans else own
        seen = seen | outer
        more = searched.search(left, searched.relevant(outer), text)
        if not more:
            break
    pieces = study.pieces if spans is study.spans else _pieces(text, spans, actions)
    kept = array("q", seen)
    return Outcome(searched.relevant(kept), kept, pieces, len(more) + _uncovered(study.wanted, spans))


def _replaces(finding: Finding, actions: Mapping[str, Action]) -> bool:
    action = actions.get(finding.entity, "placeholder")
    if finding.noted and action == "placeholder":
        return False  # noticed for policy; the word itself stays unless policy asks for more than the default
    return action not in ("keep", "note")


def _pieces(text: str, spans: Sequence[Span], actions: Mapping[str, Action]) -> tuple[Piece, ...]:
    return tuple(_piece(text, span, actions) for span in spans)


def _piece(text: str, span: Span, actions: Mapping[str, Action]) -> Piece:
    start, end, entity = span.start, span.end, span.entity
    action = actions.get(entity, "placeholder")
    if action in FOR_GOOD:
        return Piece(start, end, entity, action, 0, None, "")
    value = text[start:end]
    if entity == "PERSON":
        return Piece(start, end, entity, "placeholder", 0, persons.name(value), persons.salutation(text, start))
    key = "".join(filter(str.isalnum, normalise(value).text)).casefold() or value
    return Piece(start, end, entity, "placeholder", hash(key), None, "")


def _merge(text: str, spans: list[Span], more: list[Span]) -> list[Span]:
    starts = [span.start for span in spans]
    covered = [Finding(s.start, s.end, s.entity, 1.0, "pruefziffer" if s.checked else "wiederholung") for s in spans]
    inside = [m for m in more if not _end(spans, starts, m.start) >= m.end]
    if not inside:
        return spans
    return resolve(text, covered + [Finding(m.start, m.end, m.entity, 1.0, "wiederholung") for m in inside])


def _end(spans: Sequence[Span], starts: Sequence[int], position: int) -> int:
    """Return where the span ends that holds `position`; `position` itself where there is none."""
    at = bisect_right(starts, position) - 1
    return max(spans[at].end, position) if at >= 0 else position


def _outside(text: str, spans: Sequence[Span]) -> str:
    """Return what of `text` is not replaced, in its place."""
    out: list[str] = []
    position = 0
    for span in spans:
        out += text[position:span.start], _GAP * (span.end - span.start)
        position = span.end
    return "".join(out) + text[position:]


def _uncovered(found: Sequence[Finding], spans: Sequence[Span]) -> int:
    """Return how many findings are not wholly within spans: a number with a valid check digit may be among them."""
    starts = [span.start for span in spans]
    missed = 0
    for finding in found:
        position, end = finding.start, _end(spans, starts, finding.start)
        while position < end < finding.end:
            position, end = end, _end(spans, starts, end)
        missed += end < finding.end
    return missed
