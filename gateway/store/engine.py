"""How the gateway's database is opened, read and written.

`open_engine` knows the two databases (an SQLite file, PostgreSQL by psycopg) and hides how they differ. `reading` and
`writing` are the only two ways to a connection:

- `reading` is one transaction that is rolled back at the end.
- `writing` is one transaction that takes the write lock at once (SQLite: ``BEGIN IMMEDIATE``, so that two writers queue
  instead of failing half-way) and, as its last statement, moves the generation counter on. Whoever cached something
  polls that one number; see `gateway.store.directory`. The counter is bumped in the same transaction as the change, so
  a reader who sees the new number also sees the change.

Not known here: tables other than the counter, and who is asking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from audit.store.wal import use_wal
from gateway.store.errors import ConflictError, StoreError
from gateway.store.tables import generation

BUSY_SECONDS = 10
"""How long a writer waits for another one before it gives up."""


def open_engine(database_url: str) -> Engine:
    """Return an engine for `database_url`. Nothing is connected yet; a new SQLite file is for its owner only."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise StoreError(_WRONG_URL) from None
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.drivername == "postgresql+psycopg":
        return create_engine(
            url, pool_pre_ping=True, pool_size=5, max_overflow=5, hide_parameters=True,
            connect_args={"connect_timeout": 5, "tcp_user_timeout": 10_000, "application_name": "ki-pforte"},
        )
    raise StoreError(_WRONG_URL)


def file_of(database_url: str) -> Path | None:
    """Return the file of a database of SQLite; None: it is a server, or no address that `open_engine` takes."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        return None
    named = url.database and url.database != ":memory:"
    return Path(str(url.database)) if named and url.get_backend_name() == "sqlite" else None


def missing_file(database_url: str) -> bool:
    """Whether this is an SQLite file that is not there: opening would make a new one."""
    file = file_of(database_url)
    return file is not None and not file.exists()


_WRONG_URL = (
    "Die Adresse der Datenbank ist nicht verwendbar. Bitte setzen Sie KI_PFORTE_DATABASE_URL auf "
    "„sqlite:///PFAD“ oder „postgresql+psycopg://BENUTZER:KENNWORT@RECHNER/DATENBANK“."
)


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("Eine Datenbank im Arbeitsspeicher genügt nicht: mehrere Prozesse teilen sie sich. "
                         "Bitte nennen Sie in KI_PFORTE_DATABASE_URL eine Datei: „sqlite:///PFAD“.")
    _create_private(Path(url.database))
    # hide_parameters: an error of the driver must not carry names or addresses into a log.
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by _begin, not guessed by the driver
        use_wal(connection)
        cursor = connection.cursor()
        # FULL, not NORMAL: a revocation that was confirmed must survive a power cut. Writes are rare here.
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY", "secure_delete = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _create_private(path: Path) -> None:
    """Create the file readable by its owner only; SQLite gives ``-wal`` and ``-shm`` the same rights.

    A file that is there is never opened: closing any handle of it would release every lock that this process holds on
    it (POSIX locks belong to process and file), and the next command would take the log away from under the server.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise StoreError(f"Die Datenbankdatei {path} lässt sich nicht öffnen. Bitte prüfen Sie, ob dieses Konto "
                             "sie lesen und schreiben darf.") from None
    except OSError as error:
        if not path.parent.is_dir():
            raise StoreError(f"Den Ordner {path.parent} gibt es nicht; die Datenbankdatei {path.name} lässt sich nicht "
                             "öffnen. Bitte rufen Sie den Befehl im Ordner der KI-Pforte auf, oder nennen Sie ihren "
                             "Datenordner in KI_PFORTE_HOME. Einen neuen legt „ki-pforte init“ an.") from None
        raise StoreError(f"Die Datenbankdatei {path} lässt sich nicht öffnen ({error.strerror}). Bitte prüfen Sie, "
                         "ob dieses Konto in dem Ordner schreiben darf.") from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection for reading. What was written by mistake is rolled back."""
    with _as_store_errors(), engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


@contextmanager
def writing(engine: Engine, *, bump: bool = True) -> Iterator[Connection]:
    """Give a connection for one transaction that is committed at the end, or not at all.

    ``bump=False`` is for writes that no cached answer depends on (last use of a key, migrations); every other write
    moves the counter, whether it thinks that anybody cares or not.
    """
    with _as_store_errors(), engine.connect() as connection, connection.execution_options(writes=True).begin():
        yield connection
        if bump:
            # Last, because on PostgreSQL it holds this row until the commit: writers queue only for a moment.
            connection.execute(update(generation).values(value=generation.c.value + 1))


@contextmanager
def _as_store_errors() -> Iterator[None]:
    """Give the failures of the database a German sentence; the driver's text, which may hold data, is left out."""
    try:
        yield
    except IntegrityError:
        raise ConflictError("Die Änderung widerspricht dem, was in der Datenbank steht (doppelt oder ohne "
                            "Gegenstück). Bitte prüfen Sie die Angaben.") from None
    except DBAPIError as error:
        raise StoreError(f"Die Datenbank antwortet nicht wie erwartet ({type(error.orig).__name__}). Bitte prüfen "
                         "Sie, ob sie läuft und erreichbar ist, und starten Sie „ki-pforte doctor“.") from None
