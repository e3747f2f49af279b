"""Read the corpora: GermEval 2014, SmartData, MobIE, the statutes, the name lists.

Every reader gives `Document`s: a text with labelled spans. A corpus that is not there is left out and named, further
ones in the same formats (``*.tsv`` of GermEval, ``*.jsonl`` of SmartData, ``*.conll*`` of MobIE) are taken along.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PERSON: Final = 1
PLACE: Final = 3
ORGANISATION: Final = 4
UNCLEAR: Final = -2
NOT_PERSON: Final = -1
"""A span, or the background of a document, that is surely no person but may be a place or an organisation."""


@dataclass(slots=True)
class Document:
    """A text with spans ``(start, end, label)``; `background` is the label of everything between them."""

    text: str
    spans: list[tuple[int, int, int]] = field(default_factory=list)
    background: int = 0
    source: str = ""
    origins: dict[str, str] = field(default_factory=dict)


_KINDS: Final = {"PER": PERSON, "LOC": PLACE, "ORG": ORGANISATION}
_NO_SPACE_BEFORE: Final = set(".,;:!?)]}%…")
_NO_SPACE_AFTER: Final = set("([{„")


def _join(tokens: list[str]) -> tuple[str, list[int]]:
    """Put tokens together as people write them; return the text and the start of each token."""
    text, starts, glue, quoted = "", [], True, False
    for word in tokens:
        closes = word in {"“", "”"} or (word == '"' and quoted)
        if not glue and word not in _NO_SPACE_BEFORE and not closes:
            text += " "
        starts.append(len(text))
        text += word
        glue = word in _NO_SPACE_AFTER or (word == '"' and not quoted)
        if word == '"':
            quoted = not quoted
    return text, starts


def _conll(rows: list[tuple[str, str, str]], kinds: dict[str, int], source: str) -> Document:
    """Make a document of rows (token, tag, inner tag); inner persons of other spans are unclear."""
    text, starts = _join([r[0] for r in rows])
    spans: list[tuple[int, int, int]] = []
    for layer in (1, 2):
        open_at, label = -1, 0
        for i, row in enumerate([*rows, ("", "O", "O")]):
            tag = row[layer]
            if open_at >= 0 and not tag.startswith("I-"):
                spans.append((starts[open_at], starts[i - 1] + len(rows[i - 1][0]), label))
                open_at = -1
            if tag.startswith("B-") or (tag.startswith("I-") and open_at < 0):
                name = tag[2:]
                open_at = i
                label = kinds.get(name, UNCLEAR if name.startswith("PER") else 0)
                if layer == 2 and label != 0:
                    label = UNCLEAR if name.startswith("PER") else 0
        spans = [s for s in spans if s[2] != 0]
    return Document(text, spans, source=source)


def germeval(path: Path) -> Iterator[Document]:
    """Read one file of GermEval 2014: index, token, outer and inner tag."""
    rows: list[tuple[str, str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        parts = line.split("\t")
        if len(parts) >= 4 and parts[0].isdigit():
            rows.append((parts[1], parts[2], parts[3]))
        elif rows and not line.startswith("#"):
            yield _conll(rows, _KINDS, "germeval")
            rows = []


def mobie(path: Path) -> Iterator[Document]:
    """Read one file of MobIE: token, part of speech, chunk, tag."""
    kinds = {
        "person": PERSON,
        "organization": ORGANISATION,
        "organization-company": ORGANISATION,
        "location": PLACE,
        "location-city": PLACE,
        "location-street": PLACE,
        "location-route": PLACE,
        "location-stop": PLACE,
    }
    rows: list[tuple[str, str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        parts = line.split("\t")
        if len(parts) == 4:
            rows.append((parts[0], parts[3], "O"))
        elif rows:
            yield _conll(rows, kinds, "mobie")
            rows = []


_TITLES: Final = re.compile(
    r"^(?:(?:Dr|Prof|Herrn?|Frau|Dipl|med|rer|nat|Ing|jur|phil|Mr|Mrs|Sir|Lord|Papst|König|Präsident|Minister"
    r"|Bundeskanzlerin|Kanzlerin|Professor|Doktor)\.?[\s-]*)+(?=\w)"
)


def smartdata(path: Path) -> Iterator[Document]:
    """Read SmartData: titles are stripped from persons, lower-case "persons" are left unclear."""
    for line in path.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        text, spans = record["text"], []
        for start, end, kind in record["entities"]:
            if kind == "person":
                surface = text[start:end]
                title = _TITLES.match(surface)
                begin = start + (title.end() if title else 0)
                spans.append((begin, end, PERSON if text[begin:end][:1].isupper() else UNCLEAR))
            elif kind.startswith("location"):
                spans.append((start, end, PLACE))
            elif kind.startswith("organization"):
                spans.append((start, end, ORGANISATION))
        yield Document(text, spans, source="smartdata")


_HISTORIC: Final = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]+(?:[- ][A-ZÄÖÜ][a-zäöüß]+)*[- ]Stiftung\b")


def statutes(path: Path) -> Iterator[Document]:
    """Read one statute: paragraphs of one to a dozen lines, all of them without a living person."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\A---.*?\n---\n", "", text, flags=re.S)
    for block in re.split(r"\n\s*\n\s*\n", text):
        lines = [re.sub(r"\s+", " ", part).strip() for part in re.split(r"\n\s*\n", block)]
        plain = "\n".join(line for line in lines if line)
        if 60 <= len(plain) <= 2500:
            spans = [(m.start(), m.end(), UNCLEAR) for m in _HISTORIC.finditer(plain)]
            yield Document(plain, spans, background=NOT_PERSON, source="statutes")


@dataclass(slots=True)
class Corpora:
    """All there is to train on."""

    documents: list[Document]
    paragraphs: list[Document]
    first_names: list[tuple[str, int, str]]
    surnames: list[str]
    missing: list[str]


def read(folder: Path) -> Corpora:
    """Read everything below `folder`."""
    missing = [
        n
        for n in ("germeval2014", "smartdata", "mobie", "statutes", "first-names", "surnames")
        if not (folder / n).is_dir()
    ]
    documents: list[Document] = []
    for path in sorted(folder.glob("*/*")):
        if path.suffix == ".tsv":
            documents += germeval(path)
        elif path.suffix == ".jsonl":
            documents += smartdata(path)
        elif path.suffix.startswith(".conll"):
            documents += mobie(path)
    paragraphs = [d for path in sorted(folder.glob("statutes/*.md")) for d in statutes(path)]
    first: list[tuple[str, int, str]] = []
    for path in sorted(folder.glob("first-names/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            first += [(r["name"], int(r["count"] or 1), r["sex"]) for r in csv.DictReader(file) if r["name"]]
    surnames = [
        w for path in sorted(folder.glob("surnames/*.txt")) for w in path.read_text(encoding="utf-8").split("\n")
    ]
    return Corpora(documents, paragraphs, first, [s.strip() for s in surnames if len(s.strip()) > 1], missing)
