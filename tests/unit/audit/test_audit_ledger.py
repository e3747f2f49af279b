from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit import (
    Draft,
    Filters,
    FormatError,
    Ledger,
    LedgerConfig,
    LedgerConfigError,
    LedgerRollback,
    LedgerUnavailable,
    Part,
    Retention,
    time_us,
)
from audit.record import parse_envelope
from audit.sequencer import Sequencer, rebuild
from audit.store.store import Store
from audit.waiters import PATIENCE

Maker = Callable[[], Ledger]
LOG = "test.example/ki-pforte/1"
META = {"vorgang": "V-1", "department": "sozialamt", "model": "demo", "decision": "allowed", "rules": ["r1", "r2"],
        "purpose": "allgemein"}  # fmt: skip


def exchange(ledger: Ledger, vorgang: str = "V-1", end: bool = True, **meta: str) -> str:
    intent = ledger.append_wait(ledger.draft("intent", {**META, **meta, "vorgang": vorgang}, subject="person-1"))
    if end:
        ledger.append_wait(ledger.draft("outcome", {"vorgang": vorgang, "status": 200}, ref=intent.record_id))
    return intent.record_id


def types(ledger: Ledger) -> list[str]:
    return [row.type for row in ledger.reader.tail(-1, 1000)]


def test_what_was_appended_is_read_back_in_full(ledger: Ledger) -> None:
    intent = exchange(ledger)
    ledger.checkpoint()
    view = ledger.reader.get(intent)
    assert view is not None
    assert view.meta == META
    assert view.parts["subject"].value["pseudonym"] == ledger.pseudonym("person-1")
    assert view.parts["meta"].retention == "meta-standard"
    assert view.parts["meta"].expires_at - view.parts["subject"].expires_at == (184 - 90) * 86400
    assert parse_envelope(view.envelope).commitments.keys() == {"meta", "subject"}
    assert [record.type for record in ledger.reader.vorgang("V-1")] == ["intent", "outcome"]


def test_a_ledger_verifies_and_says_that_its_end_cannot_be_checked_without_a_note(ledger: Ledger) -> None:
    exchange(ledger)
    ledger.checkpoint()
    note = ledger.status().checkpoint_note
    exchange(ledger, "V-2")
    free, pinned = ledger.verify(), ledger.verify(pins=[note], vkeys=ledger.vkeys(), require_pin=True)
    assert (free.exit_code, free.verdict, free.size, free.covered) == (0, "unverändert", 5, 5), "what waits is signed"
    assert any("Ende nicht prüfbar" in line for line in free.warnings())
    assert (pinned.exit_code, pinned.pinned) == (0, 3)
    assert not any("Ende nicht prüfbar" in line for line in pinned.warnings())
    assert ledger.verify(require_pin=True).exit_code == 3


def test_the_counters_of_a_writer_run_from_start_to_stop(open_ledger: Maker) -> None:
    first = open_ledger()
    exchange(first)
    first.close()
    second = open_ledger()
    second.sequence()
    assert types(second) == ["writer.start", "intent", "outcome", "writer.stop"]
    stop = second.reader.get(second.reader.tail()[-1].id)
    assert stop is not None
    assert (stop.wseq, stop.meta) == (3, {"records": 4})


def test_writing_the_same_id_again_writes_it_once(ledger: Ledger) -> None:
    ident = ledger.new_id()
    for _ in range(3):
        receipt = ledger.append_wait(ledger.draft("config", META, record_id=ident))
        assert receipt.record_id == ident
    ledger.append_wait(ledger.draft("config", META))
    assert ledger.verify().exit_code == 0
    assert types(ledger) == ["writer.start", "config", "config"]


def test_many_callers_of_a_loop_are_all_answered_and_wake_it_seldom(sqlite_ledger: Ledger) -> None:
    async def crowd() -> int:
        loop, calls = asyncio.get_running_loop(), 0
        plain = loop.call_soon_threadsafe

        def counted(*arguments: object) -> asyncio.Handle:
            nonlocal calls
            calls += 1
            return plain(*arguments)  # type: ignore[arg-type]

        loop.call_soon_threadsafe = counted  # type: ignore[assignment, method-assign]
        receipts = await asyncio.gather(
            *[sqlite_ledger.append(sqlite_ledger.draft("config", {"n": n})) for n in range(640)]
        )
        assert len({receipt.record_id for receipt in receipts}) == 640
        return calls

    calls = asyncio.run(crowd())
    assert calls < 320
    assert sqlite_ledger.verify().size == 641


def test_two_outcomes_of_one_intent_become_one_end_and_one_late_record(ledger: Ledger) -> None:
    intent = exchange(ledger)
    ledger.append_wait(ledger.draft("outcome", {"status": 500}, ref=intent))
    verdict = ledger.verify()
    assert types(ledger) == ["writer.start", "intent", "outcome", "outcome.late"]
    assert (verdict.exit_code, verdict.open_intents, verdict.surplus_ends) == (0, 0, 0)


def test_an_open_intent_is_counted_and_changes_no_verdict(ledger: Ledger) -> None:
    exchange(ledger, end=False)
    verdict = ledger.verify()
    assert (verdict.exit_code, verdict.open_intents, ledger.status().open_intents) == (0, 1, 1)


@pytest.mark.parametrize(
    "draft",
    [Draft("Intent"), Draft("a b"), Draft("a", {"ME": Part(b"", "subject")}), Draft("a", ref="x"), Draft("a", id="1")],
)  # fmt: skip
def test_a_malformed_draft_is_refused_before_it_reaches_the_database(sqlite_ledger: Ledger, draft: Draft) -> None:
    with pytest.raises(FormatError):
        sqlite_ledger.append_wait(draft)


def test_facts_that_have_no_canonical_form_are_refused(sqlite_ledger: Ledger) -> None:
    with pytest.raises(FormatError):
        sqlite_ledger.draft("intent", {"latency": 1.5})


def test_a_class_without_a_period_does_not_start(sqlite_ledger: Ledger) -> None:
    for days in ({"meta-standard": 184}, {"meta-standard": 0, "subject": 90}, {}):
        with pytest.raises(LedgerConfigError, match="Aufbewahrungsklasse"):
            Retention(days=days)
    with pytest.raises(LedgerConfigError, match="Aufbewahrungsklasse"):
        sqlite_ledger.append_wait(Draft("intent", {"meta": Part(b"{}", "ewig")}))


def test_another_log_in_the_same_database_is_refused(open_ledger: Maker, url: str, tmp_path: Path) -> None:
    open_ledger()
    with pytest.raises(LedgerConfigError, match="enthält das Protokoll"):
        Ledger(LedgerConfig(url, "other.example/1", tmp_path / "other"))


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "nonsense"])
def test_an_address_that_cannot_hold_a_ledger_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(LedgerConfigError):
        Ledger(LedgerConfig(url, LOG, tmp_path))


def test_pages_go_back_in_time_without_loss_or_repetition(ledger: Ledger) -> None:
    for n in range(7):
        exchange(ledger, f"V-{n}", department="bauamt" if n % 2 else "sozialamt")
    ledger.sequence()
    seen, before = [], None
    while True:
        page = ledger.reader.page(Filters(types=["intent"]), before, limit=3)
        seen += [row.vorgang for row in page.rows]
        assert all(row.end is not None and row.end.ref == row.id for row in page.rows)
        before = page.before
        if before is None:
            break
    assert seen == [f"V-{n}" for n in reversed(range(7))]
    assert len(ledger.reader.page(Filters(department="bauamt")).rows) == 3
    assert len(ledger.reader.page(Filters(rule="r1", model="demo", purpose="allgemein", decision="allowed")).rows) == 7
    row = ledger.reader.page(Filters(vorgang="V-3", types=["intent"])).rows[0]
    assert [r.vorgang for r in ledger.reader.page(Filters(since=row.t_us, until=row.t_us + 1)).rows] == ["V-3"]
    view = ledger.reader.get(row.id)
    assert view is not None
    assert time_us(view.t) == row.t_us
    with pytest.raises(ValueError, match="invalid"):
        ledger.reader.page(before="x.y")


def test_the_derived_tables_can_be_made_anew(ledger: Ledger, url: str) -> None:
    exchange(ledger)
    exchange(ledger, "V-2", end=False)
    ledger.sequence()
    before = (ledger.reader.page(), ledger.status().open_intents)
    store = Store(url)
    assert rebuild(store, ledger._seal) == 4
    store.close()
    assert (ledger.reader.page(), ledger.status().open_intents) == before
    exchange(ledger, "V-3")
    assert ledger.verify().exit_code == 0
    assert "gap.detected" not in types(ledger)


def test_two_sequencers_at_once_give_one_order(ledger: Ledger, url: str) -> None:
    async def write() -> None:
        await asyncio.gather(*[ledger.append(ledger.draft("config", {"n": n})) for n in range(300)])

    async def race() -> None:
        stores = [Store(url) for _ in range(3)]
        await asyncio.gather(write(), *[asyncio.to_thread(Sequencer(store, ledger._seal).run) for store in stores
                                        for _ in range(3)])
        for store in stores:
            store.close()

    asyncio.run(race())
    verdict = ledger.verify()
    assert (verdict.exit_code, verdict.size, verdict.unsequenced) == (0, 301, 0)


def test_a_record_removed_before_it_was_sequenced_leaves_a_gap_that_becomes_a_record(ledger: Ledger, url: str) -> None:
    first, second = exchange(ledger, "V-1"), exchange(ledger, "V-2")
    store = Store(url)
    with store.write() as run:
        run(store.sql("DELETE FROM audit_record WHERE id = ?"), (first,))
    store.close()
    verdict = ledger.verify()
    assert (verdict.exit_code, verdict.verdict, verdict.gap_count) == (1, "lückenhaft", 1)
    gaps = [ledger.reader.get(row.id) for row in ledger.reader.page(Filters(types=["gap.detected"])).rows]
    assert {"first": 1, "last": 1} in [{k: v for k, v in gap.meta.items() if k != "writer"} for gap in gaps if gap]
    assert {"record": first} in [gap.meta for gap in gaps if gap]
    assert ledger.reader.get(second) is not None


def test_a_restored_backup_is_not_signed(tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    config = LedgerConfig(sqlite_url, LOG, tmp_path / "keys")
    path = tmp_path / "audit.sqlite"

    def copy() -> None:
        with sqlite3.connect(path) as source, sqlite3.connect(tmp_path / "backup") as target:
            source.backup(target)
        source.close()
        target.close()

    with Ledger(config) as ledger:
        exchange(ledger)
        ledger.checkpoint()
        copy()
        exchange(ledger, "V-2")
        ledger.checkpoint()
    for name in ("audit.sqlite-wal", "audit.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "backup").replace(path)
    with Ledger(config) as ledger:
        for n in range(5):
            exchange(ledger, f"W-{n}")  # as long as before, but another history
        with pytest.raises(LedgerRollback, match="Sicherung"):
            ledger.checkpoint()
        with pytest.raises(LedgerRollback):
            ledger.checkpoint()
        exchange(ledger)
        ledger.sequence()
        assert types(ledger).count("finding.rollback") == 1
    assert not caplog.records or all(record.levelno < logging.CRITICAL for record in caplog.records)


def test_without_memory_the_last_note_of_the_database_is_continued(
    open_ledger: Maker, tmp_path: Path, url: str
) -> None:
    ledger = open_ledger()
    exchange(ledger)
    ledger.checkpoint()
    (tmp_path / "keys" / "head.json").unlink()
    exchange(ledger, "V-2")
    ledger.checkpoint()
    assert ledger.verify().covered == 5
    (tmp_path / "keys" / "head.json").unlink()
    store = Store(url)
    with store.write() as run:
        run(store.sql("UPDATE audit_seq SET leaf = ? WHERE idx = 1"), (bytes(32),))
    store.close()
    exchange(ledger, "V-3")
    with pytest.raises(LedgerRollback):
        ledger.checkpoint()


def test_the_pages_of_a_running_server_fill_by_themselves(ledger: Ledger) -> None:
    ledger.start()
    exchange(ledger)
    ledger.close()
    reopened = Ledger(ledger.config)
    try:
        status = reopened.status()
        assert status.checkpoint_size == 4
        reopened.sequence()
        assert types(reopened) == ["writer.start", "intent", "outcome", "writer.stop"]
    finally:
        reopened.close()


def test_no_content_reaches_a_repr_or_an_error_of_the_database(sqlite_ledger: Ledger) -> None:
    draft = sqlite_ledger.draft("intent", {"vorgang": "Kanarienvogel"}, subject="Kanarienvogel")
    assert "Kanarienvogel" not in repr(draft)
    assert "Kanarienvogel" not in repr(sqlite_ledger.reader.get(sqlite_ledger.append_wait(draft).record_id))


def test_the_verifier_runs_without_sqlalchemy() -> None:
    code = "import sys, audit.cli, audit; audit.verify; assert not {'sqlalchemy', 'alembic', 'orjson'} & {*sys.modules}"
    import subprocess

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_the_command_of_another_process_writes_while_the_server_runs(open_ledger: Maker) -> None:
    server, command = open_ledger(), open_ledger()
    server.start()
    exchange(server)
    command.append_wait(command.draft("pass.grant", {"decision": "granted"}))
    exchange(server, "V-2")
    verdict = command.verify()
    assert (verdict.exit_code, verdict.size) == (0, 7)
    assert json.loads(json.dumps(verdict.as_json()))["exit_code"] == 0


def test_a_database_that_goes_away_stops_callers_and_loses_no_outcome(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("audit.writer.PATIENCE", 0.3)
    intent = exchange(ledger, end=False)
    store = ledger._store
    real = store.write

    def broken(*_: object) -> object:
        raise OSError("disk full")

    monkeypatch.setattr(store, "write", broken)
    with pytest.raises(LedgerUnavailable):
        ledger.append_wait(ledger.draft("intent", META))
    assert not ledger.healthy
    ledger.append_wait(ledger.draft("outcome", {"status": 200}, ref=intent))  # it lies on the disk
    with pytest.raises(LedgerUnavailable):
        asyncio.run(ledger.append(ledger.draft("denied", META)))
    monkeypatch.setattr(store, "write", real)
    monkeypatch.setattr("audit.writer.PATIENCE", PATIENCE)
    while not ledger.healthy:
        pass
    ledger.append_wait(ledger.draft("config", {}))
    verdict = ledger.verify()
    assert (verdict.exit_code, verdict.open_intents) == (0, 0)
    assert types(ledger) == ["writer.start", "intent", "outcome", "finding.spool", "config"]
    assert any("does not answer" in record.message for record in caplog.records)


def test_an_unknown_commit_is_settled_and_nothing_is_written_twice(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange(ledger)
    batches, failed = ledger._writer()._batches, []
    real = type(batches).insert

    def committed_but_told_otherwise(self: object, run: object, batch: object) -> None:
        real(self, run, batch)  # type: ignore[arg-type]
        if not failed:
            failed.append(True)
            run("COMMIT")  # type: ignore[operator]
            raise OSError("connection lost")

    monkeypatch.setattr(type(batches), "insert", committed_but_told_otherwise)
    exchange(ledger, "V-2")
    exchange(ledger, "V-3")
    verdict = ledger.verify()
    assert failed
    assert (verdict.exit_code, verdict.size, verdict.open_intents) == (0, 7, 0)


def test_an_intent_that_became_durable_too_late_for_its_caller_is_ended(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.waiters.PATIENCE", 0.2)
    exchange(ledger)
    import threading

    gate = threading.Event()
    real = type(ledger._writer()._batches).insert

    def slow(self: object, run: object, batch: object) -> None:
        gate.wait(5)
        real(self, run, batch)  # type: ignore[arg-type]

    async def call() -> None:
        with pytest.raises(LedgerUnavailable):
            await ledger.append(ledger.draft("intent", META))
        gate.set()
        await asyncio.to_thread(ledger.append_wait, ledger.draft("config", {}))
        await asyncio.sleep(0.05)

    monkeypatch.setattr(type(ledger._writer()._batches), "insert", slow)
    asyncio.run(call())
    ledger.append_wait(ledger.draft("config", {}))
    assert ledger.verify().open_intents == 0
    assert types(ledger).count("outcome.unknown") == 1
