"""Reads a form with a file (``multipart/form-data``, RFC 7578), as browsers send it. What is malformed is no form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME: Final = re.compile(rb'[; ]name="([^"\r\n]{1,100})"', re.IGNORECASE)
_FILE: Final = re.compile(rb"[; ]filename\*?=", re.IGNORECASE)
_MOST: Final = 50


def boundary_of(content_type: str) -> bytes | None:
    """Return what parts the fields of such a form; None for every other body."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or found is None:
        return None
    return (found[1] or found[2]).encode("latin-1", "replace")


def parse(body: bytes, boundary: bytes) -> tuple[Mapping[str, str], Mapping[str, bytes]]:
    """Return the fields and the files by name; nothing at all for what is malformed."""
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary, _MOST)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        return {}, {}
    for part in parts[1:-1]:
        head, gap, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None:
            return {}, {}
        key = name[1].decode("utf-8", "replace")
        if _FILE.search(head):
            files[key] = content
        else:
            fields[key] = content.decode("utf-8", "replace")
    return fields, files
