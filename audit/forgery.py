"""Looks in the log for announcements that nobody in charge signed: then somebody else writes to the database.

A record that others act on (`audit.announcement`) is not believed without its signature, so it does no harm. That it is
there is worth knowing at once, not only when somebody verifies the log. Kept true: each is told once, by a record that
names it, whatever process sees it first (`audit.keeper`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit import announcement, canonical
from audit.checkpoint import Vkey
from audit.errors import FormatError
from audit.record import ANNOUNCED, FORGED
from audit.store.store import Store, as_bytes

MOST: Final = 20
"""So many are told at a time; the rest the next time."""
_LOOK: Final = (
    "SELECT f.idx, f.record_id, f.type, p.body FROM audit_facet f JOIN audit_part p ON p.record_id = f.record_id "  # noqa: S608
    "AND p.name = 'meta' WHERE f.type IN (#) AND NOT EXISTS "
    f"(SELECT 1 FROM audit_facet t WHERE t.type = '{FORGED}' AND t.ref = f.record_id) ORDER BY f.idx LIMIT 1000"
)


@dataclass(frozen=True, slots=True)
class Forged:
    """A record that pretends to be an announcement."""

    idx: int
    record_id: str
    type: str


def forged(store: Store, log: str, vkeys: Sequence[Vkey]) -> list[Forged]:
    """Return announcements that none of our keys signed and that were not told yet, the oldest first."""
    with store.read() as connection:
        rows = store.select_in(connection.exec_driver_sql, _LOOK, sorted(ANNOUNCED))
    found = [Forged(int(idx), record_id, kind) for idx, record_id, kind, body in rows
             if not _signed(log, record_id, kind, as_bytes(body), vkeys)]
    return found[:MOST]


def _signed(log: str, record_id: str, kind: str, body: bytes, vkeys: Sequence[Vkey]) -> bool:
    try:
        return bool(announcement.signed_by(log, kind, record_id, canonical.loads(body), vkeys))
    except FormatError:
        return False
