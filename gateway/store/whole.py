"""The gateway's and the ledger's database as a whole, for backup and restore: which tables, and how they are made."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from sqlalchemy import Connection, Engine, Table, create_engine, inspect
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from audit.store import tables as ledger_tables
from audit.store.dump import dump_postgresql, dump_sqlite, load_postgresql
from audit.store.migrations.run import upgrade as upgrade_ledger
from gateway.store import replicas, tables_casework, tables_office, tables_review
from gateway.store.engine import file_of
from gateway.store.errors import InvalidError, StoreError
from gateway.store.migrate import upgrade
from gateway.store.tables import metadata, replica

HOUSE, LEDGER = "pforte", "protokoll"
"""The two databases."""
assert tables_casework.metadata is tables_office.metadata is tables_review.metadata is metadata


@contextmanager
def _said() -> Iterator[None]:
    """Give failures of a driver a sentence; its own text may quote rows, and says where the server is."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, psycopg.Error) as error:
        kind = type(error.orig if isinstance(error, DBAPIError) else error).__name__
        raise StoreError(f"Die Datenbank antwortet nicht wie erwartet ({kind}). Bitte prüfen Sie, ob sie läuft, von "
                         "hier erreichbar und unbeschädigt ist.") from None


@contextmanager
def _server(url: str) -> Iterator[Engine]:
    engine = create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 5})
    try:
        with _said():
            yield engine
    finally:
        engine.dispose()


def dump(which: str, url: str) -> Iterator[bytes]:
    """Yield the lines of a database. Raises `StoreError`."""
    path = file_of(url)
    if path is not None:
        with _said():
            yield from dump_sqlite(path)
        return
    with _server(url) as engine:
        yield from dump_postgresql(engine, _version_table(which), _tables(which))


def empty(which: str, url: str) -> bool:
    """Whether there is nothing of ours on a server. Raises `StoreError`."""
    with _server(url) as engine, engine.connect() as connection:
        return not present(which, connection)


def present(which: str, connection: Connection) -> bool:
    """Whether one of our tables is in a database."""
    return bool(set(inspect(connection).get_table_names()) & {*_tables(which), _version_table(which)})


def house_tables() -> list[Table]:
    """Return the tables of the house, parents first."""
    return metadata.sorted_tables


def serving(url: str, now: datetime) -> bool:
    """Whether a process that works with the house's database on a server gave a sign lately, on whichever machine."""
    with _server(url) as engine, engine.connect() as connection:
        return inspect(connection).has_table(replica.name) and bool(replicas.there(connection, now))


def clock_off(url: str) -> float:
    """Return by how many seconds this machine's clock is ahead of the server's. Raises `StoreError`."""
    with _server(url) as engine, engine.connect() as connection:
        there = float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
        return time.time() - there


def load(which: str, url: str, lines: Iterable[bytes]) -> None:
    """Fill a database on a server, all or nothing; what of ours was there goes."""
    with _server(url) as engine, engine.begin() as connection:
        known = set(inspect(connection).get_table_names())
        for name in (*_tables(which), _version_table(which)):
            if name in known:
                connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')

        def prepare(revision: str) -> None:
            _make(which, connection, revision)
        load_postgresql(connection, lines, prepare, _tables(which))


def _make(which: str, connection: Connection, revision: str) -> None:
    try:
        (upgrade if which == HOUSE else upgrade_ledger)(connection, revision)
    except Exception as error:
        if type(error).__module__.startswith("alembic"):
            raise InvalidError("Die Sicherung stammt aus einer neueren Version der KI-Pforte. Bitte nehmen Sie diese "
                               "Version.") from None
        raise


def _version_table(which: str) -> str:
    return "alembic_version" if which == HOUSE else ledger_tables.VERSION_TABLE


def _tables(which: str) -> list[str]:
    return [table.name for table in (metadata if which == HOUSE else ledger_tables.metadata).sorted_tables]
