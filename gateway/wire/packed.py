"""Base64 in the middle of a text: a file, or words that nobody reads as long as they are packed.

What it is: `packed_in` says what kind of content is packed in a text. A data URL says so itself; a long run of
Base64 is a file if it begins like one, and text if what comes out is text (a mail in source form, a token, what
a tool returned of a file). Models read such text without effort.

What it keeps true: random identifiers, hashes, keys and paths are no packed text; nor is what stands in a web address,
which is looked at as a whole.

What it does not know: files whose beginning is not listed here; any other packing.
"""

from __future__ import annotations

import base64
import re
from typing import Final

_DATA_URL: Final = re.compile(r"data:([a-z]*)[^,]{0,200};base64,", re.IGNORECASE)
_RUN: Final = re.compile(r"(?<![\w+/-])(?:(?<=\\)[nrt])?([A-Za-z0-9+/_-]{32,})", re.ASCII)
"""Of JSON in a text, what ends a line before the run is not part of it."""
_BEGINNINGS: Final = {"iVBORw0KGgo": "image", "/9j/4": "image", "R0lGODlh": "image", "R0lGODdh": "image",
                      "JVBERi0": "file", "UEsDB": "file", "0M8R4KGxGuE": "file", "H4sIA": "file"}
"""How pictures, PDF, office and packed files begin in Base64."""
_LOOKED_AT: Final = 128
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_SHAPE: Final = bytes(ord("x") if byte in _ALPHABET else ord(" ") for byte in range(256))
_SHORTEST: Final = b"x" * 32
_URL_SAFE: Final = str.maketrans("+/", "-_")
_READABLE: Final = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_CONTROL: Final = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"
_MOSTLY: Final = 0.8
"""Readable bytes in a text; of random ones not even four in ten are."""


def packed_in(text: str) -> str | None:
    """Return the kind of content that is packed in `text`: image, audio, video or file; None if there is none."""
    if text[:5].lower() == "data:" and (address := _DATA_URL.match(text)):
        return _kind(address[1])
    if _SHORTEST not in text.encode("ascii", "replace").translate(_SHAPE):  # nearly every text: no such long word
        return None
    if ";base64," in text and (address := _DATA_URL.search(text)) and _RUN.match(text, address.end()):
        return _kind(address[1])
    return next((kind for run in _RUN.finditer(text) if (kind := _run_kind(text, run)) is not None), None)


def _kind(media: str) -> str:
    return media.lower() if media.lower() in ("image", "audio", "video") else "file"


def _run_kind(text: str, run: re.Match[str]) -> str | None:
    head = run[1][:_LOOKED_AT]
    kind = next((kind for beginning, kind in _BEGINNINGS.items() if head.startswith(beginning)), None)
    if kind is None and _is_text(base64.urlsafe_b64decode(head[:len(head) // 4 * 4].translate(_URL_SAFE))):
        kind = "file"
    if kind is None:
        return None
    word = max(text.rfind(" ", 0, run.start()), text.rfind("\n", 0, run.start())) + 1
    return None if "://" in text[word:run.start()] else kind


def _is_text(data: bytes) -> bool:
    return (not any(byte in data for byte in _CONTROL)
            and len(data.translate(None, _READABLE)) <= len(data) * (1 - _MOSTLY))
