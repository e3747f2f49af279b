"""The key changes while another process signs: whoever knows the first key goes on checking."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig, signing
from audit.signing import KEY_FILE

LOG = "musterstadt.example/ki-pforte/1"


def test_a_key_that_changes_while_another_signs_stays_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(LedgerConfig(f"sqlite:///{tmp_path / 'a.sqlite'}", LOG, tmp_path / "keys")) as ledger:
        ledger.append_wait(ledger.draft("config", {}))
        ledger.checkpoint()
        first = ledger.vkeys()[:1]
        ledger.rotate_key()  # from here on the log holds a record that announced the key in force
        ledger.append_wait(ledger.draft("config", {}))
        read, changing = signing.read_private, list[threading.Thread]()

        def slowly(path: Path) -> bytes:
            """Between the two files that a signer reads, somebody changes the key."""
            data = read(path)
            if path.name == KEY_FILE and not changing:
                changing.append(threading.Thread(target=ledger._keeper.change_key))
                changing[0].start()
                changing[0].join(0.3)
            return data
        monkeypatch.setattr(signing, "read_private", slowly)
        ledger.checkpoint()
        monkeypatch.undo()
        changing[0].join()
        ledger.checkpoint()
        ledger.append_wait(ledger.draft("config", {}))
        ledger.checkpoint()
        assert len(ledger.vkeys()) == 3
        assert ledger.verify(vkeys=first).exit_code == 0
