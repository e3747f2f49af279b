"""Signs checkpoints, and refuses when the log is not a continuation of what was signed before.

What was signed last (size, root, peaks) is remembered in ``head.json`` beside the keys, outside the database. Before a
new signature the remembered peaks plus the leaves since then must give the state of the database: a restored backup
or a rewritten history does not get a signature. Written to the file before the note is handed to anybody.

The state itself must have the house's seal (`audit.seal`): what somebody wrote there by hand is not looked at further.
Where no memory exists (a fresh folder) the last note of the database is all there is to compare with.

Announcements (`audit.announcement`) are signed here, too, under the same lock: while one is written nobody signs a
checkpoint, and a change of the key begins with the files, so each checkpoint that could cover it has both signatures.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from audit import announcement, canonical
from audit.checkpoint import Checkpoint, Note, Vkey, b64, unb64
from audit.errors import FormatError, KeyLost, LedgerDamaged, LedgerError, LedgerRollback
from audit.merkle import CompactRange
from audit.record import KEY_ROTATE, META, Draft, Part, Receipt, new_id, now_us
from audit.retention import PROOF_CLASS
from audit.seal import SealKey
from audit.sequencer import State, grow, sealed_state
from audit.signing import Signer, file_lock, read_vkeys, write_private
from audit.store.store import Store, as_bytes

HEAD_FILE: Final = "head.json"
HEAD_LOCK: Final = ".head.lock"
Write = Callable[[Draft], Receipt]
"""Makes a record durable."""
_ROLLBACK: Final = (
    "Das Protokoll setzt nicht fort, was zuletzt unterschrieben wurde (Stand {old}, jetzt {new}). Wurde eine "
    "Sicherung eingespielt? Es wird nichts mehr unterschrieben, bis das geklärt ist. Spielen Sie den neueren Stand "
    "wieder ein, oder eröffnen Sie nach Rücksprache mit der oder dem Datenschutzbeauftragten ein neues Protokoll: "
    "„ki-pforte audit successor --note DATEI“."
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint of the database: size, note, when (microseconds)."""

    size: int
    note: str
    created_us: int


def last_checkpoint(connection: Connection) -> Signed | None:
    """Return the newest checkpoint."""
    row = connection.exec_driver_sql(
        "SELECT size, note, created_at FROM checkpoint ORDER BY size DESC LIMIT 1"
    ).fetchone()
    return Signed(*row) if row else None


def remembered(folder: Path) -> CompactRange | None:
    """Return the tree that was signed last, as the file beside the keys has it; None where there is none."""
    path = folder / HEAD_FILE
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text())
        return CompactRange(value["size"], [unb64(peak) for peak in value["peaks"]])
    except (ValueError, KeyError, TypeError, FormatError) as error:
        raise LedgerError(f"Die Datei {HEAD_FILE} ist beschädigt. Es wird nichts unterschrieben.") from error


class Checkpointer:
    """Signs the committed size if it has grown."""

    def __init__(self, store: Store, folder: Path, key: SealKey, clock: Callable[[], int] = now_us) -> None:
        self._store = store
        self._folder = folder
        self.log = key.log
        self._seal = key
        self._clock = clock
        with contextlib.suppress(KeyLost):  # what else is wrong with the key shows now; without one can be read
            Signer.open(folder, key.log)

    def sign(self) -> Signed | None:
        """Sign what is committed; return the new checkpoint, or None if nothing was added. Raises `LedgerRollback`."""
        with file_lock(self._folder / HEAD_LOCK):
            with self._store.read() as connection:
                state, last = sealed_state(connection.exec_driver_sql, self._seal), last_checkpoint(connection)
                self._check(connection, state, last)
            tree = state.tree
            if tree.size == 0 or (last is not None and last.size >= tree.size):
                return None
            signer = Signer.open(self._folder, self.log)  # anew: another process may have changed the key
            note = signer.sign(Checkpoint(state.log, tree.size, tree.root()))
            self._remember(tree)
            kept = self._keep(Signed(tree.size, note, self._clock()))
            if signer.before is not None and self._covers_rotation(tree.size, signer.before.vkey, signer.vkey):
                Signer.finish_rotation(self._folder)
            return kept

    def rotate(self, write: Write) -> tuple[Vkey, Receipt]:
        """Let a new key sign beside the one before, and say so in the log; finish a change that broke off."""
        with file_lock(self._folder / HEAD_LOCK):
            size = self.check()
            signer = Signer.rotate(self._folder, self.log)
            facts = {"before": str((signer.before or signer).vkey), "vkey": str(signer.vkey), "size": size}
            return signer.vkey, _announce(signer, KEY_ROTATE, facts, write)

    def announce(self, kind: str, facts: Mapping[str, Any], write: Write) -> Receipt:
        """Write a record that others act on, signed by the keys in force."""
        with file_lock(self._folder / HEAD_LOCK):
            self.check()
            return _announce(Signer.open(self._folder, self.log), kind, facts, write)

    def vkeys(self) -> list[Vkey]:
        """Return all keys that ever signed, the oldest first; they lie outside the database."""
        return read_vkeys(self._folder)

    def check(self) -> int:
        """Return the size that could be signed; sign nothing. Raises `LedgerRollback` where that would be refused."""
        with self._store.read() as connection:
            state = sealed_state(connection.exec_driver_sql, self._seal)
            self._check(connection, state, last_checkpoint(connection))
        return state.tree.size

    def _covers_rotation(self, size: int, before: Vkey, key: Vkey) -> bool:
        """Whether a record below `size` announced this very key, signed by the one before. (It may not have its place
        yet, while the one of an earlier change has; and anybody who can write to the database could put one there.)"""
        with self._store.read() as connection:
            rows = connection.exec_driver_sql(self._store.sql(
                "SELECT f.record_id, p.body FROM audit_facet f JOIN audit_part p ON p.record_id = f.record_id "
                "AND p.name = 'meta' WHERE f.type = 'key.rotate' AND f.idx < ?"), (size,)).fetchall()
        return any(_says(self.log, record_id, as_bytes(body), before, key) for record_id, body in rows)

    def _keep(self, signed: Signed) -> Signed | None:
        statement = self._store.sql("INSERT INTO checkpoint (size, note, created_at) VALUES (?, ?, ?)")
        try:
            with self._store.write() as run:
                run(statement, (signed.size, signed.note, signed.created_us))
        except self._store.conflict:
            return None  # another host signed the same size at the same time; Ed25519 gives the same note
        return signed

    def _check(self, connection: Connection, state: State, last: Signed | None) -> None:
        """Raise unless the database continues what is remembered, and what its own last note says."""
        tree, head = state.tree, remembered(self._folder)
        said = self._said(last, tree) if last is not None else None
        if said is not None and (said.size > tree.size or (said.size == tree.size and said.root != tree.root())):
            raise _rollback(said.size, tree.size)
        if head is None:
            size = said.size if said is not None else 0
            head = self._grow(connection, state.pruned, size)
            if said is not None and head.root() != said.root:
                raise _rollback(size, tree.size)
        grown = self._grow(connection, head, tree.size)
        if grown.peaks != tree.peaks:
            raise _rollback(head.size, tree.size)

    def _said(self, last: Signed, tree: CompactRange) -> Checkpoint:
        try:
            note = Note.parse(last.note)
            if not note.signed_by(self.vkeys()):
                raise FormatError("signed by nobody we know")
            return Checkpoint.parse(note.text)
        except FormatError as error:
            raise _rollback(last.size, tree.size) from error

    def _grow(self, connection: Connection, start: CompactRange, size: int) -> CompactRange:
        """Return `start` with the leaves of the database up to `size`."""
        if start.size > size:
            raise _rollback(start.size, size)
        try:
            return grow(self._store, connection.exec_driver_sql, start, size)
        except LedgerDamaged as error:
            raise _rollback(start.size, size) from error

    def _remember(self, tree: CompactRange) -> None:
        value = {"size": tree.size, "root": b64(tree.root()), "peaks": [b64(peak) for peak in tree.peaks]}
        write_private(self._folder / HEAD_FILE, json.dumps(value).encode(), replace=True)


def _announce(signer: Signer, kind: str, facts: Mapping[str, Any], write: Write) -> Receipt:
    record_id = new_id()
    said = canonical.dumps(signer.announce(kind, record_id, facts))
    return write(Draft(kind, {META: Part(said, PROOF_CLASS)}, id=record_id))


def _says(log: str, record_id: str, body: bytes, before: Vkey, key: Vkey) -> bool:
    try:
        facts = canonical.loads(body)
    except FormatError:
        return False
    return (before in announcement.signed_by(log, KEY_ROTATE, record_id, facts, [before])
            and facts.get("vkey") == str(key))


def _rollback(old: int, new: int) -> LedgerRollback:
    return LedgerRollback(_ROLLBACK.format(old=old, new=new))
