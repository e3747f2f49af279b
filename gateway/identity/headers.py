"""Reads what a front end wrote into an identity header, strictly: a value that can be read in two ways is refused.

Values are percent-encoded UTF-8 (Open WebUI), ``b64:`` and Base64 of UTF-8 (LibreChat, for letters beyond Latin-1),
UTF-8, or plain Latin-1 (Node). They are decoded once. What is refused:
a header that came twice (`TWICE` marks it), control and invisible characters, letters that only look like others
(compatibility forms such as the Kelvin sign, which a database folds into a plain ``k``), and template placeholders that
nobody filled in. Nothing of a value gets into an error.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.identity import texts

TWICE: Final = "\n"
"""Stands between the values of a header that came more than once; no single value can hold it (`gateway.http.asgi`)."""
LONGEST: Final = 1024
PLACEHOLDER: Final = "{{"
BASE64: Final = b"b64:"
"""How LibreChat marks what it encoded: values with letters that a header cannot hold."""


def value_of(headers: Mapping[str, str], name: str) -> str:
    """Return the value of this header, empty if there is none or no name. Raises ``schluessel_ungueltig``."""
    raw = raw_value(headers, name)
    if len(raw) > LONGEST:
        raise texts.invalid("unlesbar")
    return clean(_decoded(raw))


def raw_value(headers: Mapping[str, str], name: str) -> str:
    """Return the value as it came, if it came once and is no placeholder."""
    raw = headers.get(name, "") if name else ""
    if TWICE in raw:
        raise texts.invalid("doppelt")
    if PLACEHOLDER in raw:
        raise texts.invalid("platzhalter")
    return raw


def clean(text: str) -> str:
    """Return `text` in one spelling. Raises ``schluessel_ungueltig`` if it is not plainly readable."""
    text = text.strip()
    if PLACEHOLDER in text:
        raise texts.invalid("platzhalter")
    if len(text) > LONGEST or not text.isprintable():
        raise texts.invalid("unlesbar")
    return text if text.isascii() else _composed(text)


def _composed(text: str) -> str:
    plain = unicodedata.normalize("NFC", text)
    # Single letters are looked at as well: the Kelvin sign becomes a K under NFC already.
    disguised = any(not c.isascii() and unicodedata.normalize("NFKD", c).isascii() for c in text)
    if disguised or unicodedata.normalize("NFKC", text) != plain:
        raise texts.invalid("unlesbar")
    return plain


def address(text: str) -> str:
    """Return a cleaned address as the directory spells it: no letter that `clean` lets pass becomes a plain one."""
    return text.lower()


def groups_in(text: str) -> frozenset[str]:
    """Return the names of groups in a list with commas or semicolons, folded; a leading slash (Keycloak) is dropped."""
    parts = text.replace(";", ",").split(",")
    return frozenset(name for part in parts if (name := part.strip().lstrip("/").casefold()))


def _decoded(raw: str) -> str:
    data = raw.encode("latin-1", "replace")
    if data.startswith(BASE64):
        try:
            return base64.b64decode(data.removeprefix(BASE64).strip(), validate=True).decode("utf-8")
        except ValueError:
            raise texts.invalid("unlesbar") from None
    decoded = unquote_to_bytes(data)
    try:
        return decoded.decode("utf-8")
    except UnicodeDecodeError:
        if decoded != data:  # percent signs that stand for no text
            raise texts.invalid("unlesbar") from None
        return raw
