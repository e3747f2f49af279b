"""Makes a house from a backup.

Kept true: nothing of the house that is there changes before the whole file was read, proved whole and found to be this
house's (`origin`); what is there is put aside (``vorher-…`` in HOME, and beside the policies), never deleted; names in
the file cannot lead out of their folder. Databases of SQLite are staged like files; those of a server are loaded first,
all or nothing each. What was signed and erased since is beside the keys before they are put in place.

From the first step that changes something a mark lies in HOME (`gateway.home.BEGUN`), and no house opens with it:
whoever kills a restore half-way finds neither the old nor the new house running, and does it again.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from audit import LedgerError, carry, log_name, newest_note, nobody_writes, recall, settle_restored
from audit.store.dump import load_sqlite
from gateway.backup.archive import Entries, lines
from gateway.backup.making import ABOUT, ASIDE, LEDGER_KEYS, databases
from gateway.backup.origin import Origin, check_origin, look
from gateway.backup.sealing import opened
from gateway.home import BEGUN, STAGE, open_restored_ledger
from gateway.settings import PREFIX, Settings, load
from gateway.store import InvalidError, migrate, open_engine
from gateway.store.engine import file_of
from gateway.store.whole import HOUSE, empty, serving
from gateway.store.whole import load as load_database

_OURS: Final = ("pforte.yaml", "pforte.db", "protokoll.db", "keys", "secrets")


@dataclass(frozen=True, slots=True)
class Done:
    """What was restored."""

    made: str
    version: str
    records: int
    missing: int
    """Records that the last known checkpoint has and the backup has not; then only a new log goes on."""
    erased: int
    aside: Path | None
    signed: tuple[str, ...]
    """With which keys of the log the backup was signed."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What goes where: files by moving, databases of a server by loading."""

    moves: list[tuple[Path, Path]]
    loads: list[tuple[str, str, Path]]


def inspect_backup(file: BinaryIO, *, passphrase: str = "", private: str = "") -> dict[str, Any]:
    """Read all of a backup and check it; return what it says of itself. Writes nothing. Raises `InvalidError`."""
    origin = look(file, passphrase=passphrase, private=private)
    return {**origin.about, "entries": origin.entries, "signed_by": [str(key) for key in origin.signed]}


def restore(settings: Settings, file: BinaryIO, *, passphrase: str = "", private: str = "", replace: bool = False,
            note: str = "", alone: bool = False, erasures: Iterable[str] = ()) -> Done:
    """Make the house of `settings.home` from a backup. Raises `InvalidError` before anything has changed.

    `note` is the last checkpoint kept outside; `alone` says that there is none, and nobody else knows of a later one.
    """
    home, stage = settings.home, settings.home / STAGE
    there = [name for name in _OURS if (home / name).exists()]
    if there and not replace:
        raise InvalidError(f"In {home} liegt schon eine KI-Pforte ({', '.join(there)}). Mit --replace wird sie "
                           "beiseite gelegt.")
    if (home / LEDGER_KEYS).exists():
        nobody_writes(home / LEDGER_KEYS)
    origin = look(file, passphrase=passphrase, private=private)
    name = origin.keys[-1].name if origin.keys else ""
    note = newest_note(note, name)
    memory = recall([home / LEDGER_KEYS, *sorted(home.glob(f"{ASIDE}*/{LEDGER_KEYS}"))], name)
    check_origin(origin, _log_here(home), memory, note, alone=alone)
    begun = (home / BEGUN).exists()
    mask = os.umask(0o077)
    try:
        _clear(stage)
        _unpack(stage, Entries(opened(file, passphrase=passphrase, private=private)), origin)
        carry(stage / "home" / LEDGER_KEYS, memory, erasures, note)
        planned = load({**os.environ, f"{PREFIX}HOME": str(stage / "home")})
        plan = _plan(planned, home, stage, origin.about, replace=replace)
        (home / BEGUN).touch()
        _sync(stage)
        begun = True
        aside = _put_in_place(plan, home)
        done = _settle(load(), origin, note, aside)
        shutil.rmtree(stage)
        return done
    finally:
        os.umask(mask)
        if not begun:
            shutil.rmtree(stage, ignore_errors=True)


def _log_here(home: Path) -> str:
    try:
        return log_name(home / LEDGER_KEYS)
    except LedgerError:  # none, or one that is damaged: it vouches for nothing
        return ""


def _clear(stage: Path) -> None:
    """Empty the stage; the mark of a restore that broke off stays."""
    stage.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in stage.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != Path(BEGUN).name:
            path.unlink()


def _unpack(stage: Path, found: Entries, origin: Origin) -> None:
    (stage / "home").mkdir()
    for entry in found:
        if entry.name == ABOUT:
            continue
        kind, _, inside = entry.name.partition("/")
        target = stage / _inside(inside if kind == "sqlite" else entry.name)
        if kind not in ("home", "policies", "database", "sqlite") or (kind == "sqlite" and target == stage):
            raise InvalidError(_OUTSIDE)
        if kind == "sqlite" or (kind == "database" and origin.about["databases"].get(inside) == "sqlite"):
            load_sqlite(target, lines(entry.pieces))
        else:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            mode = entry.mode & 0o700 if kind == "home" else 0o600
            with open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode or 0o600), "wb") as file:
                file.writelines(entry.pieces)
                file.flush()
                os.fsync(file.fileno())
    if found.digest != origin.digest:
        raise InvalidError("Die Datei hat sich geändert, während sie gelesen wurde. Es wurde nichts eingespielt.")


def _sync(folder: Path) -> None:
    """Make names durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_OUTSIDE: Final = "Die Sicherung nennt eine Datei außerhalb ihres Ordners. Sie wird nicht eingespielt."


def _inside(name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2 or "\0" in name:
        raise InvalidError(_OUTSIDE)
    return Path(path)


def _plan(planned: Settings, home: Path, stage: Path, about: Mapping[str, Any], *, replace: bool) -> _Plan:
    """Return what is to be done. Raises `InvalidError` where it cannot be done."""
    plan, inner = _Plan([], []), stage / "home"

    def real(path: Path) -> Path:
        return home / path.relative_to(inner) if path.is_relative_to(inner) else path
    for which, url in databases(planned).items():
        source, path = stage / "database" / which, file_of(url)
        if not source.exists():
            continue
        if (path is not None) != (about["databases"].get(which) == "sqlite"):
            raise InvalidError(f"Die Sicherung der Datenbank „{which}“ ist von anderer Art als die eingestellte. Bitte "
                               "stellen Sie dieselbe Art ein (SQLite oder PostgreSQL).")
        if path is not None:
            plan.moves.append((source, real(path)))
            continue
        if not replace and not empty(which, url):
            raise InvalidError(f"Die Datenbank „{which}“ auf dem Server ist nicht leer. Mit --replace wird sie "
                               "ersetzt.")
        if which == HOUSE and serving(url, datetime.now(UTC)):
            raise InvalidError("Mit der Datenbank auf dem Server arbeitet gerade eine KI-Pforte, vielleicht auf einem "
                               "anderen Rechner. Bitte beenden Sie alle zuerst und warten Sie eine Minute.")
        plan.loads.append((which, url, source))
    if (stage / "policies").exists() and not _same(stage / "policies", real(planned.policies)):
        if planned.policies.exists() and any(real(planned.policies).iterdir()) and not replace:
            raise InvalidError(f"In {planned.policies} liegen schon Richtlinien. Mit --replace werden sie beiseite "
                               "gelegt.")
        plan.moves.append((stage / "policies", real(planned.policies)))
    plan.moves.extend((path, home / path.name) for path in sorted(inner.iterdir()))
    for _, target in plan.moves:
        _check_replaceable(target)
    return plan


def _check_replaceable(target: Path) -> None:
    """Raise `InvalidError` where a move would stop half-way: a mounted folder, one that may not be written to."""
    above = next(folder for folder in target.parents if folder.exists())
    if not os.access(above, os.W_OK) or os.path.ismount(target):
        raise InvalidError(f"{target} lässt sich nicht ersetzen: Der Ordner ist eingehängt oder für dieses Konto nicht "
                           "schreibbar. Bitte spielen Sie die Sicherung dort ein, wo er beschreibbar ist, oder stellen "
                           "Sie für das Einspielen einen anderen Ordner ein. Es wurde nichts geändert.")


def _same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    if not other.is_dir():
        return False
    mine, theirs = ({str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
                    for folder in (one, other))
    return mine == theirs and not any(filecmp.cmpfiles(one, other, mine, shallow=False)[1:])


def _put_in_place(plan: _Plan, home: Path) -> Path | None:
    """Load and move everything from the stage to where it belongs; return where the former house lies."""
    for which, url, source in plan.loads:
        with source.open("rb") as file:
            load_database(which, url, file)
    stamp, aside = _stamp(home), None
    for source, target in plan.moves:
        for old in (target, *(target.with_name(target.name + tail) for tail in ("-wal", "-shm"))):
            if old.exists() or old.is_symlink():
                away = home / stamp / old.name if old.is_relative_to(home) else old.with_name(f"{old.name}.{stamp}")
                away.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.move(old, away)
                aside = home / stamp
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
    return aside


def _stamp(home: Path) -> str:
    """Return a name for what is put aside that nothing has yet."""
    stamp = ASIDE + datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return next(name for name in _numbered(stamp) if not (home / name).exists())


def _numbered(stamp: str) -> Iterator[str]:
    yield stamp
    number = 1
    while True:
        number += 1
        yield f"{stamp}-{number}"


def _settle(settings: Settings, origin: Origin, note: str, aside: Path | None) -> Done:
    """Bring databases to this version, honour erasures, and write down in the ledger that this is a restored house."""
    engine = open_engine(settings.database)
    try:
        migrate(engine)
    finally:
        engine.dispose()
    folder, about = settings.home / LEDGER_KEYS, origin.about
    state = settle_restored(settings.audit_database, folder, note)
    if not state.missing:
        with open_restored_ledger(settings, log_name(folder)) as ledger:
            ledger.append_wait(ledger.draft("backup.restored", {"made": about["at"], "size": state.size,
                                                               "erased": state.erased}))
    return Done(about["at"], about["version"], state.size, state.missing, state.erased, aside,
                tuple(str(key) for key in origin.signed))
