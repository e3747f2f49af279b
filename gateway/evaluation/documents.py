"""Annotated documents: JSON lines, with ``[[TYPE|surface]]`` around each piece of personal data.

What it keeps true: a document that cannot be read as meant stops the evaluation and names its line; a figure over
documents of which some were silently dropped would be worth nothing. Error messages name line and kind, never content.

What it does not know: whether an annotation is right. A surface cannot hold ``]]``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gateway.model.entities import ENTITIES

MARK: Final = re.compile(r"\[\[([A-Z_]+)\|(.*?)\]\]", re.S)


class DocumentError(ValueError):
    """A file that cannot be evaluated; the message says in German where and why."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One annotated stretch: what a careful person would have replaced."""

    start: int
    end: int
    kind: str
    surface: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One document without its markup, and where the markup stood."""

    id: str
    kind: str
    text: str = field(repr=False)
    gold: tuple[Gold, ...] = field(repr=False)
    mistyped: frozenset[str] = field(default=frozenset(), repr=False)
    """Surfaces that are numbers with a wrong check digit, on purpose."""


def parse(text: str) -> tuple[str, tuple[Gold, ...]]:
    """Return plain text and annotations. Raises `DocumentError` for markup that is not what it seems to be."""
    parts: list[str] = []
    gold: list[Gold] = []
    position = size = 0
    for match in MARK.finditer(text):
        parts += [text[position:match.start()], match[2]]
        size += match.start() - position
        if match[1] not in ENTITIES:
            raise DocumentError(f"die Art „{match[1]}“ ist nicht bekannt")
        if not match[2].strip() or "[[" in match[2]:
            raise DocumentError(f"eine Markierung der Art „{match[1]}“ ist leer oder enthält eine weitere")
        gold.append(Gold(size, size + len(match[2]), match[1], match[2]))
        size += len(match[2])
        position = match.end()
    parts.append(text[position:])
    outside = MARK.sub("", text)
    if "[[" in outside and "|" in outside[outside.index("[["):][:40]:
        raise DocumentError("eine Markierung ist nicht geschlossen oder ihre Art nicht in Großbuchstaben geschrieben")
    return "".join(parts), tuple(gold)


def read_documents(path: Path) -> list[Document]:
    """Read all documents of a file of JSON lines. Raises `DocumentError` with the line number."""
    documents: list[Document] = []
    ids: set[str] = set()
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            document = _document(line, number)
            if document.id in ids:
                raise DocumentError(f"die Kennung „{document.id}“ kommt zweimal vor")
        except DocumentError as error:
            raise DocumentError(f"{path}, Zeile {number}: {error}.") from None
        ids.add(document.id)
        documents.append(document)
    if not documents:
        raise DocumentError(f"{path} enthält keine Dokumente.")
    return documents


def _document(line: str, number: int) -> Document:
    try:
        fields: Any = json.loads(line)
    except ValueError:
        raise DocumentError("das ist kein JSON") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        raise DocumentError("erwartet wird ein JSON-Objekt mit dem Feld „text“")
    text, gold = parse(fields["text"])
    wrong = fields.get("mistyped", [])
    if not isinstance(wrong, list) or not all(isinstance(surface, str) for surface in wrong):
        raise DocumentError("das Feld „mistyped“ ist keine Liste von Texten")
    return Document(str(fields.get("id", number)), str(fields.get("kind", "")), text, gold, frozenset(wrong))


def read_origins(path: Path) -> Mapping[str, str]:
    """Read the group of origin of each name: a JSON object of strings."""
    try:
        found: Any = json.loads(_text(path))
    except ValueError:
        raise DocumentError(f"{path} ist kein JSON.") from None
    if not isinstance(found, dict) or not all(isinstance(group, str) for group in found.values()):
        raise DocumentError(f"{path}: Erwartet wird ein JSON-Objekt, das jedem Namen eine Gruppe zuordnet.")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DocumentError(f"{path} ist keine Textdatei in UTF-8.") from None
