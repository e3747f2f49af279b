"""Which parts are deleted next, and which should be gone already. Counts; reads no part.

What a case or the ledger itself holds is not due. A part is overdue when its time was up before the last two rounds of
the housekeeper began: then nobody deletes here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from audit.deletion import DELETE_EVERY
from audit.store.store import Store

MOST: Final = 50_000
"""So far parts are counted; a house that deletes has fewer."""
_COUNT: Final = (
    f"SELECT count(*) FROM (SELECT 1 FROM audit_part WHERE expires_at <= ? LIMIT {MOST}) AS found"  # noqa: S608
)
_HELD: Final = (  # by record, not by time: what is held is little, and what is due may be much
    "SELECT count(*) FROM audit_part p WHERE p.record_id IN (SELECT record_id FROM audit_hold) "
    "AND p.expires_at + 0 <= ?"
)
_LAST: Final = "SELECT at FROM audit_job WHERE name = 'retention'"


@dataclass(frozen=True, slots=True)
class Due:
    """``next``: when the next round is (second since 1970; 0: at once); ``parts``: how many it will delete."""

    next: int
    parts: int
    overdue: int

    @property
    def many(self) -> bool:
        """Whether there are more than were counted."""
        return max(self.parts, self.overdue) >= MOST


def due(store: Store, now: int | None = None) -> Due:
    """Look at what is there."""
    now = int(time.time()) if now is None else now
    with store.read() as connection:
        run = connection.exec_driver_sql
        last = int(run(_LAST).scalar() or 0) // 1_000_000
        following = last + int(DELETE_EVERY) if last else 0

        def until(second: int) -> int:
            count = run(store.sql(_COUNT), (second,)).scalar() or 0
            return int(count) - int(run(store.sql(_HELD), (second,)).scalar() or 0)
        return Due(following, until(max(now, following)), until(now - 2 * int(DELETE_EVERY)))
