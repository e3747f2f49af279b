"""Moving a ledger to another database, for example from SQLite to PostgreSQL, with its proof.

Everything is copied as it lies there, byte for byte; then the copy is checked in full against a note of the original.
Keys and what is remembered outside the database stay in their folder and go on signing. The original must be at rest:
nobody writes, everything has its place. It is left as it is; whoever moved deletes it when the copy has proved itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, Table, func, select

from audit.checkpoint import Vkey
from audit.errors import LedgerConfigError, LedgerError
from audit.inplace import verify_store
from audit.seal import SealKey
from audit.sequencer import read_state, unsequenced
from audit.store import tables
from audit.store.store import Store, as_bytes
from audit.verdict import Verdict
from audit.verify import Trust

BATCH: Final = 1000
_TABLES: Final = (
    tables.audit_record, tables.audit_part, tables.audit_seq, tables.audit_tile, tables.audit_state, tables.checkpoint,
    tables.anchor_receipt, tables.audit_writer, tables.audit_open, tables.audit_facet, tables.audit_hold,
    tables.audit_job, tables.identity_seal, tables.audit_mark, tables.audit_forged,
)
"""All but the inbox, which is empty."""


def move(source: Store, target: Store, log: str, note: str, vkeys: list[Vkey], folder: Path, key: SealKey,
         progress: Callable[[str, int], None] = lambda table, rows: None) -> Verdict:
    """Copy the ledger into an empty database and return what the verifier says of the copy.

    Raises `LedgerConfigError` when the target is not empty or something still waits for its place, and `LedgerError`
    when the copy is not what the original is; then the target is empty again.
    """
    target.migrate()
    with source.read() as reading, target.change() as writing:
        if unsequenced(reading.exec_driver_sql):
            raise LedgerConfigError("Es warten noch Einträge auf ihren Platz. Bitte beenden Sie die KI-Pforte und "
                                    "versuchen Sie es noch einmal.")
        if any(writing.execute(select(func.count()).select_from(table)).scalar() for table in _TABLES):
            raise LedgerConfigError("Die Zieldatenbank enthält schon ein Protokoll. Bitte nennen Sie eine leere.")
        for table in _TABLES:
            count = 0
            for part in _rows(reading, table):
                writing.execute(table.insert(), part)
                count += len(part)
            progress(table.name, count)
        here, there = read_state(reading.exec_driver_sql), read_state(writing.exec_driver_sql)
        if (here.tree.size, here.tree.peaks) != (there.tree.size, there.tree.peaks):
            raise LedgerError("Die Kopie stimmt nicht mit dem Protokoll überein. Es wurde nichts übernommen.")
    return verify_store(target, log, vkeys, Trust((note,) if note else (), tuple(vkeys)), folder, key)


def _rows(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table in pieces, also those that somebody bent by hand: the verifier judges them."""
    names = [column.name for column in table.columns]
    blobs = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    query = f"SELECT {', '.join(names)} FROM {table.name}"  # noqa: S608 - names of our own tables
    # For this query alone: what comes after it on the connection must not leave open cursors on the server.
    with connection.exec_driver_sql(query, execution_options={"yield_per": BATCH}) as found:
        for part in found.partitions(BATCH):
            yield [{name: as_bytes(value) if name in blobs else value for name, value in zip(names, row, strict=True)}
                   for row in part]
