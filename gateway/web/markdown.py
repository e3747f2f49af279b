"""Turns Markdown of the town hall (documents, courses, checklists) into HTML for pages.

Written by colleagues, reviewed, and hashed; yet it is rendered as if a stranger had written it: no HTML of its own (it
shows as text), links only to web addresses, mail addresses and pages of this site, pictures as their description, so no
page loads anything from elsewhere. Headings are moved so that the page keeps its single ``h1``.

What is remembered is remembered by text: the same version is shown to everybody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, cast

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ALLOWED: Final = ("http://", "https://", "mailto:")
_ODD: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


def _link_allowed(url: str) -> bool:
    """Whether a link may be followed: a web or mail address, or a place on this site (never ``//elsewhere``)."""
    address = url.strip().lower()
    if _ODD.search(address) or address.startswith("//"):
        return False
    return address.startswith(_ALLOWED) if _SCHEME.match(address) else True


class _Renderer(RendererHTML):
    """HTML as our pages have it."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Show what a picture would have shown, in words."""
        return str(escape(self.renderInlineAsText(tokens[idx].children, options, env)))

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Keep what a cell says together: on a narrow screen it stands beside the name of its column."""
        return self.renderToken(tokens, idx, options, env) + "<span>"

    def td_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Close what `td_open` opened."""
        return "</span>" + self.renderToken(tokens, idx, options, env)


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    made.disable(["html_block", "html_inline"])
    made.validateLink = _link_allowed  # type: ignore[method-assign]
    return made


_MARKDOWN: Final = _parser()
_RENDERER: Final = cast(_Renderer, _MARKDOWN.renderer)


@lru_cache(maxsize=512)
def block(text: str, *, level: int = 2, title: bool = True) -> Markup:
    """Return a text as HTML; its highest heading becomes ``h<level>``, the others follow.

    `title` False leaves out a heading of the first level that the text begins with: the page has it as its own.
    """
    tokens = _MARKDOWN.parse(text)
    if not title and len(tokens) > 2 and tokens[0].tag == "h1":
        tokens = tokens[3:]
    headings = [t for t in tokens if t.type in ("heading_open", "heading_close")]
    shift = level - min((int(t.tag[1]) for t in headings), default=level)
    for token in headings:
        token.tag = f"h{min(6, max(1, int(token.tag[1]) + shift))}"
    _as_our_tables(tokens)
    return Markup(_RENDERER.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - made safe above


@lru_cache(maxsize=2048)
def inline(text: str) -> Markup:
    """Return a line or two (an answer, a point of a checklist) as HTML without a paragraph around it."""
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 - made safe above


def _as_our_tables(tokens: Sequence[Token]) -> None:
    """Give cells the name of their column, and take alignment off: the pages say how tables look, not the text."""
    columns: list[str] = []
    cell = 0
    for token, inside in pairwise(tokens):
        if token.type == "table_open":
            token.attrs = {"class": "table"}
            columns = []
        elif token.type == "tr_open":
            cell = 0
        elif token.type == "th_open":
            token.attrs = {"scope": "col"}
            columns.append(_RENDERER.renderInlineAsText(inside.children, _MARKDOWN.options, {}))
        elif token.type == "td_open":
            token.attrs = {"data-label": columns[cell]}
            cell += 1
