"""What lies in a backup: named entries one after the other, and at the end a list of all with their checksums.

An entry is a line of JSON (name, mode), then its bytes, compressed, in framed pieces; a frame of length 0 ends it. Both
sides stream: nothing is larger in memory than a piece. An archive without its list at the end is not whole.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.store import InvalidError

LIST: Final = "liste"
_FRAME: Final = 1 << 16
_BROKEN: Final = "Die Sicherung ist nicht vollständig oder beschädigt."


class Archiver:
    """Writes entries."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self.entries: dict[str, dict[str, Any]] = {}

    def add(self, name: str, pieces: Iterable[bytes], mode: int = 0o600) -> None:
        """Write one entry."""
        digest, size, packer = hashlib.sha256(), 0, zlib.compressobj(6)
        self._frame(json.dumps({"name": name, "mode": mode}).encode())
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            self._frames(packer.compress(piece))
        self._frames(packer.flush())
        self._frame(b"")
        self.entries[name] = {"size": size, "sha256": digest.hexdigest()}

    def close(self) -> None:
        """Write the list."""
        self.add(LIST, [json.dumps(self.entries).encode()])

    def _frames(self, data: bytes) -> None:
        for at in range(0, len(data), _FRAME):
            self._frame(data[at:at + _FRAME])

    def _frame(self, data: bytes) -> None:
        self._write(len(data).to_bytes(4, "big") + data)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; its pieces are to be read before the next entry."""

    name: str
    mode: int
    pieces: Iterator[bytes]


def entries(stream: Iterable[bytes]) -> Iterator[Entry]:
    """Yield the entries, and check the list at the end. Raises `InvalidError`."""
    reader, seen = _Reader(stream), dict[str, dict[str, Any]]()
    while (head := reader.frame()) is not None:
        said = json.loads(head)
        pieces = _pieces(reader, said["name"], seen)
        if said["name"] == LIST:
            listed = json.loads(b"".join(pieces))
            seen.pop(LIST)
            if listed != seen or reader.frame() is not None:
                raise InvalidError(_BROKEN)
            return
        yield Entry(said["name"], int(said["mode"]), pieces)
        for _ in pieces:  # what nobody wanted is checked as well
            continue
    raise InvalidError(_BROKEN)


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of an entry."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _pieces(reader: _Reader, name: str, seen: dict[str, dict[str, Any]]) -> Iterator[bytes]:
    digest, size, unpacker = hashlib.sha256(), 0, zlib.decompressobj()
    while frame := reader.frame(needed=True):
        data = unpacker.decompress(frame, _FRAME * 4)
        while data:
            digest.update(data)
            size += len(data)
            yield data
            data = unpacker.decompress(unpacker.unconsumed_tail, _FRAME * 4)
    if not unpacker.eof:
        raise InvalidError(_BROKEN)
    seen[name] = {"size": size, "sha256": digest.hexdigest()}


class _Reader:
    """Cuts a stream into frames."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream, self._waiting = iter(stream), bytearray()

    def frame(self, *, needed: bool = False) -> bytes | None:
        """Return the next frame; None at the end of the stream, unless one is needed."""
        head = self._take(4, needed=needed)
        return None if head is None else self._take(int.from_bytes(head, "big"), needed=True)

    def _take(self, count: int, *, needed: bool = False) -> bytes | None:
        while len(self._waiting) < count:
            more = next(self._stream, None)
            if more is None:
                if self._waiting or needed:
                    raise InvalidError(_BROKEN)
                return None
            self._waiting += more
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        return taken
