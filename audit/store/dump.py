"""A whole database as a stream of lines, and back: what a backup is made of.

Read in one consistent snapshot, so a server may go on writing meanwhile; nothing is written to disk on the way. SQLite:
everything that is in the file, with its schema. PostgreSQL: the rows of the tables that the caller names, as text; the
caller makes the tables (at the revision that the dump names) before it loads. A dump loads into the kind of database
that it came from.

Does not know: what is in the tables, and whether somebody may read it. Encryption is the caller's.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, inspect

from audit.errors import LedgerConfigError

BATCH: Final = 500
_HEADER: Final = b"SQLite format 3\x00"
_DENIED: Final = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA,
                            sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT})


def is_sqlite(path: Path) -> bool:
    """Whether this file is a database of SQLite."""
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def dump_sqlite(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file of SQLite."""
    with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True,
                                            isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield _line({"schema": [row[0] for row in connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
            "ORDER BY type = 'table' DESC, rowid")]})
        for table in [row[0] for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND "
                "(name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence')")]:
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name from the file itself
            yield _line({"table": table, "columns": len(rows.description)})
            while batch := rows.fetchmany(BATCH):
                yield from (_line([_plain(value) for value in row]) for row in batch)


def load_sqlite(path: Path, lines: Iterable[bytes]) -> None:
    """Make a file of SQLite from its lines. It must not exist. Lines can touch no other file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(0o600, exist_ok=False)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection, _as_config_errors(path.name):
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN EXCLUSIVE")
        connection.set_authorizer(_own_file_only)
        later: list[str] = []
        insert = ""
        for value in map(json.loads, lines):
            if isinstance(value, list):
                connection.execute(insert, [_original(cell) for cell in value])
            elif "schema" in value:
                later = [sql for sql in value["schema"] if not sql.upper().startswith("CREATE TABLE")]
                for sql in value["schema"]:
                    if sql not in later:
                        connection.execute(sql)
            else:
                insert = f'INSERT INTO "{value["table"]}" VALUES ({",".join("?" * value["columns"])})'  # noqa: S608
                connection.execute(f'DELETE FROM "{value["table"]}"')  # noqa: S608 - counters of SQLite itself
        for sql in later:  # what is built from the rows, or watches over them
            connection.execute(sql)
        connection.set_authorizer(None)
        connection.execute("COMMIT")
        broken = connection.execute("PRAGMA quick_check").fetchone()[0]
    if broken != "ok":
        raise LedgerConfigError(f"Die Datenbank {path.name} ließ sich nicht fehlerfrei herstellen.")


def _own_file_only(action: int, *_names: str | None) -> int:
    """Allow a dump what makes tables and rows; a statement that opens another file or ends our transaction is none."""
    return sqlite3.SQLITE_DENY if action in _DENIED else sqlite3.SQLITE_OK


@contextlib.contextmanager
def _as_config_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LedgerConfigError(f"Die Sicherung der Datenbank {name} ist nicht lesbar ({type(error).__name__}). Bitte "
                                "nehmen Sie eine andere.") from None


def dump_postgresql(engine: Engine, version_table: str, names: Iterable[str]) -> Iterator[bytes]:
    """Yield the lines of these tables, parents first; the first line names the revision."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        there = set(inspect(connection).get_table_names())
        if version_table not in there:
            raise LedgerConfigError("Die Datenbank ist noch nicht eingerichtet. Es gibt nichts zu sichern.")
        yield _line({"revision": connection.exec_driver_sql(
            f"SELECT version_num FROM {version_table}").scalar()})  # noqa: S608 - our own name
        for table in [name for name in names if name in there]:
            columns = [column["name"] for column in inspect(connection).get_columns(table)]
            yield _line({"table": table, "columns": columns})
            quoted = ", ".join(f'"{name}"::text' for name in columns)
            found = connection.execution_options(yield_per=BATCH).exec_driver_sql(
                f'SELECT {quoted} FROM "{table}"')  # noqa: S608 - names of our own tables
            for row in found:
                yield _line(list(row))


def load_postgresql(connection: Connection, lines: Iterable[bytes], prepare: Callable[[str], Any],
                    names: Iterable[str]) -> None:
    """Fill these tables from lines; `prepare` makes them at the revision that the dump names.

    Names that lines give are looked up, never written into a statement: ``COPY`` can start programs on the server.
    """
    cursor: Any = connection.connection.cursor()
    copy: Any = None
    known: dict[str, list[str]] = {}
    stack = contextlib.ExitStack()
    with stack, cursor:
        for value in map(json.loads, lines):
            if isinstance(value, list):
                copy.write_row(value)
                continue
            stack.pop_all().close()
            if "revision" in value:
                prepare(value["revision"])
                there = set(inspect(connection).get_table_names())
                known = {name: [column["name"] for column in inspect(connection).get_columns(name)]
                         for name in names if name in there}
                cursor.execute("TRUNCATE " + ", ".join(f'"{name}"' for name in known))  # what migrations wrote
            elif value["table"] not in known or not set(value["columns"]) <= set(known[value["table"]]):
                raise LedgerConfigError("Die Sicherung nennt eine Tabelle, die es hier nicht gibt. Bitte nehmen Sie "
                                        "eine andere.")
            else:
                columns = ", ".join(f'"{name}"' for name in value["columns"])
                copy = stack.enter_context(cursor.copy(f'COPY "{value["table"]}" ({columns}) FROM STDIN'))
        stack.pop_all().close()
        for name in known:
            for column in inspect(connection).get_columns(name):
                if "nextval" in str(column.get("default") or "") or column.get("identity"):
                    cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', '{column['name']}'), "  # noqa: S608
                                   f'greatest(max("{column["name"]}"), 1)) FROM "{name}"')


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def _plain(value: Any) -> Any:
    return {"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _original(value: Any) -> Any:
    return base64.b64decode(value["b"]) if isinstance(value, dict) else value
