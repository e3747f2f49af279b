"""Makes a house from a backup.

Kept true: nothing of the house that is there changes before the whole file was read and proved whole; what is there is
put aside (``vorher-…`` in HOME, and beside the policies), never deleted; names in the file cannot lead out of their
folder. Databases of SQLite are staged like files; those of a server are loaded last, all or nothing each. What was
restored is then put in order (`audit.restored`), and the ledger tells of it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from audit import check_note, nobody_writes, remembered, settle_restored
from audit.store.dump import load_sqlite
from gateway.backup.archive import Entry, entries, lines
from gateway.backup.making import ABOUT, ASIDE, databases
from gateway.backup.sealing import opened
from gateway.home import known_log_name, open_ledger
from gateway.settings import PREFIX, Settings, load
from gateway.store import InvalidError, migrate, open_engine
from gateway.store.whole import empty, file_of
from gateway.store.whole import load as load_database

_STAGE: Final = ".wiederherstellung"
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


def inspect_backup(file: BinaryIO, *, passphrase: str = "", private: str = "") -> dict[str, Any]:
    """Read all of a backup and check it; return what it says of itself. Writes nothing. Raises `InvalidError`."""
    about: dict[str, Any] = {}
    count = 0
    for entry in entries(opened(file, passphrase=passphrase, private=private)):
        count += 1
        if entry.name == ABOUT:
            about = json.loads(b"".join(entry.pieces))
    return {**about, "entries": count}


def restore(settings: Settings, file: BinaryIO, *, passphrase: str = "", private: str = "", replace: bool = False,
            note: str = "", alone: bool = False, erasures: Iterable[str] = ()) -> Done:
    """Make the house of `settings.home` from a backup. Raises `InvalidError` before anything has changed.

    `note` is the last checkpoint kept outside; `alone` says that there is none, and nobody else knows of a later one.
    """
    home = settings.home
    there = [name for name in _OURS if (home / name).exists()]
    if there and not replace:
        raise InvalidError(f"In {home} liegt schon eine KI-Pforte ({', '.join(there)}). Mit --replace wird sie "
                           "beiseite gelegt.")
    keys = home / "keys" / "protokoll"
    if keys.exists():
        nobody_writes(keys)
    before = remembered(keys)
    if not (note or alone or before):
        raise InvalidError("Bitte nennen Sie mit --note die letzte Notiz des Protokolls, die außerhalb aufbewahrt "
                           "wurde. Gibt es keine, sagen Sie das mit --without-note: Was nach der Sicherung geschah, "
                           "fehlt dann, ohne dass es jemandem auffallen muss.")
    stage = home / _STAGE
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True, mode=0o700)
    mask = os.umask(0o077)
    try:
        about = _unpack(stage, entries(opened(file, passphrase=passphrase, private=private)))
        planned = load({**os.environ, f"{PREFIX}HOME": str(stage)})
        first = _first_name(stage)
        if note:
            check_note(stage / "keys" / "protokoll", first, note)
        aside = _put_in_place(planned, home, stage, about, replace=replace)
        return _settle(load(), first, about, before, note, erasures, aside)
    finally:
        os.umask(mask)
        shutil.rmtree(stage, ignore_errors=True)


def _unpack(stage: Path, found: Iterator[Entry]) -> dict[str, Any]:
    about: dict[str, Any] = {}
    for entry in found:
        if entry.name == ABOUT:
            about = json.loads(b"".join(entry.pieces))
            if about.get("format") != 1:
                raise InvalidError("Die Sicherung stammt aus einer neueren Version der KI-Pforte.")
            continue
        target = stage / _inside(entry.name.removeprefix("home/").removeprefix("sqlite/home/"))
        if entry.name.startswith("sqlite/") or (entry.name.startswith("database/") and about["databases"][
                entry.name.removeprefix("database/")] == "sqlite"):
            load_sqlite(target, lines(entry.pieces))
        else:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            mode = entry.mode & 0o700 if entry.name.startswith("home/") else 0o600
            with open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode or 0o600), "wb") as file:
                file.writelines(entry.pieces)
    return about


def _inside(name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InvalidError("Die Sicherung nennt eine Datei außerhalb ihres Ordners. Sie wird nicht eingespielt.")
    return Path(path)


def _put_in_place(planned: Settings, home: Path, stage: Path, about: Mapping[str, Any], *,
                  replace: bool) -> Path | None:
    """Move everything from the stage to where it belongs; return where the former house lies."""
    moves: list[tuple[Path, Path]] = []
    loads: list[tuple[str, str, Path]] = []
    for which, url in databases(planned).items():
        source, path = stage / "database" / which, file_of(url)
        if not source.exists():
            continue
        if (path is not None) != (about["databases"][which] == "sqlite"):
            raise InvalidError(f"Die Sicherung der Datenbank „{which}“ ist von anderer Art als die eingestellte. Bitte "
                               "stellen Sie dieselbe Art ein (SQLite oder PostgreSQL).")
        if path is None:
            if not replace and not empty(which, url):
                raise InvalidError(f"Die Datenbank „{which}“ auf dem Server ist nicht leer. Mit --replace wird sie "
                                   "ersetzt.")
            loads.append((which, url, source))
        else:
            moves.append((source, home / path.relative_to(stage) if path.is_relative_to(stage) else path))
    policies = planned.policies
    if (stage / "policies").exists():
        if policies.exists() and any(policies.iterdir()) and not replace:
            raise InvalidError(f"In {policies} liegen schon Richtlinien. Mit --replace werden sie beiseite gelegt.")
        moves.append((stage / "policies", home / policies.relative_to(stage) if policies.is_relative_to(stage)
                      else policies))
    moves += [(path, home / path.name) for path in stage.iterdir() if path.name not in ("database", "policies")]
    for which, url, source in loads:
        with source.open("rb") as file:
            load_database(which, url, file)
    return _move(moves, home)


def _move(moves: list[tuple[Path, Path]], home: Path) -> Path | None:
    stamp = ASIDE + datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside: Path | None = None
    for source, target in moves:
        for old in (target, *(target.with_name(target.name + tail) for tail in ("-wal", "-shm"))):
            if old.exists():
                away = home / stamp / old.name if old.is_relative_to(home) else old.with_name(f"{old.name}.{stamp}")
                away.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.move(old, away)
                aside = home / stamp
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
    return aside


def _first_name(stage: Path) -> str:
    """Return what the set-up called the log, before any successor."""
    name, renamed = known_log_name(stage), stage / "keys" / "protokoll" / "log.txt"
    if name is None:
        raise InvalidError("In der Sicherung fehlt das Protokoll. Bitte nehmen Sie eine andere.")
    return renamed.read_text("utf-8").splitlines()[0] if renamed.exists() else name


def _settle(settings: Settings, first: str, about: Mapping[str, Any], before: int, note: str,
            erasures: Iterable[str], aside: Path | None) -> Done:
    """Bring databases to this version, honour erasures, and write down in the ledger that this is a restored house."""
    engine = open_engine(settings.database)
    try:
        migrate(engine)
    finally:
        engine.dispose()
    folder = settings.home / "keys" / "protokoll"
    listed = list(erasures)
    if aside is not None and before:
        old = aside / "keys" / "protokoll"
        with suppress(FileNotFoundError):
            listed += (old / "erased.txt").read_text("ascii").splitlines()
        if before > remembered(folder):
            shutil.copy2(old / "head.json", folder / "head.json")
    state = settle_restored(settings.audit_database, folder, first, note, listed)
    if not state.missing:
        with open_ledger(settings, first) as ledger:
            ledger.append_wait(ledger.draft("backup.restored", {"made": str(about["at"]), "size": state.size,
                                                               "erased": state.erased}))
    return Done(str(about["at"]), str(about["version"]), state.size, state.missing, state.erased, aside)


