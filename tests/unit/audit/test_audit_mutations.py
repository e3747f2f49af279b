"""Everything that somebody with the bundle or the database could try, and what the verifier says."""

from __future__ import annotations

import base64
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit import Ledger, LedgerConfig
from audit.bundle import Bundle, split_notes
from audit.checkpoint import Checkpoint
from audit.cli import main
from audit.merkle import CompactRange, leaf_hash
from audit.record import commitment, parse_envelope
from audit.signing import Signer
from audit.verify import Trust, verify

LOG = "test.example/ki-pforte/1"
Lines = list[dict[str, Any]]


class Case:
    """A bundle of twelve records under two checkpoints, and the note that was kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundle = folder / "bundle.zip"
        with Ledger(LedgerConfig(f"sqlite:///{folder}/audit.sqlite", LOG, folder / "keys")) as ledger:
            for n in range(5):
                intent = ledger.append_wait(ledger.draft("intent", {"vorgang": f"V{n}"}, subject="anna"))
                ledger.append_wait(ledger.draft("outcome", {"vorgang": f"V{n}"}, ref=intent.record_id))
                if n == 3:
                    ledger.checkpoint()
            ledger.append_wait(ledger.draft("config", {"what": "policy"}))
            ledger.checkpoint()
            self.note = ledger.status().checkpoint_note
            self.vkey = str(ledger.vkeys()[-1])
            ledger.export_bundle(self.bundle)
        (folder / "pin.txt").write_text(self.note, encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.bundle) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def rewrite(self, name: str, data: bytes | None) -> None:
        files = self.files() | ({name: data} if data is not None else {})
        if data is None:
            del files[name]
        with zipfile.ZipFile(self.bundle, "w") as archive:
            for each, content in files.items():
                archive.writestr(each, content)

    def lines(self) -> Lines:
        return [json.loads(line) for line in self.files()["records.jsonl"].splitlines()]

    def put(self, lines: Lines) -> None:
        self.rewrite("records.jsonl", b"".join(
            json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines))

    def run(self, *, pin: bool = True) -> int:
        pins = ["--pin", str(self.folder / "pin.txt"), "--require-pin"] if pin else []
        return main(["verify", str(self.bundle), "--vkey", self.vkey, "--json", *pins])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("case"))


@pytest.fixture
def case(original: Case, tmp_path: Path) -> Case:
    shutil.copytree(original.folder, tmp_path / "case", ignore=shutil.ignore_patterns(".*", "writers"))
    copy = Case.__new__(Case)
    copy.folder, copy.bundle = tmp_path / "case", tmp_path / "case" / "bundle.zip"
    copy.note, copy.vkey = original.note, original.vkey
    return copy


def flip(text: str, at: int = 20) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[at % len(raw)] ^= 1
    return base64.b64encode(raw).decode()


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out))


def test_the_untouched_bundle_is_unchanged(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert case.run() == 0
    verdict = said(capsys)
    assert (verdict["verdict"], verdict["size"], verdict["pinned"], verdict["warnings"]) == ("unverändert", 12, 12, [])
    assert case.run(pin=False) == 0
    assert "Ende nicht prüfbar" in said(capsys)["warnings"][0]


@pytest.mark.parametrize("index", [0, 1, 6, 11])
@pytest.mark.parametrize("field", ["envelope", "salt", "body"])
def test_one_changed_byte_is_found_where_it_is(
    case: Case, index: int, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = case.lines()
    target = lines[index] if field == "envelope" else lines[index]["parts"]["meta"]
    target[field] = flip(target[field])
    case.put(lines)
    assert case.run() == 1
    verdict = said(capsys)
    if field != "envelope":
        assert verdict["changed"][0]["idx"] == index
    assert verdict["findings"]


@pytest.mark.parametrize("at", range(0, 400, 23))
def test_every_byte_of_an_envelope_counts_without_a_pin(case: Case, at: int) -> None:
    lines = case.lines()
    lines[3]["envelope"] = flip(lines[3]["envelope"], at)
    case.put(lines)
    assert case.run(pin=False) == 1


def renumber(lines: Lines) -> Lines:
    return [line | {"idx": n} for n, line in enumerate(lines)]


def swap(lines: Lines) -> Lines:
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


def duplicate(lines: Lines) -> Lines:
    return [*lines[:6], lines[5], *lines[6:]]


@pytest.mark.parametrize("renumbered", [True, False])
@pytest.mark.parametrize(
    "change",
    [swap, duplicate, lambda lines: lines[1:], lambda lines: lines[:5] + lines[6:], lambda lines: lines[:-1],
     lambda lines: lines[:9], lambda lines: []],
)  # fmt: skip
def test_swapped_dropped_inserted_or_missing_records_are_found(
    case: Case, change: Callable[[Lines], Lines], renumbered: bool
) -> None:
    lines = change(case.lines())
    case.put(renumber(lines) if renumbered else lines)
    assert case.run() == 1
    assert case.run(pin=False) == 1


def test_a_shortened_log_without_its_last_checkpoint_is_found_by_the_pinned_note(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    case.put(case.lines()[:9])
    case.rewrite("checkpoints.txt", split_notes(case.files()["checkpoints.txt"].decode())[0].encode())
    assert case.run(pin=False) == 0  # nothing inside the house can show it
    capsys.readouterr()
    assert case.run() == 1
    assert said(capsys)["verdict"] == "gekürzt"


def test_a_deleted_log_is_found_by_the_pinned_note(case: Case) -> None:
    case.put([])
    case.rewrite("checkpoints.txt", b"")
    assert case.run() == 1


def forge(case: Case) -> tuple[Lines, bytes]:
    """Rewrite the last record but one consistently, and return lines and root."""
    lines = case.lines()
    raw = base64.b64decode(lines[10]["envelope"])
    salt, body = bytes(32), b'{"vorgang":"forged"}'
    old = parse_envelope(raw).commitments["meta"]
    raw = raw.replace(old.encode(), commitment("meta", salt, body).encode())
    lines[10]["envelope"] = base64.b64encode(raw).decode()
    lines[10]["parts"]["meta"] |= {"salt": base64.b64encode(salt).decode(), "body": base64.b64encode(body).decode()}
    tree = CompactRange()
    for line in lines:
        tree.append(leaf_hash(base64.b64decode(line["envelope"])))
    return lines, tree.root()


def test_a_rewritten_end_signed_again_with_our_own_key_fails_against_the_pinned_note(
    case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, root = forge(case)
    signer = Signer.open(case.folder / "keys", LOG)
    first = split_notes(case.files()["checkpoints.txt"].decode())[0]
    case.put(lines)
    case.rewrite("checkpoints.txt", (first + signer.sign(Checkpoint(LOG, 12, root))).encode())
    assert case.run(pin=False) == 0  # who holds the key can do this; that is why a note is kept outside
    capsys.readouterr()
    assert case.run() == 1
    assert said(capsys)["verdict"] == "verändert vor Nr. 12"


def test_checkpoints_of_another_key_are_not_believed(case: Case, tmp_path: Path) -> None:
    lines, root = forge(case)
    stranger = Signer.open(tmp_path / "stranger", LOG)
    case.put(lines)
    case.rewrite("checkpoints.txt", stranger.sign(Checkpoint(LOG, 12, root)).encode())
    case.rewrite("vkeys.txt", f"{stranger.vkey}\n".encode())
    assert case.run(pin=False) == 1
    free = verify(Bundle(case.bundle).source())
    assert (free.exit_code, free.own_keys) == (0, True)  # said plainly: the keys came with the bundle
    pinned = verify(Bundle(case.bundle).source(), Trust(pins=(case.note,)))
    assert (pinned.exit_code, pinned.foreign_pin) == (1, True)


def test_deleted_parts_are_counted_and_change_nothing(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    lines = case.lines()
    del lines[3]["parts"]["meta"], lines[3]["parts"]["subject"]
    case.put(lines)
    assert case.run() == 0
    assert said(capsys)["deleted_parts"] == 2


def test_a_part_that_no_record_knows_is_found(case: Case) -> None:
    lines = case.lines()
    lines[3]["parts"]["content"] = lines[3]["parts"]["meta"]
    case.put(lines)
    assert case.run() == 1


@pytest.mark.parametrize("name", ["manifest.json", "vkeys.txt", "checkpoints.txt"])
def test_a_bundle_without_its_files_cannot_be_checked(case: Case, name: str) -> None:
    case.rewrite(name, None)
    assert case.run() == 3


def test_a_file_that_is_no_bundle_cannot_be_checked(case: Case) -> None:
    case.bundle.write_bytes(b"PK\x03\x04 but not for long")
    assert case.run() == 3


def test_damaged_lines_are_a_change(case: Case) -> None:
    case.rewrite("records.jsonl", case.files()["records.jsonl"][:-30])
    assert case.run() == 1


def test_a_damaged_checkpoint_is_found(case: Case) -> None:
    notes = case.files()["checkpoints.txt"]
    case.rewrite("checkpoints.txt", notes.replace(b"\n12\n", b"\n13\n"))
    assert case.run() == 1


def test_misuse_is_2_and_says_what_to_do(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(case.folder / "missing.zip")]) == 2
    assert main(["verify", str(case.bundle), "--vkey", "nonsense"]) == 2
    assert main(["verify", str(case.bundle), "--pin", str(case.folder / "missing.txt")]) == 2
    assert main(["verify", str(case.bundle), "--unknown"]) == 2
    assert main(["verify"]) == 2
    assert main([]) == 2
    assert "Bitte geben Sie ein Bündel an" in capsys.readouterr().err


def test_a_note_of_another_log_or_one_that_is_broken_cannot_be_used(case: Case) -> None:
    pin = case.folder / "pin.txt"
    pin.write_text(case.note.replace(LOG, "other.example/1"), encoding="utf-8")
    assert case.run() == 3
    pin.write_text("keine Notiz", encoding="utf-8")
    assert case.run() == 3
    assert main(["verify", str(case.bundle), "--require-pin"]) == 3


def test_the_verdict_for_people_is_german(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(case.bundle)]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"Protokoll {LOG}: unverändert")
    assert "Hinweis: Ende nicht prüfbar" in text


def test_the_commands_read_the_database(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--database", f"sqlite:///{case.folder}/audit.sqlite", "--log", LOG, "--folder", str(case.folder / "keys")]
    assert main(["vkey", *where]) == 0
    assert capsys.readouterr().out.strip() == case.vkey
    assert main(["export", str(case.folder / "again.zip"), *where]) == 0
    assert (
        main(["verify", str(case.folder / "again.zip"), "--vkey", case.vkey, "--pin", str(case.folder / "pin.txt")])
        == 0
    )
    assert main(["verify", *where]) == 0
