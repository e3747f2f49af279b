"""Moves the house's database into another, for example from SQLite to PostgreSQL, when the village has grown.

Kept true: all or nothing, in one transaction on the other side; into an empty database only; every row is read back
there and compared before it counts. Values go through the columns' own types, because the two databases write moments
and bytes differently. The original is left as it is. Nobody writes meanwhile: the caller has seen to that.

Not known here: the ledger. It proves itself when it moves (`audit.moving`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Integer, Row, Table, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.store.engine import open_engine, reading
from gateway.store.errors import InvalidError, StoreError
from gateway.store.migrate import migrate, upgrade
from gateway.store.whole import HOUSE, house_tables, present

_BATCH: Final = 1000


def move_house(source: str, target: str) -> int:
    """Copy everything of the house and return how many rows there are. Raises `StoreError` with nothing changed."""
    before, after = open_engine(source), open_engine(target)
    try:
        migrate(before)
        with after.begin() as new, reading(before) as old:
            if present(HOUSE, new):
                raise InvalidError("In der Zieldatenbank liegt schon eine KI-Pforte. Bitte nennen Sie eine leere.")
            upgrade(new)
            return sum(_copy(old, new, table) for table in house_tables())
    except SQLAlchemyError as error:
        raise StoreError(f"Der Umzug ist nicht gelungen ({type(error).__name__}); es wurde nichts übernommen. Bitte "
                         "prüfen Sie Adresse, Kennwort und Rechte in der neuen Datenbank.") from None
    finally:
        before.dispose()
        after.dispose()


def _copy(old: Connection, new: Connection, table: Table) -> int:
    new.execute(table.delete())  # what the migrations wrote
    count = 0
    for rows in _parts(old, table):
        new.execute(table.insert(), [dict(row._mapping) for row in rows])
        count += len(rows)
    if _digest(old, table) != _digest(new, table):
        raise StoreError(f"Die Kopie der Tabelle „{table.name}“ stimmt nicht. Es wurde nichts übernommen.")
    _go_on_counting(new, table)
    return count


def _parts(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    with connection.execute(select(table), execution_options={"yield_per": _BATCH}) as found:
        yield from found.partitions(_BATCH)


def _digest(connection: Connection, table: Table) -> int:
    """Return a sum over all rows, in whatever order the database gives them."""
    return sum(int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest())
               for rows in _parts(connection, table) for row in rows)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Let PostgreSQL give the next number after those that were copied."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql" or not isinstance(column.type, Integer):
        return
    sequence = connection.execute(text("SELECT pg_get_serial_sequence(:name, :column)"),
                                  {"name": table.name, "column": column.name}).scalar()
    highest = connection.execute(select(func.max(column))).scalar()
    if sequence is not None and highest is not None:
        connection.execute(text("SELECT setval(:sequence, :value)"), {"sequence": sequence, "value": highest})
