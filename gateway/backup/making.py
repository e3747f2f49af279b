"""Writes a backup while the house goes on working.

First the files (keys, settings, secrets, what waits on the disk), then the policies, then the databases, each in one
consistent snapshot; last the keys that came meanwhile. In this order the database of the ledger is never behind what
the keys remember as signed. Nothing is written in the clear anywhere, and the file appears under its name when it is
whole. The log's key stands for the list of all, because anybody can write a file for a public key. Not in it: the
environment (settings and secrets that come from there), the program, and backups.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audit import vouch
from audit.store.dump import dump_sqlite, is_sqlite
from gateway import __version__
from gateway.backup.archive import Archiver
from gateway.backup.sealing import Sealer, is_sealed
from gateway.settings import Settings
from gateway.store import InvalidError
from gateway.store.engine import file_of
from gateway.store.whole import HOUSE, LEDGER, dump

ABOUT: Final = "angaben.json"
LEDGER_KEYS: Final = "keys/protokoll"
PURPOSE: Final = "ki-pforte/sicherung/1"
"""The first line of what the log's key signs here; no log has this name."""
STAMP: Final = "sicherung.json"
"""In HOME: when the last backup was made, for the doctor."""
_NOT_KEPT: Final = ("-wal", "-shm", ".lock", ".neu")
ASIDE: Final = "vorher-"
"""Folders in HOME that a restore put aside."""
_PIECE: Final = 1 << 18


def databases(settings: Settings) -> dict[str, str]:
    """Return the addresses of the two databases."""
    return {HOUSE: settings.database, LEDGER: settings.audit_database}


def make_backup(settings: Settings, target: Path, *, passphrase: str = "", public: str = "") -> dict[str, int]:
    """Write a backup; return how many entries and bytes (in the clear) it holds. Never overwrites a file."""
    if not settings.home.is_dir():
        raise InvalidError(f"Den Ordner {settings.home} gibt es nicht. Es gibt nichts zu sichern.")
    draft = target.with_name(target.name + ".neu")
    if target.exists():
        raise InvalidError(f"Die Datei {target} gibt es schon. Sie wird nicht überschrieben.")
    try:
        draft.unlink(missing_ok=True)  # of a run that was killed; a link that somebody laid there is not followed
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            sealer = Sealer(file, passphrase=passphrase, public=public)
            archiver = Archiver(sealer.write)
            _fill(archiver, settings, target)
            archiver.close(lambda digest: vouch(settings.home / LEDGER_KEYS, PURPOSE, digest))
            sealer.close()
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    done = {"entries": len(archiver.entries), "bytes": sum(int(e["size"]) for e in archiver.entries.values())}
    (settings.home / STAMP).write_text(json.dumps({"at": _now(), **done}))
    return done


def last_backup(home: Path) -> datetime | None:
    """Return when the last backup of this house was made."""
    try:
        return datetime.fromisoformat(json.loads((home / STAMP).read_text())["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fill(archiver: Archiver, settings: Settings, target: Path) -> None:
    urls = databases(settings)
    about = {"format": 1, "version": __version__, "at": _now(),
             "databases": {which: "sqlite" if file_of(url) else "postgresql" for which, url in urls.items()}}
    archiver.add(ABOUT, [json.dumps(about).encode()])
    own = {path.resolve() for url in urls.values() if (path := file_of(url)) is not None}
    left_out = {target.resolve(), target.with_name(target.name + ".neu").resolve(), *own}
    for path in _files(settings.home, settings.policies):
        name = f"home/{path.relative_to(settings.home).as_posix()}"
        if path.resolve() not in left_out:
            _add(archiver, name, path)
    for path in _files(settings.policies, None):
        _add(archiver, f"policies/{path.relative_to(settings.policies).as_posix()}", path)
    for which, url in urls.items():
        if (path_ := file_of(url)) is None or path_.exists():
            archiver.add(f"database/{which}", dump(which, url))
    for path in _files(settings.home / "keys", None):
        name = f"home/{path.relative_to(settings.home).as_posix()}"
        if name not in archiver.entries:
            _add(archiver, name, path)


def _files(folder: Path, without: Path | None) -> Iterator[Path]:
    """Yield the files below a folder, the settings first; other folders of ours are not for here.

    A link counts as what it leads to, or half of a mounted folder would be missing: Kubernetes links every file into a
    folder whose name begins with two dots.
    """
    found, been = list[Path](), set[Path]()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_unless_gone):
        here = Path(place)
        inside = here.relative_to(folder)
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith("..")
                      and not ((inside / name).parts[0].startswith((ASIDE, ".wiederherstellung")))
                      and not (without is not None and (here / name).resolve() == without.resolve())]
        if here.resolve() in been:  # a link that leads upwards
            folders.clear()
            continue
        been.add(here.resolve())
        found += [here / name for name in files if not name.endswith(_NOT_KEPT) and name != STAMP]
    yield from sorted(filter(Path.is_file, found), key=lambda path: (path.name != "pforte.yaml", path))


def _unless_gone(error: OSError) -> None:
    """A folder that cannot be read is no backup; one that is not there any more is nothing to keep."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _add(archiver: Archiver, name: str, path: Path) -> None:
    try:
        if is_sqlite(path):
            archiver.add(f"sqlite/{name}", dump_sqlite(path))
        elif not is_sealed(path):
            with path.open("rb") as file:
                archiver.add(name, iter(lambda: file.read(_PIECE), b""), path.stat().st_mode & 0o777)
    except FileNotFoundError:
        return  # a file that waited on the disk, and does not any more


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
