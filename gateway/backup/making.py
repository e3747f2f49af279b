"""Writes a backup while the house goes on working.

First the files (keys, settings, secrets, what waits on the disk), then the policies, then the databases, each in one
consistent snapshot; last the keys that came meanwhile. In this order the database of the ledger is never behind what
the keys remember as signed. Nothing is written in the clear anywhere, and the file appears under its name when it is
whole. Not in it: the environment (settings and secrets that come from there), and the program.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from audit.store.dump import dump_sqlite, is_sqlite
from gateway import __version__
from gateway.backup.archive import Archiver
from gateway.backup.sealing import Sealer
from gateway.settings import Settings
from gateway.store import InvalidError
from gateway.store.whole import HOUSE, LEDGER, dump, file_of

ABOUT: Final = "angaben.json"
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
        with open(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            sealer = Sealer(file, passphrase=passphrase, public=public)
            archiver = Archiver(sealer.write)
            _fill(archiver, settings, target)
            archiver.close()
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
        if path.resolve() in left_out:
            continue
        if is_sqlite(path):
            archiver.add(f"sqlite/{name}", dump_sqlite(path))
        else:
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
    """Yield the files below a folder, the settings first; other folders of ours are not for here."""
    found = sorted(folder.rglob("*"), key=lambda path: (path.name != "pforte.yaml", path))
    for path in found:
        inside = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or path.name.endswith(_NOT_KEPT) or path.name == STAMP:
            continue
        if inside.parts[0].startswith((ASIDE, ".wiederherstellung")) or "__pycache__" in inside.parts:
            continue
        if without is not None and path.resolve().is_relative_to(without.resolve()):
            continue
        yield path


def _add(archiver: Archiver, name: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            archiver.add(name, iter(lambda: file.read(_PIECE), b""), path.stat().st_mode & 0o777)
    except FileNotFoundError:
        return  # a file that waited on the disk, and does not any more


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
