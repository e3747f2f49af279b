from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from audit import FormatError, LedgerConfigError
from audit.checkpoint import Checkpoint, Note, Vkey
from audit.signing import KEY_FILE, Signer, read_vkeys

# The example of the Go package golang.org/x/mod/sumdb/note, where the format comes from.
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_signing_gives_the_note_of_the_reference_implementation() -> None:
    signer = Signer.parse(SKEY)
    assert str(signer.vkey) == VKEY
    assert signer.secret_text().strip() == SKEY
    assert signer.sign_text(TEXT) == NOTE


def test_a_note_of_the_reference_implementation_verifies() -> None:
    note = Note.parse(NOTE)
    assert note.text == TEXT
    assert note.signed_by([Vkey.parse(VKEY)]) == [Vkey.parse(VKEY)]
    assert str(note) == NOTE


@pytest.mark.parametrize("at", [0, 40, 120, 150, len(NOTE) - 8])
def test_a_changed_note_does_not_verify(at: int) -> None:
    changed = NOTE[:at] + ("A" if NOTE[at] != "A" else "B") + NOTE[at + 1 :]
    try:
        signed = Note.parse(changed).signed_by([Vkey.parse(VKEY)])
    except FormatError:
        signed = []  # refused outright; a changed key id is merely unknown
    assert not signed


def test_a_signature_by_an_unknown_key_is_ignored(tmp_path: Path) -> None:
    stranger = Signer.open(tmp_path, "fremd.example")
    both = NOTE + stranger.sign_text(TEXT).removeprefix(TEXT + "\n")
    assert Note.parse(both).signed_by([Vkey.parse(VKEY)]) == [Vkey.parse(VKEY)]
    assert Note.parse(NOTE).signed_by([stranger.vkey]) == []


@pytest.mark.parametrize(
    "bad", ["", "x", "a\n\n", "a\n— x AAAA\n", "a\n\n- x AAAAAAAA\n", "a\n\n— x AA\n", NOTE[:-1], NOTE + "\n"]
)
def test_what_is_not_a_note_is_refused(bad: str) -> None:
    with pytest.raises(FormatError):
        Note.parse(bad)


@pytest.mark.parametrize(
    "bad", ["", "PeterNeumann", VKEY.replace("c74f20a3", "c74f20a4"), VKEY[:-4], "a b+c74f20a3+AA=="]
)
def test_what_is_not_a_verifier_key_is_refused(bad: str) -> None:
    with pytest.raises(FormatError):
        Vkey.parse(bad)


def test_a_checkpoint_reads_as_it_was_written() -> None:
    point = Checkpoint("test.example/log", 4711, bytes(range(32)))
    assert Checkpoint.parse(point.text()) == point
    assert Checkpoint.parse(point.text() + "extension\n") == point


@pytest.mark.parametrize("text", ["", "log\n01\n", "log\n-1\nAA==\n", "log\n1\nAA==\n", "log\n01\n" + "A" * 43 + "=\n"])
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Checkpoint.parse(text)


def test_the_key_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first, second = Signer.open(folder, "test.example/log"), Signer.open(folder, "test.example/log")
    assert first.vkey == second.vkey
    assert read_vkeys(folder) == [first.vkey]
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == [".vkeys.lock", KEY_FILE, "vkeys.txt"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Signer.open(tmp_path, "test.example/log")
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(LedgerConfigError, match="chmod 600"):
        Signer.open(tmp_path, "test.example/log")


def test_a_key_of_another_log_is_refused(tmp_path: Path) -> None:
    Signer.open(tmp_path, "test.example/log")
    with pytest.raises(LedgerConfigError, match="gehört zum Protokoll"):
        Signer.open(tmp_path, "other.example/log")


def test_every_public_name_is_the_thing_and_not_the_module_beside_it() -> None:
    import audit
    for name in audit.__all__:
        assert not isinstance(getattr(audit, name), ModuleType), name
