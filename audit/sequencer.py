"""The sequencer: gives every record its place in the tree.

What waits in the inbox ("not yet sequenced", never "greater than the last": late commits are not skipped) is read and
hashed without a lock, so that writers go on meanwhile. One transaction then looks whether the log still stands where it
was read, assigns contiguous indexes, appends the leaves to the peaks and fills the derived tables. The lock on the one
row of ``audit_state`` (SQLite: ``BEGIN IMMEDIATE``) orders sequencers; whoever finds that another one was faster begins
anew, and the keys of ``audit_seq`` would stop him if he did not look. A crash rolls back, and the records wait again.

Whoever may write to the database can put something there, too. So a record gets its place only with the house's seal
(`audit.seal`), and the sequencer goes on only from a state that has it: a row without a good one is taken out and kept
apart (`audit.aside`), a state without one is refused like a rollback. Where keys collide, which true records never do,
the same piece is looked at once more with care: a record has one place, and none lies beyond the end of the log.

A writer commits its counters in order on one connection, so a hole that is seen here means that a record was removed
before it was sequenced: evidence, which becomes a record ``gap.detected``. What is removed at the very end of a dead
writer leaves no hole; that the ledger cannot see.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit import aside, canonical
from audit.derived import Derived
from audit.errors import FormatError, LedgerDamaged
from audit.merkle import HASH_SIZE, CompactRange, leaf_hash
from audit.record import first_id_at, made_at
from audit.seal import Seal, SealKey, same
from audit.store.store import Run, Store, as_bytes

CHUNK: Final = 256
"""Records per transaction: on SQLite the writer waits meanwhile, so it is kept to a few milliseconds."""

_WAITING: Final = (
    "SELECT i.pos, i.record_id, r.writer, r.wseq, r.type, r.ref, r.envelope, p.body, s.body, r.seal FROM audit_inbox i "
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
_STARTED: Final = (
    "SELECT r.writer FROM audit_record r JOIN audit_seq s ON s.record_id = r.id WHERE r.wseq = 0 AND r.writer IN (#)"
)
_DAY: Final = 86_400.0
_BEYOND: Final = "Im Protokoll steht ein Eintrag hinter seinem Ende."
Gap = dict[str, str | int]
"""What is missing: ``writer``, ``first``, ``last``; or ``record``, where only the entry in the inbox is left."""

_STATE: Final = "SELECT log, size, peaks, min_index, pruned_peaks, seal FROM audit_state"
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
    seal: bytes | None = None

    @property
    def min_index(self) -> int:
        """The first index whose record is still there."""
        return self.pruned.size

    def sealed_by(self, seal: Seal) -> bool:
        """Whether it has the house's seal."""
        return self.log == seal.log and same(self.seal, seal_of(seal, self.tree, self.pruned))


def seal_of(seal: Seal, tree: CompactRange, pruned: CompactRange) -> bytes:
    """Return the seal of a state."""
    return seal.state(tree.size, tree.to_bytes(), pruned.size, pruned.to_bytes())


def sealed_state(run: Run, key: SealKey, *, lock_row: bool = False) -> State:
    """Read the state that has the house's seal. Raises `LedgerRollback` for any other, and `KeyLost`."""
    seal = key.get()
    try:
        state = read_state(run, lock_row=lock_row)
    except LedgerDamaged:
        raise key.broken() from None
    if not state.sealed_by(seal):
        raise key.broken()
    return state


def read_state(run: Run, *, lock_row: bool = False) -> State:
    """Read the state; with `lock_row` hold its lock until the transaction ends (PostgreSQL)."""
    row = run(_STATE_LOCKED if lock_row else _STATE).fetchone()
    if row is None:
        raise LedgerDamaged("Das Protokoll ist nicht angelegt.")
    try:
        return State(
            row[0],
            CompactRange.from_bytes(row[1], bytes(row[2])),
            CompactRange.from_bytes(row[3], bytes(row[4])),
            None if row[5] is None else as_bytes(row[5]),
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

    before: State
    """The state when this was read; its tree has these records already."""
    start: int
    """Index of the first record, and the size of the log when this was read."""
    positions: list[int]
    seq: list[tuple[int, str, bytes]]
    derived: Derived
    counters: list[tuple[str, int]]
    gaps: list[Gap]
    forged: list[aside.Row]
    """Rows without a good seal."""
    again: list[aside.Row]
    """Rows of records that have a place."""


class Sequencer:
    """Sequences what waits. Any process may run one. Without a key it takes everything (`audit.opening`)."""

    def __init__(self, store: Store, key: SealKey | None) -> None:
        self._store = store
        self._key = key
        self._careful = False
        """Whether keys collided since this run began."""
        self.refused = 0
        """How many rows got no place, because they are not ours."""

    def run(self) -> list[Gap]:
        """Sequence until nothing waits; return the gaps found. Raises `LedgerRollback` and `KeyLost`."""
        gaps: list[Gap] = []
        self._careful = False
        while True:
            try:
                chunk = self._read()
                done = chunk is not None and self._chunk(chunk)
            except (self._store.conflict, sqlite3.OperationalError):  # the second: text that is none
                if self._careful:
                    raise
                self._careful = True
                continue
            if chunk is None:
                return gaps
            if done:
                gaps += chunk.gaps
                self.refused += len(chunk.forged) + len(chunk.again)
                if len(chunk.positions) < CHUNK:
                    return gaps

    def _read(self) -> _Chunk | None:
        """Return what waits, with all that can be known of it before the lock is taken."""
        store = self._store
        with store.read() as connection, store.any_text(connection, self._careful):
            run = connection.exec_driver_sql
            waiting = store.rows(connection, _WAITING, (CHUNK,))
            if not waiting:
                return None
            state = read_state(run) if self._key is None else sealed_state(run, self._key)
            rows, forged = self._ours([row for row in waiting if row[6] is not None])
            rows, again = self._placed(run, rows) if self._careful else (rows, [])
            if state.min_index and self._key is not None:
                rows, deleted = self._fresh(run, state.min_index, rows)
                again += deleted
            counters, gaps = self._count(run, rows)
        gaps += [{"record": aside.name_of(row[1])} for row in waiting if row[6] is None]
        start, tree = state.tree.size, state.tree
        leaves = [leaf_hash(as_bytes(row[6])) for row in rows]
        tree.extend(leaves)
        seq = [(start + n, row[1], leaves[n]) for n, row in enumerate(rows)]
        derived = Derived([(start + n, *row[1:9]) for n, row in enumerate(rows)])
        return _Chunk(state, start, [row[0] for row in waiting], seq, derived, counters, gaps, forged, again)

    def _chunk(self, chunk: _Chunk) -> bool:
        """Give these records their places; False where another sequencer took some of them first."""
        store, before = self._store, chunk.before
        with store.write() as run:
            state = read_state(run, lock_row=not store.sqlite)
            first = (chunk.positions[0],)
            if ((state.tree.size, state.seal) != (chunk.start, before.seal)
                    or run(store.sql("SELECT 1 FROM audit_inbox WHERE pos = ?"), first).fetchone() is None):
                return False
            if self._careful:
                self._clear(run, chunk)
            store.insert(run, _SEQ, chunk.seq)
            chunk.derived.write(store, run)
            for counter in chunk.counters:
                run(store.sql(_NEXT), counter)
            _empty(store, run, chunk.positions)
            seal = seal_of(self._key.get(), before.tree, before.pruned) if self._key is not None else None
            run(store.sql("UPDATE audit_state SET size = ?, peaks = ?, seal = ?"),
                (before.tree.size, before.tree.to_bytes(), seal))
            aside.put(store, run, chunk.forged, aside.BAD_SEAL)
            aside.put(store, run, chunk.again, aside.AGAIN)  # after the places: what has one stays where it is
        return True

    def _ours(self, rows: Sequence[Any]) -> tuple[Sequence[Any], list[aside.Row]]:
        """Return the rows with the house's seal, and the others."""
        if self._key is None:
            return rows, []
        seal = self._key.get().record
        ours: list[Any] = []
        forged: list[aside.Row] = []
        for row in rows:
            if row[9] == seal(row[1], row[2], row[3], row[4], row[5], as_bytes(row[6])):
                ours.append(row)
            else:
                forged.append((*row[1:7], row[9]))
        return ours, forged

    def _placed(self, run: Run, rows: Sequence[Any]) -> tuple[Sequence[Any], list[aside.Row]]:
        """Return the rows of records that have no place yet, each once, and the others."""
        seen = aside.placed(self._store, run, [row[1] for row in rows])
        fresh: list[Any] = []
        again: list[aside.Row] = []
        for row in rows:
            if row[1] in seen:
                again.append((*row[1:7], row[9]))
            else:
                seen.add(row[1])
                fresh.append(row)
        return fresh, again

    def _fresh(self, run: Run, first: int, rows: Sequence[Any]) -> tuple[Sequence[Any], list[aside.Row]]:
        """Return the rows that cannot have been in the deleted beginning, and the others.

        Whoever kept a copy of such a row has its seal, too. Its id says when it was made: long before the oldest record
        that is there. A true record can be as old when it lay on a disk meanwhile (`audit.spool`); then a writer brings
        it whose own start is in the log.
        """
        store = self._store
        oldest = run(store.sql("SELECT record_id FROM audit_seq WHERE idx = ?"), (first,)).fetchone()
        try:
            limit = first_id_at(made_at(oldest[0]) - _DAY) if oldest is not None else ""
        except ValueError:
            limit = ""  # somebody wrote another id there, which whoever verifies will find
        old = {row[2] for row in rows if row[1] < limit}
        if not old:
            return rows, []
        known = {row[0] for row in store.select_in(run, _STARTED, list(old))}
        known.update(row[2] for row in rows if row[3] == 0 and row[1] >= limit)
        deleted: list[aside.Row] = [(*row[1:7], row[9]) for row in rows if row[1] < limit and row[2] not in known]
        return [row for row in rows if row[1] >= limit or row[2] in known], deleted

    def _clear(self, run: Run, chunk: _Chunk) -> None:
        """See that nothing lies where these records belong. Places that nobody gave are for a person to look at; what
        can be made anew from the records is not."""
        store = self._store
        if run(store.sql("SELECT 1 FROM audit_seq WHERE idx >= ? LIMIT 1"), (chunk.start,)).fetchone() is not None:
            raise self._key.broken() if self._key is not None else LedgerDamaged(_BEYOND)
        run(store.sql("DELETE FROM audit_facet WHERE idx >= ?"), (chunk.start,))
        store.delete_in(run, "DELETE FROM audit_open WHERE intent IN (#)", [row[1] for row in chunk.seq])

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


def rebuild(store: Store, key: SealKey) -> int:
    """Make the derived tables anew from the records; return how many records were read. Raises `LedgerRollback`."""
    with store.write() as run:
        state = sealed_state(run, key, lock_row=not store.sqlite)
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
