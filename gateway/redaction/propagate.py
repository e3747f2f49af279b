"""A value found with confidence anywhere in the request is replaced everywhere in it.

The cheapest recall there is: "Frau Krüger" in the letter makes "krüger" in the file name of the third message a known
name. A person's single names count as well. Hits count only as whole words; letters of any case match for words of
four letters and more; umlauts match their spelled-out form, white space any other; a genitive "s" stays outside.
Nothing is ever merged by likeness. A single name that is an ordinary word as well ("Zimmer") counts only where the
text speaks for a name (`gateway.redaction.ambiguous`), and that is always read in the whole text.

A form can only stand in a text that has all its words. So a text needs a look only for the forms whose words are among
its own, which is a set operation on hashes; many values in many texts cost no more than the words there are. What may
be kept between requests (`Needle`, `words`) are such hashes, under the key that Python draws for every process, and
never a word. Equal hashes of different words cost a look in vain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gateway.model.finding import Finding
from gateway.redaction.ambiguous import is_name_here
from gateway.redaction.normalise import normalise, single_spaced
from gateway.redaction.spans import Span

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_NO_NAMES = """von van der den dem de del della di da dos la le el al bin ibn zu zum zur und geb geborene dr prof med
jur dipl ing mag herr frau familie"""
_PARTICLES = frozenset(_NO_NAMES.split())
_WORD = re.compile(r"[^\W_]+")
_NO_WORD = re.compile(r"[\W_]")
_PLAIN = 5_000_000
"""Values times characters up to which plain search is the faster one."""


class Needle(NamedTuple):
    """One form of a certain value, without its letters."""

    form: int
    words: tuple[int, ...]
    entity: str
    care: int
    """How much care it takes: `ANYWHERE`, `CAPITAL` or `DOUBT`."""


ANYWHERE, CAPITAL, DOUBT = 0, 1, 2
"""A value counts wherever it stands, only with a capital letter, or, being an ordinary word, where it is a name."""


def needles(text: str, certain: Iterable[Finding], written: dict[int, str]) -> tuple[Needle, ...]:
    """Return what the `certain` findings of `text` give to look for; the letters go to `written`."""
    listed = []
    for form, (entity, care) in _forms(text, certain).items():
        words = (form,) if form.isalnum() else dict.fromkeys(_WORD.findall(form))
        listed.append(Needle(hash(form), tuple(map(hash, words)), entity, care))
        written[listed[-1].form] = form
    return tuple(listed)


def words(text: str) -> set[int]:
    """Return the hashes of all words that a form standing in `text` may have."""
    found = set(_WORD.findall(lower(normalise(text).text)))
    found |= {word[:-1] for word in found if word[-1] == "s"}
    return set(map(hash, found))


class Needles:
    """All needles of a request. `texts`, `certain` and `known` (their `needles`) are those of each text, in order;
    `written` holds the letters of some."""

    def __init__(self, texts: Sequence[str], certain: Sequence[Sequence[Finding]],
                 known: Sequence[tuple[Needle, ...]], written: dict[int, str]) -> None:
        self._texts, self._certain, self._written = texts, certain, written
        found: dict[int, Needle] = {}
        self._source: dict[int, int] = {}
        for index, listed in enumerate(known):
            for needle in listed:
                before = found.get(needle.form)
                if before is None or needle.care < before.care:
                    found[needle.form] = needle
                    self._source[needle.form] = index
        self._vocabulary: set[int] = set()
        self._heads: dict[int, list[Needle]] = {}
        """Each needle under one of its words: one that is new, or the one with fewest so far."""
        for needle in found.values():
            self._vocabulary.update(needle.words)
            for word in needle.words:
                if word not in self._heads:
                    self._heads[word] = [needle]
                    break
            else:
                min([self._heads[word] for word in needle.words], key=len).append(needle)

    def relevant(self, words: Iterable[int]) -> frozenset[Needle]:
        """Return every needle whose words are all among these `words` of a text."""
        common = self._vocabulary.intersection(words)
        return frozenset([needle for word in common for needle in self._heads.get(word, ())
                          if common.issuperset(needle.words)])

    def search(self, text: str, relevant: Iterable[Needle], whole: str | None = None) -> list[Span]:
        """Return, sorted, every span of `text` in which one of the `relevant` needles stands as a whole word.

        `whole`: the text with what was cut out of `text` in its place.
        """
        forms = {self._form(needle): needle for needle in relevant}
        if not forms:
            return []
        view = normalise(text)
        line = single_spaced(lower(view.text))
        few = len(forms) * len(line.text) <= _PLAIN
        found = (((at, form) for form in forms for at in occurrences(line.text, form)) if few
                 else _by_word(line.text, forms))
        names = {form for form, needle in forms.items() if needle.entity == "PERSON" and " " not in form}
        hits: set[tuple[int, int, str]] = set()
        for at, form in found:
            needle, (start, end) = forms[form], line.original(at, at + len(form))
            if needle.care == CAPITAL and view.text[start] != view.text[start].upper():
                continue
            span = view.original(start, end)
            if needle.care < DOUBT or is_name_here(text if whole is None else whole, *span, names):
                hits.add((*span, needle.entity))
        return [Span(*hit) for hit in sorted(hits)]

    def _form(self, needle: Needle) -> str:
        """Return the letters of a needle, read in the text that it comes from."""
        if needle.form not in self._written:
            index = self._source[needle.form]
            self._written.update((hash(form), form) for form in _forms(self._texts[index], self._certain[index]))
        return self._written[needle.form]


def _by_word(text: str, forms: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield where which of `forms` stands in `text`, as `occurrences` says, in one pass however many they are."""
    heads: dict[str, list[tuple[int, str]]] = {}
    for form in forms:  # each under one of its words, the one with fewest so far: a town has many addresses
        listed, at = min([(heads.setdefault(word[0], []), word.start()) for word in _WORD.finditer(form)],
                         key=lambda candidate: len(candidate[0]))
        listed.append((at, form))
    ends: dict[str, int] = {}
    for word in _WORD.finditer(text):
        letters = word[0]
        same, owner = heads.get(letters, ()), heads.get(letters[:-1], ()) if letters[-1] == "s" else ()
        for offset, form in (*same, *owner):
            at = word.start() - offset
            if at >= ends.get(form, 0) and text.startswith(form, at) and _is_whole(text, at, at + len(form)):
                ends[form] = at + len(form)
                yield at, form


def _forms(text: str, certain: Iterable[Finding]) -> dict[str, tuple[str, int]]:
    """Return the forms in which the values of `text` are looked for, with their kind, and the care they take."""
    forms: dict[str, tuple[str, int]] = {}
    for written, entity, ordinary in {(text[f.start:f.end], f.entity, f.ordinary): None for f in certain}:
        value = normalise(written).text
        whole = DOUBT if ordinary and len(value.split()) == 1 else ANYWHERE
        _add(forms, value, entity, whole)
        if entity == "PERSON":
            for number, part in enumerate(value.replace(",", " ").split()):
                if single := _name(part):
                    _add(forms, single, "PERSON", DOUBT if number in ordinary else CAPITAL)
    return forms


def _add(forms: dict[str, tuple[str, int]], value: str, entity: str, care: int) -> None:
    if len(value) < 3 or not _WORD.search(value):
        return
    low = single_spaced(lower(value)).text
    care = max(care, CAPITAL) if len(value) < 4 else care
    for form in (low,) if low.isascii() else (low, low.translate(_UMLAUTS)):
        known = forms.get(form)
        if known is None or care < known[1]:
            forms[form] = (entity, care)


def _name(part: str) -> str:
    """Return the single name in one part of a person's full name: no title, particle or initial."""
    word = part.strip(".'’()\"„“")
    is_one = len(word) >= 3 and word[:1].isupper() and word.lower() not in _PARTICLES and not part.endswith(".")
    return word if is_one else ""


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
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return low.replace("ς", "σ")  # which of the two it is depends on what follows
