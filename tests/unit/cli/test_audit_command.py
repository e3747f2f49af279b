"""``ki-pforte audit``: checking a bundle, and the note that is to be kept."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit.signing import Signer
from gateway.cli import app
from gateway.home import open_ledger
from gateway.settings import load
from tests.support.timestamping import OPENSSL, Authority, serving
from tests.support.timestamping import run as openssl


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


def test_one_record_proves_itself_to_somebody_without_the_house(house: Path) -> None:
    run("audit", "checkpoint")
    records = json.loads(run("audit", "tail", "--json").stdout)["records"]
    [one] = [record for record in records if record["type"] == "person.added"]
    proof, vkey = house / "fall.tlog-proof", json.loads(run("audit", "status", "--json").stdout)["vkeys"][0]
    written = run("audit", "proof", one["id"], "-o", proof)
    assert written.exit_code == 0, written.output
    assert f"Nr. {one['idx']}" in written.stderr
    assert run("audit", "proof", one["id"]).stdout.strip() == proof.read_text("utf-8").strip()
    for checked in (run("audit", "verify", proof), run("audit", "verify", proof, "--vkey", vkey)):
        assert checked.exit_code == 0, checked.output
        assert checked.stdout.startswith("Nachweis gilt.")
    other = str(Signer.open(house / "anderes", "andere.example/1").vkey)
    assert run("audit", "verify", proof, "--vkey", other).exit_code == 1
    proof.write_text(proof.read_text("utf-8").replace("index ", "index 1"), encoding="utf-8")
    assert run("audit", "verify", proof).exit_code == 3
    assert run("audit", "proof", "GIBT-ES-NICHT").exit_code == 2


def test_a_vorgang_with_several_records_gets_a_file_each(house: Path) -> None:
    with open_ledger(load(), json.loads(run("audit", "status", "--json").stdout)["log"]) as log:
        intent = log.append_wait(log.draft("intent", {"vorgang": "V1"})).record_id
        log.append_wait(log.draft("outcome", {"vorgang": "V1"}, ref=intent))
    assert run("audit", "proof", "V1").exit_code == 2, "which of them?"
    assert run("audit", "proof", "V1", "-o", house / "fall.tlog-proof").exit_code == 0
    files = sorted(house.glob("fall-*.tlog-proof"))
    assert len(files) == 2
    assert [run("audit", "verify", file).exit_code for file in files] == [0, 0]


@pytest.mark.skipif(OPENSSL is None, reason="needs the program openssl, which plays the authority")
def test_time_stamps_lie_beside_their_notes(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = house / "zeitstempel"
    assert "noch keinen" in run("audit", "anchor", "--timestamps", folder).stderr
    (house / "tsa").mkdir()
    with serving(authority := Authority(house / "tsa")) as address:
        monkeypatch.setenv("KI_PFORTE_ANCHORS", f"{address}#{authority.roots}")
        sent = run("audit", "anchor")
    assert sent.exit_code == 0, sent.output
    assert "tsa:127.0.0.1" in sent.stdout
    [stamp] = json.loads(run("audit", "anchor", "--timestamps", folder, "--json").stdout)["timestamps"]
    assert stamp["at"].endswith("+00:00")
    note = folder / f"pruefpunkt-{stamp['size']}.txt"
    assert run("audit", "verify", "--pin", note, "--require-pin").exit_code == 0
    openssl(["ts", "-verify", "-data", str(note), "-in", str(note.with_suffix(".tsr")), "-CAfile",
             str(authority.roots)], house)
