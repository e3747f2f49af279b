"""The gateway's and the ledger's database as a whole, for backup and restore: which tables, and how they are made."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from audit.store import tables as ledger_tables
from audit.store.dump import dump_postgresql, dump_sqlite, load_postgresql
from audit.store.migrations.run import upgrade as upgrade_ledger
from gateway.store import replicas, tables_casework, tables_office, tables_review
from gateway.store.errors import InvalidError, StoreError
from gateway.store.migrate import upgrade
from gateway.store.tables import metadata, replica

HOUSE, LEDGER = "pforte", "protokoll"
"""The two databases."""
assert tables_casework.metadata is tables_office.metadata is tables_review.metadata is metadata


def file_of(url: str) -> Path | None:
    """Return the file of a database of SQLite; None: it is a server."""
    made = make_url(url)
    return Path(str(made.database)) if made.get_backend_name() == "sqlite" else None


def dump(which: str, url: str) -> Iterator[bytes]:
    """Yield the lines of a database."""
    path = file_of(url)
    if path is not None:
        yield from dump_sqlite(path)
        return
    engine = _server(url)
    try:
        yield from dump_postgresql(engine, _version_table(which), _tables(which))
    finally:
        engine.dispose()


def empty(which: str, url: str) -> bool:
    """Whether there is nothing of ours on a server."""
    engine = _server(url)
    try:
        with engine.connect() as connection:
            return not present(which, connection)
    finally:
        engine.dispose()


def present(which: str, connection: Connection) -> bool:
    """Whether one of our tables is in a database."""
    return bool(set(inspect(connection).get_table_names()) & {*_tables(which), _version_table(which)})


def house_tables() -> list[Table]:
    """Return the tables of the house, parents first."""
    return metadata.sorted_tables


def serving(url: str, now: datetime) -> bool:
    """Whether a process that works with the house's database on a server gave a sign lately, on whichever machine."""
    engine = _server(url)
    try:
        with engine.connect() as connection:
            return inspect(connection).has_table(replica.name) and bool(replicas.there(connection, now))
    finally:
        engine.dispose()


def clock_off(url: str) -> float:
    """Return by how many seconds this machine's clock is ahead of the server's. Raises `StoreError`."""
    engine = _server(url)
    try:
        with engine.connect() as connection:
            there = float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
            return time.time() - there
    except SQLAlchemyError as error:
        raise StoreError(f"Der Datenbankserver antwortet nicht ({type(error).__name__}). Bitte prüfen Sie, ob er läuft "
                         "und von hier erreichbar ist.") from None
    finally:
        engine.dispose()


def load(which: str, url: str, lines: Iterable[bytes]) -> None:
    """Fill a database on a server, all or nothing; what of ours was there goes."""
    engine = _server(url)
    try:
        with engine.begin() as connection:
            known = set(inspect(connection).get_table_names())
            for name in (*_tables(which), _version_table(which)):
                if name in known:
                    connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')

            def prepare(revision: str) -> None:
                _make(which, connection, revision)
            load_postgresql(connection, lines, prepare, _tables(which))
    finally:
        engine.dispose()


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


def _server(url: str) -> Engine:
    return create_engine(url, hide_parameters=True, connect_args={"connect_timeout": 5})
