"""XML as a stream of events, through expat: no tree, no DTD, no entities, nothing fetched, bounded depth.

Names come without their namespace: within one kind of file the local names say enough, and documents of both editions
of a standard (with different namespaces) are read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from xml.parsers import expat

from gateway.files.reasons import UnreadableError

DEEPEST: Final = 400


class Handler(Protocol):
    """Takes the events of a document."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        ...

    def end(self, name: str) -> None:
        """An element ends."""
        ...

    def text(self, text: str) -> None:
        """Text, perhaps in pieces."""
        ...


def parse(chunks: Iterable[bytes], handler: Handler) -> None:
    """Feed a document to `handler`. Raises `UnreadableError`."""
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise UnreadableError("hostile")
        handler.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(_local(name))

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise UnreadableError("broken") from None


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse(*_: Any) -> None:
    raise UnreadableError("hostile")


class Skipping:
    """A handler that leaves out whole elements; subclasses say which and see only the rest."""

    skipped: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._below = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """See `Handler.start`."""
        if self._below or name in self.skipped or self.skips(name, attributes):
            self._below += 1
        else:
            self.begins(name, attributes)

    def end(self, name: str) -> None:
        """See `Handler.end`."""
        if self._below:
            self._below -= 1
        else:
            self.ends(name)

    def text(self, text: str) -> None:
        """See `Handler.text`."""
        if not self._below:
            self.says(text)

    def skips(self, name: str, attributes: Mapping[str, str]) -> bool:
        """Whether this element is left out."""
        return False

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins that is not left out."""

    def ends(self, name: str) -> None:
        """It ends."""

    def says(self, text: str) -> None:
        """Text in it."""
