"""Proofs over a large tree: the hashes of full tiles of 256 leaves are kept, so that a proof reads little.

A tile is the node of height 8 over leaves 256·i to 256·i+255, as in C2SP ``tlog-tiles``. Tiles are derived (a tile can
be computed from its leaves at any time) and hold nothing about anybody, so those of a deleted beginning stay: proofs
that reach back into it can still be given. `fill` makes what is missing; `Tree` answers.

With ten million records a proof reads 39,000 tiles and at most 512 leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from audit.errors import LedgerDamaged
from audit.merkle import CompactRange
from audit.sequencer import read_state
from audit.store.store import Store, as_bytes

WIDTH: Final = 256
_STEP: Final = 64
"""Tiles per transaction."""

Range = tuple[int, int]


def fill(store: Store) -> int:
    """Make the tiles that are missing; return how many. Any process may, two at once are harmless."""
    made = 0
    while True:
        with store.read() as connection:
            run = connection.exec_driver_sql
            size = read_state(run).tree.size
            first = int(run("SELECT coalesce(max(idx) + 1, 0) FROM audit_tile").scalar() or 0)
            last = min(size // WIDTH, first + _STEP)
            rows = run(store.sql("SELECT idx, leaf FROM audit_seq WHERE idx >= ? AND idx < ? ORDER BY idx"),
                       (first * WIDTH, last * WIDTH)).fetchall()
        if last <= first:
            return made
        if len(rows) != (last - first) * WIDTH:
            raise LedgerDamaged("Im Protokoll fehlt ein Eintrag.")
        tiles = [(first + n, _root([as_bytes(row[1]) for row in rows[n * WIDTH : (n + 1) * WIDTH]]))
                 for n in range(last - first)]
        with store.write() as run_:
            for tile in tiles:
                run_(store.sql("INSERT INTO audit_tile (idx, hash) VALUES (?, ?) ON CONFLICT (idx) DO NOTHING"), tile)
        made += len(tiles)


class Tree:
    """The tree at one size, for proofs. Reads within the snapshot of one connection."""

    def __init__(self, store: Store, connection: Connection, size: int) -> None:
        self._store, self._connection, self.size = store, connection, size
        self._tiles = int(connection.exec_driver_sql("SELECT coalesce(max(idx) + 1, 0) FROM audit_tile").scalar() or 0)

    def inclusion(self, index: int) -> list[bytes]:
        """Return PATH(index, D[size]) of RFC 6962. Raises ValueError outside the tree."""
        if not 0 <= index < self.size:
            raise ValueError("index outside the tree")
        return [self.hash(*found) for found in _path(index, 0, self.size)]

    def consistency(self, first: int) -> list[bytes]:
        """Return PROOF(first, D[size]) of RFC 6962."""
        if not 0 < first <= self.size:
            raise ValueError("size outside the tree")
        return [self.hash(*found) for found in _subproof(first, 0, self.size, complete=True)]

    def hash(self, low: int, high: int) -> bytes:
        """Return the hash of the leaves from `low` to `high`; a range that RFC 6962 asks for."""
        tree, at = CompactRange(), low
        first, last = low // WIDTH, min(high // WIDTH, self._tiles)
        if low % WIDTH == 0 and last > first:
            tiles = self._hashes("SELECT hash FROM audit_tile WHERE idx >= ? AND idx < ? ORDER BY idx", first, last)
            tree.extend(tiles)  # a tree of tiles; over their leaves it has the same peaks
            tree, at = CompactRange(len(tiles) * WIDTH, tree.peaks), last * WIDTH
        tree.extend(self._hashes("SELECT leaf FROM audit_seq WHERE idx >= ? AND idx < ? ORDER BY idx", at, high))
        return tree.root()

    def _hashes(self, statement: str, low: int, high: int) -> list[bytes]:
        rows = self._store.rows(self._connection, statement, (low, high)) if low < high else []
        if len(rows) != high - low:
            raise LedgerDamaged("Für diesen Nachweis fehlen Einträge, die schon gelöscht sind.")
        return [as_bytes(row[0]) for row in rows]


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = CompactRange()
    tree.extend(leaves)
    return tree.root()


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def _path(index: int, low: int, high: int) -> list[Range]:
    if high - low == 1:
        return []
    middle = low + _split(high - low)
    if index < middle:
        return [*_path(index, low, middle), (middle, high)]
    return [*_path(index, middle, high), (low, middle)]


def _subproof(first: int, low: int, high: int, *, complete: bool) -> list[Range]:
    if first == high - low:
        return [] if complete else [(low, high)]
    split = _split(high - low)
    if first <= split:
        return [*_subproof(first, low, low + split, complete=complete), (low + split, high)]
    return [*_subproof(first - split, low + split, high, complete=False), (low, low + split)]
