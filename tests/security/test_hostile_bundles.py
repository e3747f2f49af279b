"""A bundle comes from whoever has an interest in it: it never fails without a word, and never reads as another."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path

import pytest

from audit.bundle import FORMAT, Bundle, split_notes
from audit.cli import main
from audit.errors import LedgerError
from audit.verify import verify

MANIFEST = {"format": FORMAT, "log": "stadt.example/1", "size": 0}


def bundle(path: Path, *, manifest: object = MANIFEST, records: bytes = b"", notes: str = "",
           again: bytes | None = None) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        archive.writestr("manifest.json", manifest if isinstance(manifest, bytes) else json.dumps(
            manifest, sort_keys=True, separators=(",", ":")))
        archive.writestr("records.jsonl", records)
        if again is not None:
            archive.writestr("records.jsonl", again)
        archive.writestr("checkpoints.txt", notes)
        archive.writestr("vkeys.txt", "")
    return path


def test_a_bundle_that_holds_two_logs_is_none(tmp_path: Path) -> None:
    """Two tools would read two different logs out of it."""
    with pytest.raises(LedgerError):
        Bundle(bundle(tmp_path / "b.zip", again=b"{}"))


@pytest.mark.parametrize("manifest", [
    b"[" * 100_000, b"x" * (2 << 20), {**MANIFEST, "unsequenced": [1]}, {**MANIFEST, "unsequenced": "x"}, [], b""])
def test_a_manifest_that_is_none_is_said_to_be_none(tmp_path: Path, manifest: object) -> None:
    assert main(["verify", str(bundle(tmp_path / "b.zip", manifest=manifest))]) == 3


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"idx":0,"envelope":"","parts":' + b'{"a":' * 50_000, b"\xff\xfe",
                                  b'{"idx":' + b"9" * 10_000 + b',"envelope":"","parts":{}}'])
def test_a_record_that_is_none_is_a_change(tmp_path: Path, line: bytes) -> None:
    assert main(["verify", str(bundle(tmp_path / "b.zip", records=line + b"\n"))]) == 1


def test_one_endless_line_takes_no_endless_memory(tmp_path: Path) -> None:
    source = Bundle(bundle(tmp_path / "b.zip", records=b"a" * (80 << 20))).source()
    verdict = verify(source)
    assert verdict.exit_code == 1


def test_notes_are_split_in_a_time_that_grows_with_them() -> None:
    text = "a\n1\na\n" * 20_000
    assert "".join(split_notes(text)) == text
