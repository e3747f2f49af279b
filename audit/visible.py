"""Text of others, so that it can be printed: what a terminal would obey is shown instead.

Control characters (also those from U+0080 to U+009F), what turns the direction of writing or is not to be seen, and
lone surrogates become ``\\u009b``: what a record says must not be able to look like what the verifier says. Inside JSON
that is the same value in another spelling.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """Return `text` with everything spelt out that is not plainly seen; line ends stay."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(_spelt(char) if char != "\n" and unicodedata.category(char) in _OBEYED else char for char in text)


def _spelt(char: str) -> str:
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
