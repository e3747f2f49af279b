"""What must be written and cannot be, because the database is away: a file of this writer, beside the keys.

One file per writer (``spool/WRITER``, mode 0600), made when it is first needed and deleted when the database has what
it holds. Frames: length (4 bytes), SHA-256 of length and body (32), body: JSON with id, time, type, ref and parts.
`add` returns after ``fsync``: from then on the entries survive the process. When it died, whoever sees to its writer at
the next start (`audit.keeper`) hands them to its own writer under their old ids; so delivering twice writes once, and
an outcome whose intent was ended meanwhile becomes ``outcome.late``.

A frame that is torn or bent ends the reading; what stood before it counts. The file is bounded; what does not fit, or
what a full disk refuses, stays in memory alone, and the writer counts and says so.

It holds parts (``meta``, ``subject``, an encrypted ``content``) with their times, so their periods run on: what is
delivered late is deleted on time. Not known here: what had to be erased while an entry lay in the file of a dead
process; it comes to light at the next start and can be erased then.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from audit.batch import Pending
from audit.record import Draft, Part, check_id, check_name
from audit.signing import private_folder, sync_folder

FOLDER: Final = "spool"
MAX_BYTES: Final = 64 * 1024 * 1024
_HEAD: Final = 4 + 32


class SpoolFull(OSError):  # noqa: N818 - a state, told as such
    """The file has reached its bound."""


class Spool:
    """The file of one writer."""

    def __init__(self, folder: Path, writer: str, limit: int = MAX_BYTES) -> None:
        self._path = private_folder(folder) / writer
        self._limit = limit
        self._size = 0

    def add(self, entries: Sequence[Pending]) -> None:
        """Append entries durably, all or none. Raises OSError when the disk, or the bound, does not allow it."""
        data = b"".join([_frame(item) for item in entries])
        if self._size + len(data) > self._limit:
            raise SpoolFull
        fresh = not self._path.exists()
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            try:
                _write_at(handle, data, self._size)
                os.fsync(handle)
            except OSError:
                with contextlib.suppress(OSError):  # half a frame ends the reading: nothing may come after it
                    os.ftruncate(handle, self._size)
                raise
        finally:
            os.close(handle)
        self._size += len(data)
        if fresh:
            sync_folder(self._path.parent)

    def clear(self) -> None:
        """Delete the file: the database has what it held."""
        if self._size:
            self._size = 0
            forget(self._path)


def left_behind(folder: Path) -> list[str]:
    """Return the writers of which a file is there."""
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def read(path: Path) -> tuple[list[Pending], int]:
    """Return the entries of a file that a dead writer left, and how many bytes at its end are torn."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    found, at = [], 0
    while len(data) - at >= _HEAD:
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + _HEAD : at + _HEAD + length]
        if hashlib.sha256(data[at : at + 4] + body).digest() != data[at + 4 : at + _HEAD]:
            break
        found.append(_entry(json.loads(body)))
        at += _HEAD + length
    return found, len(data) - at


def forget(path: Path) -> None:
    """Delete a file whose entries the database has."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        sync_folder(path.parent)


def _write_at(handle: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(handle, rest, at)
        rest, at = rest[written:], at + written


def _frame(item: Pending) -> bytes:
    draft = item.draft
    parts = {name: [part.retention, base64.b64encode(part.body).decode()] for name, part in draft.parts.items()}
    body = json.dumps([item.id, item.t_us, draft.type, draft.ref, parts]).encode()
    length = len(body).to_bytes(4, "big")
    return length + hashlib.sha256(length + body).digest() + body


def _entry(value: Any) -> Pending:
    ident, t_us, type_, ref, parts = value
    check_id(ident)
    check_name(type_)
    bodies = {name: Part(base64.b64decode(body), retention) for name, (retention, body) in parts.items()}
    return Pending(Draft(type_, bodies, ref, ident), ident, t_us, spooled=True)
