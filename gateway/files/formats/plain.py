"""Plain text, CSV and JSON: bytes become characters as a German office would have written them.

UTF-8 where it is valid, UTF-16 by its mark, otherwise Windows-1252. What then still holds control characters is no
text. Text that hides what it says behind an encoding (RTF, mail with Base64) is not plain.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from typing import Final

from gateway.files.formats.flow import Flow, in_one_line, joined, row_of, tidy
from gateway.files.reasons import UnreadableError

_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_DISGUISED: Final = re.compile(r"^Content-Transfer-Encoding:\s*(?:base64|quoted-printable)|^begin \d{3} \S"
                               r"|ENCODING=(?:QUOTED-PRINTABLE|B)", re.I | re.M)
MOST_CELLS: Final = 500_000


def decode(data: bytes, charset: str = "") -> str:
    """Return the characters of a text. Raises `UnreadableError` when it is none."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        text = _decode(data.removeprefix(codecs.BOM_UTF8), charset)
    if _NO_TEXT.search(text):
        raise UnreadableError("unknown")
    return text


def _decode(data: bytes, charset: str) -> str:
    for name in ("utf-8", charset, "cp1252"):
        try:
            if name and codecs.lookup(name).name not in ("utf-7", "idna", "punycode", "unicode_escape"):
                return data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("latin-1")


def read(data: bytes, limit: int) -> str:
    """Return the text of a plain file."""
    text = decode(data)
    if text.lstrip().startswith("{\\rtf") or _DISGUISED.search(text):
        raise UnreadableError("unknown")
    return _bounded(tidy(text), limit)


def read_json(data: bytes, limit: int) -> str:
    """Return JSON with its escapes read: a name is only to be found where it can be read."""
    text = decode(data)
    try:
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return read(data, limit)
    return _bounded(tidy(text.encode("utf-8", "replace").decode()), limit)


def read_csv(data: bytes, limit: int) -> str:
    """Return a table; the sign between its cells is the one that the first lines have most."""
    text = decode(data)
    head = text[:4000]
    if head.startswith("sep="):  # what Excel writes for itself
        head, text = head[6:], text.partition("\n")[2]
    separator = max("\t;,|", key=lambda sign: (head.count(sign), sign != ","))
    if separator not in head:
        return read(data, limit)
    csv.field_size_limit(limit)
    flow, cells = Flow(limit), 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            cells += len(row)
            if cells > MOST_CELLS:
                raise UnreadableError("cells", MOST_CELLS)
            if any(cell.strip() for cell in row):
                flow.line(row_of([in_one_line(cell.splitlines()) for cell in row]))
    except csv.Error:
        raise UnreadableError("broken") from None
    return joined(flow.take())


def _bounded(text: str, limit: int) -> str:
    if len(text) > limit:
        raise UnreadableError("long", limit)
    return text
