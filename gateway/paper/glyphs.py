"""Which characters our typeface has: read from the table ``cmap`` of the file. PDF/UA allows no character without one.

Understands formats 4 and 12 (all that fonts for text use), as the OpenType specification describes them.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

FOLDER: Final = Path(str(files("gateway.paper") / "fonts"))
_FACES: Final = ("FiraSans-Regular.ttf", "FiraSans-SemiBold.ttf")
STAND_IN: Final = "▯"
"""What stands for a character that the typeface does not have."""


def printable(text: str) -> str:
    """Return a text as it can be set: one form per letter, no control signs, a box for what there is no letter for."""
    known = _known()
    composed = unicodedata.normalize("NFC", text)
    return "".join(c if ord(c) in known else _otherwise(c) for c in composed)


def _otherwise(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) in ("Zs", "Zl", "Zp"):
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf") else STAND_IN


@cache
def _known() -> frozenset[int]:
    """Return the code points that all faces have, without control and format signs."""
    faces = [frozenset(_covered((FOLDER / name).read_bytes())) for name in _FACES]
    return frozenset(p for p in frozenset.intersection(*faces)
                     if unicodedata.category(chr(p)) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))


def _covered(font: bytes) -> Iterator[int]:
    count = struct.unpack_from(">H", font, 4)[0]
    tables = {font[at:at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    cmap = tables[b"cmap"]
    for n in range(struct.unpack_from(">H", font, cmap + 2)[0]):
        start = cmap + struct.unpack_from(">I", font, cmap + 4 + 8 * n + 4)[0]
        form = struct.unpack_from(">H", font, start)[0]
        if form == 4:
            yield from _segments(font, start)
        elif form == 12:
            yield from _groups(font, start)


def _segments(font: bytes, start: int) -> Iterator[int]:
    twice = struct.unpack_from(">H", font, start + 6)[0]
    for end_at in range(start + 14, start + 14 + twice, 2):  # four lists of the same length, one pad behind the first
        last, first, delta, offset = (struct.unpack_from(">H", font, at)[0] for at in (
            end_at, end_at + 2 + twice, end_at + 2 + 2 * twice, end_at + 2 + 3 * twice))
        for point in range(first, min(last, 0xFFFE) + 1):
            glyph = struct.unpack_from(">H", font, end_at + 2 + 3 * twice + offset + 2 * (point - first))[0] \
                if offset else point
            if (glyph or not offset) and (glyph + delta) & 0xFFFF:
                yield point


def _groups(font: bytes, start: int) -> Iterator[int]:
    for n in range(struct.unpack_from(">I", font, start + 12)[0]):
        first, last, glyph = struct.unpack_from(">III", font, start + 16 + 12 * n)
        yield from (point for point in range(first, last + 1) if glyph + point - first)
