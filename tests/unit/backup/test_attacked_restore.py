"""Restores that somebody attacks or kills: forged files, hostile names, and a second story that nobody is told."""

from __future__ import annotations

import io
import json
import os
import shutil
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit import Ledger, LedgerConfigError, LedgerError
from audit.checkpointer import last_checkpoint
from audit.signing import Signer
from audit.store.dump import load_sqlite
from gateway.backup import restoring
from gateway.backup.archive import Archiver, Entries
from gateway.backup.making import ABOUT, PURPOSE, make_backup
from gateway.backup.restoring import inspect_backup, restore
from gateway.backup.sealing import Sealer, new_pair, opened
from gateway.home import open_ledger, own_secret, refuse_half_restored
from gateway.settings import Settings, load
from gateway.store import InvalidError, StoreError, migrate, open_engine, replicas, writing
from gateway.store.whole import HOUSE, dump
from gateway.store.whole import load as load_database

PRIVATE, PUBLIC = new_pair()
LOG = "neudorf.example/ki-pforte/1"
SAID = json.dumps({"format": 1, "version": "1", "at": "x", "databases": {"pforte": "sqlite"}}).encode()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A house with its policies outside of HOME, a backup of it beside, and more records since."""
    settings = at(tmp_path / "a", monkeypatch)
    for folder in (settings.home / "secrets", settings.policies):
        folder.mkdir(parents=True)
        (folder / "organisation.yaml").write_text("version: 1\n")
    own_secret(settings.home, "hash.key")
    engine = open_engine(settings.database)
    migrate(engine)
    engine.dispose()
    write(settings, 5)
    make_backup(settings, tmp_path / "s.kip", public=PUBLIC)
    return settings


def at(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("KI_PFORTE_HOME", str(home))
    monkeypatch.setenv("KI_PFORTE_POLICIES", str(home.with_name(f"{home.name}-policies")))
    return load()


def write(settings: Settings, count: int) -> str:
    """Write records; return the note over them."""
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


def back(settings: Settings, file: Path, **how: Any) -> restoring.Done:
    with file.open("rb") as stream:
        return restore(settings, stream, private=PRIVATE, **how)


def forged(target: Path, change: Callable[[dict[str, list[bytes]]], None], vouch: Callable[[str], str]) -> Path:
    """Write what an attacker makes of a backup that he could read: the public key is known to everybody."""
    with target.open("rb") as file:
        contents = {entry.name: list(entry.pieces) for entry in Entries(opened(file, private=PRIVATE))}
    change(contents)
    made = target.with_name("boese.kip")
    with made.open("wb") as file:
        sealer = Sealer(file, public=PUBLIC)
        archiver = Archiver(sealer.write)
        for name, pieces in contents.items():
            archiver.add(name, pieces)
        archiver.close(vouch)
        sealer.close()
    return made


def own_files(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_backup_that_somebody_else_wrote_for_the_public_key_is_refused(
        house: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = write(house, 1)
    mallory = Signer.open(tmp_path / "mallory", LOG)

    def change(contents: dict[str, list[bytes]]) -> None:
        contents["policies/organisation.yaml"] = [b"version: 666\n"]
        keys = b"".join(contents["home/keys/protokoll/vkeys.txt"])
        contents["home/keys/protokoll/vkeys.txt"] = [keys + f"{mallory.vkey}\n".encode()]
    for vouch in (lambda digest: mallory.sign_text(f"{PURPOSE}\n{digest}\n"), lambda digest: ""):
        file = forged(tmp_path / "s.kip", change, vouch)
        before = own_files(house.home)
        for said in ({"note": note}, {"alone": True}):
            with pytest.raises(InvalidError, match="untergeschoben"):
                back(house, file, replace=True, **said)
        assert own_files(house.home) == before
        other = at(tmp_path / "b", monkeypatch)
        with pytest.raises(InvalidError, match="untergeschoben"):
            back(other, file, note=note)
        assert not (tmp_path / "b").exists() or not list((tmp_path / "b").iterdir())


def test_a_signature_stands_for_one_list_and_is_no_checkpoint(house: Settings, tmp_path: Path) -> None:
    note = write(house, 1)
    with (tmp_path / "s.kip").open("rb") as file:
        found = Entries(opened(file, private=PRIVATE))
        for entry in found:
            list(entry.pieces)
        assert len(inspect_backup(io.BytesIO((tmp_path / "s.kip").read_bytes()), private=PRIVATE)["signed_by"]) == 1
    for vouch in (lambda digest: found.signature, lambda digest: note):
        file_ = forged(tmp_path / "s.kip", lambda contents: contents.update({"home/neu": [b"x"]}), vouch)
        with pytest.raises(InvalidError, match="untergeschoben"):
            back(house, file_, replace=True)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7])
def test_a_restore_that_is_killed_leaves_no_house_that_opens_and_is_done_again(
        house: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    with open_ledger(house, LOG) as ledger:
        assert ledger.erase_subject("p1", "antrag", "V-1")[0] == 5
    write(house, 3)
    moved = 0

    def move(source: Path, target: Path) -> None:
        nonlocal moved
        moved += 1
        if moved == step:
            raise KeyboardInterrupt
        real(source, target)
    real = shutil.move
    monkeypatch.setattr(shutil, "move", move)
    with pytest.raises(KeyboardInterrupt):
        back(house, tmp_path / "s.kip", replace=True)
    monkeypatch.setattr(shutil, "move", real)
    with pytest.raises(LedgerConfigError, match="zum Teil eingespielt"):
        open_ledger(house, LOG)
    with pytest.raises(LedgerConfigError, match="zum Teil eingespielt"):
        refuse_half_restored(house.home)
    done = back(house, tmp_path / "s.kip", replace=True)
    assert done.missing > 0
    assert done.erased == 5
    with open_ledger(house, LOG) as ledger:
        assert "setzt nicht fort" in ledger.continues()


def test_what_was_erased_stays_erased_however_often_an_old_backup_comes_back(
        house: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_ledger(house, LOG) as ledger:
        ledger.erase_subject("p1", "antrag", "V-1")
        ledger.checkpoint()
        note = note_of(ledger)
    listed = (house.home / "keys" / "protokoll" / "erased.txt").read_text().splitlines()
    other = at(tmp_path / "b", monkeypatch)
    for erased in (listed, []):
        assert back(other, tmp_path / "s.kip", note=note, erasures=erased, replace=not erased).erased == 5
    assert (other.home / "keys" / "protokoll" / "erased.txt").read_text().splitlines() == sorted(listed)


def test_a_list_of_erasures_that_is_none_changes_nothing(house: Settings, tmp_path: Path) -> None:
    with open_ledger(house, LOG) as ledger, ledger._store.read() as connection:
        facts = f"{connection.exec_driver_sql('SELECT id FROM audit_record').scalar()} meta"
    for line in (facts, "x'; DROP TABLE audit_part; --", "Erika Mustermann"):
        with pytest.raises(LedgerError, match="Liste der Löschungen"):
            back(house, tmp_path / "s.kip", replace=True, erasures=[line])
    assert not list(house.home.glob("vorher-*"))


def test_a_house_with_policies_of_its_own_beside_those_in_force_comes_back(
        house: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("policies", "database"):
        (house.home / folder).mkdir()
        (house.home / folder / "organisation.yaml").write_text("version: 2\n")
    make_backup(house, tmp_path / "zwei.kip", public=PUBLIC)
    note = write(house, 0)
    other = at(tmp_path / "b", monkeypatch)
    back(other, tmp_path / "zwei.kip", note=note)
    assert (other.home / "policies" / "organisation.yaml").read_text() == "version: 2\n"
    assert (other.policies / "organisation.yaml").read_text() == "version: 1\n"


def test_a_folder_of_links_is_backed_up_whole_and_backups_are_not(house: Settings, tmp_path: Path) -> None:
    shutil.rmtree(house.policies)
    real = house.policies / "..2026_11_23"
    real.mkdir(parents=True)
    (real / "organisation.yaml").write_text("version: 3\n")
    (house.policies / "..data").symlink_to(real.name)
    (house.policies / "organisation.yaml").symlink_to("..data/organisation.yaml")
    (house.policies / "im-kreis").symlink_to(house.policies)
    (tmp_path / "tresor").mkdir()
    (tmp_path / "tresor" / "SCHLUESSEL").write_text("4711")
    (house.home / "secrets" / "verlinkt").symlink_to(tmp_path / "tresor")
    shutil.copy(tmp_path / "s.kip", house.home / "gestern.kip")
    make_backup(house, house.home / "heute.kip", public=PUBLIC)
    with (house.home / "heute.kip").open("rb") as file:
        names = {entry.name for entry in Entries(opened(file, private=PRIVATE))}
    assert "policies/organisation.yaml" in names
    assert "home/secrets/verlinkt/SCHLUESSEL" in names
    assert not [name for name in names if "kip" in name or ".." in name or "kreis/" in name]


def test_a_link_in_the_way_of_a_backup_is_not_followed(house: Settings, tmp_path: Path) -> None:
    (tmp_path / "opfer").write_text("wichtig")
    (tmp_path / "t.kip.neu").symlink_to(tmp_path / "opfer")
    make_backup(house, tmp_path / "t.kip", public=PUBLIC)
    assert (tmp_path / "opfer").read_text() == "wichtig"
    assert (tmp_path / "t.kip").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_replaced_is_said_before_anything_changes(house: Settings, tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    write(house, 1)
    (house.policies / "organisation.yaml").write_text("version: 9\n")
    before = own_files(house.home)
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == house.policies)
    with pytest.raises(InvalidError, match="eingehängt"):
        back(house, tmp_path / "s.kip", replace=True)
    assert own_files(house.home) == before
    (house.policies / "organisation.yaml").write_text("version: 1\n")  # the same as in the backup: nothing to replace
    assert back(house, tmp_path / "s.kip", replace=True).missing > 0


@pytest.mark.parametrize("name", ["home/", "sqlite/x", "pforte.db", "home/a\0b", "anderswo/x", "database/../../x"])
def test_an_odd_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = at(tmp_path / "tief" / "a", monkeypatch)
    with pytest.raises(InvalidError, match="außerhalb"):
        restore(settings, crafted({ABOUT: SAID, name: b"x"}), private=PRIVATE, alone=True)
    assert not list((tmp_path / "tief" / "a").iterdir())


def crafted(contents: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    sealer = Sealer(file, public=PUBLIC)
    archiver = Archiver(sealer.write)
    for name, data in contents.items():
        archiver.add(name, [data])
    archiver.close()
    sealer.close()
    file.seek(0)
    return file


@pytest.mark.parametrize("about", [bytes(1 << 22), b"[]", b"{", b'{"format": 1}', b'{"format": 1, "databases": 1}',
                                   b"[" * 100_000])
def test_a_backup_that_says_nonsense_or_swells_is_refused(about: bytes) -> None:
    with pytest.raises(InvalidError):
        inspect_backup(crafted({ABOUT: about}), private=PRIVATE)


@pytest.mark.parametrize("frames", [b"\xff\xff\xff\xff", b"\0\0\0\2[]", b"\0\0\0\4{\"n\"", b'\0\0\0\x0b{"name": 1}',
                                    b'\0\0\0\x1a{"name": "x", "mode": 384}\0\0\0\4abcd'])
def test_an_archive_that_is_none_is_refused(frames: bytes) -> None:
    with pytest.raises(InvalidError):
        list(Entries([frames]))


@pytest.mark.parametrize("header", [b"[" * 4000, b'{"format": "ki-pforte/sicherung/1", "ephemeral": 1}\n',
                                    b'{"format": "ki-pforte/sicherung/1", "ephemeral": "' + b"A" * 43 + b'"}\n'])
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    with pytest.raises(InvalidError):
        list(opened(io.BytesIO(header + bytes(100)), private=PRIVATE))


@pytest.mark.parametrize("hostile", [["ATTACH DATABASE '{}' AS b"], ["COMMIT", "VACUUM INTO '{}'", "BEGIN"],
                                     ["PRAGMA writable_schema = ON"], ["nonsense"]])
def test_a_dump_of_sqlite_touches_no_other_file(tmp_path: Path, hostile: list[str]) -> None:
    schema = ["CREATE TABLE t (a)", *(sql.format(tmp_path / "boese.db") for sql in hostile)]
    with pytest.raises(LedgerConfigError, match="nicht lesbar"):
        load_sqlite(tmp_path / "neu.db", [json.dumps({"schema": schema}).encode()])
    assert not (tmp_path / "boese.db").exists()


def test_a_dump_for_a_server_names_tables_and_columns_that_are_there(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        return
    begin = json.dumps({"revision": "0001"}).encode()
    for table in ({"table": "pg_authid", "columns": []},
                  {"table": "department", "columns": ["id\") FROM PROGRAM 'id' --"]},
                  {"table": "department\" FROM PROGRAM 'id' --", "columns": []}):
        with pytest.raises(LedgerConfigError, match="nicht gibt"):
            load_database(HOUSE, database_url, [begin, json.dumps(table).encode()])


def test_what_a_server_says_of_a_row_is_not_repeated(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        return
    lines = [{"revision": "0001"}, {"table": "person", "columns": ["id", "created_at"]}, ["Erika Canary", "Canary"]]
    with pytest.raises(StoreError) as caught:
        load_database(HOUSE, database_url, [json.dumps(line).encode() for line in lines])
    assert "Canary" not in "".join(traceback.format_exception(caught.value))
    nobody = database_url.partition("?")[0] + "?host=/nirgends"
    with pytest.raises(StoreError, match="OperationalError"):
        list(dump(HOUSE, nobody))


def test_a_server_that_others_work_with_is_not_restored_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        return
    monkeypatch.setenv("KI_PFORTE_DATABASE_URL", database_url)
    monkeypatch.setenv("KI_PFORTE_AUDIT_DATABASE_URL", database_url)
    settings = at(tmp_path / "a", monkeypatch)
    settings.home.mkdir()
    engine = open_engine(database_url)
    migrate(engine)
    write(settings, 2)
    make_backup(settings, tmp_path / "s.kip", public=PUBLIC)
    with writing(engine) as connection:  # on another machine
        replicas.beat(connection, "r", "x", datetime.now(UTC))
    engine.dispose()
    with pytest.raises(InvalidError, match="arbeitet gerade"):
        back(settings, tmp_path / "s.kip", replace=True)
    assert not list(settings.home.glob("vorher-*"))
