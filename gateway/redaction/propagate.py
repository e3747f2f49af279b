"""A value found with confidence anywhere in the request is replaced everywhere in it.

The cheapest recall there is: "Frau Krüger" in the letter makes "krüger" in the file name of the third message a known
name. All texts of a request are searched as one string, once per value, by plain substring search (a compiled
alternation would cost more than it saves); hits count only as whole words. A person's single names count as well.
Letters of any case match for words of four letters and more; umlauts match their spelled-out form; a genitive "s"
stays outside. Nothing is ever merged by likeness.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from gateway.model.finding import Finding
from gateway.redaction.normalise import normalise
from gateway.redaction.spans import Span

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_NO_NAMES = """von van der den dem de del della di da dos la le el al bin ibn zu zum zur und geb geborene dr prof med
jur dipl ing mag herr frau familie"""
_PARTICLES = frozenset(_NO_NAMES.split())
_GAP = "\x00"
_WORD = re.compile(r"[^\W_]+")
_NO_WORD = re.compile(r"[\W_]")
_PLAIN = 5_000_000
"""Values times characters up to which plain search is the faster one."""


class Needles:
    """What to look for: the certain values of a request, in every form in which they count as found."""

    def __init__(self, texts: Sequence[str], found: Sequence[Sequence[Finding]]) -> None:
        values = {(text[f.start:f.end], f.entity): None
                  for text, findings in zip(texts, found, strict=True) for f in findings if f.certain}
        self._forms: dict[str, tuple[str, bool]] = {}
        for written, entity in values:
            value = normalise(written).text
            _add(self._forms, value, entity, exact=False)
            if entity == "PERSON":
                for part in _names(value):
                    _add(self._forms, part, "PERSON", exact=True)

    def search(self, texts: Sequence[str]) -> list[list[Span]]:
        """Return, per text, every span in which a value stands as a whole word, found before or not."""
        result: list[list[Span]] = [[] for _ in texts]
        if not self._forms:
            return result
        views = [normalise(text) for text in texts]
        joined = _GAP.join(view.text for view in views)
        lowered = lower(joined)
        starts = [0, *accumulate(len(view.text) + 1 for view in views)]
        for at, form in self._hits(lowered):
            entity, exact = self._forms[form]
            if exact and joined[at] != joined[at].upper():
                continue
            index = bisect_right(starts, at) - 1
            start = at - starts[index]
            result[index].append(Span(*views[index].original(start, start + len(form)), entity))
        return result

    def _hits(self, text: str) -> Iterator[tuple[int, str]]:
        if len(self._forms) * len(text) <= _PLAIN:
            yield from ((at, form) for form in self._forms for at in occurrences(text, form))
            return
        forms: dict[str, list[tuple[int, str]]] = {}
        for form in self._forms:
            word = _WORD.search(form)
            assert word  # `_add` sees to it
            forms.setdefault(word[0], []).append((word.start(), form))
        ends: dict[str, int] = {}
        for word in _WORD.finditer(text):
            same, owner = forms.get(word[0], ()), forms.get(word[0][:-1], ()) if word[0][-1] == "s" else ()
            for offset, form in (*same, *owner):
                at = word.start() - offset
                if at >= ends.get(form, 0) and text.startswith(form, at) and _is_whole(text, at, at + len(form)):
                    ends[form] = at + len(form)
                    yield at, form


def _add(forms: dict[str, tuple[str, bool]], value: str, entity: str, *, exact: bool) -> None:
    if len(value) < 3 or not any(c.isalnum() for c in value):
        return
    low = lower(value)
    short = exact or len(value) < 4
    for form in (low,) if low.isascii() else (low, low.translate(_UMLAUTS)):
        known = forms.get(form)
        if known is None or (known[1] and not short):
            forms[form] = (entity, short)


def _names(value: str) -> Iterator[str]:
    """Yield the single names in a person's full name: not titles, particles or initials."""
    for part in value.replace(",", " ").split():
        word = part.strip(".'’()\"„“")
        if len(word) >= 3 and word[:1].isupper() and word.lower() not in _PARTICLES and not part.endswith("."):
            yield word


def occurrences(text: str, needle: str) -> Iterator[int]:
    """Yield where `needle` stands in `text` as a whole word, one after the other; a genitive "s" may follow."""
    at = text.find(needle)
    while at >= 0:
        if _is_whole(text, at, at + len(needle)):
            yield at
            after = at + len(needle)
        elif needle[0].isalnum():  # within a word none begins; a word may be megabytes long
            end = _NO_WORD.search(text, at)
            after = end.end() if end else len(text)
        else:
            after = at + 1
        at = text.find(needle, after)


def _is_whole(text: str, start: int, end: int) -> bool:
    if start and text[start - 1].isalnum():
        return False
    after = text[end:end + 2]
    return not after[:1].isalnum() or (after[0] == "s" and not after[1:].isalnum())


def lower(text: str) -> str:
    """Return `text` in lower case with every character in its place."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
