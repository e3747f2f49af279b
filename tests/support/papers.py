"""A paper with everything a paper can hold, and a look into PDF files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from pypdf import PdfReader

from gateway.paper.report import Check, Column, Facts, Points, Report, Section, Table, Text


def example(text: str = "Zahlen ohne Namen.", value: str = "Bauamt", **values: Any) -> Report:
    """A paper with one block of each kind; `text` stands in a paragraph, `value` in every other place of a section."""
    columns = (Column("Amt"), Column("Anfragen", "bar"), Column("Abgelehnt", "number"), Column("Prüfsumme", "hash"))
    table = Table("anfragen", f"Anfragen {value}", columns,
                  ((value, 12345, 12, "ab" * 32), ("Weitere Ämter", 840, None, ""), ("Kämmerei", 0, 0, "")))
    sections = (Section("Nutzung", (Text(text), table)), Section(f"Punkte {value}", (
        Points((value, "zwei")), Facts((("Stelle", value), ("Anlass", None))), Check(value)), 3),
        Section("Leeres", (Table("leer", "Nichts", (Column("Amt"),), ()),)))
    return Report(**{"kind": "probe", "title": "Bericht für die Probe", "organisation": "Stadt Musterstadt",
                     "day": date(2026, 11, 22), "lead": "Ein Absatz.", "sections": sections,
                     "period": "3. Quartal 2026", "sources": ("Richtlinien abc",), **values})


def reader(data: bytes) -> PdfReader:
    """Open a PDF."""
    return PdfReader(io.BytesIO(data))


def text_of(data: bytes) -> str:
    """Return the text of a PDF without any white space: where lines break is none of a test's business."""
    return "".join("".join(page.extract_text() for page in reader(data).pages).split())


def tags(data: bytes) -> list[str]:
    """Return the structure of a tagged PDF: the kind of every element, in order."""
    root: Any = reader(data).trailer["/Root"]
    return list(_tags(root["/StructTreeRoot"]["/K"]))


def _tags(node: Any) -> Iterator[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from _tags(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield str(node["/S"])[1:]
        if "/K" in node:
            yield from _tags(node["/K"])
