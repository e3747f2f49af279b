"""What a ledger needs after a backup was played back: old erasures carried out again, and no second story.

A backup is older than what was lost. Two things happened since that it does not know: parts were erased on order, and
checkpoints were handed out. For the first there is a journal (``erased.txt`` beside the keys: ids of records and names
of parts, nobody's name), to be kept outside like the notes. For the second the last note that somebody outside kept is
asked for: when it is ahead of what was restored, its size is remembered, so that nothing is signed under this name any
more and only `audit.successor` goes on. Without a note nobody can know; then the caller has to answer for it.

`recall` gathers both from every folder of keys that is still there, also from those that an earlier restore put aside;
`carry` writes them beside the keys that come back, before anybody can open them. Both may be done again and again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audit.checkpoint import Checkpoint, Vkey, b64
from audit.checkpointer import HEAD_FILE
from audit.deletion import ERASED_FILE, erase_again, listed
from audit.errors import KeyLost, LedgerConfigError, LedgerRollback
from audit.merkle import HASH_SIZE
from audit.opening import open_log
from audit.sequencer import Sequencer, read_state
from audit.signing import read_vkeys, write_private
from audit.store.store import Store
from audit.successor import NAME_FILE, current_name, kept_note


@dataclass(frozen=True, slots=True)
class Memory:
    """What folders of keys know of a log."""

    size: int
    """How many records of it were signed, at most; 0: they do not know."""
    head: bytes
    """What was remembered with that."""
    keys: tuple[Vkey, ...]
    """With which it was signed."""
    erased: frozenset[str]
    """What was erased on order, of whichever log."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How it stands after the restore."""

    size: int
    missing: int
    """How many records the last note knew and the backup does not: only a new log goes on."""
    erased: int


def log_name(folder: Path) -> str:
    """Return how the log of these keys is called now. Raises `LedgerConfigError` where there is none."""
    if (folder / NAME_FILE).exists():
        return current_name(folder, (folder / NAME_FILE).read_text("utf-8").partition("\n")[0])
    keys = read_vkeys(folder)
    if not keys:
        raise LedgerConfigError("In der Sicherung fehlt das Protokoll. Bitte nehmen Sie eine andere.")
    return keys[0].name


def recall(folders: Iterable[Path], name: str) -> Memory:
    """Gather what these folders of keys, and those of the logs before in them, know of the log of this name."""
    size, head, keys, erased = 0, b"", list[Vkey](), set[str]()
    for folder in [inner for outer in folders for inner in (outer, *sorted(outer.glob("log-*")))]:
        erased.update(_lines(folder / ERASED_FILE))
        own = [key for key in read_vkeys(folder) if key.name == name]
        keys += own
        if own and (known := remembered(folder)) > size:
            size, head = known, (folder / HEAD_FILE).read_bytes()
    return Memory(size, head, tuple(keys), frozenset(erased))


def carry(folder: Path, memory: Memory, erasures: Iterable[str], note: str) -> None:
    """Write beside keys that come back what they do not know. Raises `LedgerConfigError`, before it has written."""
    more = [line.strip() for line in erasures if line.strip()]
    if not all(map(listed, more)):
        raise LedgerConfigError("Die Liste der Löschungen ist keine, oder sie ist beschädigt. Jede Zeile nennt eine "
                                "Nummer und einen Teil.")
    if note:
        kept_note(folder, log_name(folder), note)
    if whole := sorted({*_lines(folder / ERASED_FILE), *memory.erased, *more}):
        write_private(folder / ERASED_FILE, "".join(f"{line}\n" for line in whole).encode(), replace=True)
    if memory.size > remembered(folder):
        write_private(folder / HEAD_FILE, memory.head, replace=True)


def settle_restored(url: str, folder: Path, note: str) -> Restored:
    """Put a restored ledger in order, whose keys `carry` has seen."""
    store = Store(url)
    try:
        store.migrate()
        key = open_log(store, folder, log_name(folder))
        with contextlib.suppress(LedgerRollback, KeyLost):  # the service says so when it starts
            Sequencer(store, key).run()
        erased = erase_again(store, _lines(folder / ERASED_FILE))
        with store.read() as connection:
            size = read_state(connection.exec_driver_sql).tree.size
    finally:
        store.close()
    if note:
        _remember(folder, kept_note(folder, log_name(folder), note), size)
    return Restored(size, max(0, remembered(folder) - size), erased)


def remembered(folder: Path) -> int:
    """Return the size that was signed last, as this folder remembers it; 0: it does not."""
    try:
        return int(json.loads((folder / HEAD_FILE).read_text())["size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _remember(folder: Path, kept: Checkpoint, size: int) -> None:
    if kept.size > max(size, remembered(folder)):
        # The peaks are not known and not needed: what is shorter than this is refused before they are looked at.
        peaks = [b64(bytes(HASH_SIZE))] * kept.size.bit_count()
        write_private(folder / HEAD_FILE, json.dumps(
            {"size": kept.size, "root": b64(kept.root), "peaks": peaks}).encode(), replace=True)


def _lines(path: Path) -> list[str]:
    """Return the lines of a journal; the last one may be torn, where power went away."""
    return list(filter(listed, path.read_text("utf-8", "replace").splitlines())) if path.exists() else []
