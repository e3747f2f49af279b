"""The signing key changes, and whoever was given the first one can still check everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit import Ledger, Trust
from audit.bundle import Bundle
from audit.checkpoint import Checkpoint, Note
from audit.errors import KeyLost
from audit.signing import KEY_FILE, NEXT_KEY_FILE, OLD_KEY_FILE, Signer, write_private
from audit.verify import verify
from tests.support.audit_intruder import Intruder


def write(ledger: Ledger, n: int) -> None:
    ledger.append_wait(ledger.draft("note", {"what": str(n)}))
    ledger.checkpoint()


def put_in_place(ledger: Ledger, signer: Signer) -> None:
    """Whoever has the folder as well signs with another key from now on."""
    write_private(ledger.config.folder / KEY_FILE, signer.secret_text().encode(), replace=True)


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
    assert [key for _, key in there.learnt] == ledger.vkeys()[1:]
    assert sorted(path.name for path in ledger.config.folder.glob("checkpoint.key*")) == [KEY_FILE]


def test_the_checkpoint_of_the_change_carries_both_signatures(ledger: Ledger) -> None:
    write(ledger, 1)
    old = ledger.vkeys()[-1]
    new = ledger.rotate_key()
    note = Note.parse(ledger.status().checkpoint_note)
    assert note.signed_by([old, new]) == [old, new]


def test_a_key_that_the_log_did_not_announce_is_not_believed(ledger: Ledger) -> None:
    """Somebody puts a key of his own in its place and signs on."""
    write(ledger, 1)
    [first] = ledger.vkeys()
    put_in_place(ledger, Intruder(ledger).signer)
    write(ledger, 2)
    said = ledger.verify(vkeys=(first,))
    assert (said.exit_code, said.bad_notes) == (1, 1)


def test_a_key_announced_but_covered_only_by_itself_is_not_believed(ledger: Ledger) -> None:
    """Whoever took over the writing announces a key of his own and signs only with that: the old key never agreed."""
    write(ledger, 1)
    [first] = ledger.vkeys()
    stranger = Intruder(ledger).signer
    ledger.append_wait(ledger.draft("key.rotate", {"before": str(first), "size": 1, "vkey": str(stranger.vkey)}))
    put_in_place(ledger, stranger)
    write(ledger, 2)
    assert ledger.verify(vkeys=(first,)).exit_code == 1


@pytest.mark.parametrize("broken_off", ["before the files", "between the files", "before the record"])
def test_a_change_that_broke_off_is_finished_by_calling_it_again(ledger: Ledger, open_ledger: object,
                                                                 broken_off: str) -> None:
    write(ledger, 1)
    folder, [first] = ledger.config.folder, ledger.vkeys()
    if broken_off == "before the record":
        Signer.rotate(folder, ledger.config.log)
        begun = Signer.open(folder, ledger.config.log).vkey
    else:
        coming = Intruder(ledger).signer
        write_private(folder / NEXT_KEY_FILE, coming.secret_text().encode(), replace=False)
        begun = coming.vkey
    if broken_off == "between the files":
        (folder / OLD_KEY_FILE).write_bytes((folder / KEY_FILE).read_bytes())
        (folder / OLD_KEY_FILE).chmod(0o600)
    write(ledger, 2)  # meanwhile checkpoints go on
    other: Ledger = open_ledger()  # type: ignore[operator]
    assert other.rotate_key() == begun
    assert not (folder / OLD_KEY_FILE).exists()
    assert not (folder / NEXT_KEY_FILE).exists()
    write(other, 3)
    assert ledger.verify(vkeys=(first,)).findings() == []


def test_said_twice_by_two_who_finish_the_same_change_is_no_finding(ledger: Ledger, open_ledger: object) -> None:
    write(ledger, 1)
    [first] = ledger.vkeys()
    key, _ = ledger._keeper.change_key()
    other: Ledger = open_ledger()  # type: ignore[operator]
    again, _ = other._keeper.change_key()
    assert again == key
    write(ledger, 2)
    assert ledger.verify(vkeys=(first,)).findings() == []


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
    ledger._keeper.change_key()
    other._keeper.sign()  # of what has its place; the record of the change has none
    assert (folder / OLD_KEY_FILE).exists()
    write(ledger, 3)
    assert not (folder / OLD_KEY_FILE).exists()
    write(ledger, 4)
    assert ledger.verify(vkeys=(first,)).findings() == []


def test_a_key_that_was_changed_signs_nothing_any_more(ledger: Ledger) -> None:
    """Somebody has the old key, and may write to the database."""
    write(ledger, 1)
    [first] = ledger.vkeys()
    stolen = Signer.open(ledger.config.folder, ledger.config.log)
    ledger.rotate_key()
    write(ledger, 2)
    size = ledger.status().checkpoint_size
    root = Checkpoint.parse(Note.parse(ledger.status().checkpoint_note).text).root
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE checkpoint SET note = ? WHERE size = ?"),
            (stolen.sign(Checkpoint(ledger.config.log, size, root)), size))
    assert ledger.verify(vkeys=(first,)).bad_notes == 1
    thief = Intruder(ledger)
    facts = {"before": str(first), "size": size, "vkey": str(thief.signer.vkey)}
    from audit.record import new_id
    record_id = new_id()
    thief.slip_in("key.rotate", stolen.announce("key.rotate", record_id, facts), record_id=record_id)
    ledger.sequence()
    assert "nicht geglaubt" in str(ledger.verify(vkeys=(first,)).findings())


def test_without_its_key_a_log_is_read_and_checked_but_not_served_or_signed(ledger: Ledger,
                                                                          open_ledger: object) -> None:
    write(ledger, 1)
    (ledger.config.folder / KEY_FILE).unlink()
    again: Ledger = open_ledger()  # type: ignore[operator]
    assert again.verify().exit_code == 0
    with pytest.raises(KeyLost, match="--lost-key"):
        again.start()
    again.append_wait(again.draft("note", {"what": "2"}))
    with pytest.raises(KeyLost):
        again.checkpoint()
    assert not (ledger.config.folder / KEY_FILE).exists(), "nobody made another one behind our back"
