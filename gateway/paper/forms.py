"""The forms of a paper: HTML (a part of a page, or a file that stands for itself), PDF, CSV, JSON.

HTML loads nothing: no script, no style sheet, no picture from elsewhere; every value is escaped. CSV holds every table,
one value a line, so that any number of tables fit in one file; JSON holds everything. The same paper gives the same
bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from audit.sheet import table as sheet
from gateway.paper.report import Block, Cell, Check, Column, Facts, Form, Points, Report, Section, Table, Text, shown

MEDIA: Final[Mapping[Form, str]] = {
    "html": "text/html; charset=utf-8", "pdf": "application/pdf", "csv": "text/csv; charset=utf-8",
    "json": "application/json"}
_WORDS: Final[Mapping[str, Any]] = {"shown": shown, "untold": "nicht angegeben, weil es um sehr wenige Personen geht"}
"""How a number is written, and what is said where one is not told."""
_HEADINGS: Final = ("Tabelle", "Zeile", "Bezeichnung", "Angabe", "Wert")


def file_of(report: Report, form: Form) -> bytes:
    """Return the paper as a file."""
    made: dict[Form, Callable[[Report], bytes]] = {"html": _html, "pdf": _pdf, "csv": _csv, "json": _json}
    return made[form](report)


def fragment(report: Report, deeper: int = 0, **words: Any) -> Markup:
    """Return the sections of a paper as HTML, to stand in a page below its title, or `deeper` below a heading.

    ``words`` are those of `_WORDS` that the page says in another language.
    """
    values = {**words, "report": report, "deeper": deeper}
    return Markup(_environment().get_template("fragment.html").render(values))  # noqa: S704 - rendered escaped


def _html(report: Report) -> bytes:
    return _environment().get_template("paper.html").render(report=report).encode()


def _pdf(report: Report) -> bytes:
    from gateway.paper.pdf import pdf  # Typst is thirty megabytes: only where a PDF is made
    return pdf(report)


def _csv(report: Report) -> bytes:
    return "".join(sheet(_HEADINGS, list(_values(report)))).encode()


def _values(report: Report) -> Iterator[tuple[object, ...]]:
    for table in report.tables:
        for number, row in enumerate(table.rows, 1):
            for column, cell in zip(table.columns[1:], row[1:], strict=True):
                yield table.caption, number, _plain(row[0]), column.title, _plain(cell)


def _plain(cell: Cell) -> object:
    return "nicht angegeben" if cell is None else cell


def _json(report: Report) -> bytes:
    value = {
        "kind": report.kind, "title": report.title, "organisation": report.organisation, "period": report.period,
        "day": report.day.isoformat(), "lead": report.lead, "sources": list(report.sources),
        "sections": [{"title": s.title, "level": s.level, "blocks": [_block(b) for b in s.blocks]}
                     for s in report.sections]}
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def from_json(data: str | bytes) -> Report:
    """Return the paper that a JSON file of ours holds. Raises ValueError or KeyError for anything else."""
    value = json.loads(data)
    sections = tuple(Section(s["title"], tuple(map(_read, s["blocks"])), s["level"]) for s in value["sections"])
    return Report(value["kind"], value["title"], value["organisation"], date.fromisoformat(value["day"]),
                  value["lead"], sections, value["period"], tuple(value["sources"]))


def _read(block: Mapping[str, Any]) -> Block:
    if "table" in block:
        columns = tuple(Column(c["title"], c["kind"]) for c in block["columns"])
        return Table(block["table"], block["caption"], columns, tuple(map(tuple, block["rows"])), block["empty"])
    if "facts" in block:
        return Facts(tuple((one["name"], one["value"]) for one in block["facts"]))
    if "points" in block:
        return Points(tuple(block["points"]))
    return Check(block["check"]) if "check" in block else Text(block["text"])


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return {"table": block.key, "caption": block.caption, "empty": block.empty,
                "columns": [{"title": column.title, "kind": column.kind} for column in block.columns],
                "rows": [list(row) for row in block.rows]}
    if isinstance(block, Facts):
        return {"facts": [{"name": name, "value": value} for name, value in block.rows]}
    if isinstance(block, Points):
        return {"points": list(block.items)}
    return {"text" if isinstance(block, Text) else "check": block.text}


@cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("gateway.paper"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, auto_reload=False)
    environment.globals.update(_WORDS)
    environment.tests.update({name: lambda block, kind=kind: isinstance(block, kind) for name, kind in (
        ("table_block", Table), ("facts_block", Facts), ("points_block", Points), ("check_block", Check))})
    return environment
