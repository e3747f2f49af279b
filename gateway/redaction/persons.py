"""Which mentions are the same person, told from the words of the names alone and never from likeness.

"Sabine Krüger", "Frau Krüger", "Sabine" and "KRÜGER" are one person in four forms; each form keeps its own placeholder,
because each is put back as it was written, but all share the number: ``[PERSON1W]``, ``[PERSON1WN]``,
``[PERSON1WV]``, ``[PERSON1WN2]``. A bare name that fits two people belongs to neither: it gets a number of its own.

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
from typing import NamedTuple

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


class Name(NamedTuple):
    """One name, taken apart. Its words are hashes, under the key that Python draws for every process: comparing is all
    that is done with them, and what is kept between requests must not be readable."""

    given: tuple[int, ...]
    family: int
    owner: int | None
    """The family name without its last "s", should that be a genitive."""


def name(surface: str) -> Name:
    """Take a name apart."""
    family, comma, given = surface.partition(",")
    if comma and given.strip():
        return _name(_words(given), _words(family))
    words = _words(surface)
    cut = len(words) - 1
    while cut > 0 and words[cut - 1] in _PARTICLES:
        cut -= 1
    return _name(words[:cut], words[cut:])


def _name(given: tuple[str, ...], family: tuple[str, ...]) -> Name:
    whole = " ".join(family)
    return Name(tuple(map(hash, given)), hash(whole), hash(whole[:-1]) if whole.endswith("s") else None)


def _words(text: str) -> tuple[str, ...]:
    return tuple(fold(w) for word in text.split() if (w := word.strip(".()\"„“'’")))


def salutation(text: str, start: int) -> str:
    """Return W or M when one stands directly before `start`, or nothing."""
    found = _SALUTATION.search(text[max(0, start - BEFORE):start])
    return ("W" if found[1] else "M") if found else ""


@dataclass(slots=True)
class _Form:
    """All mentions with one surface."""

    name: Name
    gender: str = ""
    addressed: bool = False
    """A salutation stood before it, so a single word is a surname."""


@dataclass(slots=True)
class _Person:
    names: list[str] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    """Surface form -> N, V or nothing."""

    def add(self, surface: str, letter: str) -> None:
        self.names.append(surface)
        self.letters[surface] = letter


def forms(mentions: Iterable[tuple[str, Name, str]]) -> dict[str, tuple[int, str]]:
    """Return, for each surface form, the person's number (from 1, by first mention) and the suffix of this form.

    `mentions` are (surface form, its `name`, its `salutation`), in the order in which people are to be numbered.
    """
    names = _gathered(mentions)
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


def _gathered(mentions: Iterable[tuple[str, Name, str]]) -> dict[str, _Form]:
    names: dict[str, _Form] = {}
    for surface, name, gender in mentions:
        form = names.get(surface)
        if form is None:
            form = names[surface] = _Form(name)
        if gender:
            form.gender = gender if form.gender in ("", gender) else "?"
            form.addressed = True
    return names


def _full_names(names: dict[str, _Form]) -> list[_Person]:
    people: dict[tuple[tuple[int, ...], int], _Person] = {}
    for surface, form in names.items():
        given, family, owner = form.name
        if given:
            key = (given, family)
            if key not in people and owner is not None and (given, owner) in people:
                key = (given, owner)
            people.setdefault(key, _Person()).add(surface, "")
    return list(people.values())


def _single_names(names: dict[str, _Form], people: list[_Person], owner: dict[str, _Person]) -> None:
    families: dict[int, set[int]] = {}
    givens: dict[int, set[int]] = {}
    for index, person in enumerate(people):
        for surface in person.names:
            families.setdefault(names[surface].name.family, set()).add(index)
            for word in names[surface].name.given:
                givens.setdefault(word, set()).add(index)
    alone: dict[int, _Person] = {}
    for surface, form in names.items():
        given, word, stem = form.name
        if given:
            continue
        if stem is not None and word not in families and word not in givens and (
                stem in families or stem in givens or stem in alone) and not (
                stem in alone and _contradict(form, alone[stem], names)):
            word = stem
        as_family, as_given = families.get(word, set()), set() if form.addressed else givens.get(word, set())
        fitting = as_family | as_given
        if len(fitting) == 1:
            person = people[next(iter(fitting))]
            person.add(surface, "N" if as_family else "V")
        else:
            person = alone.setdefault(word, _Person())
            person.add(surface, "")
        owner[surface] = person


def _contradict(form: _Form, person: _Person, names: dict[str, _Form]) -> bool:
    """Whether they are addressed as a man and as a woman: "Herr Peter" and "Frau Peters" are two surnames."""
    return bool(form.gender) and any(names[n].gender not in ("", form.gender) for n in person.names)


def _gender(person: _Person, names: dict[str, _Form]) -> str:
    found = {names[surface].gender for surface in person.names} - {""}
    return found.pop() if len(found) == 1 and "?" not in found else ""
