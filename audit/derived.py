"""The derived tables: what of the records can be searched (``audit_facet``, ``audit_mark``), and which intents wait for
their end.

Never hashed, filled by the sequencer, rebuilt from the records at any time (`audit.sequencer.rebuild`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from audit.facets import facets_of, facts_of, subject_of
from audit.marks import mark_of_end, marks_of
from audit.record import ENDS, INTENT, REQUESTS, time_us
from audit.store.store import Run, Store, as_bytes
from audit.store.tables import FACETS

_FACET: Final = f"INSERT INTO audit_facet (idx, record_id, type, ref, t, {', '.join(FACETS)}, subject)"
_OPEN: Final = "INSERT INTO audit_open (intent, writer)"
_MARK: Final = "INSERT INTO audit_mark (mark, t, idx)"
_ONCE: Final = " ON CONFLICT (mark, t, idx) DO NOTHING"
_INTENTS: Final = (
    "SELECT s.record_id, f.t, f.idx FROM audit_seq s JOIN audit_facet f ON f.idx = s.idx WHERE s.record_id IN (#)"
)


class Derived:
    """The derived rows of records, given as (idx, id, writer, wseq, type, ref, envelope, meta, subject)."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._facets: list[tuple[Any, ...]] = []
        self._marks: list[tuple[str, int, int]] = []
        self._ended: dict[str, str] = {}
        """The mark that an end gives its intent, wherever that is."""
        for idx, id_, _, _, type_, ref, envelope, meta, subject in rows:
            facts, t = facts_of(meta), _time(as_bytes(envelope))
            self._facets.append((idx, id_, type_, ref, t, *facets_of(facts, meta), subject_of(subject)))
            if type_ in REQUESTS:
                self._marks += [(mark, t, idx) for mark in marks_of(facts)]
            elif type_ in ENDS and (mark := mark_of_end(type_, facts)):
                self._ended[ref] = mark
        begun = {row[1]: row[2] for row in rows if row[4] == INTENT}
        self._elsewhere = [row[5] for row in rows if row[4] in ENDS and begun.pop(row[5], None) is None]
        """Intents of earlier rows that end here."""
        self._begun = list(begun.items())

    def write(self, store: Store, run: Run) -> None:
        """Put them into the tables."""
        store.insert(run, _FACET, self._facets)
        if self._ended:
            found = store.select_in(run, _INTENTS, list(self._ended))
            self._marks += [(self._ended[intent], t, idx) for intent, t, idx in found]
        store.insert(run, _MARK, self._marks, _ONCE)
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
