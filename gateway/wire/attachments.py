"""Files and pictures in a request: where they stand, what they are called, and how their text takes their place.

Only what came with the request, as Base64, is a file here; one that is named by an address or an id is never fetched.
A part of a form that nobody here knows stays opaque, and policy refuses it.

The text stands where the file stood, so that the order of what was said is kept: as a part of its own with a line
above it that names the file; in a ``document`` of the Messages API as the document's text, which has a title already.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gateway.errors import GatewayError
from gateway.model.attachment import Attached
from gateway.wire.document import Document

_CARRIERS: Final = ("file", "source", "image_url", "input_file", "input_image", "image", "document")
_PAYLOADS: Final = ("file_data", "data", "image_url", "url")
_DATA_URL: Final = re.compile(r"data:([^;,]{0,100})((?:;[^;,]{0,100}){0,5}),", re.IGNORECASE)
_UNNAMEABLE: Final = re.compile(r"[\x00-\x1f\x7f_„“\"\s]+")
_LONGEST_NAME: Final = 120
_WORDS: Final = {"file": ("Datei „{}“:", "Angehängte Datei:"),
                 "image": ("Text aus dem Bild „{}“:", "Text aus einem Bild:")}


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file in its place, ``holder[key]``."""

    kind: str
    holder: Any = field(repr=False)
    key: str | int = field(repr=False)

    def content(self) -> Attached:
        """Return its bytes and name. Raises ``nicht_pruefbar`` when the request does not hold them."""
        part = self.holder[self.key]
        named = self.holder if self.key == "source" else part
        name = next((value for holder in (named, *_inner(named)) for key in ("filename", "file_name", "name", "title")
                     if isinstance(value := holder.get(key), str) and value), "")
        for holder in (part, *_inner(part)):
            media = holder.get("media_type")
            for key in _PAYLOADS:
                if isinstance(value := holder.get(key), str) and value:
                    found, data = _decoded(value)
                    return Attached(self.kind, name, found or (media if isinstance(media, str) else ""), data)
        raise _elsewhere()

    def say(self, text: str) -> None:
        """Put `text`, the text of the file, in its place."""
        part = self.holder[self.key]
        if self.key == "source":
            self.holder["source"] = {"type": "text", "media_type": "text/plain", "data": text}
            return
        name = self.content_name(part)
        named, unnamed = _WORDS[self.kind]
        said: dict[str, Any] = {"type": "input_text" if str(part["type"]).startswith("input_") else "text",
                                "text": f"{named.format(name) if name else unnamed}\n\n{text}"}
        if "cache_control" in part:
            said["cache_control"] = part["cache_control"]
        self.holder[self.key] = said

    @staticmethod
    def content_name(part: dict[str, Any]) -> str:
        """Return the file's name as people would say it: words with spaces, so that a name in it is found."""
        given = next((value for holder in (part, *_inner(part)) for key in ("filename", "file_name", "name")
                      if isinstance(value := holder.get(key), str)), "")
        return _UNNAMEABLE.sub(" ", re.split(r"[/\\]", given)[-1]).strip()[:_LONGEST_NAME]


def attachments(document: Document, kinds: Collection[str]) -> list[Attachment]:
    """Return the files of these kinds, in order, as far as they stand where text could stand."""
    return [Attachment(kind, holder, key) for kind, holder, key in document.media
            if kind in kinds and _replaceable(holder, key)]


def _replaceable(holder: Any, key: str | int) -> bool:
    part = holder[key]
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        return False
    return isinstance(holder, list) or (key == "source" and holder.get("type") == "document")


def _inner(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in _CARRIERS:
        if isinstance(inner := part.get(name), dict):
            yield inner


def _decoded(text: str) -> tuple[str, bytes]:
    """Return media type and bytes of a data URL, or of bare Base64."""
    head = _DATA_URL.match(text[:700])
    if head is None and re.match(r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}:", text):
        raise _elsewhere()
    body = text[head.end():] if head else text
    media = head[1].lower() if head else ""
    if head and not head[2].lower().endswith(";base64"):
        return media, unquote_to_bytes(body)
    packed = re.sub(r"\s+", "", body).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise GatewayError("nicht_pruefbar", "Ihre Anfrage wurde nicht gesendet. Die angehängte Datei ist leer oder "
                           "nicht in der vorgesehenen Form (Base64). Bitte hängen Sie sie noch einmal an.")
    return media, data


def _elsewhere() -> GatewayError:
    return GatewayError("nicht_pruefbar", "Ihre Anfrage wurde nicht gesendet. Sie nennt eine Datei oder ein Bild nur "
                        "mit einer Adresse oder Kennung; geholt wird hier nichts. Bitte hängen Sie die Datei selbst "
                        "an.")
