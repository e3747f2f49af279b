"""Holding on: what belongs to a case stays, whatever its period says, until the case lets go of it.

A hold has the number of its case as its name; a record may be held by several. Setting and releasing are records with
counts. The ledger itself holds the record of the newest pruning (`audit.pruning`), because the proof needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audit.errors import FormatError
from audit.record import now_us
from audit.store.store import Store
from audit.writer import Writer

HOLD_SET: Final = "hold.set"
HOLD_RELEASE: Final = "hold.release"
_INSERT: Final = (
    "INSERT INTO audit_hold (name, record_id, at) VALUES (?, ?, ?) ON CONFLICT (name, record_id) DO NOTHING"
)


def hold(store: Store, writer: Writer, case: str, record_ids: Sequence[str]) -> int:
    """Hold these records for a case; return how many were not yet held for it."""
    _check(case)
    writer.append_wait(writer.draft(HOLD_SET, {"case": case, "records": len(record_ids)}))
    return keep(store, case, record_ids)


def keep(store: Store, name: str, record_ids: Sequence[str]) -> int:
    """Hold records without a record of its own: for the ledger itself."""
    fresh = 0
    with store.write() as run:
        for record_id in record_ids:
            fresh += run(store.sql(_INSERT), (name, record_id, now_us())).rowcount
    return fresh


def release(store: Store, writer: Writer, case: str) -> int:
    """Let go of everything that a case held; return how many records. What is due is deleted the next night."""
    _check(case)
    if count := held(store, case):
        writer.append_wait(writer.draft(HOLD_RELEASE, {"case": case, "records": count}))
        with store.write() as run:
            run(store.sql("DELETE FROM audit_hold WHERE name = ?"), (case,))
    return count


def held(store: Store, case: str) -> int:
    """Return how many records a case holds."""
    with store.read() as connection:
        return int(connection.exec_driver_sql(
            store.sql("SELECT count(*) FROM audit_hold WHERE name = ?"), (case,)).scalar() or 0)


def _check(case: str) -> None:
    if not case or len(case) > 64 or not case.isprintable() or case.startswith("ledger."):
        raise FormatError("a case has a number of at most 64 visible characters")
