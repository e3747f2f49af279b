"""The part of the ledger that holds on and lets go: cases, periods, erasure, the deleted beginning."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from audit import deletion, holds, pruning, targets
from audit.identity import Identities
from audit.pseudonym import Pseudonyms
from audit.record import CONTENT, SUBJECT
from audit.reid_state import TARGET
from audit.taking import Taking
from audit.writer import Writer


class LettingGo(Taking):
    """What `audit.Ledger` keeps for a case, deletes when its time is up, and erases on order."""

    identities: Identities
    _pseudonyms: Pseudonyms
    _journal: Path
    """Where is kept what was erased on order."""

    @abstractmethod
    def _writer(self) -> Writer:
        """Return the writer of this process."""

    def hold(self, case: str, record_ids: Sequence[str]) -> int:
        """Keep these records for a case, whatever their period; return how many were not yet kept for it."""
        with self._database():
            return holds.hold(self._store, self._writer(), case, record_ids)

    def release(self, case: str) -> int:
        """Let go of what was kept for a case; return how many records."""
        with self._database():
            return holds.release(self._store, self._writer(), case)

    def held(self, case: str) -> int:
        """Return how many records are kept for a case."""
        with self._database():
            return holds.held(self._store, case)

    def delete_due(self, seconds: int | None = None) -> dict[str, int]:
        """Delete the parts whose time is up at that second (default: now); return how many per class.

        The housekeeper does it by itself, every few hours.
        """
        with self._database():
            self._keeper.sequence()
            counts = deletion.delete_due(self._store, self._writer(), seconds)
            self.identities.let_go(self._writer(), seconds)
            return counts

    def erase_subject(self, subject: str, reason: str, case: str = "") -> tuple[int, int]:
        """Make a person's records nobody's (Art. 17 GDPR): return how many parts, and how many a case holds back.

        That is their own records, with kept content, and whom requests to resolve a pseudonym are about.

        Finds the records of every quarter whose key is still there; those of older quarters name nobody any more.
        """
        with self._database():
            self._keeper.sequence()
            names = self._pseudonyms.every(subject)
            found = deletion.records_of(self._store, names)
            wanted = {SUBJECT: found, CONTENT: found, TARGET: targets.naming(self.reader, names)}
            said = deletion.erase(self._store, self._writer(), wanted, reason, case,
                                  self._journal)
            self.identities.forget(names)
            return said

    def erase_records(self, record_ids: Sequence[str], reason: str, case: str = "") -> tuple[int, int]:
        """The same for single records, for example those with a citizen's data in their content."""
        with self._database():
            wanted = {SUBJECT: record_ids, CONTENT: record_ids}
            return deletion.erase(self._store, self._writer(), wanted, reason, case, self._journal)

    def prunable(self) -> int:
        """Return to where the beginning could be deleted now; 0: nowhere."""
        with self._database():
            return pruning.furthest(self._store)

    def announce_pruning(self, to: int | None = None, policy: str = "") -> int:
        """Say in the log that the beginning will be deleted; returns to where. Raises `LedgerConfigError`."""
        with self._database():
            size = pruning.announce(self._store, self.config.log, self.vkeys(), self._keeper.announce, to, policy)
            self._keeper.sequence()
            return size

    def carry_out_pruning(self) -> int:
        """Delete the beginning if that was announced and an anchored checkpoint covers it; return how many records.

        Raises `PruningRefused` where something speaks against it.
        """
        with self._database():
            return self._keeper.prune()
