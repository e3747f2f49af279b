"""Letting go of the beginning, with a proof that nothing else was let go of.

Pruning to ``k`` removes records 0 to k-1 as a whole, envelopes too. It goes in two steps, so that it can be checked
forever after:

1. `announce`: ``k`` is the size of a checkpoint that was anchored outside, nothing before it has a part left or is
   held, and no exchange that began before it is still open. A record ``prune``, signed by the key in force
   (`audit.announcement`), says k, the peaks of the tree at k (with which every later root can be computed), the
   counters at which writers go on, and the intents that end later.
2. `carry_out`: once an anchored checkpoint covers that record, the beginning is deleted, if all of this still holds:
   the signature, the peaks, the signed checkpoint at k, and that nothing before it has a part, a hold or an open end.

A verifier accepts a missing beginning only with that record, whose peaks must give both the root of the signed
checkpoint at k and every later root. So an edit cannot be passed off as pruning: the peaks of an edited beginning do
not give the root that somebody outside holds. The semantics are those of the minimum index in C2SP ``tlog-tiles``.

Not known here: whether the tables beside the log (holds, parts, receipts of anchors) say the truth; whoever may write
to the database can change them before somebody of the house announces a pruning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from audit import announcement, canonical
from audit.checkpoint import Checkpoint, Note, Vkey
from audit.deletion import settle
from audit.errors import FormatError, LedgerConfigError, LedgerDamaged, PruningRefused
from audit.holds import keep
from audit.merkle import CompactRange
from audit.record import PRUNE, Receipt
from audit.seal import SealKey
from audit.sequencer import State, grow, read_state, seal_of, sealed_state
from audit.store.store import Run, Store, as_bytes

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
    "AND p.name = 'meta' WHERE f.type = 'prune' ORDER BY f.idx DESC LIMIT 100"
)
_AGAINST: Final = (
    ("teile", _FIRST_PART, "Nr. {idx} hat noch Teile, deren Frist läuft."),
    ("fall", _FIRST_HELD, "Nr. {idx} wird für einen Fall aufbewahrt."),
    ("offen", _FIRST_OPEN, "Der Vorgang Nr. {idx} ist noch nicht beendet."),
)
"""What keeps a beginning: a word for the record, where the first one stands, a German sentence."""
Announce = Callable[[str, Mapping[str, Any]], Receipt]
"""Writes a record that others act on, signed (`audit.checkpointer`)."""


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


def announce(store: Store, log: str, vkeys: Sequence[Vkey], write: Announce, to: int | None = None,
             policy: str = "") -> int:
    """Write the record of a pruning to `to` (default: as far as possible); return it. Nothing is deleted yet.

    Raises `LedgerConfigError` when nothing can be pruned, or not so far, and `LedgerDamaged` when the records are not
    those that were signed.
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
        facts = _facts(store, connection, log, vkeys, size)
    receipt = write(PRUNE, {**facts, "policy": policy})
    keep(store, HELD, [receipt.record_id])
    return size


def _facts(store: Store, connection: Connection, log: str, vkeys: Sequence[Vkey], size: int) -> dict[str, Any]:
    run = connection.exec_driver_sql
    state = read_state(run)
    tree = grow(store, run, state.pruned, size)
    if _signed_root(store, run, log, vkeys, size) != tree.root():
        raise LedgerDamaged(f"Die ersten {size} Einträge sind nicht die, die unterschrieben wurden. Der Anfang bleibt.")
    return {"to": size, "records": size - state.min_index, "root": tree.root().hex(),
            "peaks": [peak.hex() for peak in tree.peaks],
            "writers": {name: int(number) for name, number in
                        run(store.sql(_COUNTERS), (size, size)).fetchall()},
            "open": sorted(row[0] for row in run(store.sql(_LATER_ENDS), (size, size)).fetchall())}


def announced(store: Store, log: str, vkeys: Sequence[Vkey]) -> Pruning | None:
    """Return the newest pruning that was announced and signed, carried out or not."""
    with store.read() as connection:
        return _announced(store, connection.exec_driver_sql, log, vkeys)


def carry_out(store: Store, key: SealKey, vkeys: Sequence[Vkey]) -> int:
    """Delete the beginning that was announced, if an anchored checkpoint covers the announcement.

    Returns how many records were deleted. May be called at any time: without an announcement nothing happens, and one
    that was interrupted is finished. Raises `PruningRefused` where something speaks against it.
    """
    with store.read() as connection:  # reading a long beginning holds up nobody
        run = connection.exec_driver_sql
        pruning = _announced(store, run, key.log, vkeys)
        if pruning is None:
            return 0
        state = read_state(run)
        if pruning.to > state.min_index:
            if run(store.sql("SELECT 1 FROM anchor_receipt WHERE size > ? LIMIT 1"), (pruning.idx,)).fetchone() is None:
                return 0
            _true(store, run, state, key.log, vkeys, pruning)
    with store.write() as write:
        state = sealed_state(write, key, lock_row=not store.sqlite)
        if pruning.to > state.min_index:
            _unhindered(store, write, pruning)
            write(store.sql("UPDATE audit_state SET min_index = ?, pruned_peaks = ?, seal = ?"),
                  (pruning.to, pruning.peaks.to_bytes(), seal_of(key.get(), state.tree, pruning.peaks)))
        elif (pruning.to, pruning.peaks.peaks) != (state.min_index, state.pruned.peaks):
            raise _refused(pruning, "stand", "Der gespeicherte Stand nennt einen anderen Anfang.")
    # From here on nobody reads the beginning any more; what is left of it goes in pieces.
    count = 0
    while deleted := _delete_some(store, pruning.to):
        count += deleted
    if count:
        _tidy(store, pruning)
        settle(store)
    return count


def _true(store: Store, run: Run, state: State, log: str, vkeys: Sequence[Vkey], pruning: Pruning) -> None:
    """Refuse unless the announcement speaks of the records that are there, and of those that were signed."""
    try:
        tree = grow(store, run, state.pruned, pruning.to)
    except LedgerDamaged:
        tree = CompactRange()
    if (tree.size, tree.peaks) != (pruning.to, pruning.peaks.peaks):
        raise _refused(pruning, "wurzel", "Die Einträge sind nicht die, von denen die Ankündigung spricht.")
    if _signed_root(store, run, log, vkeys, pruning.to) != tree.root():
        raise _refused(pruning, "pruefpunkt", "Der unterschriebene Prüfpunkt an dieser Stelle fehlt oder sagt etwas "
                                              "anderes.")


def _unhindered(store: Store, run: Run, pruning: Pruning) -> None:
    """Refuse if something came that keeps the beginning."""
    for reason, statement, sentence in _AGAINST:
        first = _first(store, run, statement)
        if first is not None and first < pruning.to:
            raise _refused(pruning, reason, sentence.format(idx=first))


def _refused(pruning: Pruning, reason: str, sentence: str) -> PruningRefused:
    what = f"Der Anfang des Protokolls (bis Nr. {pruning.to}, angekündigt mit Nr. {pruning.idx}) wird nicht gelöscht."
    return PruningRefused(pruning.record_id, reason, f"{what} {sentence}")


def _first(store: Store, run: Run, statement: str) -> int | None:
    row = run(store.sql(statement)).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _signed_root(store: Store, run: Run, log: str, vkeys: Sequence[Vkey], size: int) -> bytes | None:
    """Return the root that a signed checkpoint of this size says; None: there is no such checkpoint."""
    row = run(store.sql("SELECT note FROM checkpoint WHERE size = ?"), (size,)).fetchone()
    try:
        note = Note.parse(row[0] if row else "")
        point = Checkpoint.parse(note.text)
        return point.root if note.signed_by(vkeys) and (point.origin, point.size) == (log, size) else None
    except FormatError:
        return None


def _furthest(store: Store, connection: Connection) -> int:
    run = connection.exec_driver_sql
    state = read_state(run)
    limit = state.tree.size
    for _, statement, _ in _AGAINST:
        first = _first(store, run, statement)
        limit = limit if first is None else min(limit, first)
    row = run(store.sql(_ANCHORED), (state.min_index, limit)).fetchone()
    return int(row[0]) if row else 0


def _announced(store: Store, run: Run, log: str, vkeys: Sequence[Vkey]) -> Pruning | None:
    """Return the newest that one of our keys signed. (What nobody signed, `audit.forgery` reports.)"""
    for idx, record_id, body in run(store.sql(_NEWEST)).fetchall():
        try:
            facts = canonical.loads(as_bytes(body))
            if announcement.signed_by(log, PRUNE, record_id, facts, vkeys):
                to, peaks = said(facts)
                return Pruning(to, int(idx), record_id, peaks)
        except FormatError:
            continue
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerDamaged("Der Eintrag über die Löschung des Anfangs ist nicht lesbar.") from error
    return None


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
