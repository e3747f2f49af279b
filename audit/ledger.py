"""The ledger as one object: open, append, read, check, close.

A serving process calls `start` (writer and housekeeper run in the background) and `close`. A command of another
process opens the same database and calls what it needs; a writer starts only with the first record.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson

from audit import canonical, holds, moving, proving, spool
from audit.anchors.anchorer import Anchorer, AnchorState, AnchorThread
from audit.anchors.sinks import Sink, Timestamp
from audit.checkpoint import Vkey
from audit.checkpointer import Checkpointer
from audit.clock import Watch
from audit.deletion import ERASED_FILE
from audit.errors import FormatError, KeyLost, LedgerConfigError, LedgerError, LedgerRollback, LedgerUnavailable
from audit.identity import Identities
from audit.inplace import export_store, verify_store
from audit.keeper import Keeper
from audit.keyring import Keyring
from audit.letting_go import LettingGo
from audit.opening import open_log
from audit.presence import Presence
from audit.pseudonym import Pseudonyms, epoch_of
from audit.reader import LedgerReader, Status
from audit.record import CONTENT, META, SUBJECT, Draft, Part, Receipt, check_log, new_id, now_us
from audit.retention import Retention
from audit.signing import Signer, file_lock, private_folder, read_vkeys
from audit.store.store import Store
from audit.successor import current_name
from audit.verdict import Verdict
from audit.verify import Trust
from audit.writer import Backlog, Writer

_TRY_MS: Final = 1500
"""How long `Ledger.accepts_writes` waits for a lock: less than the patience of a caller (`audit.waiters`)."""


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """Where the ledger lies and how it is called."""

    url: str = field(repr=False)
    """``sqlite:///...`` or ``postgresql+psycopg://...``."""
    log: str
    """Name (origin) of the log, for example ``musterstadt.de/ki-pforte/1``; it stands in every record and note."""
    folder: Path
    """Keys and what must be remembered outside the database; shared by all processes that use this ledger."""
    retention: Retention = field(default_factory=Retention)
    longest_exchange: float = 3600.0
    """Seconds after which an intent without end cannot be running any more."""
    anchors: Sequence[Sink] = ()
    """Where notes are kept outside (`audit.anchors`)."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What ``writer.start`` says about the program: version, digest of its configuration."""


def body_of(value: Any) -> bytes:
    """Return what `canonical.dumps` returns, in a third of the time. (The verifier has to do without orjson.)"""
    canonical.check(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise FormatError("value has no canonical form") from error


def _account() -> int:
    """Return the number of the account of this machine that writes; whoever became another one keeps the first."""
    before = os.environ.get("SUDO_UID", "")
    if before.isdecimal() and len(before) < 12:
        return int(before)
    return os.getuid() if hasattr(os, "getuid") else -1


@lru_cache(maxsize=4096)
def _subject_body(epoch: str, pseudonym: str) -> bytes:
    return body_of({"epoch": epoch, "pseudonym": pseudonym})


class Ledger(LettingGo):
    """One process's way to the ledger."""

    def __init__(self, config: LedgerConfig) -> None:
        """Connect, bring the tables up to date, and take or make the keys. May raise any `LedgerError`."""
        try:
            check_log(config.log)
        except FormatError as error:
            raise LedgerConfigError("Der Name des Protokolls sieht aus wie musterstadt.de/ki-pforte/1.") from error
        config = replace(config, log=current_name(config.folder, config.log))
        self.config = config
        self._store = Store(config.url)
        try:
            self._open()
        except BaseException:
            self._store.close()
            raise

    def _open(self) -> None:
        config = self.config
        self._store.migrate()
        folder = private_folder(config.folder)
        self._seal = open_log(self._store, folder, config.log)
        self._pseudonyms = Pseudonyms(folder)
        self._journal = folder / ERASED_FILE
        self.keyring = Keyring(folder)
        self.identities = Identities(self._store, self._pseudonyms, self.keyring, config.retention)
        self._presence = Presence(folder / "writers")
        self._clock = Watch()
        self._lock = threading.Lock()
        self._live: Writer | None = None
        self._started = False
        self._unclean = 0
        """Writers of this host that had been killed when we started."""
        self._keeper = Keeper(
            self._store,
            self._seal,
            Checkpointer(self._store, folder, self._seal),
            self._presence,
            self._writer,
            config.longest_exchange,
            self.identities,
            folder / spool.FOLDER,
            self._clock,
        )
        self.reader = LedgerReader(self._store)
        self._anchorer = Anchorer(self._store, config.anchors)
        self._anchoring = AnchorThread(self._anchorer, self._writer, (LedgerError, *self._store.errors))

    # ---- life ----------------------------------------------------------------------------------------------------

    def start(self, everyone: Callable[[], Iterable[str]] = tuple) -> None:
        """Begin to serve: write ``writer.start``, and keep house in the background.

        `everyone` names the opaque ids of all people, to seal identities that a killed process left out.
        """
        self.check_key()
        self.identities.everyone = everyone
        dead = self._presence.claim_dead(spool.left_behind(self.config.folder / spool.FOLDER))
        self._unclean = len(dead)
        self._writer()
        self._started = True
        self._keeper.start(dead)
        self._anchoring.start()

    def check_key(self) -> None:
        """Raise `KeyLost` where nothing could be signed or sealed any more: then nobody begins to serve."""
        Signer.open(self.config.folder, self.config.log)
        self._seal.get()

    def close(self) -> None:
        """Write what waits and ``writer.stop``, sequence, sign, let go. May be called twice."""
        if self._started:
            self._anchoring.stop()
            self._keeper.stop(self._live)
        with self._lock:
            writer, self._live = self._live, None
        with contextlib.suppress(LedgerError, *self._store.errors):  # made up for by whoever runs next
            self.identities.flush()
        if writer is not None:
            writer.stop()
            if writer.finished:
                self._presence.leave(writer.id)
        if self._started:
            self._started = False
            self._keeper.finish()
        self._presence.close()
        self._store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _writer(self) -> Writer:
        writer = self._live
        if writer is None:
            with self._lock:
                writer = self._live
                if writer is None:
                    about = {"host": platform.node(), "account": _account(), "unclean": self._unclean,
                             **self.config.about,
                             "trustees": sorted(key.id for key in self.keyring.in_force().values())}
                    writer = Writer(self._store, self._seal.get(), self.config.retention,
                                    self.config.folder / spool.FOLDER, about=about, clock=self._clock)
                    self._presence.enter(writer.id)
                    writer.start()
                    self._live = writer
        return writer

    # ---- writing -------------------------------------------------------------------------------------------------

    @staticmethod
    def new_id() -> str:
        """Return a fresh record id (UUIDv7)."""
        return new_id()

    def draft(
        self,
        type_: str,
        meta: Mapping[str, Any],
        *,
        subject: str | None = None,
        ref: str = "",
        record_id: str = "",
        meta_class: str = "",
        epoch: str = "",
        content: bytes = b"",
    ) -> Draft:
        """Build a record: ``meta`` (strings, integers, lists and maps of them), and a pseudonym of `subject`.

        `epoch` names another quarter than the present one, where people are to be told apart across its end.
        `content` is sealed already (`audit.content`).
        """
        classes = self.config.retention.classes
        parts = {META: Part(body_of(meta), meta_class or classes[META])}
        if subject is not None:
            epoch = epoch or epoch_of(now_us())
            pseudonym = self._pseudonyms.of(subject, epoch)
            self.identities.note(subject, epoch, pseudonym)
            parts[SUBJECT] = Part(_subject_body(epoch, pseudonym), classes[SUBJECT])
        if content:
            parts[CONTENT] = Part(content, classes[CONTENT])
        return Draft(type_, parts, ref, record_id)

    async def append(self, draft: Draft) -> Receipt:
        """Write one record from an event loop; return when it is durable. Raises `LedgerUnavailable`.

        A cancelled call may leave a durable record. Outcomes (``outcome``) are durable, too, when only the disk has
        them (`audit.spool`); those that raise are written all the same when the database is back.
        """
        return await self._writer().append(draft)

    def append_wait(self, draft: Draft) -> Receipt:
        """Write one record from a thread; return when it is durable. Raises `LedgerUnavailable`."""
        return self._writer().append_wait(draft)

    @contextlib.contextmanager
    def _database(self) -> Iterator[None]:
        """Turn errors of the database into ours."""
        try:
            yield
        except self._store.errors as error:
            raise LedgerUnavailable("Die Datenbank des Protokolls ist nicht erreichbar.") from error

    # ---- keeping and checking ------------------------------------------------------------------------------------

    def sequence(self) -> None:
        """Give every waiting record its place now."""
        with self._database():
            self._keeper.sequence()

    def continues(self) -> str:
        """Return why nothing can be signed any more, in German; empty as long as it can."""
        try:
            with self._database():
                self._keeper.check()
        except (LedgerRollback, KeyLost) as error:
            return str(error)
        return ""

    def checkpoint(self) -> None:
        """Sequence, and sign a checkpoint if the log has grown. Raises `LedgerRollback`."""
        with self._database():
            self._keeper.sequence()
            self._keeper.sign()

    def rotate_key(self) -> Vkey:
        """Change the signing key; return the new verifier key, which the data protection officer is to be given.

        A record that the old key signed says which key comes, the next checkpoint carries both signatures, and then the
        old key is deleted. So whoever knows the old verifier key can go on checking, and learns the new one from the
        log itself. Called again after it broke off it finishes that change.
        """
        self.checkpoint()
        with self._database(), file_lock(self.config.folder / ".rotate.lock"):
            key, receipt = self._keeper.change_key()
            holds.keep(self._store, "ledger.key", [receipt.record_id])
        self.checkpoint()
        return key

    def anchor(self) -> list[AnchorState]:
        """Sign if the log has grown, and send the note to every sink now; return how they stand."""
        self.checkpoint()
        with self._database():
            return self._anchorer.run(self._writer(), now=True)

    def anchors(self) -> list[AnchorState]:
        """Return how every sink stands."""
        with self._database():
            return self._anchorer.states()

    def timestamps(self) -> list[Timestamp]:
        """Return the time-stamps of authorities outside (RFC 3161), the oldest first."""
        from audit.anchors.timestamp import KIND, stamped_at
        with self._database():
            return [Timestamp(size, note, answer, stamped_at(answer, note))
                    for size, note, answer in self._anchorer.receipts(KIND)]

    def verify(self, *, pins: Sequence[str] = (), vkeys: Sequence[Vkey] = (), require_pin: bool = False) -> Verdict:
        """Sequence and sign what waits, then check the whole ledger in place.

        Signing takes nothing away: it refuses where the database does not go on from what was signed last, which lies
        outside of it; and whoever can write there, too, has the key.
        """
        with self._database():
            self._keeper.catch_up()
            return verify_store(
                self._store, self.config.log, self.vkeys(), Trust(tuple(pins), tuple(vkeys), require_pin),
                self.config.folder, self._seal,
            )

    def proof(self, record_id: str) -> str:
        """Return the proof of one record (``.tlog-proof``); signs first if it lies under no checkpoint yet."""
        self.checkpoint()
        with self._database():
            return proving.prove(self._store, record_id)

    def export_bundle(self, path: Path) -> int:
        """Sequence what waits, then write the whole log as a bundle; return the number of records."""
        with self._database():
            self._keeper.as_far_as_possible()
            return export_store(self._store, path, self.vkeys())

    def status(self) -> Status:
        """Return the state of affairs as this process sees it."""
        with self._database():
            found = self.reader.status()
        return replace(found, healthy=self.healthy, problem=self._keeper.problem)

    @property
    def healthy(self) -> bool:
        """Whether records can be written, as far as the last attempt showed. Costs nothing."""
        return self._live is None or self._live.healthy

    @property
    def problem(self) -> str:
        """What keeps the housekeeping of this process from going on, in German, or empty. Costs nothing."""
        return self._keeper.problem

    @property
    def backlog(self) -> Backlog:
        """What must be written and waits for the database. Costs nothing."""
        return self._live.backlog if self._live is not None else Backlog()

    def accepts_writes(self) -> bool:
        """Try whether a record could be written now; writes none. Takes as long as a caller would wait, at most."""
        if not self.healthy:
            return False
        try:
            self._store.try_write(_TRY_MS)
        except self._store.errors:
            return False
        return True

    def move_to(self, url: str) -> Verdict:
        """Copy this ledger, at rest, into the empty database at `url`; return what the verifier says of the copy.

        Everybody else must have stopped; this object writes nothing after it. See `audit.moving`.
        """
        with self._database():
            if self._started:
                raise LedgerConfigError("Das Protokoll wird gerade geführt. Bitte beenden Sie die KI-Pforte zuerst.")
            self._keeper.sequence()
            self._keeper.sign()
            target = Store(url)
            try:
                return moving.move(self._store, target, self.config.log, self.reader.status().checkpoint_note,
                                   self.vkeys(), self.config.folder, self._seal)
            finally:
                target.close()

    def vkeys(self) -> list[Vkey]:
        """Return all verifier keys, the oldest first; the last one signs."""
        return read_vkeys(self.config.folder)

    def pseudonyms(self, subject: str) -> list[str]:
        """Return a person's pseudonyms of all quarters whose key is still there."""
        return self._pseudonyms.every(subject)

    def pseudonym(self, subject: str, epoch: str | None = None) -> str:
        """Return a person's pseudonym of a quarter (default: now), for showing that person's own records."""
        return self._pseudonyms.of(subject, epoch or epoch_of(now_us()))
