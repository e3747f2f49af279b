"""PDF through pypdf: the text of each page, what was filled into forms, notes that somebody pinned to a page.

pypdf is pure Python: a hostile file can make it slow or hungry, which the limits of the process end, but cannot
overwrite memory. Pages without text are told apart, so that they can be recognised as pictures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Final

from gateway.files.formats.flow import joined, tidy
from gateway.files.reasons import UnreadableError

_SHOWN: Final = ("/FreeText", "/Text", "/Highlight", "/Underline", "/StrikeOut")


def read(data: bytes, limit: int, most: int) -> tuple[list[str], list[int]]:
    """Return the text of each page, and the numbers (from 1) of those without any."""
    import pypdf  # here and not above: only the process that reads a PDF pays for it
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    try:
        document = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if document.is_encrypted and not document.decrypt(""):
            raise UnreadableError("encrypted")
        root: Any = document.root_object
        told = root["/Pages"].get("/Count", 0)  # counting ten thousand takes seconds
        if (isinstance(told, int) and told > most) or len(document.pages) > most:
            raise UnreadableError("pages", most)
        texts, size = [], 0
        for page in document.pages:
            texts.append(joined(tidy(_laid_out(page)), *_pinned(page)))
            size += len(texts[-1])
            if size > limit:
                raise UnreadableError("long", limit)
    except (UnreadableError, MemoryError):
        raise
    except FileNotDecryptedError:
        raise UnreadableError("encrypted") from None
    except RecursionError:
        raise UnreadableError("hostile") from None
    except (PyPdfError, Exception):  # noqa: BLE001  (what a broken file makes of the parser has no end of names)
        raise UnreadableError("broken") from None
    return texts, [at for at, text in enumerate(texts, 1) if not text.strip()]


def _laid_out(page: Any) -> str:
    """Return a page with its columns side by side, as the eye sees them; where that fails, in the order of the file."""
    try:
        text: str = page.extract_text(extraction_mode="layout", layout_mode_space_vertically=False,
                                      layout_mode_strip_rotated=False)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (the other way makes do with less)
        text = ""
    return text if text.strip() else page.extract_text()


def _pinned(page: Any) -> Iterator[str]:
    """Yield what was filled in or pinned to a page."""
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        kind = note.get("/Subtype")
        if kind == "/Widget":
            yield _field(note)
        elif kind in _SHOWN and note.get("/Contents"):
            yield tidy(f"[Anmerkung] {note['/Contents']}")


def _field(note: Any) -> str:
    """Return a field of a form with its label; a box that is ticked says so."""
    holder, value, label = note, None, ""
    for _ in range(8):  # a field inherits from its parents
        value = holder.get("/V") if value is None else value
        label = label or str(holder.get("/TU") or holder.get("/T") or "")
        holder = holder.get("/Parent")
        if holder is None:
            break
        holder = holder.get_object()
    said = str(value) if value is not None else ""
    if said == "/Off" or note.get("/AS") == "/Off":
        return ""
    if said.startswith("/"):
        said = "ja" if said in ("/Yes", "/On", "/1") else said[1:]
    return tidy(f"{label}: {said}") if said.strip() else ""
