"""Giving the proof of one record: the inclusion proof from the tiles, and the newest checkpoint that covers it."""

from __future__ import annotations

from typing import Final

from audit.bundle import Line
from audit.checkpoint import Checkpoint, Note
from audit.errors import LedgerConfigError
from audit.proof import write_proof
from audit.store.store import Store, as_bytes
from audit.tiles import Tree, fill

_RECORD: Final = "SELECT s.idx, r.envelope FROM audit_seq s JOIN audit_record r ON r.id = s.record_id WHERE r.id = ?"
_PARTS: Final = "SELECT name, salt, body, class FROM audit_part WHERE record_id = ? ORDER BY name"
_NOTE: Final = "SELECT note FROM checkpoint WHERE size > ? ORDER BY size DESC LIMIT 1"


def prove(store: Store, record_id: str) -> str:
    """Return the proof of a record as text. Raises `LedgerConfigError` when there is no such record under a note."""
    fill(store)
    with store.read() as connection:
        run = connection.exec_driver_sql
        row = run(store.sql(_RECORD), (record_id,)).fetchone()
        if row is None:
            raise LedgerConfigError("Diesen Eintrag gibt es nicht oder nicht mehr.")
        noted = run(store.sql(_NOTE), (row[0],)).fetchone()
        if noted is None:
            raise LedgerConfigError("Der Eintrag liegt noch nicht unter einem Prüfpunkt.")
        parts = {name: (as_bytes(salt), as_bytes(body), kind) for name, salt, body, kind in run(
            store.sql(_PARTS), (record_id,)).fetchall()}
        size = Checkpoint.parse(Note.parse(noted[0]).text).size
        return write_proof(Line(int(row[0]), as_bytes(row[1]), parts), Tree(store, connection, size).inclusion(row[0]),
                           noted[0])
