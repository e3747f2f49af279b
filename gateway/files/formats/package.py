"""A ZIP package (Office Open XML, OpenDocument), read part by part with every size counted as it comes out.

What the package says about its own sizes is not believed: bytes are counted while they are unpacked, over all parts,
and a package that unfolds beyond the limit is left at once.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Final

from gateway.files.formats import xml
from gateway.files.reasons import UnreadableError

MOST_UNPACKED: Final = 200 << 20
MOST_PARTS: Final = 10_000
_PIECE: Final = 1 << 16


class Package:
    """The parts of one file."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError):
            raise UnreadableError("broken") from None
        infos = self._zip.infolist()
        if len(infos) > MOST_PARTS:
            raise UnreadableError("hostile")
        if any(info.flag_bits & 1 for info in infos):
            raise UnreadableError("encrypted")
        self.names = frozenset(info.filename for info in infos)
        self._unpacked = 0

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a part; one that is not there has none."""
        if name not in self.names:
            return
        try:
            with self._zip.open(name) as part:
                while piece := part.read(_PIECE):
                    self._unpacked += len(piece)
                    if self._unpacked > MOST_UNPACKED:
                        raise UnreadableError("hostile")
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
            raise UnreadableError("broken") from None

    def parse(self, name: str, handler: xml.Handler) -> None:
        """Feed a part to `handler`, if it is there."""
        if name in self.names:
            xml.parse(self.chunks(name), handler)

    def relations(self, part: str) -> list[Relation]:
        """Return what `part` (empty: the package) refers to inside the package, in order."""
        folder, name = posixpath.split(part)
        found = _Relations(folder)
        self.parse(posixpath.join(folder, "_rels", f"{name}.rels"), found)
        return found.found

    def main(self) -> str:
        """Return the name of the main part of an Office Open XML file."""
        return next((target for kind, target, _ in self.relations("") if kind == "officeDocument"), "")


Relation = tuple[str, str, str]
"""Kind, name of the part, id."""


class _Relations(xml.Skipping):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self.found: list[Relation] = []

    def begins(self, name: str, attributes: Mapping[str, str]) -> None:
        if name != "Relationship" or attributes.get("TargetMode") == "External":
            return
        target = attributes.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(
            posixpath.join(self._folder, target))
        self.found.append((attributes.get("Type", "").rpartition("/")[2], path, attributes.get("Id", "")))
