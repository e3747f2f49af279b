"""Citations of the Messages API that point into a document by characters.

The provider counted them in the document that left; the client reads them against its own. Kept true: what is given
to the client says the stretch of its own text that was cited, or it is not given at all. Pages, blocks and results of
a search keep their numbers, nothing that is replaced changes those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.wire.dialect import Places

MOVED: Final = ("cited_text", "start_char_index", "end_char_index")
"""What `back` changes in a citation."""


def by_characters(citation: object) -> bool:
    """Whether a citation counts characters."""
    return isinstance(citation, dict) and citation.get("type") == "char_location"


def back(citation: dict[str, Any], places: Sequence[Places | None]) -> dict[str, Any] | None:
    """Return a provider's citation in the client's counting; None when it cannot be said where that is."""
    stretch = _stretch(citation, places)
    if stretch is None:
        return None
    document, start, end = stretch
    said = citation.get("cited_text")
    if not end <= len(document.after) or (isinstance(said, str)
                                          and said.split() != document.after[start:end].split()):
        return None
    start, end = document.back(start, end)
    text = {"cited_text": document.before[start:end]} if isinstance(said, str) else {}
    return {**citation, **text, "start_char_index": start, "end_char_index": end}


def there(citation: Any, places: Sequence[Places | None]) -> Any:
    """Return a citation that a client sends back in the provider's counting; None when it has no place there."""
    if not by_characters(citation):
        return citation
    stretch = _stretch(citation, places)
    if stretch is None or stretch[2] > len(stretch[0].before):
        return None
    document, start, end = stretch
    start, end = document.there(start, end)
    return {**citation, "start_char_index": start, "end_char_index": end}


def _stretch(citation: dict[str, Any], places: Sequence[Places | None]) -> tuple[Places, int, int] | None:
    index, start, end = (citation.get(key) for key in ("document_index", "start_char_index", "end_char_index"))
    if not (type(index) is int and type(start) is int and type(end) is int):
        return None
    document = places[index] if 0 <= index < len(places) else None
    return (document, start, end) if document is not None and 0 <= start <= end else None
