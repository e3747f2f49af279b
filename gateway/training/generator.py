"""Write synthetic municipal documents: letters, e-mails, notes, prompts, tables, logs, minutes, some without people.

Invented sentences (`texts/sentences.txt`, `texts/plain.txt`) and real ones without persons from the corpora are put
together the way such documents are; the people of one document return in it. Everything is drawn from one seeded
generator: the same seed, corpora and lists give the same documents.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

from gateway.training.corpora import NOT_PERSON, PERSON, UNCLEAR, Document
from gateway.training.markup import Cast, Writer, expand
from gateway.training.names import TEXTS, NameBook
from gateway.training.nouns import Nouns
from gateway.training.tables import TABLES
from gateway.training.values import Values

_DIGIT: Final = re.compile(r"([<(])(\d)(?=[a-zA-Z]?>|:)")
_RECASED: Final = {"prompt": 0.16, "list": 0.16, "empty": 0.1, "leaf": 0.1}
"""Share of the documents in small letters or capitals."""
_PARTIES: Final = re.compile(
    r"\b(Der|Die|der|die) (Antragsteller|Mieter|Vermieter|Gläubiger|Schuldner|Besteller|Unternehmer|Käufer|Verkäufer"
    r"|Ausländer|Arbeitgeber|Betreuer|Vormund|Elternteil|Ehegatte|Betroffene|Erbe|Verpächter|Pächter|Versicherte|Leistungsberechtigte"
    r"|Tierhalter|Arbeitnehmer|Minister|Sprecher|Vorsitzende|Geschäftsführer|Fahrer|Präsident|Chef|Bürgermeister|Trainer|Autor|Täter)(?:in)?\b"
)


def _lines(name: str) -> list[str]:
    return [
        line for line in (TEXTS / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]


def _sections(name: str) -> dict[str, list[str]]:
    """Read phrases by kind; breaks and tabs are written as ``\\n`` and ``\\t``, an empty phrase as ``(nothing)``."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in _lines(name):
        if line.startswith("[") and line.endswith("]"):
            current = found.setdefault(line[1:-1], [])
        else:
            current.append("" if line == "(nothing)" else line.replace("\\n", "\n").replace("\\t", "\t"))
    return found


def _blocks(name: str) -> list[str]:
    path = TEXTS / name
    if not path.exists():
        return []
    return [
        b.strip("\n") for b in path.read_text(encoding="utf-8").split("\n---\n") if b.strip() and not b.startswith("#")
    ]


class Generator:
    """Writes documents; one per seed."""

    def __init__(self, book: NameBook, values: Values, fillers: list[Document], seed: int) -> None:
        self.book, self.values, self.fillers = book, values, fillers
        self.rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.people, self.plain, self.hard = _lines("sentences.txt"), _lines("plain.txt"), _lines("hard.txt")
        self.nouns = Nouns()
        self.templates, self.empty = _blocks("documents.txt"), _blocks("empty.txt")
        self.phrases = _sections("phrases.txt")
        self.kinds: dict[str, tuple[int, Callable[[Cast, Writer], None]]] = {
            "letter": (18, self._letter),
            "mail": (14, self._mail),
            "note": (12, self._note),
            "prompt": (16, self._prompt),
            "table": (14, self._table),
            "template": (14, self._template),
            "party": (9, self._party),
            "empty": (22, self._empty),
            "list": (3, self._list),
            "leaf": (9, self._leaf),
        }

    def document(self, kind: str | None = None, origin: str | None = None) -> Document:
        """Write one document of a given or random kind."""
        kind = kind or self.rng.choices(list(self.kinds), [w for w, _ in self.kinds.values()])[0]
        cast, writer = Cast(self.book, self.rng, origin), Writer()
        self.kinds[kind][1](cast, writer)
        document = writer.document(kind)
        if origin is None:
            _recase(document, self.rng, _RECASED.get(kind, 0.05))
        return document

    def _write(self, writer: Writer, cast: Cast, template: str) -> None:
        expand(template, cast, self.values.bind(self.rng), writer)

    def _phrase(self, kind: str) -> str:
        return self.rng.choice(self.phrases[kind])

    def _sentence(self, writer: Writer, cast: Cast, share: float) -> None:
        """Write one sentence; persons 1 to 4 of a template become any of the six people of the document."""
        rng = self.rng
        roll = rng.random()
        if roll < share:
            shuffled = rng.sample("123456", 6)
            self._write(writer, cast, _DIGIT.sub(lambda m: m[1] + shuffled[int(m[2]) % 6], rng.choice(self.people)))
        else:
            self._nobody(writer, cast)

    def _nobody(self, writer: Writer, cast: Cast) -> None:
        """Write one sentence without people; gladly about a thing that gave somebody in the document the name."""
        rng = self.rng
        things = [p.surname for p in cast.people if p.surname in self.nouns.gender]
        roll = rng.random()
        if things and roll < 0.5:
            self._write(writer, cast, self.nouns.sentence(rng, rng.choice(things)))
        elif roll < 0.13:
            self._write(writer, cast, self.nouns.sentence(rng))
        elif roll < 0.4:
            self._write(writer, cast, rng.choice(self.hard).replace("\\n", "\n"))
        elif roll < 0.68:
            self._write(writer, cast, rng.choice(self.plain))
        else:
            self._filler(writer)

    def _filler(self, writer: Writer) -> None:
        """Write one real sentence without a person."""
        filler = self.rng.choice(self.fillers)
        text = filler.text if len(filler.text) < 260 else filler.text[:260].rsplit(" ", 1)[0]
        base = writer.size
        writer.add(text)
        writer.spans.append((base, base + len(text), NOT_PERSON))

    def _body(self, writer: Writer, cast: Cast, low: int, high: int, share: float, glue: tuple[str, ...]) -> None:
        for i in range(self.rng.randint(low, high)):
            writer.add(self.rng.choice(glue) if i else "")
            self._sentence(writer, cast, share)

    def _letter(self, cast: Cast, writer: Writer) -> None:
        rng = self.rng
        if rng.random() < 0.6:
            self._write(writer, cast, self._phrase("letter heads"))
        if rng.random() < 0.5:
            self._write(writer, cast, f"Betreff: {self._phrase('subjects')}\n\n")
        if rng.random() < 0.85:
            self._write(writer, cast, self._phrase("greetings") + rng.choice(("\n\n", "\n", "\n\n", " ")))
        self._body(writer, cast, 2, 9, 0.5, (" ", " ", "\n", "\n\n", " "))
        self._write(
            writer,
            cast,
            "\n\n"
            + self._phrase("closings")
            + rng.choice(("\n", "\n", "\n\n", ", ", " "))
            + self._phrase("signatures"),
        )
        if rng.random() < 0.15:
            writer.add("\n\n" + rng.choice(("PS: ", "P.S. ", "Anlagen\n", "(Vermerk: ", "Nachtrag: ")))
            self._sentence(writer, cast, 0.8)

    def _mail(self, cast: Cast, writer: Writer) -> None:
        rng = self.rng
        for turn in range(rng.choice((1, 1, 1, 2, 3))):
            if turn:
                self._write(writer, cast, self._phrase("mail turns"))
            elif rng.random() < 0.6:
                self._write(
                    writer,
                    cast,
                    self._phrase("mail heads") + self._phrase("subjects") + "\n\n",
                )
            self._write(writer, cast, self._phrase("greetings") + rng.choice(("\n\n", "\n")))
            self._body(writer, cast, 1, 6, 0.5, (" ", " ", "\n\n", "\n"))
            self._write(
                writer,
                cast,
                rng.choice(("\n\n", "\n"))
                + self._phrase("closings")
                + rng.choice(("\n", "\n\n", " ", ", "))
                + self._phrase("signatures"),
            )

    def _note(self, cast: Cast, writer: Writer) -> None:
        rng = self.rng
        self._write(writer, cast, self._phrase("note heads"))
        bullet = rng.choice(("", "", "- ", "* ", "• ", "– "))
        for i in range(rng.randint(2, 8)):
            writer.add(("\n" if bullet or rng.random() < 0.4 else " ") if i else "")
            writer.add(bullet)
            self._sentence(writer, cast, 0.6)
        if rng.random() < 0.6:
            self._write(writer, cast, self._phrase("note ends"))

    def _prompt(self, cast: Cast, writer: Writer) -> None:
        self._body(writer, cast, 1, 3, 0.7, (" ", "\n", "\n\n", " "))

    def _list(self, cast: Cast, writer: Writer) -> None:
        form = self._phrase("list forms")
        sign = self.rng.choice(("\n", "\n", ", ", "; ", " / ", "\n- ", " | ", " und ", "\t"))
        self._write(writer, cast, self._phrase("list heads"))
        for i in range(self.rng.randint(2, 8)):
            writer.add(sign if i else "")
            self._write(writer, cast, form.replace("N", str(i + 1)).replace("M", str(9 - i)))

    def _leaf(self, cast: Cast, writer: Writer) -> None:
        """A single value, as JSON leaves and cells come: often one word without any context."""
        roll = self.rng.random()
        if roll < 0.3:
            self._write(writer, cast, self._phrase("leaf names"))
        elif roll < 0.42:
            self._write(writer, cast, self.rng.choice(self.hard).replace("\\n", "\n"))
        else:
            self._write(writer, cast, self._phrase("leaf values"))

    def _table(self, cast: Cast, writer: Writer) -> None:
        if self.rng.random() < 0.35:
            self._sentence(writer, cast, 0.4)
            writer.add("\n\n")
        self.rng.choice(TABLES)(cast, writer, self.values.bind(self.rng), self.rng)

    def _template(self, cast: Cast, writer: Writer) -> None:
        self._write(writer, cast, self.rng.choice(self.templates))

    def _party(self, cast: Cast, writer: Writer) -> None:
        """A real sentence in which a party is replaced by a person."""
        found = None
        for _ in range(200):
            filler = self.rng.choice(self.fillers)
            found = _PARTIES.search(filler.text[:600])
            if found:
                break
        if not found:
            self._note(cast, writer)
            return
        used = 0
        for match in list(_PARTIES.finditer(filler.text[:900]))[:4]:
            writer.add(filler.text[used : match.start()], NOT_PERSON)
            forms = (
                "<1h>",
                "<1>",
                "<1h>",
                "<1s>",
                "<2h>",
                f"{match[0]} <1>",
                f"{match[0]} <1s>",
                f"{match[0]}, <1h>,",
                "<1g>",
            )
            self._write(writer, cast, self.rng.choice(forms))
            used = match.end()
        writer.add(filler.text[used : used + 500], NOT_PERSON)

    def _empty(self, cast: Cast, writer: Writer) -> None:
        """A document without people."""
        roll = self.rng.random()
        if self.empty and roll < 0.35:
            self._write(writer, cast, self.rng.choice(self.empty))
            return
        glue = self.rng.choice(("\n", " ", "\n\n", "\n- "))
        for i in range(self.rng.randint(2, 9)):
            writer.add(glue if i else "")
            self._nobody(writer, cast)


def _recase(document: Document, rng: random.Random, share: float) -> None:
    """Write a share of the documents in small letters or in capitals, where that keeps every offset."""
    roll = rng.random()
    text = document.text.lower() if roll < share * 0.65 else document.text.upper() if roll < share else document.text
    if len(text) == len(document.text):
        document.text = text


def resample(document: Document, book: NameBook, rng: random.Random, share: float) -> Document:
    """Return `document` with a share of its persons renamed, the same way at every mention; offsets are moved."""
    persons = {document.text[s:e] for s, e, label in document.spans if label == PERSON}
    if not persons:
        return document
    renamed: dict[str, str] = {}
    for name in sorted(persons, key=lambda n: (-len(n), n)):
        words = name.split()
        if rng.random() > share or len(words) > 3 or any(len(w) < 3 for w in words):
            continue
        invented = book.person(rng)
        new = f"{invented.given} {invented.surname}" if len(words) > 1 else invented.surname
        renamed[name] = new
        for other in sorted(persons):  # a later bare surname follows its full name
            if len(words) > 1 and other == words[-1]:
                renamed[other] = invented.surname
    writer, last = Writer(), 0
    for start, end, label in sorted(document.spans):
        if start < last:
            continue
        writer.add(document.text[last:start])
        surface = document.text[start:end]
        writer.add(renamed.get(surface, surface) if label == PERSON else surface, label)
        last = end
    writer.add(document.text[last:])
    made = writer.document(document.source)
    made.background = document.background
    return made


def fillers(documents: list[Document], paragraphs: list[Document]) -> list[Document]:
    """Return real sentences without a person, from the corpora and the statutes."""
    found = [d for d in documents if len(d.text) > 40 and not any(s[2] in (PERSON, UNCLEAR) for s in d.spans)]
    for paragraph in paragraphs:
        found += [Document(line, background=NOT_PERSON) for line in paragraph.text.split("\n") if 50 < len(line) < 400]
    return found
