"""The derived tables: what of the records can be searched (``audit_facet``), and which intents wait for their end.

Never hashed, filled by the sequencer, rebuilt from the records at any time (`audit.sequencer.rebuild`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from audit.facets import facets_of, subject_of
from audit.record import ENDS, INTENT, time_us
from audit.store.store import Run, Store, as_bytes
from audit.store.tables import FACETS

_FACET: Final = f"INSERT INTO audit_facet (idx, record_id, type, ref, t, {', '.join(FACETS)}, subject)"
_OPEN: Final = "INSERT INTO audit_open (intent, writer)"


class Derived:
    """The derived rows of records, given as (idx, id, writer, wseq, type, ref, envelope, meta, subject)."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._facets = [
            (row[0], row[1], row[4], row[5], _time(as_bytes(row[6])), *facets_of(row[7]), subject_of(row[8]))
            for row in rows
        ]
        begun = {row[1]: row[2] for row in rows if row[4] == INTENT}
        self._elsewhere = [row[5] for row in rows if row[4] in ENDS and begun.pop(row[5], None) is None]
        """Intents of earlier rows that end here."""
        self._begun = list(begun.items())

    def write(self, store: Store, run: Run) -> None:
        """Put them into the tables."""
        store.insert(run, _FACET, self._facets)
        store.insert(run, _OPEN, self._begun)
        store.delete_in(run, "DELETE FROM audit_open WHERE intent IN (#)", self._elsewhere)


@lru_cache(maxsize=64)
def _second_us(text: bytes) -> int:
    return time_us(text.decode() + "Z")


def _time(envelope: bytes) -> int:
    """Take the time from an envelope's bytes; 0 where somebody put other bytes in their place."""
    at = envelope.rfind(b'Z","type":"') - 26
    try:
        return _second_us(envelope[at : at + 19]) + int(envelope[at + 20 : at + 26]) if at >= 0 else 0
    except ValueError:
        return 0
