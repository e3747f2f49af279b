"""While the ledger's database is away nothing new begins, and what is under way ends as it would have ended."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig
from gateway.errors import GatewayError
from gateway.ledger.recorder import LedgerRecorder


def test_an_end_is_recorded_on_the_disk_and_a_beginning_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = LedgerConfig(f"sqlite:///{tmp_path}/p.db", "x.example/1", tmp_path / "keys")

    def gone(*_: object) -> object:
        raise OSError("gone")

    async def walk(recorder: LedgerRecorder) -> None:
        intent = await recorder.record("intent", {"vorgang": "V"}, subject="p")
        with monkeypatch.context() as patched:
            patched.setattr("audit.writer.PATIENCE", 0.1)
            patched.setattr(ledger._store, "write", gone)
            assert (await recorder.record("outcome", {"vorgang": "V"}, subject="p", ref=intent.record_id)).record_id
            with pytest.raises(GatewayError) as refused:
                await recorder.record("intent", {"vorgang": "W"}, subject="p")
            assert refused.value.status == 503

    with Ledger(config) as ledger:
        asyncio.run(walk(LedgerRecorder(ledger)))
    with Ledger(config) as ledger:
        ledger.start()
        ledger.sequence()
        assert ledger.status().open_intents == 0
        assert ledger.verify().exit_code == 0
