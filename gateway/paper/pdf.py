"""A paper as tagged PDF (PDF/UA-1): for files, for people who print, and for screen readers.

Set by Typst from one source, `paper.typ`; what the paper says is handed over as data and is never part of the source,
so no value can do anything but stand there. Typefaces come with the program (Fira Sans) or with Typst (for check sums);
those of the machine are not asked, nothing is loaded, so the same paper gives the same bytes everywhere. What
Typst cannot set as PDF/UA it refuses: a paper that is not accessible does not come out.

Weaker than a reader may think: the first cell of a row is not marked as its heading, only heads of columns are; and
letters that Fira Sans lacks (Chinese, Arabic, signs and faces) stand as a box, while HTML shows them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any, Final

import typst

from gateway.paper.glyphs import FOLDER, printable
from gateway.paper.report import Block, Facts, Points, Report, Table, Text, shown

STANDARD: Final = "ua-1"


def pdf(report: Report) -> bytes:
    """Return the paper as PDF/UA-1. Takes some ten milliseconds of one processor: call it in a thread."""
    source, fonts = _prepared()
    at = datetime.combine(report.day, time(12), UTC)
    data = json.dumps(_values(report))
    return typst.compile(source, font_paths=fonts, sys_inputs={"data": data}, pdf_standards=[STANDARD], timestamp=at)


@cache
def _prepared() -> tuple[bytes, typst.Fonts]:
    source = (files("gateway.paper") / "paper.typ").read_bytes()
    return source, typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[FOLDER])


def _values(report: Report) -> dict[str, Any]:
    return {
        "title": printable(report.title) or "Bericht", "organisation": printable(report.organisation),
        "stamp": printable(report.stamp), "lead": printable(report.lead),
        "sections": [{"title": printable(s.title), "level": s.level, "blocks": [_block(b) for b in s.blocks]}
                     for s in report.sections],
        "sources": [printable(source) for source in report.sources],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Facts):
        return {"block": "facts", "rows": [[printable(name), value if value is None else printable(value)]
                                           for name, value in block.rows]}
    if isinstance(block, Points):
        return {"block": "points", "items": [printable(item) for item in block.items]}
    return {"block": "text" if isinstance(block, Text) else "check", "text": printable(block.text)}


def _table(table: Table) -> dict[str, Any]:
    rows = [[{"text": printable(shown(cell)), "share": table.share(x, y)} for x, cell in enumerate(row)]
            for y, row in enumerate(table.rows)]
    return {"block": "table", "caption": printable(table.caption), "empty": printable(table.empty), "rows": rows,
            "columns": [{"title": printable(c.title), "kind": c.kind} for c in table.columns]}
