"""What every recognizer looks at: one stretch of text with the facts that all of them need.

What it is: a `Rule` is one recognizer without any engine around it: a function from `Sheet` to findings, and the words
that trigger it. A `Sheet` is a window onto a text. All trigger words of all rules are found in one pass over its
words (a dictionary look-up per word), so that a rule costs nothing where none of its words stands.

What it keeps true: a rule sees up to `MARGIN` characters beyond its window on both sides, and only findings that
begin inside the window count, so a long text in windows gives the findings of the whole text, in linear time.

What it does not know: a context that stands further away than the margin. The header of a table is the exception: it
is read once for the whole text (`gateway.detection.table`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from gateway.model.finding import Finding

MARGIN: Final = 600
"""How far a rule may look beyond the window it works on. No rule looks further and no finding is longer."""

TAIL: Final = 4
"""Endings are at least as long as that."""

_WORD: Final = re.compile("[a-zß-öø-ɏ]+")
"""A word in lower case, of Latin letters: no trigger has others."""
_NUMBER: Final = re.compile(r"\d\S*")
_BEFORE: Final = 12
"""How far before its first digit a number may begin ("Y", "DE", "GT-SK ", "XVII ")."""
_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: where it stands and the kind of its column."""

    start: int
    end: int
    kind: str


class Lexicon:
    """All trigger words of all rules: word -> kinds, and word endings -> kinds.

    Endings are looked up by their last letters, so that hundreds of them cost a word no more than one does.
    """

    def __init__(self, words: Mapping[str, Sequence[str]], endings: Mapping[str, Sequence[str]]) -> None:
        self.words = dict(words)
        self._endings: dict[str, list[tuple[str, Sequence[str]]]] = {}
        for ending, kinds in endings.items():
            self._endings.setdefault(ending[-TAIL:], []).append((ending, kinds))

    @property
    def tails(self) -> Collection[str]:
        """The last letters of all endings: a word with others has none of them."""
        return self._endings

    def kinds(self, word: str) -> Sequence[str]:
        """Return what the lower-case `word` triggers. A word that is listed itself has no ending."""
        found = self.words.get(word)
        if found is not None:
            return found
        endings = self._endings.get(word[-TAIL:])
        return [kind for ending, kinds in endings if word.endswith(ending) for kind in kinds] if endings else ()


def _lower(text: str) -> str:
    """Return `text` in lower case with every character in its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class Sheet:
    """A window ``[lo, hi)`` of a text, and the stretch ``[begin, end)`` around it that rules may read."""

    __slots__ = ("_digits", "_hits", "_most", "_regions", "begin", "cells", "end", "hi", "lexicon", "lo", "prepared",
                 "text")

    def __init__(self, text: str, lexicon: Lexicon, cells: Sequence[Cell] = (), lo: int = 0,
                 hi: int | None = None) -> None:
        self.text = text
        self.lexicon = lexicon
        self.cells = cells
        self.lo = lo
        self.hi = len(text) if hi is None else hi
        self.begin = max(0, lo - MARGIN)
        self.end = min(len(text), self.hi + MARGIN)
        self.prepared: dict[str, Iterable[Finding]] = {}
        """What rules found ahead in `reach`, by their names; offsets count from `begin`."""
        self._hits: dict[str, list[tuple[int, int]]] | None = None
        self._digits: bool | None = None
        self._regions: list[tuple[int, int, int]] | None = None
        self._most = 0

    @property
    def reach(self) -> str:
        """The stretch that rules may read."""
        return self.text if self.end - self.begin == len(self.text) else self.text[self.begin:self.end]

    @property
    def has_digit(self) -> bool:
        """Whether any digit stands in reach: most rules have nothing to do where none does."""
        if self._digits is None:
            self._digits = _DIGIT.search(self.text, self.begin, self.end) is not None
        return self._digits

    def has(self, part: str) -> bool:
        """Whether `part` stands in reach."""
        return self.text.find(part, self.begin, self.end) >= 0

    def scan(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield the matches of `pattern` in reach."""
        return pattern.finditer(self.text, self.begin, self.end)

    def scan_numbers(self, pattern: re.Pattern[str], least: int = 1,
                     hint: re.Pattern[str] | None = None) -> Iterator[re.Match[str]]:
        """Yield the matches of `pattern` in stretches with at least that many digits: most of a text has none.

        `hint`: what stands in every match that counts, and is found faster; stretches without it are left out.
        """
        if self._regions is None:
            self._regions = list(self._find_regions())
            self._most = max((count for _, _, count in self._regions), default=0)
        if self._most < least:
            return iter(())
        find, text = pattern.finditer, self.text
        return chain.from_iterable([find(text, start, end) for start, end, count in self._regions if count >= least
                                    and (hint is None or hint.search(text, start, end))])

    def _find_regions(self) -> Iterator[tuple[int, int, int]]:
        """Stretches with digits and how many: `_BEFORE` characters before each and the rest of its word behind."""
        text = self.text
        start = end = -1
        count = 0
        for match in _NUMBER.finditer(text, self.begin, self.end):
            a, b = match.span()
            if a - _BEFORE > end:
                if end >= 0:
                    yield start, end, count
                start, count = max(self.begin, a - _BEFORE), 0
            end = min(self.end, b + 1)
            count += len(_DIGIT.findall(text, a, b))
        if end >= 0:
            yield start, end, count

    @property
    def kinds(self) -> KeysView[str]:
        """What the words in reach trigger."""
        if self._hits is None:
            self._hits = self._index()
        return self._hits.keys()

    def hits(self, kind: str) -> Sequence[tuple[int, int]]:
        """Return the spans of the words that trigger `kind`, in order."""
        if self._hits is None:
            self._hits = self._index()
        return self._hits.get(kind, ())

    def _index(self) -> dict[str, list[tuple[int, int]]]:
        hits: dict[str, list[tuple[int, int]]] = {}
        listed, tails, kinds_of = self.lexicon.words, self.lexicon.tails, self.lexicon.kinds
        offset = self.begin
        for match in _WORD.finditer(_lower(self.reach)):
            word = match[0]
            if word in listed or word[-TAIL:] in tails:
                span = match.start() + offset, match.end() + offset
                for kind in kinds_of(word):
                    hits.setdefault(kind, []).append(span)
        return hits

    def near(self, kind: str, position: int, before: int, after: int = 0) -> bool:
        """Whether a trigger of `kind` ends within `before` characters left, or begins within `after` right."""
        return any(position - before <= end <= position or position <= start <= position + after
                   for start, end in self.hits(kind))

    def left(self, position: int, reach: int = 60) -> str:
        """Return up to `reach` characters before `position`."""
        return self.text[max(0, position - reach):position]

    def line_left(self, position: int, reach: int = 80) -> str:
        """Return what stands before `position` in the same line, up to `reach` characters."""
        return self.text[max(0, position - reach, self.text.rfind("\n", 0, position) + 1):position]

    def right(self, position: int, reach: int = 60) -> str:
        """Return up to `reach` characters from `position` on."""
        return self.text[position:position + reach]


@dataclass(frozen=True, slots=True)
class Rule:
    """One recognizer: its name, what it finds, how, and which words trigger it (``kind -> words or "-endings"``)."""

    name: str
    entities: tuple[str, ...]
    find: Callable[[Sheet], Iterable[Finding]]
    triggers: Mapping[str, str] = field(default_factory=dict)
    digits: bool = False
    """The rule needs a digit somewhere."""
    wakes: frozenset[str] = frozenset()
    """The rule needs a word that triggers one of these kinds; empty: it always has to look."""
    prepare: Callable[[Sequence[Sheet]], None] | None = None
    """For rules that look at many sheets together for less than one by one: called before `find`, leaves what was
    found in `Sheet.prepared`. `find` must not depend on it."""


def lexicon(rules: Iterable[Rule]) -> Lexicon:
    """Gather the trigger words of `rules`. A word that begins with ``-`` is an ending."""
    words: dict[str, list[str]] = {}
    endings: dict[str, list[str]] = {}
    for rule in rules:
        for kind, listed in rule.triggers.items():
            for word in listed.split():
                if word.startswith("-") and len(word) <= TAIL:
                    raise ValueError(f"the ending {word} is too short")
                kinds = endings.setdefault(word[1:], []) if word.startswith("-") else words.setdefault(word, [])
                if kind not in kinds:
                    kinds.append(kind)
    return Lexicon(words, endings)


GAP: Final = re.compile(
    r"""(?:[-./ ]{0,2}(?:nr|nummer|no|number|kennung|code|zeichen|-?id)\b\.?)?     # "-Nr."
        (?:[ ](?:des|der|für)[ ]\w{3,20})?                                         # "der Mutter"
        \.?["'”’)*_\]]{0,4}(?:[ .·_]{2,40}(?=:)|[ \t]{0,4})                          # "Nr. ........ :"
        (?:(?:lautet|lauten|ist|war|is|hat[ ]die)\b)?[ \t]{0,2}[:=\#|>–-]{0,2}[ \t]{0,24}
        (?:\n[ \t>]{0,8})?["'„“(*_`\[<]{0,4}(?:(?:nr|no)\b\.?:?)?[ \t]?["'„“(]?""", re.I | re.X)
"""What may stand between a label and its value: ``-Nr.``, a colon, quotes, Markdown, one line break."""


def value_at(sheet: Sheet, label_end: int, value: re.Pattern[str]) -> re.Match[str] | None:
    """Return the match of `value` right behind a label that ends at `label_end`, over a gap of punctuation."""
    gap = GAP.match(sheet.text, label_end)
    return value.match(sheet.text, gap.end() if gap else label_end)


def digits(text: str) -> str:
    """Return the ASCII digits of `text`."""
    return "".join(c for c in text if "0" <= c <= "9")


def compact(text: str) -> str:
    """Return the letters and digits of `text` in upper case."""
    return "".join(c for c in text if c.isalnum()).upper()
