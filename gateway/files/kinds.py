"""What kind a file is, as far as a look at its first bytes and its name says; all that the serving process asks.

XML is read like a page: its words, with the entities read.
"""

from __future__ import annotations

from typing import Final

_PICTURES: Final = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_ENDINGS: Final = {"eml": "eml", "mht": "eml", "mhtml": "eml", "html": "html", "htm": "html", "xhtml": "html",
                   "xml": "html", "csv": "csv", "tsv": "csv", "json": "json"}
_MEDIA: Final = {"message/rfc822": "eml", "text/html": "html", "application/xhtml+xml": "html", "text/xml": "html",
                 "application/xml": "html", "text/csv": "csv", "text/tab-separated-values": "csv",
                 "application/json": "json"}


def hint_of(name: str, media: str) -> str:
    """Return what kind of text a file calls itself, as one of a few words: its name goes no further."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return _ENDINGS.get(ending) or _MEDIA.get(media.partition(";")[0].strip().lower(), "")


def is_picture(data: bytes) -> bool:
    """Whether these bytes are a picture that text recognition can open."""
    return (data.startswith(_PICTURES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")
            or (data.startswith(b"BM") and data[6:10] == b"\0\0\0\0"))
