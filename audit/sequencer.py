"""The sequencer: gives every record its place in the tree.

One transaction takes what waits in the inbox ("not yet sequenced", never "greater than the last": late commits are not
skipped), assigns contiguous indexes, appends the leaves to the peaks and fills the derived tables. The lock on the
one row of ``audit_state`` (SQLite: ``BEGIN IMMEDIATE``) orders sequencers; the keys of ``audit_seq`` make a second one
harmless. A crash rolls back, and the records wait again.

A writer commits its counters in order on one connection, so a hole that is seen here means that a record was removed
before it was sequenced: evidence, which becomes a record ``gap.detected``. What is removed at the very end of a dead
writer leaves no hole; that the ledger cannot see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit import canonical
from audit.errors import LedgerDamaged
from audit.facets import facets_of, subject_of
from audit.merkle import HASH_SIZE, CompactRange, leaf_hash
from audit.record import ENDS, INTENT, time_us
from audit.store.store import Run, Store, as_bytes
from audit.store.tables import FACETS

CHUNK: Final = 256
"""Records per transaction: on SQLite the writer waits meanwhile, so it is kept to a few milliseconds."""

_WAITING: Final = (
    "SELECT i.pos, i.record_id, r.writer, r.wseq, r.type, r.ref, r.envelope, p.body, s.body FROM audit_inbox i "
    "LEFT JOIN audit_record r ON r.id = i.record_id "
    "LEFT JOIN audit_part p ON p.record_id = i.record_id AND p.name = 'meta' "
    "LEFT JOIN audit_part s ON s.record_id = i.record_id AND s.name = 'subject' ORDER BY i.pos LIMIT ?"
)
_ORDERED: Final = (
    "SELECT s.idx, s.record_id, r.writer, r.wseq, r.type, r.ref, r.envelope, p.body, u.body FROM audit_seq s "
    "JOIN audit_record r ON r.id = s.record_id "
    "LEFT JOIN audit_part p ON p.record_id = s.record_id AND p.name = 'meta' "
    "LEFT JOIN audit_part u ON u.record_id = s.record_id AND u.name = 'subject' WHERE s.idx >= ? ORDER BY s.idx LIMIT ?"
)
Gap = dict[str, str | int]
"""What is missing: ``writer``, ``first``, ``last``; or ``record``, where only the entry in the inbox is left."""

_STATE: Final = "SELECT log, size, peaks, min_index, pruned_peaks FROM audit_state"
_STATE_LOCKED: Final = _STATE + " FOR UPDATE"
_SEQ: Final = "INSERT INTO audit_seq (idx, record_id, leaf)"
_FACET: Final = f"INSERT INTO audit_facet (idx, record_id, type, ref, t, {', '.join(FACETS)}, subject)"
_OPEN: Final = "INSERT INTO audit_open (intent, writer)"
_NEXT: Final = (
    "INSERT INTO audit_writer (writer, next) VALUES (?, ?) ON CONFLICT (writer) DO UPDATE SET next = excluded.next"
)


@dataclass(frozen=True, slots=True)
class State:
    """The one row: how much is sequenced, and the peaks of the tree."""

    log: str
    tree: CompactRange
    pruned: CompactRange
    """The tree of the deleted beginning; empty as long as nothing was pruned."""

    @property
    def min_index(self) -> int:
        """The first index whose record is still there."""
        return self.pruned.size


def read_state(run: Run, *, lock_row: bool = False) -> State:
    """Read the state; with `lock_row` hold its lock until the transaction ends (PostgreSQL)."""
    row = run(_STATE_LOCKED if lock_row else _STATE).fetchone()
    if row is None:
        raise LedgerDamaged("Das Protokoll ist nicht angelegt.")
    try:
        return State(
            row[0], CompactRange.from_bytes(row[1], bytes(row[2])), CompactRange.from_bytes(row[3], bytes(row[4]))
        )
    except (ValueError, TypeError) as error:
        raise LedgerDamaged("Der Zustand des Protokolls ist beschädigt.") from error


def grow(store: Store, run: Run, start: CompactRange, size: int) -> CompactRange:
    """Return `start` with the leaves of the database up to `size`. Raises `LedgerDamaged` where one is missing."""
    grown = CompactRange(start.size, start.peaks)
    while grown.size < size:
        rows = run(store.sql("SELECT idx, leaf FROM audit_seq WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT 1000"),
                   (grown.size, size)).fetchall()
        for index, leaf in rows:
            if index != grown.size or len(leaf) != HASH_SIZE:
                raise LedgerDamaged("Im Protokoll fehlt ein Eintrag.")
            grown.append(as_bytes(leaf))
        if not rows:
            raise LedgerDamaged("Im Protokoll fehlt ein Eintrag.")
    return grown


def unsequenced(run: Run) -> int:
    """Return how many records wait."""
    return int(run("SELECT count(*) FROM audit_inbox").fetchone()[0])


class Sequencer:
    """Sequences what waits. Any process may run one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self) -> list[Gap]:
        """Sequence until nothing waits; return the gaps found."""
        gaps: list[Gap] = []
        while self._anything():
            taken, found = self._chunk()
            gaps += found
            if taken < CHUNK:
                break
        return gaps

    def _anything(self) -> bool:
        with self._store.read() as connection:
            return connection.exec_driver_sql("SELECT 1 FROM audit_inbox LIMIT 1").fetchone() is not None

    def _chunk(self) -> tuple[int, list[Gap]]:
        store = self._store
        with store.write() as run:
            state = read_state(run, lock_row=not store.sqlite)
            waiting = run(store.sql(_WAITING), (CHUNK,)).fetchall()
            rows = [row for row in waiting if row[6] is not None]
            gaps = self._count(run, rows)
            gaps += [{"record": row[1]} for row in waiting if row[6] is None]
            start, tree = state.tree.size, state.tree
            leaves = [leaf_hash(as_bytes(row[6])) for row in rows]
            for leaf in leaves:
                tree.append(leaf)
            store.insert(run, _SEQ, [(start + n, row[1], leaves[n]) for n, row in enumerate(rows)])
            derive(store, run, [(start + n, *row[1:]) for n, row in enumerate(rows)])
            store.delete_in(run, "DELETE FROM audit_inbox WHERE pos IN (#)", [row[0] for row in waiting])
            run(store.sql("UPDATE audit_state SET size = ?, peaks = ?"), (tree.size, tree.to_bytes()))
        return len(waiting), gaps

    def _count(self, run: Run, rows: Sequence[Any]) -> list[Gap]:
        """Check that each writer goes on where it was; move its counter."""
        store, gaps = self._store, []
        writers = list({row[2] for row in rows})
        known = store.select_in(run, "SELECT writer, next FROM audit_writer WHERE writer IN (#)", writers)
        expected = {row[0]: int(row[1]) for row in known}
        for row in rows:
            writer, number = row[2], row[3]
            want = expected.get(writer, 0)
            if number > want:
                gaps.append({"writer": writer, "first": want, "last": number - 1})
            expected[writer] = max(want, number + 1)
        for writer in writers:
            run(store.sql(_NEXT), (writer, expected[writer]))
        return gaps


def derive(store: Store, run: Run, rows: Sequence[Any]) -> None:
    """Fill the derived tables for rows of (idx, id, writer, wseq, type, ref, envelope, meta, subject)."""
    store.insert(
        run,
        _FACET,
        [
            (row[0], row[1], row[4], row[5], _time(as_bytes(row[6])), *facets_of(row[7]), subject_of(row[8]))
            for row in rows
        ],
    )
    begun = {row[1]: row[2] for row in rows if row[4] == INTENT}
    elsewhere = []
    for row in rows:
        if row[4] in ENDS and begun.pop(row[5], None) is None:
            elsewhere.append(row[5])
    store.insert(run, _OPEN, list(begun.items()))
    store.delete_in(run, "DELETE FROM audit_open WHERE intent IN (#)", elsewhere)


def _time(envelope: bytes) -> int:
    """Take the time from an envelope's bytes; 0 where somebody put other bytes in their place."""
    at = envelope.rfind(b'","type":"')
    try:
        return time_us(envelope[max(0, at - 27) : at].decode())
    except ValueError:
        return 0


def rebuild(store: Store) -> int:
    """Make the derived tables anew from the records; return how many records were read."""
    with store.write() as run:
        state = read_state(run, lock_row=not store.sqlite)
        for table in ("audit_facet", "audit_open", "audit_writer"):
            run(f"DELETE FROM {table}")  # noqa: S608 - fixed names
        for rows in _ordered(store, run, state.min_index):
            derive(store, run, rows)
        run(
            "INSERT INTO audit_writer (writer, next) SELECT r.writer, max(r.wseq) + 1 "
            "FROM audit_record r JOIN audit_seq s ON s.record_id = r.id GROUP BY r.writer"
        )
        _carry_on(store, run)
    return state.tree.size - state.min_index


def _carry_on(store: Store, run: Run) -> None:
    """Take over the counters of writers that have no record left: the record of the pruning has them."""
    row = run("SELECT p.body FROM audit_facet f JOIN audit_part p ON p.record_id = f.record_id AND p.name = 'meta' "
              "WHERE f.type = 'prune' ORDER BY f.idx DESC LIMIT 1").fetchone()
    if row is not None:
        for writer, number in canonical.loads(as_bytes(row[0]))["writers"].items():
            run(store.sql("INSERT INTO audit_writer (writer, next) VALUES (?, ?) ON CONFLICT (writer) DO NOTHING"),
                (writer, number))


def _ordered(store: Store, run: Run, start: int) -> Iterator[Sequence[Any]]:
    while rows := run(store.sql(_ORDERED), (start, CHUNK)).fetchall():
        yield rows
        start = rows[-1][0] + 1
