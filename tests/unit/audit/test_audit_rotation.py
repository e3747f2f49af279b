"""The signing key changes, and whoever was given the first one can still check everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import Ledger, LedgerConfigError, Trust
from audit.bundle import Bundle
from audit.checkpoint import Checkpoint, Note
from audit.signing import KEY_FILE, NEXT_KEY_FILE, OLD_KEY_FILE, Signer
from audit.verify import verify


def write(ledger: Ledger, n: int) -> None:
    ledger.append_wait(ledger.draft("note", {"what": str(n)}))
    ledger.checkpoint()


def test_the_first_key_suffices_after_two_changes(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 1)
    [first] = ledger.vkeys()
    for n in range(2):
        ledger.rotate_key()
        write(ledger, n)
    assert len(ledger.vkeys()) == 3
    note = Note.parse(ledger.status().checkpoint_note)
    assert [ident for _, ident, _ in note.signatures] == [ledger.vkeys()[-1].id]
    assert ledger.verify(vkeys=(first,), pins=(str(note),), require_pin=True).as_json()["findings"] == []
    ledger.export_bundle(tmp_path / "bundle.zip")
    there = verify(Bundle(tmp_path / "bundle.zip").source(), Trust((str(note),), (first,)))
    assert (there.exit_code, there.foreign_pin) == (0, False)
    assert sorted(path.name for path in ledger.config.folder.glob("checkpoint.key*")) == [KEY_FILE]


def test_the_checkpoint_of_the_change_carries_both_signatures(ledger: Ledger) -> None:
    write(ledger, 1)
    old = ledger.vkeys()[-1]
    new = ledger.rotate_key()
    note = Note.parse(ledger.status().checkpoint_note)
    assert note.signed_by([old, new]) == [old, new]


def test_a_key_that_the_log_did_not_announce_is_not_believed(ledger: Ledger, tmp_path: Path) -> None:
    """Somebody puts a key of his own in its place and signs on."""
    write(ledger, 1)
    [first] = ledger.vkeys()
    folder = ledger.config.folder
    Signer.prepare_rotation(folder, ledger.config.log)
    (folder / NEXT_KEY_FILE).replace(folder / KEY_FILE)
    write(ledger, 2)
    said = ledger.verify(vkeys=(first,))
    assert (said.exit_code, said.bad_notes) == (1, 1)


def test_a_key_announced_but_covered_only_by_itself_is_not_believed(ledger: Ledger) -> None:
    """Whoever took over the writing announces a key of his own and signs only with that: the old key never agreed."""
    write(ledger, 1)
    [first] = ledger.vkeys()
    folder = ledger.config.folder
    stranger = Signer.prepare_rotation(folder, ledger.config.log)
    ledger.append_wait(ledger.draft("key.rotate", {"vkey": str(stranger.vkey)}))
    (folder / NEXT_KEY_FILE).replace(folder / KEY_FILE)
    write(ledger, 2)
    assert ledger.verify(vkeys=(first,)).exit_code == 1


def test_an_interrupted_change_is_finished_by_whoever_signs_next(ledger: Ledger, open_ledger: object) -> None:
    write(ledger, 1)
    folder = ledger.config.folder
    key = Signer.prepare_rotation(folder, ledger.config.log)
    ledger.append_wait(ledger.draft("key.rotate", {"vkey": str(key.vkey)}))
    Signer.rotate(folder)
    with pytest.raises(LedgerConfigError, match="gerade gewechselt"):
        Signer.prepare_rotation(folder, ledger.config.log)
    other: Ledger = open_ledger()  # type: ignore[operator]
    write(other, 2)
    assert not (folder / OLD_KEY_FILE).exists()
    assert ledger.verify(vkeys=(ledger.vkeys()[0],)).exit_code == 0


def test_a_note_that_only_a_later_key_signed_does_not_speak_of_earlier_records(ledger: Ledger) -> None:
    write(ledger, 1)
    size = ledger.status().checkpoint_size
    root = Checkpoint.parse(Note.parse(ledger.status().checkpoint_note).text).root
    first = ledger.vkeys()[0]
    ledger.rotate_key()
    forged = Signer.open(ledger.config.folder, ledger.config.log).sign(Checkpoint(ledger.config.log, size, root))
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE checkpoint SET note = ? WHERE size = ?"), (forged, size))
    assert ledger.verify(vkeys=(first,)).bad_notes == 1


def test_the_key_before_stays_until_a_checkpoint_covers_the_record_of_this_change_and_not_of_an_earlier_one(
        ledger: Ledger, open_ledger: object) -> None:
    """Between writing the record and its place in the log, another process signs."""
    write(ledger, 1)
    [first] = ledger.vkeys()
    ledger.rotate_key()
    other: Ledger = open_ledger()  # type: ignore[operator]
    ledger.append_wait(ledger.draft("note", {"what": "2"}))
    ledger.sequence()
    folder = ledger.config.folder
    key = Signer.prepare_rotation(folder, ledger.config.log)
    ledger.append_wait(ledger.draft("key.rotate", {"vkey": str(key.vkey)}))
    Signer.rotate(folder)
    other._keeper.sign()  # of what has its place; the record of the change has none
    assert (folder / OLD_KEY_FILE).exists()
    write(ledger, 3)
    assert not (folder / OLD_KEY_FILE).exists()
    write(ledger, 4)
    assert ledger.verify(vkeys=(first,)).findings() == []
