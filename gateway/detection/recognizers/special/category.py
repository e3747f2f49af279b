"""One special category: its words, its phrases, its form fields; and how they become findings.

What it keeps true: a pattern is tried only around a trigger word and over a bounded stretch, and a finding has to
hold the trigger, so the work grows with the number of trigger words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from gateway.detection.data import words
from gateway.detection.names import is_given
from gateway.detection.recognizers.special.link import Link
from gateway.detection.recognizers.special.lists import LEVELS, Words, merge, read
from gateway.detection.recognizers.special.phrases import Phrase
from gateway.detection.sheet import Sheet
from gateway.model.finding import Finding

_SCORE: Final = {"sure": 0.7, "telling": 0.6, "weak": 0.5}
_BEFORE: Final = re.compile(r"([^\W\d_]+)\.?[ ]\Z")
_TITLES: Final = words("Herr Herrn Frau Hr Hrn Fr Familie Fam Eheleute Dr Prof")
_FIELD: Final = re.compile(
    r"""(?:[ ]?(?:\([^)\n]{1,30}\)|/[\w-]{2,25}))?["'”*_)\]]{0,3}[ \t]{0,3}(?:[:=|>]|\t)[ \t]{0,8}["'„“*_(]{0,3}[ ]?
    (?P<value>[^\W_][^\n\t|;"“”]{0,60}?)(?=[ ]{2}|[\n\t|;,"“”)]|\.(?:\s|\Z)|\Z)""", re.X)
_NOTHING: Final = re.compile(
    r"(?:keine?|nein|unbekannt|ohne|k\.\s?A|entfällt|siehe|bitte|nicht|wird|ja/nein|der|die|das|für|x+)\b", re.I)


@dataclass(frozen=True)
class Category:
    """A kind of special data, ready to look at sheets."""

    entity: str
    listed: str = ""
    """The file with its words."""
    phrases: Sequence[Phrase] = ()
    labels: str = ""
    """Words that head a form field ("Diagnose:")."""
    more: dict[str, str] = field(default_factory=dict)
    """Further trigger words, for `find` of the caller."""

    @cached_property
    def words(self) -> Words:
        """The list, read."""
        return read(self.entity, self.listed) if self.listed else Words({}, {})

    @property
    def triggers(self) -> dict[str, str]:
        """All trigger words."""
        phrases = {f"{self.entity}.{n}": p.words for n, p in enumerate(self.phrases)}
        return merge(self.words.triggers, phrases, {f"{self.entity}.label": self.labels}, self.more)

    @cached_property
    def _levels(self) -> dict[str, str]:
        """The kinds of the words of the list, with what they say."""
        return {f"{self.entity}.{level}": level for level in LEVELS}

    @cached_property
    def _phrased(self) -> dict[str, Phrase]:
        """The kinds of the words that phrases turn on."""
        return {f"{self.entity}.{n}": phrase for n, phrase in enumerate(self.phrases)}

    @cached_property
    def _label(self) -> str:
        """The kind of the labels."""
        return f"{self.entity}.label"

    def find(self, sheet: Sheet, link: Link) -> Iterator[Finding]:
        """Yield what the lists, the phrases and the labels find."""
        kinds = sheet.kinds
        for kind, level in self._levels.items():
            for start, end in sheet.hits(kind) if kind in kinds else ():
                if self._is_written(sheet.text, start, end) and link.linked(start, end, level):
                    yield self.finding(start, end, _SCORE[level])
        for kind, one in self._phrased.items() if not kinds.isdisjoint(self._phrased) else ():
            for start, end in sheet.hits(kind) if kind in kinds else ():
                found = one.around(sheet.text, start, end)
                if found and link.linked(*found[:2], one.level):
                    yield self.finding(*found[2:], _SCORE[one.level])
        for start, end in sheet.hits(self._label):
            yield from self._field(sheet, link, start, end)

    def finding(self, start: int, end: int, score: float = 0.6, reason: str = "kontext") -> Finding:
        """Return a finding of this category: noted, not to be looked for elsewhere."""
        return Finding(start, end, self.entity, score, reason, certain=False, noted=True)

    def _is_written(self, text: str, start: int, end: int) -> bool:
        """Whether the word stands as its list wants it, and is not the name of somebody ("Herr Christ")."""
        word = text[start:end]
        wanted = self.words.written.get(word.lower())
        if wanted and (not word.isupper() if wanted.isupper() else not word[0].isupper()):
            return False
        if not word[0].isupper():
            return True
        before = _BEFORE.search(text, max(0, start - 20), start)
        return before is None or not (before[1] in _TITLES or is_given(before[1]))

    def _field(self, sheet: Sheet, link: Link, start: int, end: int) -> Iterator[Finding]:
        """A form field: somebody has to stand near, or it is one of several short fields."""
        match = _FIELD.match(sheet.text, end)
        if match and not _NOTHING.match(match["value"]) and (
                link.somebody_near(start, end) or _is_form(sheet.text, start, match.end())):
            yield self.finding(*match.span("value"), 0.7)


_LINE: Final = re.compile(r"""(?:\A|[\n,{|;(\t])[ \t"'*-]{0,8}\Z""")


def _is_form(text: str, start: int, end: int) -> bool:
    """Whether a field stands at the beginning of its line or cell, and ends with it."""
    after = text[end:end + 1]
    return _LINE.search(text, max(0, start - 12), start) is not None and (not after or after in '\n,";|\t')
