"""Opens the log of a database, and seals one from before the house had a seal.

A new log gets its key and its one row, sealed. A log from before (no seal on its state, no key in the folder) is sealed
once: what waits gets its place, then one transaction seals the state and writes ``log.sealed``, so that the log itself
says from where on records had to be ours. The key waits under another name until that is durable; a crash in between
begins anew or finishes it. From then on a state without a seal is refused, and a key that is gone is lost
(`audit.seal`).

Not known here: whether what waited in a log from before was ours.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from audit import canonical, holds
from audit.batch import Batches, Pending
from audit.clock import Watch
from audit.merkle import CompactRange
from audit.record import GAP, META, SEALED, Draft, Part, new_id, now_us
from audit.retention import PROOF_CLASS, Retention
from audit.seal import COMING_FILE, SEAL_FILE, Seal, SealKey, new_key, read_key
from audit.sequencer import Gap, Sequencer, read_state, seal_of
from audit.signing import file_lock, private_folder, sync_folder, write_private
from audit.store.store import Store

LOCK_FILE: Final = ".seal.lock"
HELD: Final = "ledger.seal"


def open_log(store: Store, folder: Path, log: str) -> SealKey:
    """Make the log, or check that the database holds it and no other; return its key, which may be lost."""
    key = SealKey(private_folder(folder), log)
    store.open_log(log, lambda: seal_of(key.make(), CompactRange(), CompactRange()))
    if not key.there:
        _seal(store, folder, key)
    return key


def _seal(store: Store, folder: Path, key: SealKey) -> None:
    """Seal a log from before; finish what broke off. A log whose key is lost is left alone."""
    coming = folder / COMING_FILE
    with file_lock(folder / LOCK_FILE):
        if key.there or not (_unsealed(store) or coming.exists()):
            return
        write_private(coming, new_key(), replace=False)
        seal = Seal(read_key(coming), key.log)
        if _unsealed(store):
            gaps = Sequencer(store, None).run()
            _begin(store, seal, gaps)
        if not _sealed_by(store, seal):
            return  # left over from another database
        coming.replace(folder / SEAL_FILE)
        sync_folder(folder)


def _unsealed(store: Store) -> bool:
    with store.read() as connection:
        return connection.exec_driver_sql("SELECT seal FROM audit_state").scalar() is None


def _sealed_by(store: Store, seal: Seal) -> bool:
    with store.read() as connection:
        return read_state(connection.exec_driver_sql).sealed_by(seal)


def _begin(store: Store, seal: Seal, gaps: list[Gap]) -> None:
    """Seal the state, and say so in the log, in one transaction."""
    with store.write() as run:
        state = read_state(run, lock_row=not store.sqlite)
        facts = {"size": state.tree.size, "root": state.tree.root().hex()}
        items = [Pending(Draft(kind, {META: Part(canonical.dumps(said), PROOF_CLASS)}), new_id(), now_us())
                 for kind, said in [(SEALED, facts), *((GAP, gap) for gap in gaps)]]
        Batches(store, seal, secrets.token_hex(8), Retention(), Watch()).insert(run, items)
        run(store.sql("UPDATE audit_state SET seal = ?"), (seal_of(seal, state.tree, state.pruned),))
    holds.keep(store, HELD, [items[0].id])
