"""The key of the seal: made once, looked after like the signing key, lost with a procedure; databases from before."""

from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import Any

import pytest

from audit import Filters, Ledger, LedgerConfig
from audit.errors import KeyLost, LedgerConfigError, LedgerRollback
from audit.opening import open_log
from audit.record import SEALED
from audit.seal import COMING_FILE, SEAL_FILE, SealKey
from audit.store.store import Store
from audit.successor import succeed

LOG = "test.example/ki-pforte/1"


def write(ledger: Ledger, count: int = 2) -> None:
    for n in range(count):
        ledger.append_wait(ledger.draft("note", {"what": str(n)}))


def types(ledger: Ledger) -> list[str]:
    return [row.type for row in reversed(ledger.reader.page(limit=500).rows)]


def run(url: str, *statements: str) -> None:
    store = Store(url)
    try:
        with store.write() as execute:
            for statement in statements:
                execute(statement)
    finally:
        store.close()


def ask(url: str, statement: str) -> Any:
    store = Store(url)
    try:
        with store.read() as connection:
            return connection.exec_driver_sql(statement).scalar()
    finally:
        store.close()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def config(url: str, keys: Path) -> LedgerConfig:
    return LedgerConfig(url, LOG, keys)


@pytest.fixture
def before(config: LedgerConfig) -> LedgerConfig:
    """A ledger from before the seal: two records have their place, two wait."""
    with Ledger(config) as ledger:
        write(ledger, 1)
        ledger.checkpoint()
        write(ledger, 1)
    run(config.url, "UPDATE audit_state SET seal = NULL", "UPDATE audit_record SET seal = NULL")
    (config.folder / SEAL_FILE).unlink()
    return config


def test_the_key_is_made_once_for_us_alone(config: LedgerConfig) -> None:
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
    key = config.folder / SEAL_FILE
    first = key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with Ledger(config) as ledger, Ledger(config) as other:
        write(ledger)
        write(other)
        ledger.checkpoint()
        assert ledger.verify().exit_code == 0
        assert SEALED not in types(ledger), "it had the seal from its first record on"
        assert "finding.forged" not in types(ledger)
    assert key.read_bytes() == first
    key.chmod(0o640)
    with Ledger(config) as ledger, pytest.raises(LedgerConfigError, match="chmod 600"):
        ledger.start()


def test_a_database_from_before_is_sealed_once_and_says_so(before: LedgerConfig) -> None:
    with Ledger(before) as ledger:
        ledger.checkpoint()
        assert types(ledger)[-1] == SEALED
        [row] = ledger.reader.page(Filters(types=(SEALED,))).rows
        said = ledger.reader.get(row.id)
        assert said is not None
        assert (said.idx, said.meta["size"]) == (4, 4), "what waited had its place before"
        write(ledger)
        ledger.checkpoint()
        assert ledger.verify().exit_code == 0
        ledger.delete_due(2**40)
        assert ledger.reader.get(row.id).meta == said.meta  # type: ignore[union-attr]
    with Ledger(before) as ledger:
        write(ledger)
        ledger.checkpoint()
        assert types(ledger).count(SEALED) == 1
        assert "finding.forged" not in types(ledger)
        assert ledger.verify().exit_code == 0
    assert not (before.folder / COMING_FILE).exists()


def test_a_hole_in_what_waited_before_the_seal_is_told(before: LedgerConfig) -> None:
    with Ledger(before) as ledger:  # to know a writer; then back to before
        writer = ledger._writer().id
        write(ledger, 3)
    run(before.url, f"DELETE FROM audit_record WHERE writer = '{writer}' AND wseq = 2",
        "UPDATE audit_state SET seal = NULL")
    (before.folder / SEAL_FILE).unlink()
    with Ledger(before) as ledger:
        ledger.checkpoint()
        assert "gap.detected" in types(ledger)


@pytest.mark.parametrize("when", ["before the state", "before the name"])
def test_sealing_that_broke_off_is_finished(before: LedgerConfig, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit import opening

    def breaks(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(opening, "_begin" if when == "before the state" else "_sealed_by", breaks)
        with pytest.raises(KeyboardInterrupt):
            Ledger(before)
    assert not (before.folder / SEAL_FILE).exists()
    assert (before.folder / COMING_FILE).exists()
    with Ledger(before) as ledger:
        write(ledger)
        ledger.checkpoint()
        assert types(ledger).count(SEALED) == 1
        assert ledger.verify().exit_code == 0
    assert (before.folder / SEAL_FILE).exists()


def test_where_the_key_is_a_state_without_seal_is_not_taken_for_one_from_before(config: LedgerConfig) -> None:
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
    run(config.url, "UPDATE audit_state SET seal = NULL")
    with Ledger(config) as ledger:
        write(ledger)
        with pytest.raises(LedgerRollback, match="Siegel"):
            ledger.checkpoint()
    assert ask(config.url, "SELECT seal FROM audit_state") is None


def test_another_key_in_its_place_seals_nothing_here(config: LedgerConfig) -> None:
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
    path = config.folder / SEAL_FILE
    true = path.read_bytes()
    path.write_bytes(b"ab" * 32)
    with Ledger(config) as ledger:
        write(ledger)
        with pytest.raises(LedgerRollback, match="anderer Siegelschlüssel"):
            ledger.sequence()
        assert ask(config.url, "SELECT count(*) FROM audit_forged") == 0, "nothing of ours is put aside for it"
    path.write_bytes(b"no key")
    with Ledger(config) as ledger, pytest.raises(LedgerConfigError, match="beschädigt"):
        ledger.start()
    path.write_bytes(true)


def test_without_its_key_a_log_is_read_and_checked_and_nothing_starts(config: LedgerConfig, tmp_path: Path) -> None:
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
        write(ledger, 1)
    kept = (config.folder / SEAL_FILE).read_bytes()
    (config.folder / SEAL_FILE).unlink()
    with Ledger(config) as ledger:
        for forbidden in (ledger.start, ledger.checkpoint, ledger.sequence, lambda: write(ledger)):
            with pytest.raises(KeyLost, match=r"seal\.key") as lost:
                forbidden()
        assert "--lost-key" in str(lost.value)
        assert "--lost-key" in ledger.continues()
        verdict = ledger.verify()
        assert (verdict.exit_code, verdict.unsequenced) == (0, 2)
        assert ledger.export_bundle(tmp_path / "bundle.zip") == 3
        assert ledger.own_records("anna") == []
    assert not (config.folder / SEAL_FILE).exists(), "nobody made another one behind our back"
    (config.folder / SEAL_FILE).write_bytes(kept)
    (config.folder / SEAL_FILE).chmod(0o600)
    with Ledger(config) as ledger:
        ledger.start()
        ledger.checkpoint()
        assert ledger.verify().exit_code == 0
        assert "finding.forged" not in types(ledger)


def test_when_the_key_is_lost_a_new_log_goes_on_with_a_new_one(sqlite_url: str, keys: Path) -> None:
    config = LedgerConfig(sqlite_url, LOG, keys)
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
        note = ledger.status().checkpoint_note
    (keys / SEAL_FILE).unlink()
    with pytest.raises(KeyLost, match="--lost-key"):
        succeed(sqlite_url, keys, LOG, note)
    done = succeed(sqlite_url, keys, LOG, note, key_lost=True)
    assert (keys / SEAL_FILE).exists()
    with Ledger(config) as ledger:
        ledger.start()
        write(ledger)
        ledger.checkpoint()
        assert ledger.verify().exit_code == 0
        assert types(ledger)[0] == "log.successor"
    with Ledger(LedgerConfig(done.database, done.old, done.keys)) as old:
        assert old.verify().exit_code == 0


def test_a_new_log_has_a_seal_of_its_own_and_the_old_one_keeps_its(sqlite_url: str, keys: Path) -> None:
    config = LedgerConfig(sqlite_url, LOG, keys)
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
        note = ledger.status().checkpoint_note
    first = (keys / SEAL_FILE).read_bytes()
    done = succeed(sqlite_url, keys, LOG, note, key_lost=True)
    assert (done.keys / SEAL_FILE).read_bytes() == first
    assert (keys / SEAL_FILE).read_bytes() != first
    with Ledger(LedgerConfig(done.database, done.old, done.keys)) as old:
        assert old.verify().exit_code == 0
        assert old.continues() == ""
    with Ledger(config) as ledger:
        write(ledger)
        ledger.checkpoint()
        assert ledger.verify().exit_code == 0


def test_a_seal_is_good_for_its_own_log_alone(keys: Path) -> None:
    keys.mkdir()
    SealKey(keys, LOG).make()
    row = ("id", "w", 0, "note", "", b"{}")
    here, there = SealKey(keys, LOG).get(), SealKey(keys, "test.example/other/1").get()
    assert here.record(*row) != there.record(*row)
    assert here.state(0, b"", 0, b"") != there.state(0, b"", 0, b"")


def test_opening_twice_changes_nothing(config: LedgerConfig) -> None:
    store = Store(config.url)
    store.migrate()
    first = open_log(store, config.folder, LOG).get()
    second = open_log(store, config.folder, LOG).get()
    assert first.state(0, b"", 0, b"") == second.state(0, b"", 0, b"")
    store.close()


def test_a_serving_process_says_that_it_goes_on_no_more(config: LedgerConfig) -> None:
    with Ledger(config) as ledger:
        ledger.start()
        write(ledger)
        assert ledger.problem == ""
        run(config.url, "UPDATE audit_state SET seal = NULL")
        write(ledger)
        until = time.monotonic() + 60
        while "Siegel" not in ledger.problem and time.monotonic() < until:
            time.sleep(0.05)
        assert "trägt nicht das Siegel" in ledger.problem
        assert ledger.healthy, "records are durable all the same"
