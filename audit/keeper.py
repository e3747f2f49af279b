"""The housekeeper: one thread of a serving process that sequences, signs, reaps, and goes on when something fails.

Every 250 ms it sequences what waits, every 10 s it signs a checkpoint if the log has grown, every minute it ends old
intents; at the start it writes what killed writers of this host left in their files, and ends their intents. At the
start and every six hours one of the processes deletes what is due (so a restored backup loses at once what had been
deleted since), and finishes a pruning that was announced. Traffic does not wait for any of it: records are durable
before. What fails is logged, shown in the status, and tried again; it stops nothing else.

Clocks are looked after here, too (`audit.clock`): a jump, or a difference to the database's, becomes a record.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from audit import aside, forgery
from audit.checkpoint import Vkey
from audit.checkpointer import Checkpointer
from audit.clock import STEP_US, Watch
from audit.deletion import DELETE_EVERY, claim, delete_due, done
from audit.errors import KeyLost, LedgerError, LedgerRollback, PruningRefused
from audit.identity import Identities
from audit.presence import Presence
from audit.pruning import carry_out
from audit.reaper import reap_old, reap_writer
from audit.record import CLOCK, FORGED, GAP, PRUNING, SPOOLED, Receipt
from audit.seal import SealKey
from audit.sequencer import Gap, Sequencer
from audit.spool import forget, read
from audit.store.store import Store
from audit.writer import Writer

log = logging.getLogger("audit.keeper")

SEQUENCE_EVERY: Final = 0.25
SIGN_EVERY: Final = 10.0
REAP_EVERY: Final = 60.0
LOOK_EVERY: Final = 300.0
CLOCK_EVERY: Final = 60.0
AGAIN: Final = 1.0


class Keeper:
    """Does the ledger's housekeeping; `sequence`, `sign` and `reap` may also be called by hand."""

    def __init__(
        self,
        store: Store,
        key: SealKey,
        checkpointer: Checkpointer,
        presence: Presence,
        writer: Callable[[], Writer],
        longest_exchange: float,
        identities: Identities,
        spool: Path,
        clock: Watch,
    ) -> None:
        self._store = store
        self._seal = key
        self._sequencer = Sequencer(store, key)
        self._checkpointer = checkpointer
        self._presence = presence
        self._writer = writer
        self._longest = longest_exchange
        self._identities = identities
        self._spool = spool
        self._clock = clock
        self._errors: tuple[type[Exception], ...] = (LedgerError, *store.errors)
        self._dead: list[str] = []
        self._ended: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit-keeper", daemon=True)
        self._told_rollback = self._told_clock = self._has_let_go = False
        self._told_pruning = ("", "")
        self.problem = ""
        """Why the last round failed, in German, or empty."""

    def start(self, dead: list[str]) -> None:
        """Start the thread; `dead` are writers whose intents are to be ended."""
        self._dead = dead
        self._thread.start()

    def stop(self, writer: Writer | None = None) -> None:
        """End the thread; a round that runs is finished. What `writer` left open is ended: it will write no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self.sequence()
            if writer is not None:
                reap_writer(self._store, writer, writer.id)
        except self._errors as error:
            self._told(str(error) if isinstance(error, LedgerError) else type(error).__name__)

    def finish(self) -> None:
        """Sequence and sign what the writer wrote last. Starts no new writer; the next process reports gaps."""
        try:
            self._sequencer.run()
            self._checkpointer.sign()
        except self._errors as error:
            self._told(str(error) if isinstance(error, LedgerError) else type(error).__name__)

    def sequence(self) -> None:
        """Give every waiting record its place; report gaps, and what somebody slipped in. Of many a few are named."""
        before = self._sequencer.refused
        gaps = self._sequencer.run()
        for gap in gaps[:aside.FEW]:
            self._report(gap)
        if len(gaps) > aside.FEW:
            self._report({"more": len(gaps) - aside.FEW})
        told = self._sequencer.refused > before and self._tell_aside()
        if gaps or told:
            self._sequencer.run()

    def as_far_as_possible(self) -> None:
        """The same for whoever wants to read: what is refused, or cannot be told true from false, waits on."""
        with contextlib.suppress(LedgerRollback, KeyLost):
            self.sequence()

    def catch_up(self) -> None:
        """Sequence and sign, as far as that can be done now: what cannot, whoever looks at the ledger next will see."""
        with contextlib.suppress(LedgerError):
            self.sequence()
            self._checkpointer.sign()

    def sign(self) -> None:
        """Sign a checkpoint if the log has grown. Raises `LedgerRollback`, after putting that down once."""
        try:
            self._checkpointer.sign()
        except LedgerRollback:
            if not self._told_rollback:
                self._told_rollback = True
                self._writer().note("finding.rollback", {"reason": "stand_passt_nicht_zur_unterschrift"})
            raise

    def check(self) -> None:
        """Raise `LedgerRollback` where a signature would be refused."""
        self._checkpointer.check()

    def change_key(self) -> tuple[Vkey, Receipt]:
        """Let a new key sign beside the one before; return it and the record that says so."""
        return self._checkpointer.rotate(self._writer().append_wait)

    def announce(self, kind: str, facts: Mapping[str, Any]) -> Receipt:
        """Write a record that others act on, signed by the keys in force."""
        return self._checkpointer.announce(kind, facts, self._writer().append_wait)

    def reap(self, dead: Sequence[str] = ()) -> int:
        """End the intents of dead writers and those that are too old; return how many."""
        ended = 0
        for name in dead:
            self._fetch(name)
            ended += reap_writer(self._store, self._writer(), name)
        return ended + reap_old(self._store, self._writer(), self._longest, self._clock.earliest_us())

    def _fetch(self, dead: str) -> None:
        """Write what a dead writer left in its file, before its intents are ended."""
        path = self._spool / dead
        entries, torn = read(path)
        if entries or torn:
            writer = self._writer()
            writer.bring(entries)
            meta = {"writer": dead, "records": len(entries), "torn_bytes": torn}
            writer.append_wait(writer.draft(SPOOLED, meta))
            self.sequence()
        forget(path)

    def let_go(self) -> None:
        """Delete what is due, if no other process did so lately; finish a pruning.

        At the start without asking who did it when: in a restored backup that was before it was made.
        """
        if claim(self._store, "retention", DELETE_EVERY, at_once=not self._has_let_go):
            now = self._clock.earliest_us() // 1_000_000
            delete_due(self._store, self._writer(), now)
            self._identities.let_go(self._writer(), now)
            self._identities.reconcile()
            aside.let_go(self._store, now)
            done(self._store, "retention")
            self._has_let_go = True
        self.prune()

    def prune(self) -> int:
        """Carry out a pruning that was announced; return how many records went. Raises `PruningRefused`."""
        try:
            return carry_out(self._store, self._seal, self._checkpointer.vkeys())
        except PruningRefused as error:
            if self._told_pruning != (error.record_id, error.reason):
                self._told_pruning = error.record_id, error.reason
                log.error("audit: %s", error)
                self._writer().append_wait(self._writer().draft(PRUNING, {"reason": error.reason},
                                                                ref=error.record_id))
            raise

    def look_for_forged(self) -> int:
        """Put down each announcement in the log that nobody in charge signed, and what was kept out of the log and is
        not told yet (by a process that died); return how many records are new."""
        rows = self._tell_aside()
        found = forgery.forged(self._store, self._checkpointer.log, self._checkpointer.vkeys())
        for one in found:
            log.error("audit: record %d (%s) is not signed by our key: somebody put it into the database",
                      one.idx, one.type)
            self._writer().append_wait(self._writer().draft(FORGED, {"kind": one.type, "idx": one.idx},
                                                            ref=one.record_id))
        if found or rows:
            self.sequence()
        return len(found) + rows

    def _tell_aside(self) -> int:
        """Write what was kept out of the log; return how many records that took."""
        found = aside.untold(self._store)
        for one in found:
            log.error("audit: %d rows of the database are not ours and got no place (%s)", one.rows, one.reason)
            facts = self._writer().draft(FORGED, one.facts, one.record_id)
            self._writer().append_wait(replace(facts, id=one.finding))
        if found:
            aside.told(self._store, found)
        return len(found)

    def _report(self, gap: Gap) -> None:
        log.error("audit: records are gone: %s", gap)
        self._writer().append_wait(self._writer().draft(GAP, gap))

    def _watch(self) -> None:
        jump = self._clock.look()
        if jump:
            log.error("audit: the clock of this machine jumped by %d s", jump // 1_000_000)
            self._writer().note(CLOCK, {"kind": "jump", "seconds": jump // 1_000_000})

    def _compare(self) -> None:
        off = self._store.clock_off_us()
        wrong = abs(off) > STEP_US
        if wrong and not self._told_clock:
            log.error("audit: the clocks of this machine and of the database differ by %d s", off // 1_000_000)
            self._writer().note(CLOCK, {"kind": "database", "seconds": off // 1_000_000})
        self._told_clock = wrong

    def _run(self) -> None:
        jobs = [_Job(0, self._watch), _Job(CLOCK_EVERY, self._compare), _Job(0, self.sequence),
                _Job(0, self._identities.flush), _Job(REAP_EVERY, self._reap), _Job(LOOK_EVERY, self.let_go),
                _Job(SIGN_EVERY, self.sign), _Job(REAP_EVERY, self.look_for_forged)]
        while not self._stop.is_set():
            self._told("; ".join(dict.fromkeys(problem for job in jobs if (problem := job.run()))))
            self._stop.wait(SEQUENCE_EVERY)

    def _reap(self) -> None:
        """A commit that was under way when its process was killed may come through later (PostgreSQL ends it alone), so
        each dead writer is looked at once more in the next round. Only then is it seen to: should this process die
        before, the next one finds the same files and begins again."""
        self.reap([*self._ended, *self._dead])
        for name in self._ended:
            self._presence.leave(name)
        self._ended, self._dead = self._dead, []

    def _told(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.error("audit: housekeeping failed: %s", problem)
        self.problem = problem


class _Job:
    """Something done every so often. One that fails is tried again soon, and stops none of the others."""

    def __init__(self, every: float, work: Callable[[], object]) -> None:
        self._every, self._work = every, work
        self._next = 0.0
        self._problem = ""

    def run(self) -> str:
        """Do it if it is time; return in German why it does not work, or nothing."""
        if time.monotonic() < self._next:
            return self._problem
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - whatever it is: traffic goes on, the status says so
            self._problem = str(error) if isinstance(error, LedgerError) else type(error).__name__
            settled = isinstance(error, PruningRefused)  # trying it again soon changes nothing
            self._next = time.monotonic() + (self._every if settled else min(self._every, AGAIN))
        else:
            self._problem = ""
            self._next = time.monotonic() + self._every
        return self._problem
