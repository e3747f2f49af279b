"""What lies in a backup: named entries one after the other, and at the end a list of all with their checksums.

An entry is a line of JSON (name, mode), then its bytes, compressed, in framed pieces; a frame of length 0 ends it. Both
sides stream: nothing is larger in memory than a piece. An archive without its list at the end is not whole. After the
list stands who vouches for it (`audit.vouching`), where the house had a key: the encryption alone proves nothing about
where a backup comes from, because everybody may know the key for which it was written.
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
SIGNATURE: Final = "unterschrift"
_FRAME: Final = 1 << 16
_SMALL: Final = 1 << 20
_LARGEST_LIST: Final = 1 << 26
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

    def close(self, vouch: Callable[[str], str] = lambda digest: "") -> None:
        """Write the list, and what `vouch` says of its SHA-256."""
        self.add(LIST, [json.dumps(self.entries).encode()])
        if signature := vouch(self.entries[LIST]["sha256"]):
            self.add(SIGNATURE, [signature.encode()])

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

    def whole(self, limit: int = _SMALL) -> bytes:
        """Return a small entry. Raises `InvalidError` where it is not small."""
        found = bytearray()
        for piece in self.pieces:
            found += piece
            if len(found) > limit:
                raise InvalidError(_BROKEN)
        return bytes(found)


class Entries:
    """The entries of a stream; whoever reads to the end has had the list checked. Raises `InvalidError`."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._reader, self._seen = _Reader(stream), dict[str, dict[str, Any]]()
        self.digest = ""
        """SHA-256 of the list, once all is read."""
        self.signature = ""
        """Who vouches for it; empty: nobody."""

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self._next()) is not None:
            if entry.name == LIST:
                return self._end(entry)
            yield entry
            for _ in entry.pieces:  # what nobody wanted is checked as well
                continue
        raise InvalidError(_BROKEN)

    def _end(self, entry: Entry) -> None:
        listed = _read(entry.whole(_LARGEST_LIST))
        self.digest = self._seen.pop(LIST)["sha256"]
        if listed != self._seen:
            raise InvalidError(_BROKEN)
        last = self._next()
        if last is not None:
            self.signature = last.whole().decode("utf-8", "replace") if last.name == SIGNATURE else ""
            if not self.signature or self._reader.frame() is not None:
                raise InvalidError(_BROKEN)

    def _next(self) -> Entry | None:
        head = self._reader.frame()
        if head is None:
            return None
        said = _read(head)
        name, mode = (said.get("name"), said.get("mode")) if isinstance(said, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(mode, int) or name in self._seen:
            raise InvalidError(_BROKEN)
        return Entry(name, mode, self._pieces(name))

    def _pieces(self, name: str) -> Iterator[bytes]:
        digest, size, unpacker = hashlib.sha256(), 0, zlib.decompressobj()
        try:
            while frame := self._reader.frame(needed=True):
                data = unpacker.decompress(frame, _FRAME * 4)
                while data:
                    digest.update(data)
                    size += len(data)
                    yield data
                    data = unpacker.decompress(unpacker.unconsumed_tail, _FRAME * 4)
        except zlib.error:
            raise InvalidError(_BROKEN) from None
        if not unpacker.eof:
            raise InvalidError(_BROKEN)
        self._seen[name] = {"size": size, "sha256": digest.hexdigest()}


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of an entry."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        raise InvalidError(_BROKEN) from None


class _Reader:
    """Cuts a stream into frames."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream, self._waiting = iter(stream), bytearray()

    def frame(self, *, needed: bool = False) -> bytes | None:
        """Return the next frame; None at the end of the stream, unless one is needed."""
        head = self._take(4, needed=needed)
        if head is None:
            return None
        size = int.from_bytes(head, "big")
        if size > _FRAME:
            raise InvalidError(_BROKEN)
        return self._take(size, needed=True)

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
