"""DOCX: headers, text, tables, text boxes, foot- and endnotes, comments, footers.

Tracked changes: inserted text is text, deleted text is left out and noted. Content controls, links and fields are read
as they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.files.formats.flow import Flow, joined
from gateway.files.formats.package import Package
from gateway.files.formats.xml import Skipping

_OFF: Final = ("0", "false", "off", "none")
_SIGNS: Final = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "-", "numPr": "- "}
_NOTES: Final = (("footnotes", "Fußnote"), ("endnotes", "Endnote"), ("comments", "Kommentar"))


def read(package: Package, limit: int) -> str:
    """Return the text of a DOCX."""
    main = package.main()
    related = package.relations(main)
    flow = Flow(limit)

    def edge(kind: str) -> str:  # first page, left and right pages often say the same
        texts = [_part(package, name, flow) for found, name, _ in related if found == kind]
        return joined(*dict.fromkeys(texts))

    head = edge("header")
    body = _part(package, main, flow)
    notes = [_part(package, name, flow, word) for kind, word in _NOTES for found, name, _ in related if found == kind]
    return joined(head, body, *notes, edge("footer"), flow.notes())


def _part(package: Package, name: str, flow: Flow, word: str = "") -> str:
    package.parse(name, _Reader(flow, word))
    return flow.take()


class _Reader(Skipping):
    """One part of the document. `word` announces each note or comment."""

    skipped = frozenset({"Fallback", "tabs", "moveFrom", "instrText", "fldData"})

    def __init__(self, flow: Flow, word: str) -> None:
        super().__init__()
        self._flow, self._word = flow, word
        self._taken, self._in_run, self._hidden, self._gap = "", False, False, ""
        self._numbers = {"footnoteReference": 0, "endnoteReference": 0, "note": 0}

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Lines between text and footnotes are notes to the program."""
        return name in ("footnote", "endnote") and attributes.get("type", "normal") != "normal"

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Skipping.begins`."""
        flow = self._flow
        if name in ("t", "delText"):
            self._taken = name
        elif name == "r":
            self._in_run, self._hidden = True, False
        elif name == "vanish" and self._in_run:
            self._hidden = attributes.get("val", "1") not in _OFF
        elif name == "tr":
            flow.begin_row()
        elif name == "txbxContent":
            flow.end_line()
        elif name in _SIGNS:
            flow.add(_SIGNS[name])
        elif name == "pic":
            flow.left_out["pictures"] += 1
        elif name in ("footnoteReference", "endnoteReference"):
            self._numbers[name] += 1
            flow.add(f" [{'Fußnote' if name[0] == 'f' else 'Endnote'} {self._numbers[name]}]")
        elif self._word and name in ("footnote", "endnote", "comment"):
            self._numbers["note"] += 1
            flow.line("")
            flow.add(f"[{self._word} {self._numbers['note']}] ")

    def ends(self, name: str) -> None:
        """See `Skipping.ends`."""
        if name in ("t", "delText"):
            self._taken = ""
        elif name == "r":
            self._in_run = False
        elif name == "p":
            self._flow.end_line()
        elif name == "tc":
            self._flow.end_cell()
        elif name == "tr":
            self._flow.end_row()

    def says(self, text: str) -> None:
        """See `Skipping.says`."""
        if self._taken == "t" and not self._hidden:
            self._flow.add(text)
            self._gap = ""
        elif self._taken and text.strip():
            gap = "deleted" if self._taken == "delText" else "hidden"
            self._flow.left_out[gap] += gap != self._gap
            self._gap = gap
