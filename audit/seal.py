"""The house's seal: which rows of the database come from us.

Whoever may write to the database could put a record into the inbox, and the sequencer would take it as one of ours. So
each record, and the one row of ``audit_state``, carries a seal: HMAC-SHA256 with a key of 32 bytes that lies beside
the signing key (``seal.key``, mode 0600), never in the database::

    ki-pforte/seal/record/v1                    ki-pforte/seal/state/v1
    musterstadt.de/ki-pforte/1                  musterstadt.de/ki-pforte/1
    id                                          size
    writer                                      min_index
    wseq                                        length of the peaks in bytes
    type                                        (then the peaks, then those of the deleted beginning)
    ref
    (then the envelope)                         each line ends with a newline

The columns stand in the seal as they stand in the row, so none of them can say something else than the envelope.

Kept true: the key is made once and never again, as long as anything was sealed with it; processes that start together
take the same one. The seal is no part of the public format: it is checked before a record has its place, by those who
have the key. From then on checkpoints prove the record to everybody.

Not known here: what was in the log once. A row that was deleted with the beginning of the log has a good seal still;
the sequencer tells it by its age.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any, Final

from audit.errors import KeyLost, LedgerConfigError, LedgerRollback
from audit.signing import private_folder, read_private, write_private

SEAL_FILE: Final = "seal.key"
COMING_FILE: Final = "seal.key.next"
"""The key with which a database from before is being sealed (`audit.opening`)."""
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_RECORD: Final = "ki-pforte/seal/record/v1"
_STATE: Final = "ki-pforte/seal/state/v1"
_LOST: Final = (
    "Der Siegelschlüssel des Protokolls ({name}) fehlt in {folder}. Ohne ihn lässt sich nicht sagen, welche Einträge "
    "der Datenbank von der KI-Pforte stammen. Bitte spielen Sie ihn aus der Sicherung zurück. Ist er verloren, "
    "eröffnen Sie nach Rücksprache mit der oder dem Datenschutzbeauftragten ein neues Protokoll: „ki-pforte audit "
    "successor --lost-key --note DATEI“."
)
_BROKEN: Final = (
    "Der Stand des Protokolls in der Datenbank trägt nicht das Siegel der KI-Pforte. Jemand hat ihn an ihr vorbei "
    "geändert, oder in {folder} liegt ein anderer Siegelschlüssel ({name}). Es wird nichts mehr eingeordnet und nichts "
    "unterschrieben, bis das geklärt ist. Spielen Sie die letzte Sicherung wieder ein, oder eröffnen Sie nach "
    "Rücksprache mit der oder dem Datenschutzbeauftragten ein neues Protokoll: „ki-pforte audit successor --note "
    "DATEI“."
)
_sha256 = hashlib.sha256


class Seal:
    """Makes seals for one log."""

    def __init__(self, key: bytes, log: str) -> None:
        # HMAC spelt out (RFC 2104): the blocks of the key are always the same, and OpenSSL would spend more on setting
        # them up for each record than on hashing. A test compares it with the library's.
        block = key.ljust(_BLOCK, b"\0")
        inner, self._outer = block.translate(_INNER), block.translate(_OUTER)
        self._record = inner + f"{_RECORD}\n{log}\n".encode()
        self._state = inner + f"{_STATE}\n{log}\n".encode()
        self.log = log

    def record(self, record_id: str, writer: str, wseq: int, kind: str, ref: str, envelope: bytes) -> bytes:
        """Return the seal of a record."""
        facts = f"{record_id}\n{writer}\n{wseq}\n{kind}\n{ref}\n".encode(errors="surrogateescape")
        return _sha256(self._outer + _sha256(self._record + facts + envelope).digest()).digest()

    def state(self, size: int, peaks: bytes, min_index: int, pruned: bytes) -> bytes:
        """Return the seal of the state of the log."""
        facts = f"{size}\n{min_index}\n{len(peaks)}\n".encode()
        return _sha256(self._outer + _sha256(self._state + facts + peaks + pruned).digest()).digest()


def same(one: Any, other: bytes) -> bool:
    """Whether what stands in a row is this seal."""
    return isinstance(one, bytes) and hmac.compare_digest(one, other)


class SealKey:
    """The key in its folder; read when it is first needed."""

    def __init__(self, folder: Path, log: str) -> None:
        self._folder, self.log = folder, log
        self._path = folder / SEAL_FILE
        self._seal: Seal | None = None

    @property
    def there(self) -> bool:
        """Whether the key is there."""
        return self._path.exists()

    def get(self) -> Seal:
        """Return what seals. Raises `KeyLost`."""
        if self._seal is None:
            try:
                self._seal = Seal(read_key(self._path), self.log)
            except FileNotFoundError:
                raise self.lost() from None
        return self._seal

    def make(self) -> Seal:
        """Make the key, unless it is there; return what seals."""
        write_private(private_folder(self._folder) / SEAL_FILE, new_key(), replace=False)
        return self.get()

    def lost(self) -> KeyLost:
        """What is said where the key is missing."""
        return KeyLost(_LOST.format(name=SEAL_FILE, folder=self._folder))

    def broken(self) -> LedgerRollback:
        """What is said where the state of the database has not the seal."""
        return LedgerRollback(_BROKEN.format(name=SEAL_FILE, folder=self._folder))


def new_key() -> bytes:
    """Return a key as it stands in its file."""
    return secrets.token_hex(32).encode() + b"\n"


def read_key(path: Path) -> bytes:
    """Return the key of a file. Raises FileNotFoundError, and `LedgerConfigError` for what is no key."""
    try:
        key = bytes.fromhex(read_private(path).decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise LedgerConfigError(f"Die Datei {path.name} ist beschädigt. Bitte spielen Sie sie aus der Sicherung "
                                "zurück.")
    return key
