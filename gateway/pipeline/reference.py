"""The case reference of a request: who works on a citizen's matter can say which (``X-KI-Aktenzeichen``).

It goes to no provider and nowhere into the log: what the log keeps is a keyed digest, so that somebody who knows the
reference finds the records, and somebody who reads the records does not find the reference.
"""

from __future__ import annotations

import base64
import hmac
import unicodedata
from typing import Final

from gateway.errors import GatewayError

HEADER: Final = "x-ki-aktenzeichen"
LONGEST: Final = 200


def mark_of(secret: bytes, reference: str) -> str:
    """Return what the log keeps of a case reference; writing it larger, smaller or wider makes no difference."""
    plain = "".join(unicodedata.normalize("NFKC", reference).casefold().split())
    digest = hmac.digest(secret, b"kipforte/reference/v1\0" + plain.encode("utf-8", "surrogatepass"), "sha256")
    return "A-" + base64.b32encode(digest).decode()[:26]


def read_mark(secret: bytes, value: str | None) -> str:
    """Return the mark of what stands in the header, or nothing. Raises `GatewayError` where it is too long to be one.

    HTTP gives the bytes of a header as Latin-1; programs send UTF-8.
    """
    if value is None or not value.strip():
        return ""
    if len(value) > LONGEST:
        raise GatewayError("anfrage_ungueltig", "Ihre Anfrage wurde nicht gesendet: Das Aktenzeichen in "
                           f"„X-KI-Aktenzeichen“ hat mehr als {LONGEST} Zeichen. Bitte kürzen Sie es.")
    try:
        text = value.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        text = value
    return mark_of(secret, text)
