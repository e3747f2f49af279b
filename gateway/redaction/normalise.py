"""A normalised view of a text for detection, with a map back to the original.

What it is: Word, PDF and web pages leave non-breaking and thin spaces, soft hyphens, zero-width characters,
decomposed umlauts, full-width digits and look-alike letters in what people paste, programs spell letters out
(``\\u00fc``, ``&uuml;``, ``%C3%BC``, the source of a mail; see `gateway.redaction.spelled`). Detection reads a view
without all this; masking happens in the original, so every span of the view can be translated back.

What it keeps true: a span of the view maps to the smallest span of the original that holds the same characters;
text that needs no work is returned as it is, without a copy. Line feeds stay line feeds.

What it does not know: combining marks outside the Latin, Greek and Cyrillic blocks stay as they were, and look-alike
letters are only replaced inside words and numbers that mix alphabets (a Russian name stays Russian).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.redaction.spelled import MARKS as SPELLED_MARKS
from gateway.redaction.spelled import SPELLED, addresses, letter_of, may_spell

_MARKS: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_SPACES: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_GONE: Final = ("\u0000-\u0008\u000e-\u001b\u001f\u007f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
                "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
                "\U000e0000-\U000e01ef")
"""Invisible: control characters as well, such as the optional hyphen of Word (``\\x1f``)."""
_LINES: Final = "\u000b\u000c\u001c\u001d\u0085\u2028\u2029"
_DASHES: Final = "\u001e\u2010\u2011\u2012\u2212\ufe58\ufe63\uff0d"
_COMPAT: Final = "\u2126\u212a\u212b\ufb00-\ufb06\uff01-\uff0c\uff0e-\uff5e\U0001d400-\U0001d7ff"
_DIGITS: Final = "\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u2070\u2074-\u2079\u2080-\u2089"
_MIXED: Final = "\u0370-\u03ff\u0400-\u04ff"

_SUSPECT: Final = re.compile("[^\t\n -~\u00a1-\u00ac\u00ae-\u02ff\u1e00-\u1eff\u2013-\u201e\u2022\u2026\u20ac]")
"""Anything but Latin letters and the usual punctuation: one class, so that clean text costs next to nothing."""

_PLAIN: Final = bytes(b for b in range(256) if not _SUSPECT.match(chr(b)))

_DIRTY: Final = re.compile(
    "\x1b\\[[0-9;]{0,12}m"
    f"|[^{_MARKS}\n][{_MARKS}]{{1,16}}"
    f"|[{_SPACES}{_GONE}{_LINES}{_DASHES}{_COMPAT}{_DIGITS}]"
    "|\r\n?"
    r"|(?<=[^\W_])\\++(?=[_.@*+-][^\W_])"
    f"|{SPELLED}"
    f"|(?<=[A-Za-z0-9])[{_MIXED}]+|(?<![{_MIXED}])[{_MIXED}]++(?=[A-Za-z0-9])"
)
_LOOKALIKES: Final = dict(zip(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXo", strict=True))

_RUN: Final = re.compile("  +")
_GONE_ONE: Final = re.compile(f"[{_GONE}]")
_SPACE_SET: Final = frozenset("\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))))
_DASH_SET: Final = frozenset(_DASHES)
_LINE_SET: Final = frozenset(_LINES + "\r")


class _Piece(NamedTuple):
    """A run of the view and where it came from. A run of equal length is linear; any other is one unit."""

    start: int
    end: int
    source: int
    source_end: int


@dataclass(frozen=True, slots=True)
class View:
    """The normalised text and the way back. ``pieces`` is empty when the view is the original itself."""

    text: str = field(repr=False)
    pieces: tuple[_Piece, ...] = field(default=(), repr=False)
    starts: tuple[int, ...] = field(default=(), repr=False)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original that holds ``text[start:end]`` (``start < end``)."""
        if not self.pieces:
            return start, end
        first = self.pieces[bisect_right(self.starts, start) - 1]
        last = self.pieces[bisect_right(self.starts, end - 1) - 1]
        return _source(first, start, False), _source(last, end, True)


def _source(piece: _Piece, position: int, is_end: bool) -> int:
    if piece.end - piece.start == piece.source_end - piece.source:
        return piece.source + position - piece.start
    return piece.source_end if is_end else piece.source


def _is_plain(text: str) -> bool:
    """Say that `text` has nothing to normalise; text in Latin-1 is told apart by its bytes, which costs least."""
    try:
        return not text.encode("latin-1").translate(None, _PLAIN)
    except UnicodeEncodeError:
        return _SUSPECT.search(text) is None


def normalise(text: str) -> View:
    """Return the view of `text` in which detection looks."""
    if (not may_spell(text) and _is_plain(text)) or _DIRTY.search(text) is None:
        return View(text)
    return _changed(text, _changes(text))


def single_spaced(text: str) -> View:
    """Return the view of `text` in which any white space is one space: a value may be wrapped over lines."""
    text = text.replace("\n", " ").replace("\t", " ")
    if "  " not in text:
        return View(text)
    return _changed(text, ((run.start(), run.end(), " ") for run in _RUN.finditer(text)))


def _changed(text: str, changes: Iterable[tuple[int, int, str]]) -> View:
    out: list[str] = []
    pieces: list[_Piece] = []
    at = position = 0
    for begin, stop, new in changes:
        if begin > at:
            out.append(text[at:begin])
            pieces.append(_Piece(position, position + begin - at, at, begin))
            position += begin - at
        if new:
            out.append(new)
            pieces.append(_Piece(position, position + len(new), begin, stop))
            position += len(new)
        at = stop
    if at < len(text):
        out.append(text[at:])
        pieces.append(_Piece(position, position + len(text) - at, at, len(text)))
    return View("".join(out), tuple(pieces), tuple(piece.start for piece in pieces))


def _changes(text: str) -> Iterable[tuple[int, int, str]]:
    address = addresses(text)
    for match in _DIRTY.finditer(text):
        old = match[0]
        if old[0] == "%" and address(match.start()):  # read as a whole, as it is written
            continue
        new = _replacement(old)
        if new != old:
            yield match.start(), match.end(), new


def _plain(letter: str, old: str) -> str:
    """Return what stands for an invisible `letter` that `old` spells out."""
    if letter in "\n\r\t":
        return " " if letter == "\t" else "\n"
    new = _replacement(letter) if len(letter) == 1 else letter
    return old if new == letter else new


def _replacement(old: str) -> str:
    first = old[0]
    if first == "\x1b" or old[-1] == "\\":  # the colour of a terminal, the escape of Markdown: "anna\\_alt@web.example"
        return ""
    if first in SPELLED_MARKS:
        letter = letter_of(old)
        return letter if letter.isprintable() or letter == old else _plain(letter, old)
    if first in _SPACE_SET:
        return " "
    if first in _DASH_SET:
        return "-"
    if first in _LINE_SET:
        return "\n"
    if len(old) > 1 and unicodedata.combining(old[-1]):
        return unicodedata.normalize("NFC", old)
    if _GONE_ONE.match(old):
        return ""
    if all(letter in _LOOKALIKES for letter in old):
        return "".join(_LOOKALIKES[letter] for letter in old)
    if "\u0370" <= first <= "\u04ff":
        return old
    digit = unicodedata.digit(first, None)
    return str(digit) if digit is not None else unicodedata.normalize("NFKC", old)
