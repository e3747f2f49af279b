"""Being a witness for a neighbour: remembers how far each log was seen, and signs only what goes on from there.

C2SP ``tlog-witness``: ``add-checkpoint`` with the old size, a consistency proof and the note. Kept true, whatever
arrives and however often: for one log the witness never signs two trees of which one is not the beginning of the other.
What it remembers (size, root) is written durably before the signature leaves; one file per log, in a folder.

The logs that may ask, with their keys, are listed in ``logs.txt`` of the folder: one verifier key a line.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, Note, Vkey, b64, check_key_name, unb64
from audit.cosignature import WitnessKey, cosign
from audit.errors import FormatError, LedgerConfigError
from audit.merkle import EMPTY_ROOT, verify_consistency
from audit.signing import file_lock, private_folder, read_private, write_private

LOGS: Final = "logs.txt"
KEY: Final = "witness.key"
MOST_BYTES: Final = 64 * 1024
MOST_STEPS: Final = 63
_SIZE: Final = re.compile("0|[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: status of HTTP and body. With 409 the body is the size that was seen last."""

    status: int
    body: str = ""


class Witness:
    """Countersigns the checkpoints of neighbours."""

    def __init__(self, folder: Path, name: str, clock: Callable[[], float] = time.time) -> None:
        try:
            check_key_name(name)
        except FormatError:
            raise LedgerConfigError("Der Name eines Zeugen hat keine Leerzeichen und kein +.") from None
        self._folder, self._name, self._clock = private_folder(folder), name, clock
        path = folder / KEY
        if not path.exists():
            write_private(path, Ed25519PrivateKey.generate().private_bytes_raw().hex().encode(), replace=False)
        self._private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(read_private(path).decode()))

    @property
    def key(self) -> WitnessKey:
        """What neighbours write into their settings."""
        return WitnessKey(self._name, self._private.public_key().public_bytes_raw())

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one request. Never raises for what it says."""
        try:
            old, proof, note = _read(body)
            point = Checkpoint.parse(note.text)
        except FormatError:
            return Answer(400)
        keys = [key for key in self._logs() if key.name == point.origin]
        if not keys:
            return Answer(404)
        try:
            if not note.signed_by(keys):
                return Answer(403)
        except FormatError:
            return Answer(403)
        if old > point.size:
            return Answer(400)
        with file_lock(self._folder / ".lock"):
            return self._go_on(old, proof, note, point)

    def _go_on(self, old: int, proof: list[bytes], note: Note, point: Checkpoint) -> Answer:
        path = self._folder / f"{hashlib.sha256(point.origin.encode()).hexdigest()}.seen"
        size, root = self._seen(path)
        if old != size:
            return Answer(409, f"{size}\n")
        if size == point.size:
            if root != point.root:
                return Answer(409, f"{size}\n")
        elif size == 0:
            if proof:
                return Answer(422)
        elif not verify_consistency(size, point.size, root, point.root, proof):
            return Answer(422)
        write_private(path, f"{point.size}\n{b64(point.root)}\n{point.origin}\n".encode(), replace=True)
        return Answer(200, cosign(self._name, self._private, note.text, int(self._clock())))

    def _seen(self, path: Path) -> tuple[int, bytes]:
        if not path.exists():
            return 0, EMPTY_ROOT
        size, root, *_ = path.read_text(encoding="utf-8").split("\n")
        return int(size), unb64(root)

    def _logs(self) -> list[Vkey]:
        path = self._folder / LOGS
        if not path.exists():
            return []
        return [Vkey.parse(line) for line in path.read_text(encoding="utf-8").splitlines()
                if line.strip() and not line.startswith("#")]


def _read(body: bytes) -> tuple[int, list[bytes], Note]:
    """Read ``old <size>``, the proof, an empty line, and the note."""
    if len(body) > MOST_BYTES:
        raise FormatError("too long")
    try:
        head, split, note = body.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise FormatError("not text") from error
    first, *steps = head.split("\n")
    size = first.removeprefix("old ")
    if not split or size == first or _SIZE.fullmatch(size) is None or len(steps) > MOST_STEPS:
        raise FormatError("not a request")
    proof = [unb64(step) for step in steps]
    if any(len(step) != 32 for step in proof):
        raise FormatError("not a proof")
    return int(size), proof, Note.parse(note)
