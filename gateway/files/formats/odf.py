"""OpenDocument texts and tables (ODT, ODS): headers and footers of texts, text, tables, notes, comments.

Tracked changes: inserted text is text, deleted text is left out and noted; so are hidden sheets, rows and columns.
A cell or row that stands for thousands by a repeat count is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.files.formats.flow import Flow, joined
from gateway.files.formats.package import Package
from gateway.files.formats.xml import Skipping
from gateway.files.reasons import UnreadableError

MOST_CELLS: Final = 500_000
MOST_SHEETS: Final = 100
_MOST_COLUMNS: Final = 200
_UNSEEN: Final = ("collapse", "filter")
_HEADS: Final = ("header", "header-left", "header-first")
_FEET: Final = ("footer", "footer-left", "footer-first")


def read(package: Package, limit: int) -> str:
    """Return the text of an ODT or ODS."""
    if any(b"encryption-data" in piece for piece in package.chunks("META-INF/manifest.xml")):
        raise UnreadableError("encrypted")
    flow = Flow(limit)
    edges, content = _Edges(flow), _Content(flow)
    package.parse("content.xml", content)
    body = flow.take()
    if not content.is_sheet:  # tables show theirs in print only, and every program puts some there ("Page 1")
        package.parse("styles.xml", edges)
    return joined(*dict.fromkeys(edges.heads), body, *dict.fromkeys(edges.feet), flow.notes())


class _Reader(Skipping):
    """Paragraphs, tables and notes; white space between elements is none of the text."""

    skipped = frozenset({"creator", "date", "date-string", "creator-initials", "change-info", "sequence-decls", "forms",
                         "desc", "title", "event-listeners", "object", "object-ole", "binary-data", "note-citation",
                         "table-source", "named-expressions", "database-ranges", "content-validations", "ruby-text"})

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow
        self._paragraphs = self._notes = self._cells = self._column = self._columns = 0
        self._repeats: list[int] = []
        self._unseen: set[int] = set()

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """What is hidden is left out and counted."""
        what = ""
        if name == "deletion":
            what = "deleted"
        elif name == "table-row" and attributes.get("visibility") in _UNSEEN:
            what = "rows"
        elif name in ("hidden-text", "hidden-paragraph") or (
                name == "section" and attributes.get("display", "true") != "true"):
            what = "hidden"
        elif name in ("table-cell", "covered-table-cell"):
            at = self._column
            self._column += _number(attributes, "number-columns-repeated")
            return at in self._unseen
        if what:
            self.flow.left_out[what] += _number(attributes, "number-rows-repeated")
        return bool(what)

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        flow = self.flow
        if name in ("p", "h"):
            self._paragraphs += 1
            if self._notes:
                flow.add(" ")
        elif name == "s":
            flow.add(" " * min(_number(attributes, "c"), 200))
        elif name == "tab":
            flow.add("\t")
        elif name == "line-break":
            flow.add("\n")
        elif name == "list-item":
            flow.add("- ")
        elif name == "image":
            flow.left_out["pictures"] += 1
        elif name == "text-box":
            flow.end_line()
        elif name in ("annotation", "note"):
            endnote = attributes.get("note-class") == "endnote"
            self._notes += 1
            flow.add(" [Kommentar:" if name == "annotation" else f" [{'Endnote' if endnote else 'Fußnote'}:")
        elif name.startswith("table"):
            self._table(name, attributes)

    def _table(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "table":
            self._columns, self._unseen = 0, set()
        elif name == "table-column":
            number = _number(attributes, "number-columns-repeated")
            if attributes.get("visibility") in _UNSEEN:
                self._unseen.update(range(self._columns, self._columns + min(number, _MOST_COLUMNS)))
                self.flow.left_out["columns"] += number
            self._columns += number
        elif name == "table-row":
            self._column = 0
            self.flow.begin_row()
        elif name == "table-cell":
            self._cells += 1
            if self._cells > MOST_CELLS:
                raise UnreadableError("cells", MOST_CELLS)
            self._repeats.append(_number(attributes, "number-columns-repeated"))

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        if name in ("p", "h"):
            self._paragraphs -= 1
            if not self._notes:
                self.flow.end_line()
        elif name in ("annotation", "note"):
            self._notes -= 1
            self.flow.add("] ")
        elif name == "table-cell" and self._repeats:
            number = self._repeats.pop()
            for _ in range(number if number <= _MOST_COLUMNS else 1):
                self.flow.end_cell()
        elif name == "table-row":
            self.flow.end_row()

    def says(self, text: str) -> None:
        """See `Skipping.says`."""
        if self._paragraphs:
            self.flow.add(text)


class _Content(_Reader):
    """The body. The styles before it say which sheets are hidden."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)
        self._style = ""
        self._hidden: set[str] = set()
        self.is_sheet = False
        self._sheets = 0

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """See `_Reader.skips`."""
        if name == "table" and attributes.get("style-name", "") in self._hidden:
            self.flow.left_out["sheets"] += 1
            return True
        return super().skips(name, attributes)

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        if name == "style":
            self._style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self._hidden.add(self._style)
        elif name == "spreadsheet":
            self.is_sheet = True
        elif name == "table" and self.is_sheet:
            self._sheets += 1
            if self._sheets > MOST_SHEETS:
                raise UnreadableError("sheets", MOST_SHEETS)
            self.flow.line("")
            self.flow.line(f"Tabellenblatt „{attributes.get('name', '')}“:")
        super().begins(name, attributes)


class _Edges(_Reader):
    """Headers and footers, which stand among the styles of pages."""

    def __init__(self, flow: Flow) -> None:
        super().__init__(flow)
        self.heads: list[str] = []
        self.feet: list[str] = []

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """See `_Reader.skips`."""
        switched_off = name in (*_HEADS, *_FEET) and attributes.get("display") == "false"
        return switched_off or super().skips(name, attributes)

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        super().ends(name)
        if name in (*_HEADS, *_FEET) and (text := self.flow.take()):
            (self.heads if name in _HEADS else self.feet).append(text)


def _number(attributes: Mapping[str, str], name: str) -> int:
    value = attributes.get(name, "1")
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 8 else 1
