"""A file that only grows: for a disk that another machine or another office looks after."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from audit.anchors.sinks import AnchorError, Proof


@dataclass(frozen=True, slots=True)
class FileSink:
    """Appends notes. The folder must be there: a path that nobody mounted must not become a folder of ours."""

    path: Path

    @property
    def name(self) -> str:
        """See `audit.anchors.sinks.Sink`."""
        return f"file:{self.path}"

    def send(self, note: str, size: int, proof: Proof) -> bytes:
        """Append and synchronise; the receipt is the place in the file."""
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                os.write(handle, note.encode())
                os.fsync(handle)
                return b"offset %d" % (os.lseek(handle, 0, os.SEEK_END) - len(note.encode()))
            finally:
                os.close(handle)
        except OSError as error:
            raise AnchorError(f"Die Datei lässt sich nicht schreiben ({error.strerror}).") from error
