"""The sequencer: gives every record its place in the tree.

What waits in the inbox ("not yet sequenced", never "greater than the last": late commits are not skipped) is read and
hashed without a lock, so that writers go on meanwhile. One transaction then looks whether the log still stands where it
was read, assigns contiguous indexes, appends the leaves to the peaks and fills the derived tables. The lock on the one
row of ``audit_state`` (SQLite: ``BEGIN IMMEDIATE``) orders sequencers; whoever finds that another one was faster begins
anew, and the keys of ``audit_seq`` would stop him if he did not look. A crash rolls back, and the records wait again.

A writer commits its counters in order on one connection, so a hole that is seen here means that a record was removed
before it was sequenced: evidence, which becomes a record ``gap.detected``. What is removed at the very end of a dead
writer leaves no hole; that the ledger cannot see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit import canonical
from audit.derived import Derived
from audit.errors import FormatError, LedgerDamaged
from audit.merkle import HASH_SIZE, CompactRange, leaf_hash
from audit.store.store import Run, Store, as_bytes

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


@dataclass(slots=True)
class _Chunk:
    """What was read, and what is to be written if nobody was faster."""

    start: int
    """Index of the first record, and the size of the log when this was read."""
    tree: CompactRange
    """The tree with these records."""
    positions: list[int]
    seq: list[tuple[int, str, bytes]]
    derived: Derived
    counters: list[tuple[str, int]]
    gaps: list[Gap]


class Sequencer:
    """Sequences what waits. Any process may run one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self) -> list[Gap]:
        """Sequence until nothing waits; return the gaps found."""
        gaps: list[Gap] = []
        while (chunk := self._read()) is not None:
            if self._chunk(chunk):
                gaps += chunk.gaps
                if len(chunk.positions) < CHUNK:
                    break
        return gaps

    def _read(self) -> _Chunk | None:
        """Return what waits, with all that can be known of it before the lock is taken."""
        store = self._store
        with store.read() as connection:
            run = connection.exec_driver_sql
            waiting = store.rows(connection, _WAITING, (CHUNK,))
            if not waiting:
                return None
            rows = [row for row in waiting if row[6] is not None]
            state = read_state(run)
            counters, gaps = self._count(run, rows)
        gaps += [{"record": row[1]} for row in waiting if row[6] is None]
        start, tree = state.tree.size, state.tree
        leaves = [leaf_hash(as_bytes(row[6])) for row in rows]
        tree.extend(leaves)
        seq = [(start + n, row[1], leaves[n]) for n, row in enumerate(rows)]
        return _Chunk(start, tree, [row[0] for row in waiting], seq,
                      Derived([(start + n, *row[1:]) for n, row in enumerate(rows)]), counters, gaps)

    def _chunk(self, chunk: _Chunk) -> bool:
        """Give these records their places; False where another sequencer took some of them first."""
        store = self._store
        with store.write() as run:
            here = read_state(run, lock_row=not store.sqlite).tree.size == chunk.start
            first = (chunk.positions[0],)
            if not here or run(store.sql("SELECT 1 FROM audit_inbox WHERE pos = ?"), first).fetchone() is None:
                return False
            store.insert(run, _SEQ, chunk.seq)
            chunk.derived.write(store, run)
            for counter in chunk.counters:
                run(store.sql(_NEXT), counter)
            _empty(store, run, chunk.positions)
            run(store.sql("UPDATE audit_state SET size = ?, peaks = ?"), (chunk.tree.size, chunk.tree.to_bytes()))
        return True

    def _count(self, run: Run, rows: Sequence[Any]) -> tuple[list[tuple[str, int]], list[Gap]]:
        """Check that each writer goes on where it was; return the counters after these records."""
        gaps: list[Gap] = []
        writers = list({row[2] for row in rows})
        known = self._store.select_in(run, "SELECT writer, next FROM audit_writer WHERE writer IN (#)", writers)
        expected = dict.fromkeys(writers, 0) | {row[0]: int(row[1]) for row in known}
        for row in rows:
            writer, number = row[2], row[3]
            want = expected[writer]
            if number > want:
                gaps.append({"writer": writer, "first": want, "last": number - 1})
            if number >= want:
                expected[writer] = number + 1
        return list(expected.items()), gaps


def _empty(store: Store, run: Run, positions: Sequence[int]) -> None:
    """Take these places out of the inbox, and none that came between them since they were read."""
    first, last = positions[0], positions[-1]
    if last - first + 1 == len(positions):
        run(store.sql("DELETE FROM audit_inbox WHERE pos BETWEEN ? AND ?"), (first, last))
    else:
        store.delete_in(run, "DELETE FROM audit_inbox WHERE pos IN (#)", positions)


def rebuild(store: Store) -> int:
    """Make the derived tables anew from the records; return how many records were read."""
    with store.write() as run:
        state = read_state(run, lock_row=not store.sqlite)
        for table in ("audit_facet", "audit_mark", "audit_open", "audit_writer"):
            run(f"DELETE FROM {table}")  # noqa: S608 - fixed names
        for rows in _ordered(store, run, state.min_index):
            Derived(rows).write(store, run)
        run(
            "INSERT INTO audit_writer (writer, next) SELECT r.writer, max(r.wseq) + 1 "
            "FROM audit_record r JOIN audit_seq s ON s.record_id = r.id GROUP BY r.writer"
        )
        _carry_on(store, run)
    return state.tree.size - state.min_index


def _carry_on(store: Store, run: Run) -> None:
    """Take over the counters of writers that have no record left: the record of the pruning has them."""
    rows = run("SELECT p.body FROM audit_facet f JOIN audit_part p ON p.record_id = f.record_id AND p.name = 'meta' "
               "WHERE f.type = 'prune' ORDER BY f.idx DESC").fetchall()
    for row in rows:
        try:
            counters = canonical.loads(as_bytes(row[0]))["writers"].items()
        except (FormatError, KeyError, TypeError, AttributeError):
            continue  # somebody put it there (`audit.forgery`); at worst a gap shows that is none, or the other way
        for writer, number in counters:
            run(store.sql("INSERT INTO audit_writer (writer, next) VALUES (?, ?) ON CONFLICT (writer) DO NOTHING"),
                (writer, number))


def _ordered(store: Store, run: Run, start: int) -> Iterator[Sequence[Any]]:
    while rows := run(store.sql(_ORDERED), (start, CHUNK)).fetchall():
        yield rows
        start = rows[-1][0] + 1
