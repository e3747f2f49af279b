"""The ledger as a state machine: append, crash, reopen, sign, rotate, hold, erase, export, several writers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from audit import Bundle, Ledger, LedgerConfig, Trust
from audit.store.store import Store
from audit.verify import verify

_template: list[Path] = []


def _fresh() -> Path:
    """A folder with an empty ledger; migrations run once."""
    if not _template:
        _template.append(Path(tempfile.mkdtemp(prefix="ledger")))
        with Ledger(_config(_template[0])):
            pass
    folder = Path(tempfile.mkdtemp(prefix="ledger"))
    shutil.copytree(_template[0], folder, dirs_exist_ok=True)
    return folder


def _config(folder: Path) -> LedgerConfig:
    return LedgerConfig(f"sqlite:///{folder}/audit.sqlite", "test.example/ki-pforte/1", folder / "keys")


class LedgerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = _fresh()
        self.ledger = Ledger(_config(self.folder))
        self.abandoned: list[Ledger] = []
        self.durable: list[str] = []
        self.open: list[str] = []
        self.ours: set[str] = set()
        """Intents of the ledger that is open now: a crash ends them; after a clean close others may end them."""
        self.pins: list[str] = []

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

    @rule()
    def crash(self) -> None:
        """The writer is left alone, as if its process were gone; its lock file goes with it."""
        self.abandoned.append(self.ledger)
        self.ledger._presence.close()
        self.ledger = Ledger(_config(self.folder))
        self.ledger.sequence()
        self.ledger._keeper.reap(self.ledger._presence.claim_dead())
        self.open = [intent for intent in self.open if intent not in self.ours]
        self.ours.clear()

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ours.clear()
        self.ledger = Ledger(_config(self.folder))

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
            run("DELETE FROM audit_part WHERE record_id = ?", (data.draw(st.sampled_from(self.durable)),))
        store.close()

    @rule()
    def rotate(self) -> None:
        self.ledger.rotate_key()

    @rule(count=st.integers(1, 3))
    def another_process_writes(self, count: int) -> None:
        with Ledger(_config(self.folder)) as other:
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
    def export(self) -> None:
        path = self.folder / "bundle.zip"
        self.ledger.export_bundle(path)
        trust = Trust(tuple(self.pins), tuple(self.ledger.vkeys()))
        assert verify(Bundle(path).source(), trust).exit_code == 0
        path.unlink()

    @invariant()
    def it_verifies_against_every_note_ever_signed_and_nothing_is_lost(self) -> None:
        verdict = self.ledger.verify(pins=self.pins)
        assert (verdict.exit_code, verdict.surplus_ends) == (0, 0)  # a writer may be starting: unsequenced is not ours
        assert verdict.open_intents == len(self.open)
        assert all(self.ledger.reader.get(ident) is not None for ident in self.durable)

    def teardown(self) -> None:
        for ledger in [*self.abandoned, self.ledger]:
            ledger.close()
        shutil.rmtree(self.folder)


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=6, stateful_step_count=12, deadline=None)
