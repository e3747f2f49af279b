"""How often a value must be escaped that is put into the source text of JSON: once, or once more for each string that
holds JSON itself (``{"body": "{\\"name\\": \\"[PERSON1]\\"}"}``). A request is taken apart in the same way, so what was
taken out of such a string comes back into it.

A string counts as JSON while its beginning could be an object or a list. Nobody can know yet how it goes on: one that
turns out to be no JSON after all gets its values escaped once too often.
"""

from __future__ import annotations

import re

PIECE = re.compile(r'"|\\u([0-9a-f]{4})|\\(.)|[^"\\]+|\\', re.IGNORECASE | re.DOTALL)
"""A quotation mark, an escape, or a run of anything else."""
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_BETWEEN = re.compile(r"[\s{}\[\]:,0-9eE+\-.truefalsn]*+\Z")
"""What stands between the strings of a JSON text."""
_DEEPEST = 8


class Nesting:
    """The JSON text around the place where an answer stands: fed with what was shown, piece by piece.

    No escape is cut by the end of a piece.
    """

    def __init__(self, level: int = 0) -> None:
        self._level = level
        self._is_json = level == 0
        self._begun = False
        self._string: Nesting | None = None
        """The string that is open, as a text of its own."""

    @property
    def depth(self) -> int:
        """The number of JSON strings around this place."""
        return 1 + self._string.depth if self._string else 0

    def feed(self, text: str) -> None:
        """Read on."""
        if not self._begun:
            begin = text.lstrip()
            self._begun = bool(begin)
            self._is_json = self._is_json or begin[:1] in ("{", "[")
        if not self._is_json or not self._begun:
            return
        inner: list[str] = []
        for piece in PIECE.finditer(text):
            if piece[0] != '"':
                inner.append(unescaped(piece) if self._string else piece[0])
            elif not self._turn("".join(inner)):
                return
            else:
                inner.clear()
        self._read("".join(inner))

    def _turn(self, text: str) -> bool:
        """Read `text` up to a quotation mark, and the mark; say whether all this is still JSON."""
        if not self._read(text):
            return False
        self._string = None if self._string or self._level == _DEEPEST else Nesting(self._level + 1)
        return True

    def _read(self, text: str) -> bool:
        if self._string:
            self._string.feed(text)
        elif self._level and not _BETWEEN.match(text):
            self._is_json = False
        return self._is_json


def unescaped(piece: re.Match[str]) -> str:
    """Return what a `PIECE` of a JSON string says."""
    if piece[1]:
        return chr(int(piece[1], 16))
    return _ESCAPES.get(piece[2], piece[2]) if piece[2] else piece[0]
