"""Keys in a folder: the log's signing key, and small helpers for files that only we may read.

The private key is a text file with mode 0600 in the notation of signed notes (``PRIVATE+KEY+name+id+base64``). The
folder should not lie on the database host: whoever holds key *and* database can rewrite history that nobody pinned.
All verifier keys that ever signed stay in ``vkeys.txt``, so that old notes keep verifying after a rotation.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import announcement
from audit.checkpoint import ED25519, Checkpoint, Note, Vkey, b64, unb64
from audit.errors import FormatError, KeyLost, LedgerConfigError

try:
    import fcntl
except ImportError:  # pragma: no cover - not a POSIX system
    fcntl = None  # type: ignore[assignment]

KEY_FILE: Final = "checkpoint.key"
OLD_KEY_FILE: Final = "checkpoint.key.old"
"""The key before, until one checkpoint carries both signatures (`Signer.rotate`)."""
NEXT_KEY_FILE: Final = "checkpoint.key.next"
VKEYS_FILE: Final = "vkeys.txt"
_LOST: Final = (
    "Der Schlüssel, mit dem das Protokoll unterschrieben wird ({name}), fehlt in {folder}. Bitte spielen Sie ihn aus "
    "der Sicherung zurück. Ist er verloren, eröffnen Sie nach Rücksprache mit der oder dem Datenschutzbeauftragten ein "
    "neues Protokoll: „ki-pforte audit successor --lost-key --note DATEI“."
)


def private_folder(path: Path) -> Path:
    """Make the folder if needed, readable by us alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, data: bytes, *, replace: bool) -> bool:
    """Write a 0600 file durably and at once: readers see the old file, the new one or none, never half of it.

    Without `replace` an existing file wins (two processes may start together); returns whether ours was taken.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            try:
                os.link(draft, path)
            except FileExistsError:
                return False
        sync_folder(path.parent)
        return True
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make new names and gone ones durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_private(path: Path) -> bytes:
    """Read a secret. Refuses a file that others may read: a key that leaked proves nothing."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise LedgerConfigError(
            f"Die Schlüsseldatei {path.name} ist für andere lesbar. Bitte setzen Sie: chmod 600 {path}"
        )
    return path.read_bytes()


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Keep other processes of this host out while the block runs."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Signer:
    """Signs checkpoints with the key of one log; while the key is being changed, with the one before as well."""

    def __init__(self, name: str, private: Ed25519PrivateKey, before: Signer | None = None) -> None:
        self._private = private
        self.vkey = Vkey(name, private.public_key().public_bytes_raw())
        self.before = before

    @classmethod
    def open(cls, folder: Path, name: str) -> Signer:
        """Take the key from the folder; make one if there never was one. Raises `KeyLost`."""
        path = private_folder(folder) / KEY_FILE
        known = read_vkeys(folder)  # before looking for the key: it is made before it is listed
        if not path.exists():
            if known:
                raise KeyLost(_LOST.format(name=KEY_FILE, folder=folder))
            write_private(path, cls(name, Ed25519PrivateKey.generate()).secret_text().encode(), replace=False)
        signer = cls.parse(read_private(path).decode())
        if signer.vkey.name != name:
            raise LedgerConfigError(
                f"Der Schlüssel in {path} gehört zum Protokoll {signer.vkey.name}, nicht zu {name}."
            )
        old = folder / OLD_KEY_FILE
        with contextlib.suppress(FileNotFoundError):
            before = cls.parse(read_private(old).decode())
            signer.before = before if before.vkey != signer.vkey else None
        signer._remember(folder)
        return signer

    @classmethod
    def rotate(cls, folder: Path, name: str) -> Signer:
        """Let a new key sign beside the one before; return both. A change that broke off is finished.

        First the files, then the record that says so (`audit.checkpointer`): from here on every checkpoint carries both
        signatures, so no reader ever sees one that only the key signed which is to go.
        """
        now, coming, old = private_folder(folder) / KEY_FILE, folder / NEXT_KEY_FILE, folder / OLD_KEY_FILE
        if not old.exists() or read_private(old) == read_private(now):
            write_private(coming, cls(name, Ed25519PrivateKey.generate()).secret_text().encode(), replace=False)
            write_private(old, read_private(now), replace=True)
            coming.replace(now)
            sync_folder(folder)
        return cls.open(folder, name)

    @staticmethod
    def finish_rotation(folder: Path) -> None:
        """Do away with the key before: a checkpoint with both signatures is out."""
        (folder / OLD_KEY_FILE).unlink(missing_ok=True)

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read the notation of `secret_text`."""
        try:
            head, kind, name, ident, encoded = text.strip().split("+", 4)
        except ValueError:
            raise FormatError("not a private key of the note format") from None
        raw = unb64(encoded)
        if (head, kind) != ("PRIVATE", "KEY") or len(raw) != 33 or raw[0] != ED25519:
            raise FormatError("not a private key of the note format")
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(raw[1:]))
        if signer.vkey.id.hex() != ident:
            raise FormatError("the key's id does not fit")
        return signer

    def secret_text(self) -> str:
        """Return the private key in the notation of signed notes."""
        raw = bytes([ED25519]) + self._private.private_bytes_raw()
        return f"PRIVATE+KEY+{self.vkey.name}+{self.vkey.id.hex()}+{b64(raw)}\n"

    def sign_text(self, text: str) -> str:
        """Return `text` as a note signed by this key."""
        return str(Note(text, [(one.vkey.name, one.vkey.id, one._private.sign(text.encode()))
                               for one in self._all()]))

    def sign(self, checkpoint: Checkpoint) -> str:
        """Return the signed checkpoint."""
        return self.sign_text(checkpoint.text())

    def announce(self, kind: str, record_id: str, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts of a record with signatures for this record alone (`audit.announcement`)."""
        message = announcement.text(self.vkey.name, kind, record_id, facts)
        return {**facts, announcement.SIGNATURES: [b64(one.vkey.id + one._private.sign(message))
                                                   for one in self._all()]}

    def _all(self) -> list[Signer]:
        return [self.before, self] if self.before is not None else [self]

    def _remember(self, folder: Path) -> None:
        with file_lock(folder / ".vkeys.lock"):
            known = read_vkeys(folder)
            if self.vkey not in known:
                text = "".join(f"{key}\n" for key in [*known, self.vkey])
                write_private(folder / VKEYS_FILE, text.encode(), replace=True)


def read_vkeys(folder: Path) -> list[Vkey]:
    """Return all verifier keys of the folder, the oldest first."""
    path = folder / VKEYS_FILE
    if not path.exists():
        return []
    return [Vkey.parse(line) for line in path.read_text().splitlines() if line.strip()]
