"""Who a pseudonym is, sealed to two trustees: one row of ``identity_seal`` per pseudonym.

A pseudonym that this process uses for the first time is put on a list; the housekeeper seals and stores what is on it,
so no request waits. What a killed process left out is made up for by `reconcile`, from the list of all people: every
pseudonym that a record names gets its seal as long as the key of its quarter is there.

A seal goes when no record names its pseudonym any more, and the key of a quarter goes when every record of it must have
let go of its person. Without the keys of both trustees nothing is sealed, and nobody can be re-identified.

Kept true: the id of a person is in memory here and nowhere else in clear. Not known here: names.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from audit import sealing
from audit.accounts import RETENTION_DELETE
from audit.keyring import Keyring
from audit.pseudonym import Pseudonyms, end_of
from audit.record import SUBJECT, now_us
from audit.retention import Retention
from audit.store.store import Store, as_bytes
from audit.writer import Writer

KEY_DESTROY: Final = "pseudonym.destroy"
BATCH: Final = 100
"""Seals per round of the housekeeper: some hundredths of a second."""
_DAY: Final = 86_400
_LATEST: Final = 8 * _DAY
"""Records of a quarter may name its pseudonyms that long after its end (`audit.reid`)."""
_KNOWN: Final = 100_000

_INSERT: Final = ("INSERT INTO identity_seal (pseudonym, epoch, keys, sealed, expires_at) VALUES (?, ?, ?, ?, ?) "
                  "ON CONFLICT (pseudonym) DO NOTHING")
_NAMED: Final = "SELECT DISTINCT subject FROM audit_facet WHERE subject IN (#)"
_SEALED: Final = "SELECT pseudonym FROM identity_seal WHERE pseudonym IN (#)"
_NOBODY: Final = "NOT EXISTS (SELECT 1 FROM audit_facet f WHERE f.subject = identity_seal.pseudonym)"


@dataclass(frozen=True, slots=True)
class Seal:
    """One row: the sealed id, and the ids of the keys it is sealed to, outer one first."""

    pseudonym: str
    epoch: str
    keys: tuple[str, ...]
    sealed: bytes


class Identities:
    """Seals identities, and lets go of them."""

    def __init__(self, store: Store, pseudonyms: Pseudonyms, keyring: Keyring, retention: Retention) -> None:
        self._store, self._pseudonyms, self._keyring = store, pseudonyms, keyring
        self._days = retention.days[retention.classes[SUBJECT]]
        self._known: set[str] = set()
        self._waiting: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()
        self.everyone: Callable[[], Iterable[str]] = tuple
        """Names the opaque ids of all people; set by whoever knows them."""

    def note(self, subject: str, epoch: str, pseudonym: str) -> None:
        """Say that a record names this person. Costs a look into a set."""
        if pseudonym in self._known:
            return
        with self._lock:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known.add(pseudonym)
            if len(self._waiting) < _KNOWN:  # nobody stores them: `reconcile` will make up for it
                self._waiting[pseudonym] = (subject, epoch)

    def flush(self) -> int:
        """Seal and store what waits, a piece at a time; return how many. What fails is tried again."""
        stored = 0
        while self._waiting:
            with self._lock:
                names = list(self._waiting)[:BATCH]
                piece = {name: self._waiting.pop(name) for name in names}
            try:
                stored += self._store_piece(piece)
            except BaseException:
                with self._lock:
                    self._waiting = {**piece, **self._waiting}
                raise
        return stored

    def reconcile(self) -> int:
        """Seal what records name and nobody sealed; return how many."""
        if self._keyring.sealing() is None:
            return 0
        people = list(self.everyone())
        for epoch in self._pseudonyms.epochs():
            ids = {self._pseudonyms.of(subject, epoch): subject for subject in people}
            with self._store.read() as connection:
                run = connection.exec_driver_sql
                named = [row[0] for row in self._store.select_in(run, _NAMED, list(ids))]
                sealed = {row[0] for row in self._store.select_in(run, _SEALED, named)}
            with self._lock:
                self._waiting.update({name: (ids[name], epoch) for name in named if name not in sealed})
        return self.flush()

    def find(self, pseudonym: str) -> Seal | None:
        """Return the sealed identity of a pseudonym."""
        with self._store.read() as connection:
            row = connection.exec_driver_sql(self._store.sql(
                "SELECT pseudonym, epoch, keys, sealed FROM identity_seal WHERE pseudonym = ?"), (pseudonym,)
            ).fetchone()
        return Seal(row[0], row[1], tuple(row[2].split(",")), as_bytes(row[3])) if row else None

    def let_go(self, writer: Writer, seconds: int | None = None) -> None:
        """Delete seals that nobody needs any more, and keys of quarters that are over and done; each is a record."""
        now = int(time.time()) if seconds is None else seconds
        old = now + (self._days - 1) * _DAY  # a day old: its first record may still wait for its place
        where = f"expires_at <= ? AND {_NOBODY}"
        with self._store.read() as connection:
            count = connection.exec_driver_sql(
                self._store.sql(f"SELECT count(*) FROM identity_seal WHERE {where}"), (old,)).scalar()  # noqa: S608
        if count:
            writer.append_wait(writer.draft(RETENTION_DELETE, {"until": now, "identities": int(count)}))
            with self._store.write() as run:
                run(self._store.sql(f"DELETE FROM identity_seal WHERE {where}"), (old,))  # noqa: S608
        self._destroy_keys(writer, now)

    def forget(self, pseudonyms: Sequence[str]) -> None:
        """Delete the seals of pseudonyms that no record names any more (Art. 17 GDPR)."""
        with self._lock:
            self._known.difference_update(pseudonyms)
            for name in pseudonyms:
                self._waiting.pop(name, None)
        with self._store.write() as run:
            self._store.delete_in(run, f"DELETE FROM identity_seal WHERE {_NOBODY} "  # noqa: S608
                                       "AND pseudonym IN (#)", pseudonyms)

    def _store_piece(self, piece: dict[str, tuple[str, str]]) -> int:
        keys = self._keyring.sealing()
        if keys is None:
            with self._lock:
                self._known.difference_update(piece)  # once there are keys, the next record counts as the first
            return 0
        outer, inner = keys
        names = ",".join(key.id for key in (outer, *inner))
        until = now_us() // 1_000_000 + self._days * _DAY
        rows = [(name, epoch, names, sealing.seal_identity(outer, inner, subject, name, epoch), until)
                for name, (subject, epoch) in piece.items()]
        with self._store.write() as run:
            return sum(run(self._store.sql(_INSERT), row).rowcount for row in rows)

    def _destroy_keys(self, writer: Writer, now: int) -> None:
        for epoch in self._pseudonyms.epochs():
            if end_of(epoch) + self._days * _DAY + _LATEST > now or self._still_sealed(epoch):
                continue
            writer.append_wait(writer.draft(KEY_DESTROY, {"epoch": epoch}))
            self._pseudonyms.destroy(epoch)

    def _still_sealed(self, epoch: str) -> bool:
        """Whether a case keeps a record of that quarter, so that somebody may still have to be found."""
        with self._store.read() as connection:
            return connection.exec_driver_sql(self._store.sql(
                "SELECT 1 FROM identity_seal WHERE epoch = ? LIMIT 1"), (epoch,)).fetchone() is not None
