r"""Letters that a program spelled out: in JSON, HTML, web addresses and forms, the source of a mail.

What it is: `SPELLED` matches one letter so spelled (of a mail's header a whole word), `letter_of` says what it means.
``Kr\u00fcger``, ``Kr&uuml;ger``, ``Kr%C3%BCger``, ``Kr=FCger`` and ``=?UTF-8?B?S3LDvGdlcg==?=`` are the same name.

What it keeps true: what is no letter stays as it is written; percent signs in web addresses are left alone
(`addresses`), because an address is looked at as a whole.

What it does not know: plus signs that stand for spaces, lines that a mail broke, and any other packing; what is packed
as Base64 is refused (`gateway.wire.packed`).
"""

from __future__ import annotations

import binascii
import html
import re
from bisect import bisect_right
from collections.abc import Callable
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final

MARKS: Final = "\\&%="
"""What a spelling begins with."""
_BEGUN: Final = tuple(map(re.compile, (r"\\", "&", "%[0-9a-fA-F]{2}", r"=(?:[C-F][0-9A-F]|\?)")))
_HEX: Final = "[0-9a-fA-F]"
_UMLAUT: Final = "(?:[eE]4|[fF]6|[fF][cC]|[cC]4|[dD]6|[dD][cC]|[dD][fF])"
"""One byte in the older alphabets of Western Europe."""


def _in_bytes(prefix: str) -> str:
    """Return a pattern for one letter spelled in bytes, each after `prefix`."""
    more = f"{prefix}[89abAB]{_HEX}"
    return (f"{prefix}(?:[cCdD]{_HEX}{more}|[eE]{_HEX}{more}{more}|[fF][0-7]{more}{more}{more}"
            f"|[0-7]{_HEX}|{_UMLAUT})")


SPELLED: Final = r"(?=[\\&%=])(?:" + "|".join((
    rf"(?<!\\)\\++u(?:{_HEX}{{4}}|\{{{_HEX}{{1,6}}\}})",
    r"(?<!\\)" + _in_bytes(r"\\{1,8}x"),
    rf"&(?:amp;){{0,3}}(?:[a-zA-Z]{{2,10}}|#[0-9]{{1,9}}|#[xX]{_HEX}{{1,8}});",
    _in_bytes("%(?:25){0,3}"),
    r"=\?[A-Za-z0-9_-]{3,20}\?[bBqQ]\?[^?\s]{1,200}\?=",
    "=[CD][0-9A-F]=[89AB][0-9A-F]",
    "(?<=[A-Za-z])=(?:E4|F6|FC|C4|D6|DC|DF)(?=[A-Za-z])")) + ")"
_BYTE: Final = re.compile(rf"({_HEX}{{2}})(?=[%\\=]|$)")
_ADDRESS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\"]+")


def may_spell(text: str) -> bool:
    """Whether `text` is worth a closer look: cheap, because most texts hold no spelled letter."""
    return any(begun.search(text) for begun in _BEGUN)


def letter_of(spelled: str) -> str:
    """Return what one match of `SPELLED` means; itself where it means nothing."""
    if spelled[0] == "&":
        return html.unescape(re.sub("^&(?:amp;)+", "&", spelled))
    if spelled[:2] == "=?":
        return _word(spelled)
    code = spelled.lstrip("\\")
    if code[0] == "u":
        point = int(code[1:].strip("{}"), 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else spelled
    data = bytes.fromhex("".join(_BYTE.findall(spelled)))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1") if len(data) == 1 else spelled


def _word(spelled: str) -> str:
    try:
        (content, charset), = decode_header(spelled)
        return (content if isinstance(content, str) else content.decode(charset or "ascii")) or spelled
    except (HeaderParseError, binascii.Error, LookupError, ValueError):
        return spelled


def addresses(text: str) -> Callable[[int], bool]:
    """Return a function that says whether a position in `text` is inside a web address."""
    if "%" not in text or "://" not in text:
        return lambda _: False
    spans = [match.span() for match in _ADDRESS.finditer(text)]
    starts = [start for start, _ in spans]

    def inside(position: int) -> bool:
        at = bisect_right(starts, position) - 1
        return at >= 0 and position < spans[at][1]
    return inside
