"""The form of a placeholder, and everything a model may make of it.

We issue one form: ``[PERSON12]``, label in upper-case ASCII letters and number, and where it says more a suffix of
letters and perhaps a number: ``[PERSON12W]``, ``[PERSON12WN2]``, ``[IBAN3X2]`` (the second spelling of one IBAN).
Nothing in it can become emphasis, be escaped or be broken at a line end, and it is one word for whoever counts words:
a "12" standing alone would look like a day that was not replaced. No separator is needed: letters, digits, letters,
digits is read in one way only.

Models change it: case, separators (``[PERSON_12]``, ``[Person 12]``), emphasis, escapes, HTML entities, other
brackets, repaired umlauts, a genitive "s" inside the brackets, a lost closing bracket, a lost suffix. `CLOSED` and
`OPEN` read all of these and nothing fuzzier: label and number must be there in full, so that no person is ever taken
for another, and so must the opening bracket: a bare "TEXT1" is a word.

What they can read is also what must never reach a model as the user's own text, or the answer could not tell the two
apart. `lookalikes` finds such text in a request; it travels under a placeholder of its own (`LITERAL`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import regex

from gateway.model.entities import ENTITIES

LABELS = tuple(sorted((e.label for e in ENTITIES.values()), key=len, reverse=True))
_SPELLING = "X"
"""Letter of a suffix that would be a number alone. The ending "s" is no letter of any suffix."""

_BLANK = r"\s\u00ad\u200b-\u200d\u2060\ufeff"
_GAP = rf"[{_BLANK}*_`]{{0,3}}"
_BREAK = rf"\\{{0,2}}[_\-\u2010-\u2015{_BLANK}]"
_LABEL = "|".join(regex.sub("(?<!E)UE", "(?:UE|Ü)", label) for label in LABELS)
_ENDING = r"(?P<ending>['’]?S)"
_INNER = rf"{_GAP}(?P<label>{_LABEL})(?:{_BREAK}){{0,2}}(?P<number>[0-9]{{1,7}}+)"
_SUFFIX = r"(?P<suffix>[A-RT-Z]{1,2}[0-9]{0,7}+|(?<=_)[0-9]{1,7}+)"
_WHOLE = rf"{_INNER}(?:(?:{_BREAK}){{0,2}}{_SUFFIX})?(?:(?:{_BREAK})?{_ENDING})?{_GAP}"
_ENTITIES = (r"&(?:\#91|\#x5b|lbrack|lsqb);", r"&(?:\#93|\#x5d|rbrack|rsqb);")
# An opening backslash belongs to the token only where the closing bracket carries the same: in `DOMAIN\[PERSON1]` it
# is the user's own. In the source of JSON each is doubled.
CLOSED = regex.compile(
    rf"(?P<escape>\\{{1,2}})\[{_WHOLE}(?P=escape)\]|[\[［⟦【〚]{_WHOLE}(?:\\{{0,2}}\]|[］⟧】〛])"
    rf"|{_ENTITIES[0]}{_WHOLE}{_ENTITIES[1]}", regex.IGNORECASE)
"""A token with both its brackets."""
OPEN = regex.compile(
    rf"\[{_INNER}(?:_?(?P<suffix>[WM][NV]?[0-9]{{0,7}}+|[NV][0-9]{{0,7}}+|{_SPELLING}[0-9]{{1,7}}+))?{_ENDING}?"
    r"(?=[^\w\\&\-])(?!\s?[0-9])", regex.IGNORECASE)
"""A token that lost its closing bracket, where `CLOSED` can no longer match: something follows that can belong neither
to it nor to its number. At the end of a text nothing does."""
_ANY = regex.compile(f"{CLOSED.pattern}|{OPEN.pattern}", regex.IGNORECASE)
# What follows a user's own text can change when it is replaced: in requests an open end needs no particular neighbour.
_LOOKALIKE = regex.compile(rf"{CLOSED.pattern}|\[{_INNER}", regex.IGNORECASE)
SENTINELS = "[\\［⟦【〚&"
"""Every token begins with one of these; text without them needs no look."""
_SENTINEL = re.compile(r"[\[\\［⟦【〚&]")  # looked for in whole answers: `re` is three times as fast as `regex` here
_PARTS = regex.compile(rf"(?:&\#?x?[0-9a-z]*;?|\\*+[\[［⟦【〚]?)[{_BLANK}*_`]*+([A-ZÜ]*+)"
                       rf"[\\_\-\u2010-\u2015{_BLANK}]*+([0-9]*+)(.?)", regex.IGNORECASE | regex.DOTALL)
_BEHIND_DIGITS = ":"
"""In order of code points: behind every digit, before everything else that may follow a number."""
_ISSUED = regex.compile(r"\[([A-Z]+[0-9]+)([A-Z]*)([0-9]*)\]")

MAX_LENGTH = 72
"""No spelling of a token is longer: the bound of what a restorer ever holds back."""


def token(label: str, number: int, suffix: str = "") -> str:
    """Return the placeholder as we issue it."""
    return f"[{label}{number}{_SPELLING if suffix[:1].isdigit() else ''}{suffix}]"


def instruction(issued: Iterable[str]) -> str:
    """Return what a model is told about placeholders: short, with one that it will meet as the example."""
    names = list(issued)
    text = (f"Hinweis: Angaben wie {names[0]} sind Platzhalter für geschützte Daten. Verwende sie unverändert, mit "
            "eckigen Klammern, und erfinde keine weiteren.")
    if any(parts and parts[2] not in ("", _SPELLING) for parts in map(_ISSUED.fullmatch, names)):
        text += " Buchstaben nach der Nummer: W weiblich, M männlich, N nur der Nachname, V nur der Vorname."
    return text


def find_sentinel(text: str, start: int) -> int:
    """Return the next position at which a token could begin, or -1."""
    found = _SENTINEL.search(text, start)
    return found.start() if found else -1


def lookalikes(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of `text` that a restorer could take for a placeholder, whatever would follow the text."""
    if not any(s in text for s in SENTINELS):
        return
    for match in _LOOKALIKE.finditer(text):
        yield match.span()


class Reading(NamedTuple):
    """What one spelling of a token says."""

    label: str
    base: str
    """Label and number: who or what is meant."""
    suffix: str
    """In which of its forms."""
    owns: bool
    """A genitive "s" stands inside the brackets."""


def read(match: regex.Match[str]) -> Reading:
    """Return what a token says that `CLOSED` or `OPEN` found."""
    label, suffix = match["label"].upper().replace("Ü", "UE"), (match["suffix"] or "").upper()
    return Reading(label, f"{label}{int(match['number'])}", _SPELLING + suffix if suffix[:1].isdigit() else suffix,
                   bool(match["ending"]))


def readings(text: str) -> Iterator[Reading]:
    """Yield every token in `text`, which is complete."""
    if any(s in text for s in SENTINELS):
        yield from map(read, _ANY.finditer(text))


class Issued:
    """The placeholders of one exchange and their values, found by whatever a model made of them.

    Most answers name them as they were issued, many name none: what is needed beyond that is made when it is.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @cached_property
    def _names(self) -> list[str]:
        return sorted(self._values)

    @cached_property
    def _parts(self) -> list[tuple[str, str, str]]:
        """Label and number, N or V or nothing, and the value of each placeholder, in the order of issue."""
        return [(parts[1], _part(parts[2]), value) for name, value in self._values.items()
                if (parts := _ISSUED.fullmatch(name))]

    @cached_property
    def _kin(self) -> dict[tuple[str, str], str]:
        """(label and number, N or V or nothing) -> the value that came first."""
        kin: dict[tuple[str, str], str] = {}
        for base, part, value in self._parts:
            kin.setdefault((base, part), value)
            kin.setdefault((base, ""), value)
        return kin

    def value(self, reading: Reading) -> str | None:
        """Return the value meant by `reading`; a suffix that was never issued means the nearest form of the same."""
        exact = self._values.get(f"[{reading.base}{reading.suffix}]")
        if exact is not None:
            return exact
        near = self._kin.get((reading.base, _part(reading.suffix)))
        return near if near is not None else self._kin.get((reading.base, ""))

    def has_form(self, base: str, value: str) -> bool:
        """Say whether `value` is one of the forms of `base`."""
        return any(found == base and form == value for found, _, form in self._parts)

    def may_become(self, tail: str) -> bool:
        """Say whether `tail`, the beginning of a token at the end of a text so far, can still become one of these."""
        parts = _PARTS.match(tail)
        assert parts  # every part of the pattern is optional
        number = parts[2].lstrip("0")
        start = "[" + parts[1].upper().replace("Ü", "UE") + number
        ended = parts[2] and parts[3]  # no digit follows, and a suffix may get lost or change: it does not decide
        at = bisect_left(self._names, start + _BEHIND_DIGITS if ended else start)
        return at < len(self._names) and self._names[at].startswith(start) and bool(number or not ended)


def _part(suffix: str) -> str:
    return "N" if "N" in suffix else "V" if "V" in suffix else ""
