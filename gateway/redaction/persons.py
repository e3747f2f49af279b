"""Which mentions are the same person, told from the words of the names alone and never from likeness.

"Sabine Krüger", "Frau Krüger", "Sabine" and "KRÜGER" are one person in four forms; each form keeps its own placeholder,
because each is put back as it was written, but all share the number: ``[PERSON_1_W]``, ``[PERSON_1_WN]``,
``[PERSON_1_WV]``, ``[PERSON_1_WN2]``. A bare name that fits two people belongs to neither: it gets a number of its own.

The suffix: W or M where a salutation gave the gender, N or V for the surname or given name alone, then a digit for a
further spelling. Two full names are one person only if all their words are the same but for case and spelled-out
umlauts; "S. Krüger" and "Sabine Krüger" stay two.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.redaction.normalise import normalise

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ł": "l", "ø": "oe", "đ": "d"})
_TITLES = r"(?:(?:Dr|Prof|med|jur|phil|rer|nat|Dipl|Ing|Mag|h\.c)\.?[\s-]*)*"
_SALUTATION = re.compile(rf"(?:\b(Frau|Fr\.|Mrs\.?|Ms\.?|Madame)|\b(Herrn?|Hr\.|Mr\.?|Monsieur))\s+{_TITLES}\Z")
_NOBLE = """von van der den dem de del della di da dos la le el al bin ibn bint zu zum zur und"""
_PARTICLES = frozenset(_NOBLE.split())
BEFORE = 48
"""Characters in front of a name that can hold its salutation."""


def fold(text: str) -> str:
    """Return a name for comparing: no case, no diacritics, umlauts spelled out."""
    low = unicodedata.normalize("NFC", normalise(text).text).casefold().translate(_UMLAUTS)
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))


@dataclass(slots=True)
class _Name:
    """One surface form, taken apart."""

    given: tuple[str, ...]
    family: str
    gender: str = ""
    addressed: bool = False
    """A salutation stood before it, so a single word is a surname."""

    @property
    def is_full(self) -> bool:
        return bool(self.given)


@dataclass(slots=True)
class _Person:
    names: list[str] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    """Surface form -> N, V or nothing."""

    def add(self, surface: str, letter: str) -> None:
        self.names.append(surface)
        self.letters[surface] = letter


def forms(mentions: Iterable[tuple[str, str]]) -> dict[str, tuple[int, str]]:
    """Return, for each surface form, the person's number (from 1, by first mention) and the suffix of this form.

    `mentions` are (surface form, the text before it), in the order in which people are to be numbered.
    """
    names = _parsed(mentions)
    people = _full_names(names)
    owner = {surface: person for person in people for surface in person.names}
    _single_names(names, people, owner)
    numbers: dict[int, int] = {}
    result: dict[str, tuple[int, str]] = {}
    spellings: Counter[tuple[int, str]] = Counter()
    for surface in names:
        person = owner[surface]
        number = numbers.setdefault(id(person), len(numbers) + 1)
        letters = _gender(person, names) + person.letters[surface]
        spellings[number, letters] += 1
        spelling = spellings[number, letters]
        result[surface] = (number, letters + (str(spelling) if spelling > 1 else ""))
    return result


def _parsed(mentions: Iterable[tuple[str, str]]) -> dict[str, _Name]:
    names: dict[str, _Name] = {}
    for surface, before in mentions:
        name = names.get(surface)
        if name is None:
            name = names[surface] = _take_apart(surface)
        found = _SALUTATION.search(before[-BEFORE:])
        if found:
            gender = "W" if found[1] else "M"
            name.gender = gender if name.gender in ("", gender) else "?"
            name.addressed = True
    return names


def _take_apart(surface: str) -> _Name:
    family, comma, given = surface.partition(",")
    if comma and given.strip():
        return _Name(_words(given), " ".join(_words(family)))
    words = _words(surface)
    cut = len(words) - 1
    while cut > 0 and words[cut - 1] in _PARTICLES:
        cut -= 1
    return _Name(words[:cut], " ".join(words[cut:]))


def _words(text: str) -> tuple[str, ...]:
    return tuple(fold(w.strip(".()\"„“'’")) for w in text.split() if w.strip(".()\"„“'’"))


def _full_names(names: dict[str, _Name]) -> list[_Person]:
    people: dict[tuple[tuple[str, ...], str], _Person] = {}
    for surface, name in names.items():
        if name.is_full:
            key = (name.given, name.family)
            if key not in people and name.family.endswith("s") and (name.given, name.family[:-1]) in people:
                key = (name.given, name.family[:-1])  # genitive
            people.setdefault(key, _Person()).add(surface, "")
    return list(people.values())


def _single_names(names: dict[str, _Name], people: list[_Person], owner: dict[str, _Person]) -> None:
    families: dict[str, set[int]] = {}
    givens: dict[str, set[int]] = {}
    for index, person in enumerate(people):
        for surface in person.names:
            families.setdefault(names[surface].family, set()).add(index)
            for word in names[surface].given:
                givens.setdefault(word, set()).add(index)
    alone: dict[str, _Person] = {}
    for surface, name in names.items():
        if name.is_full:
            continue
        word = name.family
        if word not in families and word not in givens and word.endswith("s"):
            word = word[:-1] if word[:-1] in families or word[:-1] in givens or word[:-1] in alone else word
        as_family, as_given = families.get(word, set()), set() if name.addressed else givens.get(word, set())
        fitting = as_family | as_given
        if len(fitting) == 1:
            person = people[next(iter(fitting))]
            person.add(surface, "N" if as_family else "V")
        else:
            person = alone.setdefault(word, _Person())
            person.add(surface, "")
        owner[surface] = person


def _gender(person: _Person, names: dict[str, _Name]) -> str:
    found = {names[surface].gender for surface in person.names} - {""}
    return found.pop() if len(found) == 1 and "?" not in found else ""
