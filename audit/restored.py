"""What a ledger needs after a backup was played back: old erasures carried out again, and no second story.

A backup is older than what was lost. Two things happened since that it does not know: parts were erased on order, and
checkpoints were handed out. For the first there is a journal (``erased.txt`` beside the keys: ids of records and names
of parts, nobody's name), to be kept outside like the notes. For the second the last note that somebody outside kept is
asked for: when it is ahead of what was restored, its size is remembered, so that nothing is signed under this name any
more and only `audit.successor` goes on. Without a note nobody can know; then the caller has to answer for it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audit.checkpoint import b64
from audit.checkpointer import HEAD_FILE
from audit.deletion import ERASED_FILE, erase_again
from audit.errors import KeyLost, LedgerRollback
from audit.merkle import HASH_SIZE
from audit.opening import open_log
from audit.sequencer import Sequencer, read_state
from audit.signing import write_private
from audit.store.store import Store
from audit.successor import current_name, kept_note


@dataclass(frozen=True, slots=True)
class Restored:
    """How it stands after the restore."""

    size: int
    missing: int
    """How many records the last note knew and the backup does not: only a new log goes on."""
    erased: int


def settle_restored(url: str, folder: Path, configured: str, note: str, erasures: Iterable[str]) -> Restored:
    """Put a restored ledger in order. Raises `audit.LedgerConfigError` when the note is not one of this log."""
    store = Store(url)
    try:
        store.migrate()
        key = open_log(store, folder, current_name(folder, configured))
        with contextlib.suppress(LedgerRollback, KeyLost):  # the service says so when it starts
            Sequencer(store, key).run()
        erased = erase_again(store, {*_lines(folder / ERASED_FILE), *erasures})
        with store.read() as connection:
            size = read_state(connection.exec_driver_sql).tree.size
    finally:
        store.close()
    if not note:
        return Restored(size, _ahead(folder, size), erased)
    kept = kept_note(folder, current_name(folder, configured), note)
    if kept.size > size:
        # The peaks are not known and not needed: what is shorter than this is refused before they are looked at.
        peaks = [b64(bytes(HASH_SIZE))] * kept.size.bit_count()
        write_private(folder / HEAD_FILE, json.dumps(
            {"size": kept.size, "root": b64(kept.root), "peaks": peaks}).encode(), replace=True)
    return Restored(size, max(0, kept.size - size), erased)


def remembered(folder: Path) -> int:
    """Return the size that was signed last, as this folder remembers it; 0: it does not."""
    try:
        return int(json.loads((folder / HEAD_FILE).read_text())["size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _ahead(folder: Path, size: int) -> int:
    return max(0, remembered(folder) - size)


def _lines(path: Path) -> list[str]:
    return path.read_text("ascii").splitlines() if path.exists() else []
