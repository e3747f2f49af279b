"""What is different between two versions of a text, paragraph by paragraph, for somebody who knows the older one.

Pure: two Markdown texts in, pieces out. A paragraph is shown whole, as it was and as it is now: staff compare
sentences, not characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

Kind = Literal["neu", "entfallen", "geaendert"]
_BLOCKS: Final = re.compile(r"\n[ \t]*\n+")
_HEADING: Final = re.compile(r"#{1,6}\s+(.+)")


@dataclass(frozen=True, slots=True)
class Change:
    """One place that differs. ``where`` is the heading above it; Markdown in ``before`` and ``after``."""

    kind: Kind
    where: str
    before: str = ""
    after: str = ""


def changes(before: str, after: str) -> list[Change]:
    """Return what has changed, in the order of the newer text."""
    old, new = _paragraphs(before), _paragraphs(after)
    matcher = SequenceMatcher(None, [_plain(p) for p in old], [_plain(p) for p in new], autojunk=False)
    found: list[Change] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            found += _pairs(old, new, range(i1, i2), range(j1, j2))
    spoken_for = {change.where for change in found}
    return [c for c in found if _title(c.after or c.before) not in spoken_for]


def _title(paragraph: str) -> str:
    """Return the heading that a paragraph is; of any other, nothing that could be one."""
    found = _HEADING.fullmatch(paragraph)
    return found[1].strip() if found else "\n"


def _pairs(old: list[str], new: list[str], gone: range, come: range) -> Iterator[Change]:
    """Put together what was and what is: paragraphs in one place that are alike are one that was changed."""
    left = list(gone)
    for j in come:
        i = next((i for i in left if _alike(old[i], new[j])), None)
        if i is None:
            yield Change("neu", _heading(new, j), after=new[j])
            continue
        for skipped in left[:left.index(i)]:
            yield Change("entfallen", _heading(old, skipped), before=old[skipped])
        left = left[left.index(i) + 1:]
        yield Change("geaendert", _heading(new, j), before=old[i], after=new[j])
    for i in left:
        yield Change("entfallen", _heading(old, i), before=old[i])


def _alike(one: str, other: str) -> bool:
    if bool(_HEADING.match(one)) != bool(_HEADING.match(other)):
        return False
    return SequenceMatcher(None, _plain(one).split(), _plain(other).split(), autojunk=False).ratio() >= .5


def _paragraphs(text: str) -> list[str]:
    return [block.strip("\n") for block in _BLOCKS.split(text.replace("\r\n", "\n")) if block.strip()]


def _plain(paragraph: str) -> str:
    """Return a paragraph without its line breaks: where a line ends says nothing."""
    return " ".join(paragraph.split())


def _heading(paragraphs: list[str], at: int) -> str:
    """Return the heading that a paragraph stands under; of the text itself, nothing."""
    for block in reversed(paragraphs[1:at]):
        if found := _HEADING.match(block):
            return found[1].strip()
    return ""
