"""A ledger moves to another database and keeps its proof."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig, LedgerConfigError
from audit.store.store import Store

LOG = "test.example/ki-pforte/1"


def fill(ledger: Ledger) -> str:
    for n in range(40):
        intent = ledger.append_wait(ledger.draft("intent", {"vorgang": f"Vörgang {n}"}, subject="anna"))
        ledger.append_wait(ledger.draft("outcome", {"vorgang": f"Vörgang {n}"}, ref=intent.record_id))
    ledger.checkpoint()
    [held] = [view.id for view in ledger.reader.vorgang("Vörgang 3") if view.type == "intent"]
    ledger.hold("V-1", [held])
    ledger.erase_subject("nobody", "antrag")
    return ledger.status().checkpoint_note


def test_a_ledger_moves_between_the_databases_and_goes_on_there(sqlite_url: str, url: str, tmp_path: Path) -> None:
    target = url if url != sqlite_url else f"sqlite:///{tmp_path}/moved.sqlite"
    with Ledger(LedgerConfig(sqlite_url, LOG, tmp_path / "keys")) as ledger:
        note = fill(ledger)
    with Ledger(LedgerConfig(sqlite_url, LOG, tmp_path / "keys")) as ledger:
        said = ledger.move_to(target)
        assert (said.exit_code, said.pinned == said.size) == (0, True)
        size = said.size
    with Ledger(LedgerConfig(target, LOG, tmp_path / "keys")) as moved:
        assert moved.release("V-1") == 1
        moved.append_wait(moved.draft("note", {"what": "weiter"}))
        moved.checkpoint()
        again = moved.verify(pins=(note,), vkeys=moved.vkeys())
        assert again.exit_code == 0
        assert again.size > size
        assert again.gap_count == 0
        assert len(moved.reader.vorgang("Vörgang 39")) == 2


def test_a_database_that_is_in_use_is_not_overwritten(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path}/other.sqlite"
    with Ledger(LedgerConfig(other, LOG, tmp_path / "other")) as there:
        fill(there)
    fill(sqlite_ledger)
    sqlite_ledger.sequence()
    with pytest.raises(LedgerConfigError, match="enthält schon"):
        sqlite_ledger.move_to(other)
    sqlite_ledger.start()
    with pytest.raises(LedgerConfigError, match="gerade geführt"):
        sqlite_ledger.move_to(f"sqlite:///{tmp_path}/third.sqlite")


def test_a_changed_original_is_found_in_the_copy(sqlite_url: str, tmp_path: Path) -> None:
    with Ledger(LedgerConfig(sqlite_url, LOG, tmp_path / "keys")) as ledger:
        fill(ledger)
    store = Store(sqlite_url)
    with store.write() as run:
        run("UPDATE audit_part SET body = '{}' WHERE record_id = (SELECT record_id FROM audit_seq WHERE idx = 5)")
    store.close()
    with Ledger(LedgerConfig(sqlite_url, LOG, tmp_path / "keys")) as ledger:
        assert ledger.move_to(f"sqlite:///{tmp_path}/moved.sqlite").exit_code == 1
