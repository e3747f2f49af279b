"""The way out after a rollback: a new log that names the old one, so that both verify and the break is visible.

When the database no longer continues what was signed (a restored backup, a rewritten history), nothing more is signed
under the old name, ever: that would be a second story about the same log. The same when the signing key is lost or in
strange hands: only the key itself could announce another (`audit.keychain`). A person decides, and `succeed`

1. copies the keys of the old log and what was remembered of it into ``log-N`` beside them, where they verify it;
2. opens the new log, named ``.../N+1``, in an empty database; its first record, ``log.successor``, names the old log,
   the last note that somebody outside kept (its digest, size and root), the size and root that were recovered, and why;
   (It is sealed with a key of its own, `audit.seal`.)
3. takes the old keys out of use and writes the new name into ``log.txt`` beside the keys. From then on `current_name`
   answers with it, whatever the set-up calls the first log, so no setting changes its meaning.

A database of SQLite is renamed (``audit.sqlite`` to ``audit-N.sqlite``), so its address serves the new log; elsewhere
the address of the old one is given. It is left as it is. What broke off can be done again: each step looks first.
Pseudonyms go on: their keys are not those of the log.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audit import canonical, holds
from audit.batch import Batches, Pending
from audit.bundle import newest_note
from audit.checkpoint import Checkpoint, Note
from audit.checkpointer import HEAD_FILE, Checkpointer
from audit.clock import Watch
from audit.errors import FormatError, KeyLost, LedgerConfigError, LedgerRollback
from audit.opening import open_log
from audit.presence import Presence
from audit.record import META, SUCCESSOR, Draft, Part, new_id, now_us
from audit.retention import PROOF_CLASS, Retention
from audit.seal import SEAL_FILE, SealKey
from audit.sequencer import Sequencer, read_state
from audit.signing import (
    KEY_FILE,
    NEXT_KEY_FILE,
    OLD_KEY_FILE,
    VKEYS_FILE,
    private_folder,
    read_vkeys,
    sync_folder,
    write_private,
)
from audit.store.store import Store

NAME_FILE: Final = "log.txt"
HELD: Final = "ledger.successor"
_KEPT: Final = (KEY_FILE, OLD_KEY_FILE, NEXT_KEY_FILE, HEAD_FILE, VKEYS_FILE)
_NUMBERED: Final = re.compile(r"(.*?)(?:/([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Succession:
    """What was done: the names, and where database and keys of the old log lie."""

    old: str
    new: str
    database: str
    keys: Path


def succeed(url: str, folder: Path, configured: str, note: str, old_url: str = "", *,
            key_lost: bool = False) -> Succession:
    """Open the log after the one that can go on no more. Raises `LedgerConfigError` where that is not so.

    `key_lost`: its key is lost or in strange hands; otherwise its database has to have been set back.
    """
    old = current_name(folder, configured)
    new, note = next_name(old), newest_note(note, old)
    nobody_writes(folder)
    aside = _aside(folder, old)
    source = Store(old_url or _aside_url(url, old) or url)
    try:
        home = aside if (aside / VKEYS_FILE).exists() else folder
        key = SealKey(home, old)
        facts = {**_facts(source, home, key, note), "why": "schluessel" if key_lost else "rueckfall"}
        if not key_lost:
            _refuses(source, home, key)
    finally:
        source.close()
    _copy(folder, aside)
    database = old_url or _rename(url, old)
    _forget_seal(folder, aside)
    store = Store(url)
    try:
        store.migrate()
        key = open_log(store, folder, new)
        _open(store, key, facts)
        for name in _KEPT:
            (folder / name).unlink(missing_ok=True)
        write_private(folder / NAME_FILE, f"{configured}\n{new}\n".encode(), replace=True)
        Checkpointer(store, folder, key).sign()
    finally:
        store.close()
    return Succession(old, new, database, aside)


def current_name(folder: Path, name: str) -> str:
    """Return how the log is called now that the set-up calls `name`."""
    path = folder / NAME_FILE
    if not path.exists():
        return name
    first, _, now = path.read_text().strip().partition("\n")
    return now if name == first else name


def next_name(name: str) -> str:
    """Return the name of the log after this one: its last part is a number that grows."""
    found = _NUMBERED.fullmatch(name)
    base, number = (found[1], found[2]) if found else (name, None)
    return f"{base}/{int(number or 1) + 1}"


def _facts(store: Store, home: Path, key: SealKey, note: str) -> dict[str, Any]:
    old = key.log
    kept, keys = kept_note(home, old, note), read_vkeys(home)
    with contextlib.suppress(LedgerRollback, KeyLost):  # then nobody can say any more which of what waits is ours
        Sequencer(store, key).run()
    with store.read() as connection:
        tree = read_state(connection.exec_driver_sql).tree
    return {"log": old, "note": hashlib.sha256(note.encode()).hexdigest(), "size": kept.size, "root": kept.root.hex(),
            "recovered": tree.size, "recovered_root": tree.root().hex(), "keys": [str(key) for key in keys]}


def _refuses(store: Store, home: Path, key: SealKey) -> None:
    """Go on only where the old log can be signed no more."""
    try:
        Checkpointer(store, home, key).sign()
    except LedgerRollback:
        return
    raise LedgerConfigError(f"Das Protokoll {key.log} setzt fort, was unterschrieben wurde. Es braucht keinen "
                            "Nachfolger, außer sein Schlüssel ist verloren oder in fremden Händen (--lost-key).")


def nobody_writes(folder: Path) -> None:
    """Raise `LedgerConfigError` while a process of this host keeps the ledger."""
    presence = Presence(folder / "writers")
    try:
        dead = presence.claim_dead()
        if any(path.name not in dead for path in (folder / "writers").iterdir()):
            raise LedgerConfigError("Das Protokoll wird gerade geführt. Bitte beenden Sie die KI-Pforte zuerst.")
    finally:
        presence.close()


def _copy(folder: Path, aside: Path) -> None:
    """Keep the old keys; the list of keys goes last, and says that all of them are there."""
    if (aside / VKEYS_FILE).exists():
        return
    private_folder(aside)
    for name in (SEAL_FILE, *_KEPT):
        if (folder / name).exists():
            write_private(aside / name, (folder / name).read_bytes(), replace=True)


def _forget_seal(folder: Path, aside: Path) -> None:
    """Let the new log have a seal of its own; once made it stays."""
    now, old = folder / SEAL_FILE, aside / SEAL_FILE
    if now.exists() and old.exists() and now.read_bytes() == old.read_bytes():
        now.unlink()
        sync_folder(folder)


def _open(store: Store, key: SealKey, facts: dict[str, Any]) -> None:
    """Write the first record, once; it stays as long as the log."""
    with store.write() as run:
        first = run("SELECT id FROM audit_record LIMIT 1").fetchone()
        if first is None:
            draft = Draft(SUCCESSOR, {META: Part(canonical.dumps(facts), PROOF_CLASS)})
            item = Pending(draft, new_id(), now_us())
            Batches(store, key.get(), secrets.token_hex(8), Retention(), Watch()).insert(run, [item])
            first = (item.id,)
    Sequencer(store, key).run()
    holds.keep(store, HELD, [first[0]])


def _aside_url(url: str, old: str) -> str:
    """Return where the old database of SQLite lies after it was renamed; empty where it was not."""
    path = _aside_path(url, old)
    return f"sqlite:///{path}" if path is not None and path.exists() else ""


def _aside_path(url: str, old: str) -> Path | None:
    store = Store(url)
    if not store.sqlite:
        return None
    path = Path(str(store.url.database))
    return path.with_name(f"{path.stem}-{old.rpartition('/')[2]}{path.suffix}")


def _rename(url: str, old: str) -> str:
    aside = _aside_path(url, old)
    if aside is None:
        raise LedgerConfigError("Bitte stellen Sie in KI_PFORTE_AUDIT_DATABASE_URL eine neue, leere Datenbank ein und "
                                "nennen Sie die bisherige mit --old-database.")
    path = Path(str(Store(url).url.database))
    if not aside.exists():
        for tail in ("-wal", "-shm", ""):  # the file itself last: it says that all of it was renamed
            if (moving := path.with_name(path.name + tail)).exists():
                moving.replace(aside.with_name(aside.name + tail))
        sync_folder(path.parent)
    return f"sqlite:///{aside}"


def _aside(folder: Path, old: str) -> Path:
    return folder / f"log-{old.rpartition('/')[2]}"


def kept_note(home: Path, old: str, text: str) -> Checkpoint:
    """Return what a note of this log says. Raises `LedgerConfigError` where it is none."""
    try:
        note = Note.parse(text)
        if not note.signed_by(read_vkeys(home)):
            raise FormatError("signed by nobody we know")
        kept = Checkpoint.parse(note.text)
        if kept.origin != old:
            raise FormatError("a note of another log")
    except FormatError as error:
        raise LedgerConfigError(f"Die Notiz gehört nicht zum Protokoll {old} oder ist nicht mit seinem Schlüssel "
                                "unterschrieben. Bitte nehmen Sie die letzte Notiz, die außerhalb aufbewahrt wurde, "
                                "unverändert.") from error
    return kept
