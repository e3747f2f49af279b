"""Turns drafts into rows, and puts a batch of them into the database in one transaction.

`insert` is the fast way: plain inserts; any conflict throws. `settle` is the careful way, taken after every doubt (an
error, an unknown result of a commit, a conflict): it asks the database what is there and writes only what is missing.
Both keep the counters of a writer contiguous, because they run on the writer's one connection and one after the other.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from audit import aside
from audit.clock import Watch
from audit.record import ENDS, OUTCOME_LATE, OUTCOME_UNKNOWN, SALT_SIZE, Draft, Receipt, build_envelope, commitment
from audit.retention import Retention
from audit.seal import Seal
from audit.store.store import Run, Store, as_bytes

_RECORD: Final = "INSERT INTO audit_record (id, writer, wseq, type, ref, envelope, seal)"
_PART: Final = "INSERT INTO audit_part (record_id, name, salt, body, class, expires_at)"
_INBOX: Final = "INSERT INTO audit_inbox (record_id)"
_NEXT: Final = "SELECT coalesce(max(wseq) + 1, 0) FROM audit_record WHERE writer = ?"
_THERE: Final = "SELECT id FROM audit_record WHERE id IN (#)"
_IN_THE_WAY: Final = (
    "SELECT r.id, r.writer, r.wseq, r.type, r.ref, r.envelope, r.seal FROM audit_record r WHERE {} "
    "AND NOT EXISTS (SELECT 1 FROM audit_seq s WHERE s.record_id = r.id)"
)
_ENDED: Final = "SELECT ref FROM audit_record WHERE type IN ('outcome', 'outcome.unknown') AND ref IN (#)"


@dataclass(slots=True, eq=False)
class Pending:
    """A draft on its way: its id and time are fixed, its counter is not."""

    draft: Draft
    id: str
    t_us: int
    started: float = 0.0
    """Monotonic seconds, for the caller's patience."""
    given_up: bool = False
    """The caller was told that the record is not durable."""
    waiter: object = field(default=None, repr=False)
    future: asyncio.Future[Receipt] | None = field(default=None, repr=False)
    """What its caller in an event loop awaits; that loop alone looks at it."""
    spooled: bool = False
    """It lies in the file of this writer (`audit.spool`), or of a dead one."""

    @property
    def is_end(self) -> bool:
        """Whether it ends an exchange: what it tells has happened, and the disk is as good a place for it as any."""
        return self.draft.type in ENDS

    @property
    def must_stay(self) -> bool:
        """Ends, and what nobody waits for, are written even after a failure: nobody else would write them."""
        return self.is_end or self.waiter is None


class Batches:
    """Writes batches for one writer of one log."""

    def __init__(self, store: Store, seal: Seal, writer: str, retention: Retention, clock: Watch) -> None:
        self.store = store
        self.log = seal.log
        self._seal = seal.record
        self.writer = writer
        self.next = 0
        self._retention, self._clock = retention, clock

    def insert(self, run: Run, batch: Sequence[Pending]) -> None:
        """Write all, in order. Raises on any conflict; `next` moves only when the caller says so after the commit."""
        self._insert(run, [(item, item.draft.type, self.next + n) for n, item in enumerate(batch)])

    def settle(self, run: Run, batch: Sequence[Pending]) -> tuple[int, set[Pending]]:
        """Write what is missing of `batch`; return the counter after it and the entries that were left out.

        Leaves out what was given up and need not stay. An outcome whose intent has an end becomes `outcome.late`; a
        second `outcome.unknown` is not needed.
        """
        store = self.store
        self._clear(run, batch)
        there = {row[0] for row in store.select_in(run, _THERE, [item.id for item in batch])}
        refs = [item.draft.ref for item in batch if item.draft.type in ENDS]
        ended = {row[0] for row in store.select_in(run, _ENDED, refs)}
        number = int(run(store.sql(_NEXT), (self.writer,)).fetchone()[0])
        rows: list[tuple[Pending, str, int]] = []
        known: set[str] = set(there)
        dropped: set[Pending] = set()
        for item in batch:
            kind = item.draft.type
            if item.id in known:
                continue
            if item.given_up and not item.must_stay:
                dropped.add(item)
                continue
            if kind in ENDS:
                if item.draft.ref in ended:
                    if kind == OUTCOME_UNKNOWN:
                        continue
                    kind = OUTCOME_LATE
                ended.add(item.draft.ref)
            known.add(item.id)
            rows.append((item, kind, number + len(rows)))
        self._insert(run, rows)
        return number + len(rows), dropped

    def _clear(self, run: Run, batch: Sequence[Pending]) -> None:
        """Put aside what waits where these belong and is not ours: a counter, an id, the end of an exchange."""
        store, ends = self.store, [item.draft.ref for item in batch if item.draft.type in ENDS]
        found = [
            *store.select_in(run, _IN_THE_WAY.format("r.id IN (#)"), [item.id for item in batch]),
            *store.select_in(run, _IN_THE_WAY.format(
                "r.type IN ('outcome', 'outcome.unknown') AND r.ref IN (#)"), ends),
            *run(store.sql(_IN_THE_WAY.format("r.writer = ? AND r.wseq >= ?")), (self.writer, self.next)).fetchall(),
        ]
        forged = {row[0]: tuple(row) for row in found
                  if row[6] != self._seal(row[0], row[1], row[2], row[3], row[4], as_bytes(row[5]))}
        aside.put(store, run, list(forged.values()), aside.BAD_SEAL)

    def _insert(self, run: Run, rows: Sequence[tuple[Pending, str, int]]) -> None:
        records, parts = [], []
        expires, behind = self._retention.expires_at, self._clock.behind_us
        random = os.urandom(SALT_SIZE * sum(len(item.draft.parts) for item, _, _ in rows))
        used = 0
        for item, kind, number in rows:
            commitments = {}
            for name, part in item.draft.parts.items():
                salt = random[used : used + SALT_SIZE]
                used += SALT_SIZE
                commitments[name] = commitment(name, salt, part.body)
                until = expires(part.retention, item.t_us + behind)
                parts.append((item.id, name, salt, part.body, part.retention, until))
            envelope = build_envelope(
                commitments=commitments,
                record_id=item.id,
                log=self.log,
                wseq=number,
                ref=item.draft.ref,
                t_us=item.t_us,
                type_=kind,
                writer=self.writer,
            )
            seal = self._seal(item.id, self.writer, number, kind, item.draft.ref, envelope)
            records.append((item.id, self.writer, number, kind, item.draft.ref, envelope, seal))
        insert = self.store.insert
        insert(run, _RECORD, records)
        insert(run, _PART, parts)
        insert(run, _INBOX, [(row[0],) for row in records])
