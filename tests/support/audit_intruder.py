"""Somebody who may write to the database of the ledger, and has none of its keys, or only that of the seal."""

from __future__ import annotations

import os
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import Ledger, canonical, record
from audit.bundle import Bundle, Line, write_bundle
from audit.checkpoint import Checkpoint, Note
from audit.merkle import CompactRange, leaf_hash
from audit.seal import SealKey
from audit.sequencer import read_state, seal_of
from audit.signing import Signer
from audit.store.store import Store


def reseal(store: Store, key: SealKey) -> None:
    """Give the state of the log, whatever it says, a good seal: as if it were a row of earlier that somebody kept."""
    with store.write() as run:
        state = read_state(run)
        run(store.sql("UPDATE audit_state SET seal = ?"), (seal_of(key.get(), state.tree, state.pruned),))


class Intruder:
    """Puts records into the inbox as the writer would, and a key of his own where he can."""

    def __init__(self, ledger: Ledger) -> None:
        self._store, self.log, self._folder = ledger._store, ledger.config.log, ledger.config.folder
        self.signer = Signer(self.log, Ed25519PrivateKey.generate())
        self._writer, self._next = secrets.token_hex(8), 0

    def slip_in(self, kind: str, facts: Any, *, record_id: str = "", ref: str = "", sealed: bool = True) -> str:
        """Insert a record with a correct envelope; returns its id.

        With the house's seal, as somebody could who stole that key (and no other), the next sequencer takes it.
        """
        line = self.line(0, kind, facts, record_id=record_id, ref=ref)
        salt, body, retention = line.parts["meta"]
        envelope = record.parse_envelope(line.envelope)
        row = (envelope.id, envelope.writer, envelope.wseq, kind, ref, line.envelope)
        seal = SealKey(self._folder, self.log).get().record(*row) if sealed else None
        with self._store.write() as run:
            run(self._store.sql("INSERT INTO audit_record (id, writer, wseq, type, ref, envelope, seal) "
                                "VALUES (?, ?, ?, ?, ?, ?, ?)"), (*row, seal))
            run(self._store.sql("INSERT INTO audit_part (record_id, name, salt, body, class, expires_at) "
                                "VALUES (?, 'meta', ?, ?, ?, ?)"), (envelope.id, salt, body, retention, 2**40))
            run(self._store.sql("INSERT INTO audit_inbox (record_id) VALUES (?)"), (envelope.id,))
        return envelope.id

    def line(self, idx: int, kind: str, facts: Any, *, record_id: str = "", ref: str = "") -> Line:
        """A record with a correct envelope, as a line of a bundle."""
        salt, body, record_id = os.urandom(32), canonical.dumps(facts), record_id or record.new_id()
        envelope = record.build_envelope(
            commitments={"meta": record.commitment("meta", salt, body)}, record_id=record_id, log=self.log,
            wseq=self._next, ref=ref, t_us=record.now_us(), type_=kind, writer=self._writer)
        self._next += 1
        return Line(idx, envelope, {"meta": (salt, body, "nachweis")})

    def rewrite(self, ledger: Ledger, path: Any, size: int) -> None:
        """Write a bundle: the first `size` records as they are, then one of his own, signed by himself."""
        ledger.export_bundle(path)
        source = Bundle(path).source()
        lines = [Line(one.idx, one.envelope, {name: (part.salt, part.body, "x") for name, part in one.parts.items()})
                 for one in list(source.entries)[:size]]
        lines.append(self.line(size, "heartbeat", {}))
        tree = CompactRange()
        for line in lines:
            tree.append(leaf_hash(line.envelope))
        notes = [note for note in source.notes if Checkpoint.parse(Note.parse(note).text).size <= size]
        notes.append(self.signer.sign(Checkpoint(self.log, tree.size, tree.root())))
        write_bundle(path, {"log": self.log, "size": tree.size, "unsequenced": 0, "created": 1}, lines, notes,
                     ledger.vkeys())
