"""The ledger as a state machine: write, crash, reopen, sign, rotate, hold, erase, export, prune, move, many writers,
and somebody who slips rows into its database."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from audit import Bundle, Ledger, LedgerConfig, Trust, pruning
from audit.store.store import Store
from audit.verdict import Verdict
from audit.verify import verify
from tests.support.audit_intruder import Intruder
from tests.support.databases import address

FAR = int(time.time()) + 40_000 * 86_400
_template: list[Path] = []


class _PowerCut(BaseException):
    """Ends a piece of work where it stands."""


def _fresh() -> Path:
    """A folder with an empty ledger; migrations run once."""
    if not _template:
        _template.append(Path(tempfile.mkdtemp(prefix="ledger")))
        with Ledger(_config(f"sqlite:///{_template[0]}/audit.sqlite", _template[0])):
            pass
    folder = Path(tempfile.mkdtemp(prefix="ledger"))
    shutil.copytree(_template[0], folder, dirs_exist_ok=True)
    return folder


def _config(url: str, folder: Path) -> LedgerConfig:
    return LedgerConfig(url, "test.example/ki-pforte/1", folder / "keys")


class LedgerMachine(RuleBasedStateMachine):
    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.folder = _fresh()
        self.url = f"sqlite:///{self.folder}/audit.sqlite" if self.kind == "sqlite" else address(self.kind, self.folder)
        self.ledger = self.opened()
        self.abandoned: list[Ledger] = []
        self.durable: list[str] = []
        self.slipped: list[str] = []
        """Rows that are not ours."""
        self.open: list[str] = []
        self.ours: set[str] = set()
        """Intents of the ledger that is open now: a crash ends them; after a clean close others may end them."""
        self.pins: list[str] = []
        self.moves = 0

    def opened(self) -> Ledger:
        return Ledger(_config(self.url, self.folder))

    @rule()
    def begin(self) -> None:
        self.open.append(
            self.ledger.append_wait(self.ledger.draft("intent", {"vorgang": "V"}, subject="anna")).record_id
        )
        self.durable.append(self.open[-1])
        self.ours.add(self.open[-1])

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        intent = data.draw(st.sampled_from(self.open))
        self.open.remove(intent)
        self.durable.append(
            self.ledger.append_wait(self.ledger.draft("outcome", {"status": 200}, ref=intent)).record_id
        )

    @precondition(lambda self: self.durable)
    @rule(data=st.data())
    def write_again(self, data: st.DataObject) -> None:
        ident = data.draw(st.sampled_from(self.durable))
        self.ledger.append_wait(self.ledger.draft("config", {}, record_id=ident))

    @rule(data=st.data(), kind=st.sampled_from(["outcome", "denied", "verify.result", "config", "key.rotate", "prune"]))
    def somebody_slips_a_row_in(self, data: st.DataObject, kind: str) -> None:
        """Without the house's seal, for an exchange that is still open, too; the next sequencer meets it."""
        ref = data.draw(st.sampled_from(self.open)) if kind == "outcome" and self.open else ""
        self.slipped.append(Intruder(self.ledger).slip_in(kind, {"exit_code": 0}, ref=ref, sealed=False))

    @precondition(lambda self: self.durable)
    @rule(data=st.data())
    def somebody_puts_a_record_into_the_inbox_again(self, data: st.DataObject) -> None:
        with self.ledger._store.write() as run:
            run(self.ledger._store.sql("INSERT INTO audit_inbox (record_id) VALUES (?)"),
                (data.draw(st.sampled_from(self.durable)),))

    @rule()
    def crash(self) -> None:
        """The writer is left alone, as if its process were gone; its lock file goes with it."""
        self.abandoned.append(self.ledger)
        self.ledger._presence.close()
        self.ledger = self.opened()
        self.ledger.sequence()
        self.ledger._keeper.reap(self.ledger._presence.claim_dead())
        self.open = [intent for intent in self.open if intent not in self.ours]
        self.ours.clear()

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ours.clear()
        self.ledger = self.opened()

    @rule()
    def sign(self) -> None:
        self.ledger.checkpoint()
        note = self.ledger.status().checkpoint_note
        if note:
            self.pins.append(note)

    @precondition(lambda self: self.durable)
    @rule(data=st.data())
    def delete_a_part(self, data: st.DataObject) -> None:
        store = Store(self.ledger.config.url)
        with store.write() as run:
            run(store.sql("DELETE FROM audit_part WHERE record_id = ?"), (data.draw(st.sampled_from(self.durable)),))
        store.close()

    @rule()
    def rotate(self) -> None:
        self.ledger.rotate_key()

    @rule(count=st.integers(1, 3))
    def another_process_writes(self, count: int) -> None:
        with self.opened() as other:
            for _ in range(count):
                self.durable.append(other.append_wait(other.draft("denied", {"code": "x"}, subject="bert")).record_id)
                self.durable.append(self.ledger.append_wait(self.ledger.draft("config", {})).record_id)

    @precondition(lambda self: self.durable)
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        self.ledger.hold("V-2026-1", [data.draw(st.sampled_from(self.durable))])

    @rule()
    def release(self) -> None:
        self.ledger.release("V-2026-1")

    @rule(who=st.sampled_from(["anna", "bert"]))
    def erase(self, who: str) -> None:
        self.ledger.erase_subject(who, "art17")

    @rule()
    def time_goes_by(self) -> None:
        """All periods are over; what a case holds stays."""
        self.ledger.delete_due(FAR)

    @rule()
    def anchor(self) -> None:
        """Somebody outside takes the newest note."""
        self.sign()
        store, size = self.ledger._store, self.ledger.status().checkpoint_size
        with store.write() as run:
            run(store.sql("INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (?, 'test', ?, 0) "
                          "ON CONFLICT (size, sink) DO NOTHING"), (size, b"held"))

    @precondition(lambda self: self.durable)
    @rule(cut=st.sampled_from(["", "", "between", "after the first piece"]))
    def prune(self, cut: str) -> None:
        """Delete the beginning while others write; or be cut off on the way, and go on after it."""
        self.time_goes_by()
        self.anchor()
        if not self.ledger.prunable():  # an intent is open there, or a case holds something
            return
        to = self.ledger.announce_pruning()
        self.anchor()
        with self.others_write():
            if cut:
                where = "_delete_some" if cut == "between" else "_tidy"
                with mock.patch.object(pruning, where, side_effect=_PowerCut), contextlib.suppress(_PowerCut):
                    self.ledger.carry_out_pruning()
                self.crash()
            self.ledger.carry_out_pruning()
        assert self.ledger.reader.tail(-1, 1)[0].idx == to
        self.durable = [ident for ident in self.durable if self.ledger.reader.get(ident) is not None]

    @contextlib.contextmanager
    def others_write(self) -> Iterator[None]:
        """Another process writes, sequences and signs while the block runs."""
        stop, done = threading.Event(), []

        def write() -> None:
            with self.opened() as other:
                while not stop.is_set() or not done:
                    done.append(other.append_wait(other.draft("denied", {"code": "x"}, subject="bert")).record_id)
                    other.checkpoint()

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        assert done
        self.durable += done

    @rule()
    def move(self) -> None:
        """Everybody stops; the ledger goes on in another database."""
        self.ledger.close()
        self.ours.clear()
        self.moves += 1
        target = self.other_database()
        with self.opened() as ledger:
            self.good(ledger.move_to(target))
        self.url = target
        self.ledger = self.opened()

    def other_database(self) -> str:
        """Return the address of an empty database."""
        if self.kind != "sqlite":
            return address(self.kind, self.folder)
        return f"sqlite:///{self.folder}/audit-{self.moves}.sqlite"

    @rule()
    def export(self) -> None:
        path = self.folder / "bundle.zip"
        self.ledger.export_bundle(path)
        trust = Trust(tuple(self.pins), tuple(self.ledger.vkeys()))
        self.good(verify(Bundle(path).source(), trust))
        path.unlink()

    def good(self, verdict: Verdict) -> None:
        """Nothing is wrong with it; without any checkpoint nothing is proved either."""
        assert verdict.exit_code == (0 if verdict.covered else 3)
        assert verdict.covered or not self.pins

    @invariant()
    def it_verifies_against_every_note_ever_signed_and_nothing_is_lost(self) -> None:
        verdict = self.ledger.verify(pins=self.pins)
        self.good(verdict)
        assert verdict.surplus_ends == 0  # a writer may be starting: unsequenced is not ours
        assert verdict.open_intents == len(self.open)
        assert all(self.ledger.reader.get(ident) is not None for ident in self.durable)
        assert all(self.ledger.reader.get(ident) is None for ident in self.slipped)

    def teardown(self) -> None:
        for ledger in [*self.abandoned, self.ledger]:
            ledger.close()
        shutil.rmtree(self.folder)


class PostgresMachine(LedgerMachine):
    kind = "postgresql"


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=6, stateful_step_count=14, deadline=None)
TestPostgresMachine = pytest.mark.postgres(PostgresMachine.TestCase)
TestPostgresMachine.settings = settings(max_examples=2, stateful_step_count=14, deadline=None)
