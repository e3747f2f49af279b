"""HTML as a reader sees it: no scripts, no styles, no comments; tables row by row; the words behind pictures."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from gateway.files.formats.flow import Flow, joined
from gateway.files.formats.plain import decode

_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{1,40})", re.I)
_UNSEEN: Final = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object", "select", "textarea"})
_BLOCKS: Final = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "br",
                            "hr", "table", "section", "article", "header", "footer", "nav", "main", "aside",
                            "blockquote", "pre", "title", "form", "fieldset", "legend", "address", "figure",
                            "figcaption", "body", "head", "caption"})
_BULLET: Final = "- "
_SPACES: Final = re.compile(r"\s+")


def read(data: bytes, limit: int) -> str:
    """Return the text of a page."""
    named = _CHARSET.search(data[:4096])
    page = _Page(limit)
    page.feed(decode(data, named[1].decode() if named else ""))
    page.close()
    return joined(page.flow.take(), page.flow.notes())


class _Page(HTMLParser):
    """Writes what is seen into a `Flow`."""

    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self.flow = Flow(limit)
        self._unseen = ""
        self._depth = 0
        self._as_it_is = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser.handle_starttag`."""
        if self._unseen:
            self._depth += tag == self._unseen
        elif tag in _UNSEEN:
            self._unseen, self._depth = tag, 1
        elif tag == "tr":
            self.flow.begin_row()
        elif tag in ("td", "th"):
            self.flow.begin_cell()
        elif tag == "img":
            words = dict(attrs).get("alt") or ""
            self.flow.left_out["pictures"] += 1
            self.flow.add(f" {words} " if words else "")
        elif tag in _BLOCKS:
            if self.flow.open != _BULLET:  # a paragraph in an item of a list
                self.flow.end_line()
            self._as_it_is += tag == "pre"
            self.flow.add(_BULLET if tag == "li" else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See `HTMLParser.handle_startendtag`: ``<br/>``; an empty ``<script/>`` hides nothing."""
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """See `HTMLParser.handle_endtag`."""
        if self._unseen:
            self._depth -= tag == self._unseen
            self._unseen = self._unseen if self._depth else ""
        elif tag in ("td", "th"):
            self.flow.end_cell()
        elif tag == "tr":
            self.flow.end_row()
        elif tag in _BLOCKS:
            self.flow.end_line()
            self._as_it_is -= tag == "pre" and self._as_it_is > 0

    def handle_data(self, data: str) -> None:
        """See `HTMLParser.handle_data`."""
        if self._as_it_is and not self._unseen:
            self.flow.add(data)
        elif not self._unseen:
            line = _SPACES.sub(" ", data)
            self.flow.add(line if self.flow.open else line.lstrip())
