"""Rows that wait for their place and are not ours: taken out of the way, kept as evidence, told once.

A row without the house's seal (`audit.seal`), or one whose record has its place already, never gets one. What would
stand in the way of true records (their counters, the end of their exchange) is moved to ``audit_forged`` in the same
transaction; a record that has a place is left alone, whatever waits under its id. Each row knows the id of the record
``finding.forged`` that is to tell of it, so whoever tells it, and however often he begins, it is written once.

Of a flood one record tells per piece that the sequencer took, with the number of rows; single rows are named only where
they are few. What a stranger wrote goes into that record only where it has the form of an id or of a type.

Kept for `KEEP_DAYS`; the parts of such rows at most as long. Not known here: who put them there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.errors import FormatError
from audit.record import check_id, check_name, new_id, now_us
from audit.store.store import Run, Store, as_bytes

FEW: Final = 20
"""So many rows of one piece are told one by one; more of them together."""
KEEP_DAYS: Final = 184
BAD_SEAL: Final = "siegel"
AGAIN: Final = "wiederholt"
"""The record has its place already, or waits twice."""
_DAY_US: Final = 86_400_000_000

_PUT: Final = ("INSERT INTO audit_forged (finding, at, reason, record_id, writer, wseq, type, ref, envelope, seal)")
_PLACED: Final = "SELECT record_id FROM audit_seq WHERE record_id IN (#)"
_SHORTEN: Final = "UPDATE audit_part SET expires_at = {} WHERE expires_at > {} AND record_id IN (#)"
_UNTOLD: Final = (
    "SELECT finding, count(*), min(type), min(record_id), min(reason), min(pos) FROM audit_forged WHERE told = 0 "
    "GROUP BY finding ORDER BY 6 LIMIT ?"
)
Row = Sequence[Any]
"""A row as it lay there: id, writer, wseq, type, ref, envelope, seal."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one record is to tell."""

    finding: str
    """The id of that record."""
    rows: int
    kind: str
    record_id: str
    """Of a single row; empty where it has not the form of an id."""
    reason: str

    @property
    def facts(self) -> dict[str, str | int]:
        """Return what the record says."""
        return {"kind": self.kind, "reason": self.reason, "rows": self.rows}


def put(store: Store, run: Run, rows: Sequence[Row], reason: str) -> None:
    """Keep these rows as evidence, and take them out of the way of true ones."""
    if not rows:
        return
    now, together = now_us(), new_id() if len(rows) > FEW else ""
    store.insert(run, _PUT, [(together or new_id(), now, reason, *_fitting(row)) for row in rows])
    ids = list({row[0] for row in rows if _text(row[0], 36) == row[0]})  # no row of ours is called otherwise
    store.delete_in(run, "DELETE FROM audit_inbox WHERE record_id IN (#)", ids)
    there = placed(store, run, ids)
    loose = [record_id for record_id in ids if record_id not in there]
    until = (now + KEEP_DAYS * _DAY_US) // 1_000_000
    store.delete_in(run, _SHORTEN.format(until, until), loose)
    store.delete_in(run, "DELETE FROM audit_record WHERE id IN (#)", loose)


def placed(store: Store, run: Run, ids: Sequence[str]) -> set[str]:
    """Return which of these records have a place in the log."""
    return {row[0] for row in store.select_in(run, _PLACED, ids)}


def untold(store: Store, limit: int = FEW) -> list[Found]:
    """Return what no record tells yet, the oldest first."""
    with store.read() as connection:
        rows = connection.exec_driver_sql(store.sql(_UNTOLD), (limit,)).fetchall()
    return [Found(finding, int(count), _name(kind), _id(record_id) if count == 1 else "", reason)
            for finding, count, kind, record_id, reason, _ in rows]


def told(store: Store, found: Iterable[Found]) -> None:
    """Remember that records tell of these."""
    with store.write() as run:
        store.delete_in(run, "UPDATE audit_forged SET told = 1 WHERE finding IN (#)", [one.finding for one in found])


def let_go(store: Store, seconds: int) -> None:
    """Delete what was kept long enough at that second."""
    before = (seconds - KEEP_DAYS * 86_400) * 1_000_000
    with store.write() as run:
        run(store.sql("DELETE FROM audit_forged WHERE told = 1 AND at < ?"), (before,))


def kept(run: Run) -> int:
    """Return how many rows are kept."""
    return int(run("SELECT count(*) FROM audit_forged").fetchone()[0])


def name_of(record_id: str) -> str:
    """Return an id, as far as a stranger may have written it: what has not the form of one is only a digest."""
    return _id(record_id) or hashlib.sha256(str(record_id).encode(errors="replace")).hexdigest()


def _fitting(row: Row) -> tuple[Any, ...]:
    """Return the row as its columns can hold it everywhere. (SQLite takes any length and kind.)"""
    record_id, writer, wseq, kind, ref, envelope, seal = row
    number = wseq if type(wseq) is int and abs(wseq) < 2**63 else -1
    return (_text(record_id, 36), _text(writer, 40), number, _text(kind, 64), _text(ref, 36), as_bytes(envelope),
            None if seal is None else as_bytes(seal))


def _text(value: Any, length: int) -> str:
    return str(value).encode(errors="surrogateescape").decode(errors="replace").replace("\x00", "")[:length]


def _name(kind: str) -> str:
    try:
        check_name(kind)
    except FormatError:
        return "unbekannt"
    return kind


def _id(text: Any) -> str:
    try:
        check_id(text)
    except (FormatError, TypeError):
        return ""
    return str(text)
