"""Turn a template into a labelled text.

A template is German text with slots: ``<1>`` is person 1 of the document (``<1s>`` surname, ``<1g>`` given name, ...,
see `FORMS`), ``{ort}`` a value (see `gateway.training.values`), ``[a|b|]`` a choice, ``(1:der|die)`` a word by the sex
of person 1. Persons keep their names through a document, so that the recogniser sees the same name in many places.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gateway.training.corpora import PERSON, Document
from gateway.training.names import NameBook, Person, plain, stripped

_SLOT: Final = re.compile(r"<(\d)([a-zA-Z]?)>|\{(\w+)\}|\((\d):([^|()]*)\|([^|()]*)\)")
_CHOICE: Final = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_NICKS: Final = (
    "Kalle",
    "Manni",
    "Ecki",
    "Mausi",
    "Charly",
    "Bobby",
    "Wolle",
    "Schorsch",
    "Bine",
    "Momo",
    "Locke",
    "Hasi",
    "Spike",
    "Keule",
    "Jimmy",
    "Ali",
    "Lulu",
    "Teddy",
    "Addi",
    "Fietje",
    "Hennes",
    "Susi",
    "Pit",
    "Jupp",
    "Tünn",
    "Mucki",
)
_QUOTES: Final = ("„{}“", '"{}"', "‚{}‘", "({})", "»{}«")
_TITLES: Final = (
    "Dr.",
    "Dr.",
    "Prof. Dr.",
    "Dr. med.",
    "Dipl.-Ing.",
    "Dr.-Ing.",
    "Dr. jur.",
    "RA",
    "RAin",
    "Dipl.-Psych.",
    "Prof.",
    "Dr. rer. nat.",
    "Pfarrer",
    "Pastorin",
    "Schwester",
    "KHK",
    "PHK",
    "Hauptmann",
    "Bürgermeister",
    "StD",
    "OStR",
)


@dataclass(slots=True)
class Writer:
    """Writes a document piece by piece and notes where the names stand."""

    parts: list[str] = field(default_factory=list)
    spans: list[tuple[int, int, int]] = field(default_factory=list)
    size: int = 0

    def add(self, text: str, label: int = 0) -> None:
        """Append `text`; a label other than 0 marks it."""
        if label and text:
            self.spans.append((self.size, self.size + len(text), label))
        self.parts.append(text)
        self.size += len(text)

    def document(self, source: str = "synthetic") -> Document:
        """Return what was written."""
        return Document("".join(self.parts), self.spans, source=source)


class Cast:
    """The people of one document, made when they are first named."""

    def __init__(self, book: NameBook, rng: random.Random, origin: str | None = None) -> None:
        self.book, self.rng, self.origin = book, rng, origin
        self._people: dict[str, Person] = {}
        self._order: list[int] = rng.sample(range(40), 40)
        self.style = rng.choices(("", "plain", "stripped", "typo"), (82, 7, 4, 7))[0]

    @property
    def people(self) -> list[Person]:
        """Who was named so far."""
        return list(self._people.values())

    def person(self, number: str) -> Person:
        """Return person `number`, the same one every time."""
        found = self._people.get(number)
        if found is None:
            found = self.book.person(self.rng, self.origin)
            if self.style == "plain":
                found.given, found.surname = plain(found.given), plain(found.surname)
            elif self.style == "stripped":
                found.given, found.surname = stripped(found.given), stripped(found.surname)
            elif self.style == "typo" and self.rng.random() < 0.6:
                found.surname = misspelt(found.surname, self.rng)
            self._people[number] = found
        return found

    def relative(self, number: str) -> Person:
        """Return the relative of person `number`: same family name, other given name."""
        found = self._people.get("r" + number)
        if found is None:
            head = self.person(number)
            found = self.book.person(self.rng, head.origin)
            found.surname = head.surname
            self._people["r" + number] = found
        return found


def misspelt(name: str, rng: random.Random) -> str:
    """Return a name as a hasty typist leaves it."""
    if len(name) < 4:
        return name
    i = rng.randrange(1, len(name) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return name[:i] + name[i + 1] + name[i] + name[i + 2 :]
    if kind == 1:
        return name[:i] + name[i + 1 :]
    if kind == 2:
        return name[:i] + name[i] + name[i:]
    return name[:i] + rng.choice("aeinrst") + name[i + 1 :]


def genitive(name: str) -> str:
    """Return the genitive of a name."""
    return name + ("’" if name[-1:] in "szxß" else "s")


def _full(p: Person) -> str:
    return f"{p.surname} {p.given}" if p.surname_first else f"{p.given} {p.surname}"


def _initials(p: Person) -> str:
    return " ".join(f"{part[0]}." for part in re.split(r"[ -]", p.given) if part)


def _family(p: Person) -> str:
    return p.surname.split(" ")[-1]


FORMS: Final[dict[str, Callable[[Person, random.Random], str]]] = {
    "": lambda p, r: _full(p),
    "s": lambda p, r: p.surname,
    "g": lambda p, r: p.given,
    "l": lambda p, r: f"{p.surname}, {p.given}",
    "i": lambda p, r: f"{_initials(p)} {p.surname}",
    "j": lambda p, r: f"{p.surname} {_initials(p)}",
    "k": lambda p, r: f"{p.given[0]}. {_family(p)[0]}.",
    "t": lambda p, r: f"{_family(p)[: r.choice((1, 1, 2))]}.",
    "T": lambda p, r: f"{p.given} {_family(p)[0]}.",
    "S": lambda p, r: genitive(p.surname),
    "G": lambda p, r: genitive(p.given),
    "F": lambda p, r: genitive(_full(p)),
    "n": lambda p, r: f"{p.given} {r.choice(_QUOTES).format(r.choice(_NICKS))} {p.surname}",
    "u": lambda p, r: f"{p.surname.upper()}, {p.given}" if r.random() < 0.5 else f"{p.given} {p.surname.upper()}",
    "U": lambda p, r: p.surname.upper(),
    "A": lambda p, r: _full(p).upper(),
    "y": lambda p, r: _full(p).lower(),
    "z": lambda p, r: p.surname.lower(),
    "v": lambda p, r: p.given.lower(),
    "w": lambda p, r: f"{p.surname} {p.given}",
}
"""How a mention is written: s surname, g given, l "Nachname, Vorname", i "V. Nachname", k "V. N.", n nickname, ..."""


def _mention(writer: Writer, cast: Cast, number: str, form: str) -> None:
    rng = cast.rng
    p = cast.relative(number) if form in set("brRBo") else cast.person(number)
    if form in "hH" and form:
        writer.add("Frau " if p.female else "Herrn " if form == "H" else "Herr ")
        form = "s"
    elif form == "d":
        writer.add(rng.choice(_TITLES) + " ")
        form = "s" if rng.random() < 0.5 else ""
    elif form == "a":
        form = rng.choice(("", "s", "g", "i", "l"))
    elif form == "x":
        writer.add(cast.book.surname(rng, p.origin), PERSON)
        return
    elif form in ("f", "e"):
        _file_name(writer, p, rng, mail=form == "e")
        return
    form = {"b": "", "r": "g", "R": "G", "B": "l", "o": "i"}.get(form, form)
    text = FORMS[form](p, rng)
    roll = 1.0 if form == "n" else rng.random()
    if roll < 0.006:  # a break in the line inside the name, as in copied letters
        text = text.replace(" ", "\n", 1)
    elif roll < 0.012 and len(text) > 6 and text[-5:].isalpha():  # ... with the name divided there
        cut = len(text) - rng.randint(3, 4)
        text = f"{text[:cut]}-\n{text[cut:]}"
    writer.add(text, PERSON)


def _file_name(writer: Writer, p: Person, rng: random.Random, *, mail: bool) -> None:
    """Write the parts of a name into a file name or the local part of an address; only whole parts are labelled."""
    given, family = plain(p.given.split(" ")[0]), plain(p.surname).replace(" ", "")
    if mail or rng.random() < 0.3:
        given, family = given.lower(), family.lower()
    sign = rng.choice((".", ".", "-", "_") if mail else ("_", "_", "-", " "))
    order = [family, given] if not mail and rng.random() < 0.6 else [given, family]
    if rng.random() < 0.3:
        order = [family]
    for i, part in enumerate(order):
        writer.add(sign if i else "")
        writer.add(part, PERSON)


def expand(template: str, cast: Cast, value: Callable[[str], tuple[str, int]], writer: Writer) -> None:
    """Write `template` with its slots filled."""
    rng = cast.rng
    while (choice := _CHOICE.search(template)) is not None:
        template = template[: choice.start()] + rng.choice(choice[1].split("|")) + template[choice.end() :]
    last = 0
    for slot in _SLOT.finditer(template):
        writer.add(template[last : slot.start()])
        last = slot.end()
        if slot[1]:
            _mention(writer, cast, slot[1], slot[2])
        elif slot[3]:
            writer.add(*value(slot[3]))
        else:
            writer.add(slot[6] if cast.person(slot[4]).female else slot[5])
    writer.add(template[last:])
