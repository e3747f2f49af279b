"""``ki-pforte audit``: checking a bundle, and the note that is to be kept."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KI_PFORTE_HOME", str(tmp_path / "var"))
    assert run("init").exit_code == 0
    assert run("audit", "checkpoint").exit_code == 3  # nothing yet: no empty note
    assert run("person", "add", "a@b.example", "--name", "A B", "--department", "bauamt").exit_code == 0
    return tmp_path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_bundle_is_checked_with_the_note_that_was_kept(house: Path) -> None:
    note, bundle = house / "notiz.txt", house / "protokoll.zip"
    kept = run("audit", "checkpoint")
    note.write_text(kept.stdout, encoding="utf-8")
    assert "außerhalb" in kept.stderr
    assert run("audit", "export", bundle).exit_code == 0
    checked = run("audit", "verify", bundle, "--pin", note)
    assert checked.exit_code == 0, checked.output
    assert "unverändert" in checked.stdout
    assert "Ende nicht prüfbar" not in checked.stdout


def test_a_changed_bundle_is_found_and_a_given_note_is_not_denied(house: Path) -> None:
    note, bundle, changed = house / "notiz.txt", house / "protokoll.zip", house / "anders.zip"
    note.write_text(run("audit", "checkpoint").stdout, encoding="utf-8")
    run("audit", "export", bundle)
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            target.writestr(name, b"{" + body[1:].replace(b'"', b"'", 1) if name == "records.jsonl" else body)
    checked = run("audit", "verify", changed, "--pin", note)
    assert checked.exit_code == 1, checked.output
    assert "keine hinterlegte Notiz" not in checked.stdout


def test_what_is_no_bundle_is_said(house: Path) -> None:
    assert run("audit", "verify", house / "fehlt.zip").exit_code == 2
    (house / "x.zip").write_text("kein Bündel", encoding="utf-8")
    assert run("audit", "verify", house / "x.zip").exit_code == 3


def test_what_a_case_holds_is_let_go_and_a_person_is_forgotten(house: Path) -> None:
    assert run("audit", "hold", "V-1", "--vorgang", "GIBT-ES-NICHT").exit_code == 2
    assert "0 Einträge" in run("audit", "release", "V-1").stderr
    shown = run("audit", "erase", "a@b.example", "--json")
    assert '"records": 1' in shown.stdout  # the entry that says that the person was added
    done = run("audit", "erase", "a@b.example", "--yes", "--case", "B-1", "--json")
    assert (done.exit_code, '"erased": 1' in done.stdout) == (0, True)
    assert '"records": 0' in run("audit", "erase", "a@b.example", "--json").stdout
    assert run("audit", "verify").exit_code == 0


def test_without_an_anchor_the_beginning_stays(house: Path) -> None:
    for arguments in (("audit", "prune"), ("audit", "prune", "--yes")):
        said = run(*arguments)
        assert (said.exit_code, "nichts zu löschen" in said.stderr) == (0, True)
    assert run("audit", "prune", "--to", "3", "--yes").exit_code == 2
