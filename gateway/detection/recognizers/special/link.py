"""Is somebody spoken of? A word like "Epilepsie" says nothing about anybody in a question about a statute.

What it is: `linked` looks for a person around a word: in the same sentence for every word, further away for words
that say much by themselves. A person is an address with a name, "ich" and "mein", a given name, a relative, a role
in the singular ("die Antragstellerin"), and within the sentence a pronoun.

What it keeps true: it reads at most `FAR` characters to each side, so a text in windows gives the same answer; the
work per word is bounded. Where a sentence speaks of a group, an offer, a rule or a condition ("Menschen mit Demenz",
"Vortrag über", "§", "wenn"), only a person who is named counts, and for words that say little not even that.

What it does not know: whose illness it is ("Herr Holz sagt, der Baum sei krank").
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import lines
from gateway.detection.recognizers.special.lists import sections
from gateway.detection.sheet import Sheet

SENTENCE: Final = 260
"""How far a sentence reaches at most, to each side."""
FAR: Final = 450
_NEAR: Final = 220
_CLOSE: Final = 110
_STEP: Final = 60

TRIGGERS: Final = {
    **{f"CUE.{cue}": " ".join(listed) for cue, listed in sections("special_cues.txt").items()},
    "CUE.name": " ".join(word.lower() for word in lines("given_names.txt") if word.isalpha())}

_END: Final = re.compile(
    r"""[.!?\n](?:(?<!\n)(?<!\d.)(?<![\s.(]\w.)(?<!\b(?:Hr|Fr|Dr|St|Nr|ca|Az|lt|gz).)
        (?<!\b(?:geb|gem|evt|bzw|vgl|Tel|Fam|Str|ggf|Hrn).)(?=\s)
    |(?<=\n)(?:[ \t]{0,9}\n|(?=[ \t]{0,9}(?:[-*•–]|\d{1,2}[.)])[ ])))""", re.I | re.X)
"""Where a sentence, a paragraph or an item of a list ends."""
_NAMED: Final = re.compile(r"\.?[ \n](?:(?:Dr|Prof|Dipl|med)\b\.?[ -]?|[A-ZÄÖÜ][a-zäöü]{2,20}in[ ]){0,3}[A-ZÄÖÜÀ-Þ]")
_DETERMINER: Final = re.compile(
    r"(?:mein|dein|sein|ihr|unser|euer|deren|dessen|die|der|des|dem|den|das)(?:e|er|em|en|es)?[ ](?:[\w-]{2,20}[ ])?\Z",
    re.I)
_SINGULAR: Final = re.compile(
    r"(?:^|[.:,;(\n\t|\"]|\b(?:der|die|de[mnrs]|das|ein(?:e[mrs]?)?|(?:unser|mein|sein|ihr)\w{0,2}|diese[rmn]?|genannte\w?|"
    r"und|von|vom|beim|zum|zur|am|als|ehemalige\w?|neue\w?|junge\w?|minderjährige\w?))\s{0,9}\Z", re.I)
_LAW: Final = re.compile(
    r"""[§(AS\d](?:(?<=§)|(?<=\()(?:m/w/d\)|(?<!.\()\d{1,2}[a-z]?\)[ ])|(?<=A)bs\.|(?<=S)GB\b|(?<=\d)\d?\.[ ]{2})""",
    re.X)
"""What only rules and adverts have: a paragraph sign, "(1)" at the beginning of a line, "(m/w/d)"."""
_OWN: Final = re.compile(
    r"\b(?:(?:ihr|sein|mein|unser)(?:e|er|em|en|es)?|hat|habe|hatte|leidet|litt|bekam|nimmt|erhielt)"
    r"(?:[ ][\w-]{1,20}){0,3}[ ]\Z", re.I)


class Link:
    """What stands around the words of one sheet."""

    __slots__ = ("_ends", "_firm", "_laws", "_near", "_sheet", "_soft")

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._ends: list[int] | None = None
        self._firm: list[int] | None = None
        self._laws: list[int] | None = None
        self._soft: list[int] | None = None
        self._near: dict[str, list[int]] = {}

    def linked(self, start: int, end: int, level: str) -> bool:
        """Whether the word ``start:end`` belongs to somebody; `level` is one of `lists.LEVELS`."""
        a, b = self.sentence(start, end)
        if self._any("CUE.animal", a, b):
            return False
        if self._is_general(start, end, a, b):
            grouped = self._any("CUE.group", start - 40, start) or self._any("CUE.group", end, end + 40)
            return level == "sure" and self._is_named(a, b) and not grouped
        if self._any("CUE.subject", max(a, start - _STEP), min(b, end + _STEP)) or self._is_own(start):
            return True
        if level == "weak":
            return self._somebody(max(a, start - _CLOSE), min(b, end + _CLOSE))
        if self._somebody(a, b) or (level == "sure" and self._any("CUE.subject", a, b)):
            return True
        reach = FAR if level == "sure" else _NEAR
        return self._is_named(start - reach, end + reach // 2)

    def somebody_near(self, start: int, end: int) -> bool:
        """Whether a named person, or the writer, stands somewhere around: enough for a form field."""
        return self._is_named(start - FAR, end + FAR) or self._any("CUE.self", start - FAR, end + FAR)

    def names_somebody(self, a: int, b: int) -> bool:
        """Whether a person is named in ``a:b``, or the writer speaks of himself."""
        return self._is_named(a, b) or self._any("CUE.self", a, b)

    def is_note(self, start: int, end: int) -> bool:
        """Whether the word stands in a short line of its own, as in a note or a form, without a group or a rule."""
        text = self._sheet.text
        a, b = max(start - 90, text.rfind("\n", max(0, start - 90), start) + 1), text.find("\n", end, end + 90)
        b = min(len(text), end + 90) if b < 0 else b
        return b - a < 90 and not self._is_general(start, end, *self.sentence(start, end)) and "?" not in text[a:b]

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """Return the borders of the sentence around a word."""
        sheet = self._sheet
        if self._ends is None:
            self._ends = [match.end() for match in sheet.scan(_END)]
        a = bisect_right(self._ends, start)
        b = bisect_right(self._ends, end)
        return (max(start - SENTENCE, sheet.begin, self._ends[a - 1] if a else 0),
                min(end + SENTENCE, sheet.end, self._ends[b] if b < len(self._ends) else sheet.end))

    def _is_general(self, start: int, end: int, a: int, b: int) -> bool:
        """Whether the sentence is about everybody: a rule, an offer, a group, a condition, somebody's work."""
        if self._any("CUE.group", max(a, start - 50), start) or self._any("CUE.group", end, min(b, end + 40)):
            return True
        if self._is_own(start):
            return False
        if self._any("CUE.general", max(a, start - 120), min(b, end + 120)) or self._any("CUE.condition", a, start):
            return True
        if self._any("CUE.work", max(a, start - 90), start):
            return True
        if self._laws is None:
            self._laws = [match.start() for match in self._sheet.scan(_LAW)]
        law = _within(self._laws, a, b) or self._any("CUE.law", a, b) or self._any("CUE.condition", a, b)
        return law and not self._is_named(a, b)

    def _is_own(self, start: int) -> bool:
        """Whether "ihre", "mein", "hat" stands right before the word."""
        return _OWN.search(self._sheet.text, max(self._sheet.begin, start - 40), start) is not None

    def _any(self, kind: str, a: int, b: int) -> bool:
        """Whether a trigger of `kind` begins in ``a:b``."""
        starts = self._near.get(kind)
        if starts is None:
            starts = self._near[kind] = [start for start, _ in self._sheet.hits(kind)]
        return _within(starts, a, b)

    def _is_named(self, a: int, b: int) -> bool:
        """Whether a person is named in ``a:b``."""
        if self._firm is None:
            text = self._sheet.text
            firm = [start for start, end in self._sheet.hits("CUE.address") if _NAMED.match(text, end)]
            firm += [at for at, end in self._sheet.hits("CUE.name") if text[at].isupper() and self._is_name(at, end)]
            self._firm = sorted(firm)
        return _within(self._firm, a, b)

    def _somebody(self, a: int, b: int) -> bool:
        """Whether a person is named, or a relative or a role in the singular stands in ``a:b``."""
        if self._soft is None:
            self._soft = sorted([*self._behind("CUE.kin", _DETERMINER), *self._behind("CUE.role", _SINGULAR)])
        return self._is_named(a, b) or _within(self._soft, a, b)

    def _is_name(self, start: int, end: int) -> bool:
        """Whether a given name stands for a person here, and not in the name of a street, a saint or a house."""
        text = self._sheet.text
        return "-" not in (text[end:end + 1], text[start - 1:start]) and not text.startswith("St. ", max(0, start - 4))

    def _behind(self, kind: str, before: re.Pattern[str]) -> Iterator[int]:
        text = self._sheet.text
        return (start for start, _ in self._sheet.hits(kind) if before.search(text, max(0, start - 40), start))


def _within(starts: list[int], a: int, b: int) -> bool:
    at = bisect_left(starts, a)
    return at < len(starts) and starts[at] < b
