"""Which mentions are the same person, told from the words of the names alone and never from likeness.

"Sabine Krüger", "Frau Krüger", "Sabine" and "KRÜGER" are one person in four forms; each form keeps its own placeholder,
because each is put back as it was written, but all share the number: ``[PERSON1W]``, ``[PERSON1WN]``,
``[PERSON1WV]``, ``[PERSON1WN2]``. A bare name that fits two people belongs to neither: it gets a number of its own.
"Herr Albrecht" fits no woman: who was addressed as a man, or has a given name that only men have, is no "Frau".

The suffix: W or M where a salutation gave the gender, N or V for the surname or given name alone, then a digit for a
further spelling. Two full names are one person only if all their words are the same but for case and spelled-out
umlauts; "S. Krüger" and "Sabine Krüger" stay two, and so do "Hans Alt sen." and "Hans Alt jun.".

What it does not know: father and son of one and the same name; and that "Alt" in "Frau Alt" and "Alt" in "Herr Alt" are
two, unless the caller hands them in as two forms (`gateway.redaction.redact` does).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.redaction.given import GIVEN
from gateway.redaction.normalise import normalise

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ł": "l", "ø": "oe", "đ": "d"})
_TITLES = r"(?:(?:Dr|Prof|med|jur|phil|rer|nat|Dipl|Ing|Mag|h\.c)\.?[\s-]*)*"
_SALUTATION = re.compile(rf"(?:\b(Frau|Fr\.|Mrs\.?|Ms\.?|Madame)|\b(Herrn?|Hr\.|Mr\.?|Monsieur))\s+{_TITLES}\Z")
_NOBLE = """von van der den dem de del della di da dos la le el al bin ibn bint zu zum zur und"""
_PARTICLES = frozenset(_NOBLE.split())
_GENERATION = {"sen": "sen", "senior": "sen", "sr": "sen", "jun": "jun", "junior": "jun", "jr": "jun"}
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
    gender: str = ""
    """W or M where the given name leaves no doubt."""


def name(surface: str) -> Name:
    """Take a name apart."""
    family, comma, given = surface.partition(",")
    if comma and (listed := _words(given)) and listed[0] not in _GENERATION:
        return _name(listed, _words(family))
    words = _words(surface.replace(",", " "))
    if len(words) > 1 and words[-1] in _GENERATION:  # tells two people apart, like a further given name
        words = (*words[:-2], _GENERATION[words[-1]], words[-2])
    cut = len(words) - 1
    while cut > 0 and words[cut - 1] in _PARTICLES:
        cut -= 1
    return _name(words[:cut], words[cut:])


def _name(given: tuple[str, ...], family: tuple[str, ...]) -> Name:
    whole = " ".join(family)
    first = given[0].partition("-")[0] if given else ""
    return Name(tuple(map(hash, given)), hash(whole), hash(whole[:-1]) if whole.endswith("s") else None,
                _GENDERS.get(first, ""))


def _words(text: str) -> tuple[str, ...]:
    return tuple(fold(w) for word in text.split() if (w := word.strip(".()\"„“'’")))


_GENDERS = {fold(given): gender for given, gender in GIVEN.items()}


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
        given, family, owner, _ = form.name
        if given:
            key = (given, family)
            if key not in people and owner is not None and (given, owner) in people:
                key = (given, owner)
            people.setdefault(key, _Person()).add(surface, "")
    return list(people.values())


def _single_names(names: dict[str, _Form], people: list[_Person], owner: dict[str, _Person]) -> None:
    families: dict[int, list[_Person]] = {}
    givens: dict[int, list[_Person]] = {}
    for person in people:
        parts = [names[surface].name for surface in person.names]
        for family in {part.family for part in parts}:
            families.setdefault(family, []).append(person)
        for given in {word for part in parts for word in part.given}:
            givens.setdefault(given, []).append(person)
    alone: dict[int, dict[str, _Person]] = {}
    single = [(surface, form) for surface, form in names.items() if not form.name.given]
    for surface, form in sorted(single, key=lambda one: not one[1].addressed):  # these say whose a name is
        _, word, stem, _ = form.name
        if stem is not None and word not in families and word not in givens and _fits(
                form, [*families.get(stem, ()), *givens.get(stem, ()), *alone.get(stem, {}).values()], names):
            word = stem
        as_family = _fits(form, families.get(word, ()), names)
        as_given = [] if form.addressed else givens.get(word, [])
        nameless = _fits(form, [p for g, p in alone.get(word, {}).items() if g or not as_family], names)
        fitting = {id(p): p for p in (*as_family, *as_given, *(() if form.addressed else nameless))}
        if len(fitting) == 1:
            person = fitting.popitem()[1]
            person.add(surface, "" if any(person is p for p in nameless) else "N" if as_family else "V")
        else:
            letter = form.gender if form.gender in ("W", "M") else ""
            person = alone.setdefault(word, {}).setdefault(letter, _Person())
            person.add(surface, "")
        owner[surface] = person


def _fits(form: _Form, people: Iterable[_Person], names: dict[str, _Form]) -> list[_Person]:
    """Return who may be meant by a single name: "Herr Peter" is no "Frau Peters" and no "Anna Peter".

    A form that stands after "Herr" and after "Frau" means nobody for certain.
    """
    if form.gender == "?":
        return []
    return [p for p in people if not form.gender or _known_gender(p, names) in ("", form.gender)]


def _known_gender(person: _Person, names: dict[str, _Form]) -> str:
    """Return how somebody was addressed, or else what the given name says."""
    addressed = {names[surface].gender for surface in person.names} - {""}
    found = addressed or {names[surface].name.gender for surface in person.names}
    return found.pop() if len(found) == 1 and "?" not in found else ""


def _gender(person: _Person, names: dict[str, _Form]) -> str:
    found = {names[surface].gender for surface in person.names} - {""}
    return found.pop() if len(found) == 1 and "?" not in found else ""
