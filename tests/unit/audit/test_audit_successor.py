"""After a rollback: a new log that names the old one; both verify, and the break is visible."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from audit import Ledger, LedgerConfig, LedgerConfigError, LedgerRollback
from audit.checkpoint import Checkpoint, Note
from audit.successor import current_name, next_name, succeed
from tests.support.postgres import Server

LOG = "test.example/ki-pforte/1"


def config(url: str, folder: Path) -> LedgerConfig:
    return LedgerConfig(url, LOG, folder / "keys")


def write(ledger: Ledger, count: int) -> None:
    for _ in range(count):
        ledger.append_wait(ledger.draft("denied", {"code": "inhalt_gesperrt"}, subject="anna"))


@pytest.fixture
def set_back(tmp_path: Path, sqlite_url: str) -> str:
    """A ledger whose backup of yesterday was restored; returns the note that was kept outside."""
    file = tmp_path / "audit.sqlite"
    with Ledger(config(sqlite_url, tmp_path)) as ledger:
        write(ledger, 3)
    shutil.copy(file, tmp_path / "backup")
    with Ledger(config(sqlite_url, tmp_path)) as ledger:
        write(ledger, 4)
        ledger.checkpoint()
        note = ledger.status().checkpoint_note
    shutil.copy(tmp_path / "backup", file)
    with Ledger(config(sqlite_url, tmp_path)) as ledger:
        assert "successor" in ledger.continues()
        with pytest.raises(LedgerRollback):
            ledger.checkpoint()
    with Ledger(config(sqlite_url, tmp_path)) as ledger:  # the finding that was put down gets its place
        ledger.sequence()
    return note


def test_the_new_log_names_the_old_one_and_both_verify(set_back: str, sqlite_url: str, tmp_path: Path) -> None:
    with Ledger(config(sqlite_url, tmp_path)) as ledger:
        was = ledger.pseudonym("anna")
    done = succeed(sqlite_url, tmp_path / "keys", LOG, set_back)
    assert (done.old, done.new) == (LOG, "test.example/ki-pforte/2")
    with Ledger(config(sqlite_url, tmp_path)) as new:
        write(new, 2)
        new.checkpoint()
        verdict = new.verify()
        assert (verdict.log, verdict.exit_code, verdict.covered) == (done.new, 0, verdict.size)
        assert new.continues() == ""
        assert new.pseudonym("anna") == was
        first = new.reader.tail(-1, 1)[0]
        assert first.type == "log.successor"
        meta = new.reader.get(first.id).meta  # type: ignore[union-attr]
        kept = Checkpoint.parse(Note.parse(set_back).text)
        assert (meta["log"], meta["size"], meta["root"]) == (LOG, kept.size, kept.root.hex())
        assert meta["note"] == hashlib.sha256(set_back.encode()).hexdigest()
        assert (meta["recovered"] < kept.size, meta["why"]) == (True, "rueckfall")
        assert new.delete_due(2_000_000_000_000)
        assert new.reader.get(first.id).meta == meta  # type: ignore[union-attr]
    with Ledger(LedgerConfig(done.database, LOG, done.keys)) as old:
        assert old.status().log == LOG
        assert old.export_bundle(tmp_path / "old.zip") == old.status().size
        assert old.verify().verdict == "gekürzt"
        assert "gekürzt" in old.verify(pins=[set_back]).text(), "what was lost stays visible"


def test_a_log_that_goes_on_gets_no_successor(sqlite_url: str, tmp_path: Path) -> None:
    with Ledger(config(sqlite_url, tmp_path)) as ledger:
        write(ledger, 1)
        ledger.checkpoint()
        note = ledger.status().checkpoint_note
    with pytest.raises(LedgerConfigError, match="braucht keinen Nachfolger"):
        succeed(sqlite_url, tmp_path / "keys", LOG, note)
    assert current_name(tmp_path / "keys", LOG) == LOG


@pytest.mark.parametrize("change", ["", "other", "bent"])
def test_a_note_that_is_not_of_the_old_log_opens_nothing(
    set_back: str, sqlite_url: str, tmp_path: Path, change: str
) -> None:
    note = {"": "", "other": set_back.replace("test.example", "else.example"), "bent": set_back.replace("\n", " ", 1)}
    with pytest.raises(LedgerConfigError, match="Notiz"):
        succeed(sqlite_url, tmp_path / "keys", LOG, note[change])
    assert not (tmp_path / "keys" / "log-1").exists()


def test_nobody_opens_a_new_log_while_the_old_one_is_written(set_back: str, sqlite_url: str, tmp_path: Path) -> None:
    with Ledger(config(sqlite_url, tmp_path)) as running:
        write(running, 1)
        with pytest.raises(LedgerConfigError, match="beenden"):
            succeed(sqlite_url, tmp_path / "keys", LOG, set_back)


@pytest.mark.parametrize("step", ["_copy", "_rename", "_open", "Checkpointer"])
def test_what_broke_off_can_be_done_again(
    set_back: str, sqlite_url: str, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit import successor

    real = getattr(successor, step)

    def breaks(*args: object) -> object:
        if step == "Checkpointer" and args[2].log == LOG:  # type: ignore[attr-defined]
            return real(*args)
        if step != "Checkpointer":
            real(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(successor, step, breaks)
        with pytest.raises(KeyboardInterrupt):
            succeed(sqlite_url, tmp_path / "keys", LOG, set_back)
    if step != "Checkpointer":  # only the signing was left then
        succeed(sqlite_url, tmp_path / "keys", LOG, set_back)
    with Ledger(config(sqlite_url, tmp_path)) as new:
        new.checkpoint()
        assert [row.type for row in new.reader.tail(-1, 9)].count("log.successor") == 1
        assert (new.verify().log, new.verify().exit_code) == ("test.example/ki-pforte/2", 0)


@pytest.mark.postgres
def test_on_a_server_the_new_log_lies_in_a_new_database(postgres_server: Server, tmp_path: Path) -> None:
    before, after = postgres_server.database(), postgres_server.database()
    with Ledger(config(before, tmp_path)) as ledger:
        write(ledger, 2)
        ledger.checkpoint()
        note = ledger.status().checkpoint_note
    head = tmp_path / "keys" / "head.json"
    head.write_text(json.dumps({**json.loads(head.read_text()), "size": 99, "peaks": ["A" * 43 + "="] * 4}))
    succeed(after, tmp_path / "keys", LOG, note, before)
    with Ledger(config(after, tmp_path)) as new:
        assert (new.verify().log, new.verify().exit_code) == ("test.example/ki-pforte/2", 0)


def test_names_count_on() -> None:
    assert [next_name(name) for name in ("a/1", "a/9", "a", "a/b")] == ["a/2", "a/10", "a/2", "a/b/2"]


@pytest.mark.parametrize("gone", [True, False], ids=["lost", "in strange hands"])
def test_when_its_key_is_lost_a_log_gets_a_successor_and_both_verify(sqlite_url: str, tmp_path: Path,
                                                                    gone: bool) -> None:
    with Ledger(config(sqlite_url, tmp_path)) as ledger:
        write(ledger, 2)
        ledger.checkpoint()
        note, [old_key] = ledger.status().checkpoint_note, ledger.vkeys()
    if gone:
        (tmp_path / "keys" / "checkpoint.key").unlink()
    done = succeed(sqlite_url, tmp_path / "keys", LOG, note, key_lost=True)
    with Ledger(config(sqlite_url, tmp_path)) as new:
        new.start()
        write(new, 1)
        new.checkpoint()
        assert (new.verify().log, new.verify().exit_code) == (done.new, 0)
        assert old_key not in new.vkeys()
        first = new.reader.get(new.reader.tail(-1, 1)[0].id)
        assert first is not None
        assert (first.type, first.meta["why"], first.meta["keys"]) == ("log.successor", "schluessel", [str(old_key)])
    with Ledger(LedgerConfig(done.database, LOG, done.keys)) as old:
        assert old.verify(pins=[note], vkeys=[old_key]).exit_code == 0
