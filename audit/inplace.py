"""The ledger as it lies in the database, read for checking and for bundles: one snapshot, in pieces.

Where the keys lie there is a memory of what was signed last (`audit.checkpointer`). The database must go on from
there: whoever cut off its end and the checkpoints over it, or put an older copy in its place, is found without any
note from outside. (Whoever can write to that folder, too, is not.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from audit import aside
from audit.bundle import Line, write_bundle
from audit.checkpoint import Vkey, b64
from audit.checkpointer import remembered
from audit.errors import LedgerDamaged, LedgerError
from audit.merkle import CompactRange
from audit.seal import SealKey
from audit.sequencer import State, grow, read_state, unsequenced
from audit.store.store import Store, as_bytes
from audit.verdict import Verdict
from audit.verify import Entry, PartBytes, Source, Trust, verify

_PAGE: Final = 500
_RECORDS: Final = (
    "SELECT s.idx, s.leaf, s.record_id, r.id, r.writer, r.wseq, r.type, r.ref, r.envelope FROM audit_seq s "
    "LEFT JOIN audit_record r ON r.id = s.record_id WHERE s.idx >= ? ORDER BY s.idx LIMIT ?"
)
_PARTS: Final = "SELECT record_id, name, salt, body, class FROM audit_part WHERE record_id IN (#)"


def verify_store(store: Store, log: str, vkeys: list[Vkey], trust: Trust, folder: Path, key: SealKey) -> Verdict:
    """Check what is sequenced at this moment, and against what `folder` (the one of the keys) remembers."""
    head, unreadable = _memory(folder)  # before the snapshot: what is signed meanwhile does not count
    with store.read() as connection:
        run = connection.exec_driver_sql
        try:
            state, damaged = read_state(run), False
        except LedgerDamaged:
            state, damaged = None, True
        source = Source(
            log=log,
            entries=_entries(store, connection, state.min_index if state else 0),
            notes=_notes(connection),
            vkeys=vkeys,
            unsequenced=unsequenced(run),
            state=state.tree if state else None,
            damaged=damaged,
            pruned=state.pruned if state else CompactRange(),
        )
        verdict = verify(source, trust)
        if head is not None:
            _goes_on(store, connection, head, verdict)
        if unreadable:
            verdict.problem(unreadable)
        verdict.unsealed = key.there and not (state and state.sealed_by(key.get()))
        verdict.refused = aside.kept(run)
        return verdict


def _memory(folder: Path) -> tuple[CompactRange | None, str]:
    try:
        return remembered(folder), ""
    except LedgerError as error:
        return None, str(error)


def _goes_on(store: Store, connection: Connection, head: CompactRange, verdict: Verdict) -> None:
    """Compare with what was signed last. (That the leaves are those of the records the verifier has looked at.)"""
    verdict.remembered = head.size
    if head.size > verdict.size:
        verdict.missing_from, verdict.missing_to = verdict.size, max(head.size, verdict.missing_to)
        verdict.set_back = True
        return
    try:
        grown = grow(store, connection.exec_driver_sql, head, verdict.size)
    except LedgerDamaged:
        grown = None
    if grown is None or grown.root() != verdict.root:
        verdict.bad_roots.append(head.size)
        verdict.set_back = True


def export_store(store: Store, path: Path, vkeys: list[Vkey], announce: Callable[[int], None] | None = None) -> int:
    """Write the whole log as a bundle; return the number of records.

    `announce` is told this number before the file gets its name; when it raises there is no file.
    """
    with store.read() as connection:
        state = read_state(connection.exec_driver_sql)
        manifest = {
            "log": state.log,
            "size": state.tree.size,
            "first": state.min_index,
            "pruned_peaks": [b64(peak) for peak in state.pruned.peaks],
            "unsequenced": unsequenced(connection.exec_driver_sql),
            "created": int(time.time()),
        }
        size = state.tree.size
        write_bundle(path, manifest, _lines(store, connection, state), _notes(connection), vkeys,
                     lambda: announce(size) if announce is not None else None)
    return size


def _notes(connection: Connection) -> list[str]:
    return [row[0] for row in connection.exec_driver_sql("SELECT note FROM checkpoint ORDER BY size").fetchall()]


def _pages(
    store: Store, connection: Connection, start: int
) -> Iterator[tuple[Any, dict[str, tuple[bytes, bytes, str]]]]:
    while rows := connection.exec_driver_sql(store.sql(_RECORDS), (start, _PAGE)).fetchall():
        parts: dict[str, dict[str, tuple[bytes, bytes, str]]] = {}
        for record_id, name, salt, body, kind in store.select_in(
            connection.exec_driver_sql, _PARTS, [row[2] for row in rows]
        ):
            parts.setdefault(record_id, {})[name] = (as_bytes(salt), as_bytes(body), kind)
        for row in rows:
            yield row, parts.get(row[2], {})
        start = rows[-1][0] + 1


def _entries(store: Store, connection: Connection, start: int) -> Iterator[Entry]:
    for row, parts in _pages(store, connection, start):
        # A record that is gone leaves its place in audit_seq: empty bytes there are "not a record" for the verifier.
        columns = dict(zip(("id", "writer", "wseq", "type", "ref"), row[3:8], strict=True))
        yield Entry(
            row[0],
            as_bytes(row[8]),
            {name: PartBytes(part[0], part[1]) for name, part in parts.items()},
            columns,
            as_bytes(row[1]),
        )


def _lines(store: Store, connection: Connection, state: State) -> Iterator[Line]:
    for row, parts in _pages(store, connection, state.min_index):
        yield Line(row[0], as_bytes(row[8]), parts)
