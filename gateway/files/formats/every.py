"""What a file is, and its text. Runs only in the process that `gateway.files.worker` locks up.

The bytes decide, not the name: an ending can say anything. The name only tells apart what is all plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.files.formats import docx, eml, html, odf, pdf, plain, pptx, xlsx
from gateway.files.formats.package import Package
from gateway.files.kinds import is_picture
from gateway.files.reasons import UnreadableError

_OPEN_DOCUMENT: Final = ("text", "text-template", "text-master", "spreadsheet", "spreadsheet-template")
_READERS: Final = {"eml": eml.read, "html": html.read, "csv": plain.read_csv, "json": plain.read_json}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read."""

    pages: int
    characters: int


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says: its text page by page (one page where it has none), and which pages (from 1) say nothing."""

    pages: list[str]
    blank: list[int]


def read(data: bytes, hint: str, limits: Limits) -> Read:
    """Return the text of a file; `hint` is what it calls itself (`hint_of`). Raises `UnreadableError`."""
    if b"%PDF-" in data[:1024]:
        return Read(*pdf.read(data, limits.characters, limits.pages))
    text = _package(data, limits) if data.startswith(b"PK\3\4") else _single(data, hint, limits.characters)
    if not text.strip():
        raise UnreadableError("empty")
    if len(text) > limits.characters:
        raise UnreadableError("long", limits.characters)
    return Read([text], [])


def _package(data: bytes, limits: Limits) -> str:
    package = Package(data)
    kind = b"".join(package.chunks("mimetype"))[:100].decode("latin-1").strip()
    if kind.startswith("application/vnd.oasis.opendocument."):
        if kind.removeprefix("application/vnd.oasis.opendocument.") not in _OPEN_DOCUMENT:
            raise UnreadableError("unknown")
        return odf.read(package, limits.characters)
    main = package.main()
    if main.startswith("word/"):
        return docx.read(package, limits.characters)
    if main.startswith("xl/") and main.endswith(".xml"):
        return xlsx.read(package, limits.characters)
    if main.startswith("ppt/"):
        return pptx.read(package, limits.characters, limits.pages)
    raise UnreadableError("unknown")


def _single(data: bytes, hint: str, limit: int) -> str:
    if is_picture(data):
        raise UnreadableError("picture")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("old")
    head = data[:1000].lstrip().lower()
    if not hint and head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        hint = "html"
    return _READERS.get(hint, plain.read)(data, limit)
