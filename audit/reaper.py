"""The reaper: every intent gets exactly one end, also when its process died.

Open intents are those whose end is not sequenced. Past the longest possible exchange (plus five minutes), or as soon as
their writer is known to be dead, they get ``outcome.unknown``: the ledger does not claim to know what happened. Two
reapers, or a reaper and a late outcome, are decided by the unique index on ``ref``.
"""

from __future__ import annotations

from typing import Any, Final

from audit.record import OUTCOME_UNKNOWN, first_id_at
from audit.store.store import Store
from audit.writer import Writer

GRACE: Final = 300.0
_KEEP: Final = ("vorgang", "department", "model", "purpose")
_OPEN: Final = (
    "SELECT o.intent, f.vorgang, f.department, f.model, f.purpose FROM audit_open o "
    "JOIN audit_facet f ON f.idx = (SELECT s.idx FROM audit_seq s WHERE s.record_id = o.intent) WHERE "
)


def reap_old(store: Store, writer: Writer, longest: float, now_us: int) -> int:
    """End intents that are older than any exchange can be; return how many."""
    return _reap(store, writer, "o.intent < ?", first_id_at(now_us / 1e6 - longest - GRACE), "zeit_abgelaufen")


def reap_writer(store: Store, writer: Writer, dead: str) -> int:
    """End the intents of a writer that died; return how many. What waits must have been sequenced before."""
    return _reap(store, writer, "o.writer = ?", dead, "prozess_beendet")


def _reap(store: Store, writer: Writer, where: str, value: str, reason: str) -> int:
    with store.read() as connection:
        rows = connection.exec_driver_sql(store.sql(_OPEN + where), (value,)).fetchall()
    for intent, *facets in rows:
        meta: dict[str, Any] = {"reason": reason}
        meta.update((name, text) for name, text in zip(_KEEP, facets, strict=True) if text)
        writer.append_wait(writer.draft(OUTCOME_UNKNOWN, meta, intent))
    return len(rows)
