"""Connections to the ledger's database.

SQLite runs in WAL mode with full synchronisation; every write transaction begins with ``BEGIN IMMEDIATE``, so that two
processes never both read and then write. Within one process a lock stands before that, because SQLite's own waiting
sleeps and polls. PostgreSQL runs with ``synchronous_commit`` on; no lock is needed there.

Statements of the hot paths are written once with ``?`` and run as driver SQL; `insert` puts many rows into one
statement, because each statement gives up and retakes Python's interpreter lock.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from audit.errors import LedgerConfigError, LedgerUnavailable
from audit.record import now_us
from audit.store import tables
from audit.store.wal import use_wal

Run = Callable[..., Any]
"""Runs one driver statement (``run(sql, parameters)``) and returns a cursor."""

WAIT_MS: Final = 1500
"""How long anybody may wait for a lock before it fails: less than the patience of a caller (`audit.waiters`), so that
the writer notices a locked database in time and brings what must stay to safety."""
_SELDOM_WAIT_MS: Final = 10_000
_MIGRATION_WAIT_MS: Final = 60_000
"""Processes that start together wait for the one that makes the tables."""
_MOMENT_MS: Final = 1000
"""How long a change of the tables waits for one: less than `WAIT_MS`, which those have who queue behind it."""
_LOCKED: Final = "55P03"
_NETWORK_MS: Final = 2000
_NOW: Final = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_CHUNKS: Final = (64, 32, 16, 8, 4, 2, 1)


def as_bytes(value: Any) -> bytes:
    """Return the bytes of a column. SQLite keeps whatever kind of value somebody put there by hand."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode(errors="surrogateescape")
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


class Store:
    """One database. Cheap to make; connects when first used."""

    def __init__(self, url: str) -> None:
        try:
            self.url: URL = make_url(url)
        except ArgumentError:
            raise LedgerConfigError("Die Datenbankadresse des Protokolls ist keine gültige Adresse.") from None
        kind = self.url.get_backend_name()
        if kind not in ("sqlite", "postgresql"):
            raise LedgerConfigError("Das Protokoll braucht SQLite oder PostgreSQL (postgresql+psycopg://...).")
        self.sqlite = kind == "sqlite"
        if self.sqlite and not self.url.database:
            raise LedgerConfigError("Das Protokoll braucht eine Datei; eine Datenbank im Speicher ist kein Protokoll.")
        self._process_lock = threading.Lock()
        self._kept: dict[str, PoolProxiedConnection] = {}
        """Connections for writing that wait for their next transaction, by lane."""
        self._sql: dict[tuple[str, int], str] = {}

    @cached_property
    def engine(self) -> Engine:
        """The engine; the file of SQLite is made here, readable by us alone."""
        if self.sqlite:
            path = Path(str(self.url.database))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            engine = create_engine(self.url, pool_size=4, max_overflow=16, hide_parameters=True)
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        options = f"-c synchronous_commit=on -c statement_timeout=60000 -c lock_timeout={WAIT_MS} -c timezone=UTC"
        return create_engine(
            self.url,
            pool_size=4,
            max_overflow=16,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": options, "connect_timeout": 2, "tcp_user_timeout": _NETWORK_MS},
        )

    def close(self) -> None:
        """Give all connections back."""
        while self._kept:
            self._discard(self._kept.popitem()[1])
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the tables to the newest form. Several processes may try at once.

        On PostgreSQL it waits for a table only for a moment and tries again: writers queue behind it meanwhile.
        """
        try:
            with self.engine.connect() as connection:
                if self._is_current(connection):
                    return
            from audit.store.migrations.run import upgrade  # Alembic costs a tenth of a second; seldom needed

            give_up = time.monotonic() + _MIGRATION_WAIT_MS / 1000
            while True:
                try:
                    with self.change(_MIGRATION_WAIT_MS if self.sqlite else _MOMENT_MS) as connection:
                        upgrade(connection)
                    return
                except OperationalError as error:
                    if getattr(error.orig, "sqlstate", "") != _LOCKED or time.monotonic() > give_up:
                        raise
                    time.sleep(_MOMENT_MS / 1000)
        except (SQLAlchemyError, OSError) as error:
            raise LedgerUnavailable("Die Datenbank des Protokolls ist nicht erreichbar.") from error

    def _is_current(self, connection: Connection) -> bool:
        """Whether this program works with the tables as they are: its own, or newer ones that say so (`tables.HEAD`).
        """
        if not inspect(connection).has_table(tables.VERSION_TABLE):
            return False
        version = connection.exec_driver_sql(f"SELECT version_num FROM {tables.VERSION_TABLE}").scalar()  # noqa: S608
        number, _, usable_from = str(version or "").partition("ab")
        own = tables.HEAD.partition("ab")[0]
        if number > own and not "0" < usable_from <= own:
            raise LedgerConfigError("Das Protokoll stammt aus einer neueren Version der KI-Pforte. Bitte starten Sie "
                                    "diese neuere Version, oder spielen Sie eine passende Sicherung ein.")
        return number >= own

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot."""
        with self.engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def write(self, lane: str = "") -> Iterator[Run]:
        """One durable transaction; yields what runs statements. May raise `errors`.

        A `lane` is a connection kept for one caller, who runs one transaction at a time; after any failure the next
        transaction finds a fresh one. On SQLite everybody shares one: with a second connection every commit of the
        other would empty this one's cache of pages.

        Driver cursors instead of SQLAlchemy's, which would cost as much as the insert itself. Psycopg's usual cursor
        would read each long statement anew to find its placeholders; its raw one takes PostgreSQL's own, ``$1``.
        """
        with self._turn(WAIT_MS):
            lane = "sqlite" if self.sqlite else lane
            connection = self._kept.pop(lane, None) or self.connect()
            try:
                with self._cursor(connection) as run:
                    if self.sqlite:
                        run("BEGIN IMMEDIATE")
                    yield run
                    connection.commit()
            except BaseException:
                self._discard(connection)
                raise
            if not lane or self._kept.setdefault(lane, connection) is not connection:
                connection.close()

    @contextlib.contextmanager
    def _cursor(self, connection: PoolProxiedConnection) -> Iterator[Run]:
        if self.sqlite:
            with contextlib.closing(connection.cursor()) as cursor:
                yield cursor.execute
            return
        from psycopg import RawCursor  # a house on SQLite does not need it

        with RawCursor(cast("Any", connection.driver_connection)) as raw:
            yield lambda statement, parameters=None: raw.execute(_numbered(statement), parameters)

    def _discard(self, connection: PoolProxiedConnection) -> None:
        """Roll back, and never use the connection again; the first error is the one to tell."""
        for step in (connection.rollback, connection.invalidate, connection.close):
            with contextlib.suppress(*self.errors):
                step()

    def try_write(self, wait_ms: int) -> None:
        """Commit a change that changes nothing, waiting no longer than this. Raises `errors` where that fails.

        The row is really written, so that a full or read-only disk is noticed as well as a lock.
        """
        with (self._turn(wait_ms), contextlib.closing(self.connect()) as connection,
              contextlib.closing(connection.cursor()) as cursor):
            try:
                self._say_wait(cursor.execute, wait_ms)
                cursor.execute("UPDATE audit_state SET size = size")
                connection.commit()
            finally:
                connection.rollback()
                if self.sqlite:
                    cursor.execute(f"PRAGMA busy_timeout = {WAIT_MS}")

    @contextlib.contextmanager
    def _turn(self, wait_ms: int) -> Iterator[None]:
        """Wait for our turn among the threads of this process (SQLite). Raises TimeoutError."""
        if not self.sqlite:
            yield
            return
        if not self._process_lock.acquire(timeout=wait_ms / 1000):
            raise TimeoutError("another thread holds the ledger's file")
        try:
            yield
        finally:
            self._process_lock.release()

    def _say_wait(self, run: Run, wait_ms: int) -> None:
        """Begin a transaction that waits for locks no longer than this."""
        if self.sqlite:
            run(f"PRAGMA busy_timeout = {wait_ms}")
            run("BEGIN IMMEDIATE")
        else:
            run(f"SET LOCAL lock_timeout = {wait_ms}")

    @contextlib.contextmanager
    def change(self, wait_ms: int = _SELDOM_WAIT_MS) -> Iterator[Connection]:
        """One write transaction with SQLAlchemy's own means, for what is done seldom."""
        with self._turn(wait_ms), self.engine.connect() as connection:
            connection = connection.execution_options(audit_write=wait_ms)
            with connection.begin():
                if not self.sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_ms}")
                yield connection

    def now_us(self, run: Run) -> int:
        """Return the database's time, which is the same for every host (SQLite: that of this machine)."""
        return now_us() if self.sqlite else int(run(_NOW).fetchone()[0])

    def clock_off_us(self) -> int:
        """Return by how much this machine's clock is ahead of the database's."""
        with self.read() as connection:
            before = now_us()
            there = self.now_us(connection.exec_driver_sql)
            return (before + now_us()) // 2 - there

    def connect(self) -> PoolProxiedConnection:
        """Return a connection for `write`."""
        return self.engine.raw_connection()

    @cached_property
    def errors(self) -> tuple[type[Exception], ...]:
        """What a database that fails may raise."""
        return (SQLAlchemyError, OSError, self.engine.dialect.loaded_dbapi.Error)

    @cached_property
    def conflict(self) -> type[Exception]:
        """What a driver cursor raises when a key is already there."""
        return cast("type[Exception]", self.engine.dialect.loaded_dbapi.IntegrityError)

    def sql(self, statement: str) -> str:
        """Return the statement with this driver's placeholders."""
        return statement if self.sqlite else statement.replace("?", "%s")

    def rows(self, connection: Connection, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Return the driver's rows: for many, SQLAlchemy's would cost as much as reading them."""
        with contextlib.closing(connection.connection.cursor()) as cursor:
            cursor.execute(self.sql(statement), parameters)
            return list(cursor.fetchall())

    @contextlib.contextmanager
    def any_text(self, connection: Connection, wanted: bool) -> Iterator[None]:
        """Read text that is none, too, instead of failing (SQLite keeps whatever bytes somebody put there by hand)."""
        if not (self.sqlite and wanted):
            yield
            return
        driver: Any = connection.connection.driver_connection
        driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")
        try:
            yield
        finally:
            driver.text_factory = str

    def insert(self, run: Run, head: str, rows: Sequence[tuple[Any, ...]], tail: str = "") -> None:
        """Insert rows of one shape: `head` is ``INSERT INTO t (a, b)``, `tail` may be `` ON CONFLICT ...``.

        Few statements, few distinct ones.
        """
        at, left = 0, len(rows)
        for chunk in _CHUNKS:
            while left >= chunk:
                values = tuple(chain.from_iterable(rows[at : at + chunk]))
                run(self._insert_sql(head, chunk, len(rows[at]), tail), values)
                at, left = at + chunk, left - chunk

    def _insert_sql(self, head: str, chunk: int, width: int, tail: str) -> str:
        found = self._sql.get((head, chunk))
        if found is None:
            row = f"({','.join('?' * width)})"
            found = self._sql[head, chunk] = self.sql(f"{head} VALUES {','.join([row] * chunk)}{tail}")
        return found

    def select_in(self, run: Run, statement: str, values: Sequence[Any]) -> list[Any]:
        """Run ``... IN (#)`` for all values, in pieces, and return all rows."""
        rows: list[Any] = []
        for at in range(0, len(values), 500):
            piece = tuple(values[at : at + 500])
            rows += run(self._in(statement, piece), piece).fetchall()
        return rows

    def delete_in(self, run: Run, statement: str, values: Sequence[Any]) -> None:
        """Run ``DELETE ... IN (#)`` for all values, in pieces."""
        for at in range(0, len(values), 500):
            piece = tuple(values[at : at + 500])
            run(self._in(statement, piece), piece)

    def _in(self, statement: str, piece: Sequence[Any]) -> str:
        return self.sql(statement.replace("#", ",".join("?" * len(piece))))

    def open_log(self, log: str, seal: Callable[[], bytes]) -> None:
        """Make the one row of the log, with its seal, or check that this database holds this log and no other.

        Where the row is gone and places are there, it was taken away: the new one has no seal, so nothing goes on.
        """
        names = select(tables.audit_state.c.log)
        try:
            with self.read() as connection:
                found = connection.execute(names).scalars().all()
            if not found:
                made = seal()
                with self.change() as connection:  # processes that start together all try
                    connection.exec_driver_sql(self.sql(
                        "INSERT INTO audit_state (log, size, peaks, min_index, pruned_peaks, seal) SELECT ?, 0, ?, 0, "
                        "?, CASE WHEN EXISTS (SELECT 1 FROM audit_seq) THEN NULL ELSE ? END "
                        "WHERE NOT EXISTS (SELECT 1 FROM audit_state) ON CONFLICT (log) DO NOTHING"),
                        (log, b"", b"", made))
                    found = connection.execute(names).scalars().all()
        except SQLAlchemyError as error:
            raise LedgerUnavailable("Die Datenbank des Protokolls ist nicht erreichbar.") from error
        if list(found) != [log]:
            raise LedgerConfigError(f"Diese Datenbank enthält das Protokoll {found[0]}, eingestellt ist {log}.")


@lru_cache(maxsize=1024)
def _numbered(statement: str) -> bytes:
    """Return a statement with ``$1``, ``$2``, ... in place of ``%s``."""
    first, *rest = statement.split("%s")
    return (first + "".join([f"${n}{piece}" for n, piece in enumerate(rest, 1)])).encode()


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
    use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages; most are written again and again
    connection.execute("PRAGMA secure_delete = ON")  # a deleted part leaves no bytes in the file


def _begin_sqlite(connection: Connection) -> None:
    wait_ms = connection.get_execution_options().get("audit_write")
    if wait_ms:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_ms}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if wait_ms else "BEGIN")
