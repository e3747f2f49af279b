"""A house and its backup: everything comes back, nothing is overwritten, and no second story is told."""

from __future__ import annotations

import io
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from audit import Ledger, LedgerError
from audit.checkpointer import last_checkpoint
from audit.store.dump import dump_sqlite, load_sqlite
from gateway.backup import restoring
from gateway.backup.archive import Archiver
from gateway.backup.making import ABOUT, last_backup, make_backup
from gateway.backup.restoring import restore
from gateway.backup.sealing import Sealer, new_pair
from gateway.home import open_ledger, own_secret
from gateway.settings import Settings, load
from gateway.store import InvalidError, departments, migrate, open_engine, reading, writing

PRIVATE, PUBLIC = new_pair()
LOG = "neudorf.example/ki-pforte/1"


def settle(home: Path, monkeypatch: pytest.MonkeyPatch, url: str = "") -> Settings:
    monkeypatch.setenv("KI_PFORTE_HOME", str(home))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(home / "policies"))
    if url.startswith("postgresql"):
        monkeypatch.setenv("KI_PFORTE_DATABASE_URL", url)
        monkeypatch.setenv("KI_PFORTE_AUDIT_DATABASE_URL", url)
    return load()


def live(settings: Settings) -> str:
    """Write something everywhere; return the last note of the ledger."""
    (settings.home / "secrets").mkdir(parents=True)
    (settings.home / "secrets" / "SCHLUESSEL").write_text("geheim-4711")
    settings.policies.mkdir()
    (settings.policies / "organisation.yaml").write_text("version: 1\n")
    own_secret(settings.home, "hash.key")
    engine = open_engine(settings.database)
    migrate(engine)
    with writing(engine) as connection:
        departments.sync(connection, {"bauamt": "Bauamt „Süd“\n\\N"})
    engine.dispose()
    return more(settings, 5)


def more(settings: Settings, count: int) -> str:
    with open_ledger(settings, LOG) as ledger:
        for number in range(count):
            ledger.append_wait(ledger.draft("setup.finished", {"people": number}, subject="p1"))
        ledger.checkpoint()
        return note_of(ledger)


def note_of(ledger: Ledger) -> str:
    with ledger._store.read() as connection:
        signed = last_checkpoint(connection)
    assert signed is not None
    return signed.note


def back(settings: Settings, file: Path, **how: object) -> restoring.Done:
    with file.open("rb") as opened:
        return restore(settings, opened, private=PRIVATE, **how)  # type: ignore[arg-type]


def test_everything_comes_back_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                  database_url: str) -> None:
    first = settle(tmp_path / "a", monkeypatch, database_url)
    note = live(first)
    make_backup(first, tmp_path / "s.kip", public=PUBLIC)
    assert last_backup(first.home) is not None
    assert b"geheim-4711" not in (tmp_path / "s.kip").read_bytes()
    if database_url.startswith("postgresql"):
        with pytest.raises(InvalidError, match="nicht leer"):
            back(settle(tmp_path / "b", monkeypatch), tmp_path / "s.kip", note=note)
    second = settle(tmp_path / "b", monkeypatch)
    done = back(second, tmp_path / "s.kip", note=note, replace=database_url.startswith("postgresql"))
    assert (done.missing, done.erased) == (0, 0)
    for name in ("keys/hash.key", "secrets/SCHLUESSEL", "policies/organisation.yaml"):
        assert (second.home / name).read_bytes() == (first.home / name).read_bytes()
    assert stat.S_IMODE((second.home / "secrets" / "SCHLUESSEL").stat().st_mode) & 0o077 == 0
    engine = open_engine(second.database)
    with reading(engine) as connection:
        assert [d.name for d in departments.every(connection)] == ["Bauamt „Süd“\n\\N"]
    engine.dispose()
    with open_ledger(second, LOG) as ledger:
        ledger.checkpoint()
        assert ledger.verify(pins=[note]).exit_code == 0


def test_records_that_were_witnessed_after_the_backup_stop_the_log(tmp_path: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    first = settle(tmp_path / "a", monkeypatch)
    live(first)
    make_backup(first, tmp_path / "s.kip", public=PUBLIC)
    later = more(first, 3)
    second = settle(tmp_path / "b", monkeypatch)
    with pytest.raises(InvalidError, match="--note"):
        back(second, tmp_path / "s.kip")
    assert not (tmp_path / "b" / "keys").exists()
    assert back(second, tmp_path / "s.kip", note=later).missing > 0
    with open_ledger(second, LOG) as ledger:
        assert "setzt nicht fort" in ledger.continues()


def test_of_the_file_of_an_anchor_the_newest_note_counts_wherever_it_stands(tmp_path: Path,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    first = settle(tmp_path / "a", monkeypatch)
    early = live(first)
    make_backup(first, tmp_path / "s.kip", public=PUBLIC)
    later = more(first, 3)
    foreign = early.replace(LOG, "nachbar.example/ki-pforte/1")
    done = back(settle(tmp_path / "b", monkeypatch), tmp_path / "s.kip", note=later + early + foreign)
    assert done.missing == back(settle(tmp_path / "c", monkeypatch), tmp_path / "s.kip", note=later).missing > 0


@pytest.mark.parametrize("spoil", [
    lambda note: note.replace(LOG, "nachbar.example/ki-pforte/1"),
    lambda note: note.replace("\n6\n", "\n7\n"),
    lambda _: "Guten Tag\n",
], ids=["of another log", "changed", "none"])
def test_a_note_that_is_not_in_order_is_refused_before_anything_is_in_its_place(
        spoil: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = settle(tmp_path / "a", monkeypatch)
    note = live(first)
    assert spoil(note) != note
    make_backup(first, tmp_path / "s.kip", public=PUBLIC)
    second = settle(tmp_path / "b", monkeypatch)
    with pytest.raises((LedgerError, InvalidError), match="Notiz"):
        back(second, tmp_path / "s.kip", note=spoil(note))
    assert not list((tmp_path / "b").glob("*"))


def test_a_house_that_is_replaced_remembers_what_it_signed_and_lies_aside(tmp_path: Path,
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    house = settle(tmp_path / "a", monkeypatch)
    live(house)
    make_backup(house, tmp_path / "s.kip", public=PUBLIC)
    more(house, 3)
    with pytest.raises(InvalidError, match="--replace"):
        back(house, tmp_path / "s.kip")
    done = back(house, tmp_path / "s.kip", replace=True)
    assert done.missing > 0
    assert done.aside is not None
    assert (done.aside / "protokoll.db").exists()
    with open_ledger(house, LOG) as ledger:
        assert ledger.continues()


def test_what_was_erased_after_the_backup_is_erased_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = settle(tmp_path / "a", monkeypatch)
    live(first)
    make_backup(first, tmp_path / "s.kip", public=PUBLIC)
    with open_ledger(first, LOG) as ledger:
        erased, _ = ledger.erase_subject("p1", "antrag", "V-1")
        ledger.checkpoint()
        note = note_of(ledger)
    assert erased == 5
    listed = (first.home / "keys" / "protokoll" / "erased.txt").read_text()
    assert "p1" not in listed
    second = settle(tmp_path / "b", monkeypatch)
    assert back(second, tmp_path / "s.kip", note=note, erasures=listed.splitlines()).erased == 5
    with closing(sqlite3.connect(second.home / "protokoll.db")) as connection:
        assert connection.execute("SELECT count(*) FROM audit_part WHERE name = 'subject' AND record_id IN "
                                  "(SELECT id FROM audit_record WHERE type = 'setup.finished')").fetchone() == (0,)


def test_a_damaged_backup_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = settle(tmp_path / "a", monkeypatch)
    live(house)
    make_backup(house, tmp_path / "s.kip", public=PUBLIC)
    data = (tmp_path / "s.kip").read_bytes()
    (tmp_path / "s.kip").write_bytes(data[:-20])
    before = {p: p.read_bytes() for p in house.home.rglob("*") if p.is_file()}
    with pytest.raises(InvalidError, match="beschädigt"):
        back(house, tmp_path / "s.kip", replace=True)
    assert before == {p: p.read_bytes() for p in house.home.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", ["home/../../boese", "/boese", "policies/../../boese", "sqlite/home/../../boese"])
def test_a_name_cannot_lead_out_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = settle(tmp_path / "tief" / "a", monkeypatch)
    file = io.BytesIO()
    sealer = Sealer(file, public=PUBLIC)
    archiver = Archiver(sealer.write)
    archiver.add(ABOUT, [b'{"format": 1, "version": "1", "at": "x", "databases": {}}'])
    archiver.add(name, [b"x"])
    archiver.close()
    sealer.close()
    file.seek(0)
    with pytest.raises(InvalidError, match="außerhalb"):
        restore(settings, file, private=PRIVATE, alone=True)
    assert not list(tmp_path.rglob("boese"))


def test_a_backup_file_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = settle(tmp_path / "a", monkeypatch)
    live(house)
    (tmp_path / "s.kip").write_text("alt")
    with pytest.raises(InvalidError, match="nicht überschrieben"):
        make_backup(house, tmp_path / "s.kip", public=PUBLIC)
    assert (tmp_path / "s.kip").read_text() == "alt"


def test_a_running_house_is_not_restored_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = settle(tmp_path / "a", monkeypatch)
    live(house)
    make_backup(house, tmp_path / "s.kip", public=PUBLIC)
    with open_ledger(house, LOG) as ledger:
        ledger.start()
        ledger.append_wait(ledger.draft("setup.finished", {}))
        with pytest.raises(LedgerError, match="gerade geführt"):
            back(house, tmp_path / "s.kip", replace=True)


def test_a_file_of_sqlite_comes_back_with_every_kind_of_value(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.executescript("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b);"
                                 "CREATE UNIQUE INDEX i ON t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN "
                                 "UPDATE t SET b = 1 WHERE id = new.id; END;")
        rows = [(7, None, b"\x00\xff"), (9, "Ä\n\u2028\"", 2 ** 62), (11, 0.1, -1.5e300), (12, b"", "")]
        connection.execute("DROP TRIGGER g")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.execute("CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET b = 1 WHERE id = new.id; END")
        connection.execute("DELETE FROM t WHERE id = 12")
        connection.commit()
    load_sqlite(tmp_path / "b.db", dump_sqlite(tmp_path / "a.db"))
    with closing(sqlite3.connect(tmp_path / "b.db")) as connection:
        assert connection.execute("SELECT * FROM t ORDER BY id").fetchall() == rows[:-1]
        connection.execute("INSERT INTO t (a) VALUES (5)")
        assert connection.execute("SELECT id, b FROM t WHERE a = 5").fetchone() == (13, 1)
