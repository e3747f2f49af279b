"""Letting go of the beginning, with a proof that nothing else was let go of.

Pruning to ``k`` removes records 0 to k-1 as a whole, envelopes too. It goes in two steps, so that it can be checked
forever after:

1. `announce`: ``k`` is the size of a checkpoint that was anchored outside, nothing before it has a part left or is
   held, and no exchange that began before it is still open. A record ``prune`` says k, the peaks of the tree at k
   (with which every later root can be computed), the counters at which writers go on, and the intents that end later.
2. `carry_out`: once an anchored checkpoint covers that record, the beginning is deleted.

A verifier accepts a missing beginning only with that record, whose peaks must give both the root of the signed
checkpoint at k and every later root. So an edit cannot be passed off as pruning: the peaks of an edited beginning do
not give the root that somebody outside holds. The semantics are those of the minimum index in C2SP ``tlog-tiles``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from audit import canonical
from audit.deletion import settle
from audit.errors import LedgerConfigError, LedgerDamaged
from audit.holds import keep
from audit.merkle import CompactRange
from audit.record import META, PRUNE, Draft, Part
from audit.retention import PROOF_CLASS
from audit.sequencer import grow, read_state
from audit.store.store import Run, Store, as_bytes
from audit.writer import Writer

HELD: Final = "ledger.prune"
BATCH: Final = 2000

_ANCHORED: Final = "SELECT DISTINCT size FROM anchor_receipt WHERE size > ? AND size <= ? ORDER BY size DESC"
_FIRST_PART: Final = (
    "SELECT min(s.idx) FROM audit_part p JOIN audit_seq s ON s.record_id = p.record_id "
    "WHERE NOT EXISTS (SELECT 1 FROM audit_hold h WHERE h.record_id = p.record_id AND substr(h.name, 1, 7) = 'ledger.')"
)
_FIRST_HELD: Final = (
    "SELECT min(s.idx) FROM audit_hold h JOIN audit_seq s ON s.record_id = h.record_id "
    "WHERE substr(h.name, 1, 7) <> 'ledger.'"
)
_FIRST_OPEN: Final = "SELECT min(s.idx) FROM audit_open o JOIN audit_seq s ON s.record_id = o.intent"
_LATER_ENDS: Final = (
    "SELECT e.ref FROM audit_facet e JOIN audit_seq s ON s.record_id = e.ref WHERE e.idx >= ? AND s.idx < ? "
    "AND e.type IN ('outcome', 'outcome.unknown')"
)
_COUNTERS: Final = (
    "SELECT w.writer, coalesce((SELECT min(r.wseq) FROM audit_record r JOIN audit_seq s ON s.record_id = r.id "
    "WHERE r.writer = w.writer AND s.idx >= ?), w.next) FROM audit_writer w WHERE NOT EXISTS (SELECT 1 FROM "
    "audit_record x JOIN audit_seq y ON y.record_id = x.id WHERE x.writer = w.writer AND x.type = 'writer.stop' "
    "AND y.idx < ?) ORDER BY w.writer"
)
_NEWEST: Final = (
    "SELECT f.idx, f.record_id, p.body FROM audit_facet f JOIN audit_part p ON p.record_id = f.record_id "
    "AND p.name = 'meta' WHERE f.type = 'prune' ORDER BY f.idx DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Pruning:
    """What was announced: up to where, by which record."""

    to: int
    idx: int
    record_id: str
    peaks: CompactRange


def furthest(store: Store) -> int:
    """Return how far could be pruned now: a size that was anchored; 0 if nothing can be."""
    with store.read() as connection:
        return _furthest(store, connection)


def announce(store: Store, writer: Writer, to: int | None = None, policy: str = "") -> int:
    """Write the record of a pruning to `to` (default: as far as possible); return it. Nothing is deleted yet.

    Raises `LedgerConfigError` when nothing can be pruned, or not so far.
    """
    with store.read() as connection:
        possible = _furthest(store, connection)
        size = possible if to is None else to
        anchored = connection.exec_driver_sql(
            store.sql("SELECT 1 FROM anchor_receipt WHERE size = ? LIMIT 1"), (size,)).fetchone()
        if not possible or size > possible or anchored is None:
            raise LedgerConfigError(
                "So weit lässt sich der Anfang nicht löschen. Möglich ist es bis zu einem verankerten Prüfpunkt, vor "
                "dem alle Teile gelöscht sind, nichts für einen Fall aufbewahrt wird und jeder Vorgang beendet ist"
                + (f": bis Nr. {possible}." if possible else "; so einen gibt es noch nicht."))
        state = read_state(connection.exec_driver_sql)
        tree = grow(store, connection.exec_driver_sql, state.pruned, size)
        meta = {"to": size, "records": size - state.min_index, "root": tree.root().hex(),
                "peaks": [peak.hex() for peak in tree.peaks], "policy": policy,
                "writers": {name: int(number) for name, number in connection.exec_driver_sql(
                    store.sql(_COUNTERS), (size, size)).fetchall()},
                "open": sorted(row[0] for row in connection.exec_driver_sql(
                    store.sql(_LATER_ENDS), (size, size)).fetchall())}
    receipt = writer.append_wait(Draft(PRUNE, {META: Part(canonical.dumps(meta), PROOF_CLASS)}))
    keep(store, HELD, [receipt.record_id])
    return size


def announced(store: Store) -> Pruning | None:
    """Return the newest pruning that was announced, carried out or not."""
    with store.read() as connection:
        return _announced(store, connection.exec_driver_sql)


def carry_out(store: Store) -> int:
    """Delete the beginning that was announced, if an anchored checkpoint covers the announcement.

    Returns how many records were deleted. May be called at any time: without an announcement nothing happens, and one
    that was interrupted is finished.
    """
    with store.write() as run:
        pruning = _announced(store, run)
        if pruning is None:
            return 0
        state = read_state(run, lock_row=not store.sqlite)
        if pruning.to > state.min_index:
            row = run(store.sql("SELECT 1 FROM anchor_receipt WHERE size > ? LIMIT 1"), (pruning.idx,)).fetchone()
            if row is None:
                return 0
            run(store.sql("UPDATE audit_state SET min_index = ?, pruned_peaks = ?"),
                (pruning.to, pruning.peaks.to_bytes()))
    # From here on nobody reads the beginning any more; what is left of it goes in pieces.
    count = 0
    while deleted := _delete_some(store, pruning.to):
        count += deleted
    if count:
        _tidy(store, pruning)
        settle(store)
    return count


def _furthest(store: Store, connection: Connection) -> int:
    run = connection.exec_driver_sql
    state = read_state(run)
    limit = state.tree.size
    for statement, values in ((_FIRST_PART, ()), (_FIRST_HELD, ()), (_FIRST_OPEN, ())):
        first = run(store.sql(statement), values).scalar()
        limit = limit if first is None else min(limit, int(first))
    row = run(store.sql(_ANCHORED), (state.min_index, limit)).fetchone()
    return int(row[0]) if row else 0


def _announced(store: Store, run: Run) -> Pruning | None:
    row = run(store.sql(_NEWEST)).fetchone()
    return None if row is None else Pruning(*_read(as_bytes(row[2]), int(row[0]), row[1]))


def _read(body: bytes, idx: int, record_id: str) -> tuple[int, int, str, CompactRange]:
    try:
        to, tree = said(canonical.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerDamaged("Der Eintrag über die Löschung des Anfangs ist nicht lesbar.") from error
    return to, idx, record_id, tree


def said(meta: Any) -> tuple[int, CompactRange]:
    """Return to where a record ``prune`` says that the beginning was deleted, and the tree there."""
    return meta["to"], CompactRange(meta["to"], [bytes.fromhex(peak) for peak in meta["peaks"]])


def _delete_some(store: Store, to: int) -> int:
    with store.write() as run:
        rows = run(store.sql("SELECT idx, record_id FROM audit_seq WHERE idx < ? ORDER BY idx LIMIT ?"),
                   (to, BATCH)).fetchall()
        ids = [row[1] for row in rows]
        for statement in ("DELETE FROM audit_part WHERE record_id IN (#)", "DELETE FROM audit_record WHERE id IN (#)",
                          "DELETE FROM audit_open WHERE intent IN (#)"):
            store.delete_in(run, statement, ids)
        for table in ("audit_facet", "audit_mark", "audit_seq"):
            store.delete_in(run, f"DELETE FROM {table} WHERE idx IN (#)", [row[0] for row in rows])  # noqa: S608
    return len(rows)


def _tidy(store: Store, pruning: Pruning) -> None:
    with store.write() as run:
        run(store.sql("DELETE FROM audit_hold WHERE name = ? AND record_id <> ?"), (HELD, pruning.record_id))
        run("DELETE FROM audit_hold WHERE name = 'ledger.key' AND record_id NOT IN (SELECT record_id FROM audit_seq)")
        run(store.sql("DELETE FROM checkpoint WHERE size < ?"), (pruning.to,))
        run(store.sql("DELETE FROM anchor_receipt WHERE size < ?"), (pruning.to,))
