"""What the doctor says about the machine: rights, backups, network file systems, memory, TLS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.doctor_finding import FAULT, GOOD, NOTICE
from gateway.cli.doctor_machine import _memory, file_system, machine
from gateway.settings import Settings

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/x /srv/mit\\040leerzeichen nfs4 rw 0 0
tmpfs /srv/mit\\040leerzeichen/lokal tmpfs rw 0 0
"""


def said(home: Path, **more: Any) -> dict[tuple[str, str], str]:
    settings = Settings(home=home, **more)
    return {(f.what, f.state): f.text for f in machine(settings, NOW)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "keys").mkdir(parents=True)
    (tmp_path / "home" / "keys" / "hash.key").write_bytes(b"x")
    (tmp_path / "home" / "keys" / "hash.key").chmod(0o600)
    (tmp_path / "home").chmod(0o755)
    return tmp_path / "home"


def test_a_key_that_others_can_read_is_named_unless_nobody_reaches_it(home: Path) -> None:
    assert ("Dateirechte", GOOD) in said(home)
    (home / "keys" / "hash.key").chmod(0o644)
    assert "hash.key" in said(home)["Dateirechte", FAULT]
    home.chmod(0o700)
    assert ("Dateirechte", GOOD) in said(home)


def test_a_backup_that_is_missing_or_old_is_named(home: Path) -> None:
    assert "nie" in said(home)["Sicherung", NOTICE]
    for age, state in ((timedelta(days=1), GOOD), (timedelta(days=3), NOTICE)):
        (home / "sicherung.json").write_text(json.dumps({"at": (NOW - age).isoformat()}))
        assert ("Sicherung", state) in said(home)


@pytest.mark.parametrize(("path", "kind"), [
    ("/var/x", "ext4"), ("/srv/mit leerzeichen/a", "nfs4"), ("/srv/mit leerzeichen", "nfs4"),
    ("/srv/mit leerzeichen/lokal/a", "tmpfs"), ("/srv/mit leerzeichenmehr", "ext4")])
def test_the_file_system_below_a_path_is_the_nearest_one(tmp_path: Path, path: str, kind: str) -> None:
    (tmp_path / "mounts").write_text(MOUNTS)
    assert file_system(Path(path), tmp_path / "mounts") == kind
    assert file_system(Path(path), tmp_path / "nichts") == ""


def test_little_memory_is_said_and_an_unknown_system_is_not(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("MemTotal: 1 kB\nMemAvailable:  204800 kB\n")
    assert [f.text.split()[1] for f in _memory(tmp_path / "m")] == ["200"]
    assert not list(_memory(tmp_path / "nichts"))


def test_a_way_without_encryption_is_said(home: Path) -> None:
    assert ("Webserver", NOTICE) not in said(home)
    assert "unverschlüsselt" in said(home, host="0.0.0.0")["Webserver", NOTICE]
    assert "TRUSTED_PROXIES" in said(home, public_url="https://ki.example")["Webserver", NOTICE]
    assert ("Webserver", NOTICE) not in said(home, public_url="https://ki.example", trusted_proxies="127.0.0.1")


def test_a_database_server_that_does_not_answer_is_a_fault(home: Path) -> None:
    url = f"postgresql+psycopg://nobody@/x?host={home}"
    assert "antwortet nicht" in said(home, database_url=url, audit_database_url=url)["Datenbank", FAULT]


def test_what_a_restore_left_behind_is_named(home: Path) -> None:
    (home / ".wiederherstellung" / "home").mkdir(parents=True)
    assert "unverschlüsselt" in said(home)["Sicherung", FAULT]
    (home / ".wiederherstellung" / "begonnen").touch()  # then nothing opens, and the ledger says so
    assert ("Sicherung", FAULT) not in said(home)
    (home / "vorher-20261101-120000").mkdir()
    assert "Löschfristen" in said(home)["Sicherung", NOTICE]
