"""What ``ki-pforte doctor`` looks at around the house: files, file system, memory, clock, backups, what stands before.

Each finding says what is wrong and what to do. Nothing is changed, and nothing is asked of anybody outside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.backup.making import ASIDE, last_backup
from gateway.cli.doctor_finding import FAULT, GOOD, NOTICE, Finding
from gateway.cli.views import moment
from gateway.home import BEGUN, STAGE
from gateway.settings import Settings
from gateway.store import StoreError
from gateway.store.engine import file_of
from gateway.store.whole import clock_off

OLD_BACKUP: Final = timedelta(days=2)
LEAST_MEMORY_MB: Final = 600
CLOCK_SECONDS: Final = 5.0
_NETWORK: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "glusterfs", "ceph", "afs"})
_SECRET: Final = ("keys", "secrets")


def machine(settings: Settings, now: datetime | None = None) -> Iterator[Finding]:
    """Look at everything."""
    yield from _rights(settings.home)
    yield from _backup(settings.home, now or datetime.now(UTC))
    yield from _left(settings.home)
    yield from _databases(settings)
    yield from _memory()
    yield from _outside(settings)


def _rights(home: Path) -> Iterator[Finding]:
    private = [path for name in _SECRET for path in (home / name).rglob("*") if path.is_file()]
    private += [path for path in (home / "pforte.yaml", home / "pforte.db", home / "protokoll.db") if path.exists()]
    open_ = [path for path in private if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if home.exists() and stat.S_IMODE(home.stat().st_mode) & 0o077 == 0:
        open_ = []  # nobody else gets as far as these files
    if open_:
        yield Finding("Dateirechte", FAULT, f"Andere auf diesem Rechner können {len(open_)} Dateien mit Geheimnissen "
                      f"oder Daten lesen, zum Beispiel {open_[0]}. Setzen Sie „chmod -R go= {home}“.")
    closed = [path for path in private if not os.access(path, os.R_OK)]
    if closed:
        yield Finding("Dateirechte", FAULT, f"Dieses Konto kann {closed[0]} nicht lesen. Führen Sie Befehle mit dem "
                                            "Konto aus, unter dem die KI-Pforte läuft.")
    if not open_ and not closed:
        yield Finding("Dateirechte", GOOD, "Schlüssel und Daten liest nur das Konto der KI-Pforte.")


def _backup(home: Path, now: datetime) -> Iterator[Finding]:
    last = last_backup(home)
    if last is None:
        yield Finding("Sicherung", NOTICE, "Es wurde noch nie mit „ki-pforte backup“ gesichert. Ohne Sicherung sind "
                                           "mit diesem Rechner auch alle Schlüssel verloren (docs/notfall.md).")
    elif now - last > OLD_BACKUP:
        yield Finding("Sicherung", NOTICE, f"Die letzte ist vom {moment(last)}. Bitte prüfen Sie, ob der nächtliche "
                                           "Auftrag läuft.")
    else:
        yield Finding("Sicherung", GOOD, f"Die letzte ist vom {moment(last)}.")


def _left(home: Path) -> Iterator[Finding]:
    """What a restore left behind holds everything that was there, and nobody deletes from it when a period is over."""
    if (home / STAGE).exists() and not (home / BEGUN).exists():
        yield Finding("Sicherung", FAULT, f"In {home / STAGE} liegt unverschlüsselt, was beim Einspielen einer "
                      "Sicherung übrig blieb. Läuft „ki-pforte restore“ nicht mehr, löschen Sie den Ordner.")
    if aside := sorted(home.glob(f"{ASIDE}*")):
        yield Finding("Sicherung", NOTICE, f"Der Stand vor einem Einspielen liegt noch in {aside[0]}. Löschfristen und "
                      "Löschanträge gelten dort nicht: Löschen Sie den Ordner, sobald niemand ihn mehr braucht. Bis "
                      "zur nächsten Notiz des Protokolls erinnert er an das, was schon unterschrieben war.")


def _databases(settings: Settings) -> Iterator[Finding]:
    for url in dict.fromkeys((settings.database, settings.audit_database)):
        path = file_of(url)
        if path is None:
            try:
                off = clock_off(url)
            except StoreError as error:
                yield Finding("Datenbank", FAULT, str(error))
                continue
            if abs(off) > CLOCK_SECONDS:
                yield Finding("Uhr", FAULT, f"Die Uhr dieses Rechners weicht um {abs(off):.0f} Sekunden von der des "
                                            "Datenbankservers ab. Schalten Sie die Zeitsynchronisierung ein (NTP).")
        elif (kind := file_system(path, Path("/proc/self/mounts"))) in _NETWORK:
            yield Finding("Datenbank", FAULT, f"{path} liegt auf einem Netzlaufwerk ({kind}). SQLite kann dort Daten "
                          "verlieren. Legen Sie HOME auf eine eigene Platte, oder nehmen Sie PostgreSQL.")
    if settings.workers > 1 and file_of(settings.database) is not None:
        yield Finding("Datenbank", GOOD, "SQLite genügt für mehrere Prozesse auf einem Rechner; für mehrere Rechner "
                                         "braucht es PostgreSQL.")


def file_system(path: Path, mounts: Path) -> str:
    """Return the kind of file system below a path, as Linux names it; empty where that cannot be known."""
    best, kind = "", ""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    place = str(path.resolve())
    for line in lines:
        _, point, name, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if len(point) >= len(best) and (place == point or place.startswith(point.rstrip("/") + "/")):
            best, kind = point, name
    return kind


def _memory(meminfo: Path = Path("/proc/meminfo")) -> Iterator[Finding]:
    try:
        lines = meminfo.read_text("ascii").splitlines()
        free = int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) // 1024
    except (OSError, StopIteration, ValueError):
        return  # not Linux: nothing is known
    if free < LEAST_MEMORY_MB:
        yield Finding("Speicher", NOTICE, f"Nur {free} MiB Arbeitsspeicher sind frei; ein Prozess braucht bis zu 400.")


def _outside(settings: Settings) -> Iterator[Finding]:
    if settings.address.startswith("https://"):
        if not settings.trusted_proxies:
            yield Finding("Webserver", NOTICE, "Die Adresse ist https, aber keinem Webserver davor wird geglaubt. "
                          "Setzen Sie KI_PFORTE_TRUSTED_PROXIES auf seine Adresse, sonst fehlen Zeichen an Cookies. "
                          "Puffern von Antworten muss dort ausgeschaltet sein (deploy/README.md).")
    elif settings.host not in ("127.0.0.1", "::1", "localhost"):
        yield Finding("Webserver", NOTICE, "Die KI-Pforte ist im Netz unverschlüsselt erreichbar. Stellen Sie einen "
                                           "Webserver mit TLS davor (deploy/README.md) und setzen Sie "
                                           "KI_PFORTE_PUBLIC_URL auf seine https-Adresse.")
