"""The shared vectors: what every verifier must say, in plain words, and that the files are what the script makes."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from audit import FormatError, announcement, canonical, record
from audit.bundle import Line, dump_line, load_line
from audit.checkpoint import Note, Vkey
from audit.cli import main
from audit.merkle import CompactRange, leaf_hash
from audit.zipapp import build
from tests.support.audit_vectors import HOME, make

VECTORS: dict[str, Any] = json.loads((HOME / "vectors.json").read_text("utf-8"))
BUNDLES = {each["name"]: each for each in VECTORS["bundles"]}
GOOD = {
    "unchanged",
    "no_pin",
    "parts_deleted",
    "parts_deleted_in_time",
    "parts_deleted_too_early",
    "parts_deleted_long_ago",
    "parts_deleted_and_told_nonsense",
    "parts_erased",
    "unsequenced",
    "end_not_signed",
    "pin_in_a_mail",
    "shortened_unnoticed",
    "pin_of_a_stranger",
    "rotated",
    "rotated_said_twice",
    "rotated_with_more_facts",
    "rotated_and_only_the_new_key_given",
    "pruned",
    "pruned_while_the_key_changes",
    "pruned_pin_too_late",
    "pruned_said_twice",
    "archive_count",
}
UNCHECKED = {
    "no_checkpoint",
    "nothing_at_all",
    "pin_required",
    "pin_of_another_log",
    "pin_unreadable",
    "manifest_spelled_otherwise",
    "manifest_missing",
    "manifest_speaks",
    "too_many_keys",
    "pruned_pin_required_and_older",
    "archive_cut",
    "archive_name",
    "archive_prefixed",
    "archive_damaged",
    "archive_encrypted",
}

LEARNT_AND_WRONG = {"rotated_then_replayed", "rotated_by_a_retired_key", "retired_key_signs_on"}


def test_the_files_are_what_the_script_makes() -> None:
    made = make()
    assert made == {name: (HOME / name).read_bytes() for name in made}
    assert {path.name for path in HOME.glob("*.zip")} == {name for name in made if name.endswith(".zip")}


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_each_case_has_the_verdict_that_it_deserves(name: str) -> None:
    assert BUNDLES[name]["expect"]["exit_code"] == (0 if name in GOOD else 3 if name in UNCHECKED else 1)


def test_a_verdict_names_what_happened() -> None:
    said = {name: BUNDLES[name]["expect"]["verdict"] for name in BUNDLES}
    assert said["pruned"] == "unverändert, Anfang gelöscht mit gültigem Nachweis"
    assert said["shortened"] == said["restored"] == said["all_missing"] == "gekürzt"
    assert said["rewritten_and_signed"] == "verändert vor Nr. 8"
    assert said["writer_gap"] == "lückenhaft"
    assert BUNDLES["parts_deleted"]["expect"]["deleted_parts"] == 14
    gone = {name: case["expect"]["unaccounted_parts"] for name, case in BUNDLES.items() if name.startswith("parts_")}
    assert gone == {"parts_deleted": 14, "parts_deleted_in_time": 0, "parts_deleted_too_early": 7, "parts_erased": 2,
                    "parts_deleted_long_ago": 1, "parts_deleted_and_told_nonsense": 11}
    assert "vor ihrer Frist entfernt" in str(BUNDLES["parts_deleted"]["expect"]["warnings"])
    assert "Notiz von vor diesem Eintrag" in str(BUNDLES["pruned_pin_too_late"]["expect"]["warnings"])
    assert "Ende nicht prüfbar" in str(BUNDLES["no_pin"]["expect"]["warnings"])
    assert said["slipped_in_unsigned"] == said["slipped_in_signed_by_itself"] == "verändert bei Nr. 4"
    assert said["slipped_in_a_pruning"] == "verändert bei Nr. 8"


def test_a_verdict_names_every_key_that_it_learnt_from_the_log() -> None:
    for name, case in BUNDLES.items():
        learnt = case["expect"]["learnt_keys"]
        assert len(learnt) == ((name in GOOD and name.startswith("rotated") and "given" not in name)
                               or name in LEARNT_AND_WRONG), name
        for key in learnt:
            assert f"Nr. {key['idx']} hat diesen Prüfschlüssel angekündigt" in str(case["expect"]["warnings"])
            assert key["vkey"] in str(case["expect"]["warnings"])


def test_single_values() -> None:
    basics = VECTORS["basics"]
    for read, name in ((canonical.loads, "canonical"), (record.parse_envelope, "envelopes")):
        for each in basics[name]:
            try:
                read(base64.b64decode(each["bytes"]))
                assert each["good"]
            except FormatError:
                assert not each["good"]
    tree = CompactRange()
    for n, root in enumerate(basics["roots"][:4]):
        assert tree.root().hex() == root
        if n < 3:
            tree.append(bytes.fromhex(basics["envelopes"][n]["leaf"]))
            assert leaf_hash(base64.b64decode(basics["envelopes"][n]["bytes"])).hex() == basics["envelopes"][n]["leaf"]
    assert Note.parse(basics["note"]).signed_by([Vkey.parse(basics["vkey"])])


@pytest.mark.parametrize("each", VECTORS["proofs"], ids=[each["name"] for each in VECTORS["proofs"]])
def test_a_proof_of_one_record(each: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.tlog-proof"
    path.write_text(each["proof"], encoding="utf-8", newline="")
    assert main(["verify-proof", str(path), "--vkey", each["vkeys"][0], "--json"]) == each["expect"]["exit_code"]
    assert json.loads(capsys.readouterr().out) == each["expect"]
    assert each["expect"]["exit_code"] == {"good": 0, "part_deleted": 0, "cut": 3}.get(each["name"], 1)
    main(["verify-proof", str(path), "--vkey", each["vkeys"][0]])
    said = capsys.readouterr().out
    assert main(["verify", str(path), "--vkey", each["vkeys"][0]]) == each["expect"]["exit_code"]
    assert capsys.readouterr().out == said
    assert said.startswith("Nachweis ")


def test_the_verifier_as_one_file_says_the_same_without_any_of_our_packages(tmp_path: Path) -> None:
    app, again = tmp_path / "pruefer.pyz", tmp_path / "again.pyz"
    build(app)
    build(again)
    assert app.read_bytes() == again.read_bytes()
    # -I: neither this folder nor the environment's paths; the finder refuses everything but cryptography.
    program = (
        "import sys, runpy\n"
        "class Only:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'sqlalchemy', 'orjson', 'gateway', 'psycopg'}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Only())\n"
        "app = sys.argv[1]; sys.argv = sys.argv[1:]\n"
        "runpy.run_path(app, run_name='__main__')\n"
    )
    for name in ("pruned", "rotated", "body_byte", "archive_cut"):
        case = BUNDLES[name]
        pins = []
        for n, text in enumerate(case["pins"]):
            (tmp_path / f"pin{n}").write_text(text, encoding="utf-8", newline="")
            pins += ["--pin", str(tmp_path / f"pin{n}")]
        keys = [word for key in case["vkeys"] for word in ("--vkey", key)]
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                "-c",
                program,
                str(app),
                "verify",
                str(HOME / f"{name}.zip"),
                "--json",
                *pins,
                *keys,
            ],
            capture_output=True,
            encoding="utf-8",
            check=False,
            cwd=tmp_path,
            env={"PYTHONIOENCODING": "utf-8"},
        )
        assert (done.returncode, json.loads(done.stdout)) == (case["expect"]["exit_code"], case["expect"]), done.stderr


def test_the_specification_shows_the_bytes_of_the_vectors() -> None:
    text = (HOME.parents[2] / "docs" / "audit-format.md").read_text("utf-8")
    basics, proof = VECTORS["basics"], VECTORS["proofs"][0]["proof"]
    envelope, bound = basics["envelopes"][1], basics["commitments"][1]
    shown = [base64.b64decode(envelope["bytes"]).decode(), envelope["leaf"], *basics["roots"][1:3], bound["salt"],
             bound["hex"], base64.b64decode(bound["body"]).decode(), basics["vkey"], basics["note"].rstrip(),
             proof[proof.index("\nindex ") :].rstrip()]
    with zipfile.ZipFile(HOME / "rotated.zip") as archive:
        entry = load_line(archive.read("records.jsonl").splitlines(keepends=True)[4])
    said, facts = record.parse_envelope(entry.envelope), canonical.loads(entry.parts["meta"].body)
    shown += [announcement.text(said.log, said.type, said.id, facts).decode(), *facts["signatures"]]
    for piece in shown:
        assert piece in text


def test_a_record_has_at_most_64_parts_so_that_reading_a_line_costs_no_more_than_its_bytes() -> None:
    def line(count: int) -> bytes:
        return dump_line(Line(0, b"x", {f"p{n}": (b"s", b"b", "c") for n in range(count)}))
    assert len(load_line(line(64)).parts) == 64
    with pytest.raises(FormatError):
        load_line(line(65))
