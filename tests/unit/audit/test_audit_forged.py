"""Whoever may write to the database puts records into the log; the house signs over them, and nobody believes them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from audit import Filters, Ledger
from audit.bundle import Bundle, verify_bundle
from audit.checkpoint import Checkpoint, Note
from audit.errors import LedgerDamaged, PruningRefused
from audit.merkle import CompactRange, leaf_hash
from audit.record import FORGED, PRUNING, new_id
from audit.signing import OLD_KEY_FILE, Signer
from audit.store.store import as_bytes
from audit.verify import Entry, Trust, _Check
from tests.support.audit_intruder import Intruder, reseal

DAY = 86_400


def write(ledger: Ledger, count: int = 1) -> None:
    for n in range(count):
        ledger.append_wait(ledger.draft("note", {"what": str(n)}))
    ledger.checkpoint()


def anchor(ledger: Ledger) -> None:
    """Sign, and act as if somebody outside held the note."""
    ledger.checkpoint()
    with ledger._store.write() as run:
        run(ledger._store.sql("INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (?, 'test', ?, 0) "
                              "ON CONFLICT (size, sink) DO NOTHING"), (ledger.status().checkpoint_size, b"held"))


def both(ledger: Ledger, tmp_path: Path, *keys: Any) -> dict[str, Any]:
    """What is said in place and of the bundle; they must agree."""
    here = ledger.verify(vkeys=keys or ledger.vkeys()).as_json()
    ledger.export_bundle(tmp_path / "bundle.zip")
    there = verify_bundle(tmp_path / "bundle.zip", Trust((), keys or ledger.vkeys())).as_json()
    assert {name: here[name] for name in there} == there
    return here


def told(ledger: Ledger, kind: str) -> list[Any]:
    ledger.sequence()
    rows = ledger.reader.page(Filters(types=(kind,))).rows
    return [ledger.reader.get(row.id) for row in rows]


def prune_facts(ledger: Ledger, to: int) -> dict[str, Any]:
    """What an honest record would say about pruning to here."""
    tree = CompactRange()
    with ledger._store.read() as connection:
        for row in connection.exec_driver_sql(
                f"SELECT leaf FROM audit_seq WHERE idx < {to} ORDER BY idx").fetchall():
            tree.append(as_bytes(row[0]))
    return {"to": to, "records": to, "root": tree.root().hex(), "peaks": [peak.hex() for peak in tree.peaks],
            "policy": "", "writers": {}, "open": []}


def rows(ledger: Ledger) -> int:
    with ledger._store.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM audit_record").scalar() or 0)


# ---- a key of his own ------------------------------------------------------------------------------------------------


def announcements(ledger: Ledger, intruder: Intruder) -> dict[str, dict[str, Any]]:
    """What he could write without the key of the house."""
    own, [first] = intruder.signer, ledger.vkeys()
    facts = {"before": str(first), "size": 0, "vkey": str(own.vkey)}
    return {
        "as once, without a signature": {"vkey": str(own.vkey)},
        "without a signature": facts,
        "signed by himself": own.announce("key.rotate", "", facts),
        "with a signature of the house for a checkpoint": {
            **facts, "signatures": [ledger.status().checkpoint_note.rstrip().rpartition(" ")[2]]},
    }


@pytest.mark.parametrize("how", ["as once, without a signature", "without a signature", "signed by himself",
                                 "with a signature of the house for a checkpoint"])
def test_a_key_that_was_slipped_in_is_never_believed(ledger: Ledger, tmp_path: Path, how: str) -> None:
    write(ledger, 3)
    intruder, [first] = Intruder(ledger), ledger.vkeys()
    intruder.slip_in("key.rotate", announcements(ledger, intruder)[how])
    write(ledger)
    size = ledger.status().checkpoint_size
    write(ledger, 3)
    said = both(ledger, tmp_path, first)
    assert (said["exit_code"], said["learnt_keys"], said["covered"]) == (1, [], said["size"])
    assert "Ihm wird nicht geglaubt" in str(said["findings"])
    intruder.rewrite(ledger, tmp_path / "evil.zip", size)
    verdict = verify_bundle(tmp_path / "evil.zip", Trust((), (first,)))
    assert (verdict.exit_code, verdict.bad_notes, verdict.learnt) == (1, 1, [])


def test_a_true_announcement_is_good_for_its_own_record_alone(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 2)
    [first] = ledger.vkeys()
    ledger.rotate_key()
    [row] = ledger.reader.page(Filters(types=("key.rotate",))).rows
    honest = ledger.reader.get(row.id)
    assert honest is not None
    assert both(ledger, tmp_path, first)["exit_code"] == 0
    Intruder(ledger).slip_in("key.rotate", honest.meta)
    write(ledger)
    said = both(ledger, tmp_path, first)
    assert (said["exit_code"], len(said["learnt_keys"])) == (1, 1)


def test_an_announcement_of_another_log_with_the_same_key_says_nothing_here(ledger: Ledger) -> None:
    """The house uses one key for two logs: what it signed for the other is not good for this one."""
    write(ledger, 2)
    [first] = ledger.vkeys()
    private = Signer.open(ledger.config.folder, ledger.config.log)._private
    intruder, record_id = Intruder(ledger), new_id()
    facts = {"before": str(first), "size": 0, "vkey": str(intruder.signer.vkey)}
    there = Signer("test.example/other/1", private).announce("key.rotate", record_id, facts)
    intruder.slip_in("key.rotate", there, record_id=record_id)
    write(ledger)
    assert ledger.verify(vkeys=(first,)).exit_code == 1
    assert ledger.verify(vkeys=(first,)).learnt == []


def test_a_forged_announcement_does_not_end_a_change_of_the_key(ledger: Ledger) -> None:
    """The old key would be gone before the log really says which one follows."""
    write(ledger, 2)
    folder, [first] = ledger.config.folder, ledger.vkeys()
    key = Signer.rotate(folder, ledger.config.log).vkey  # broke off before the record
    Intruder(ledger).slip_in("key.rotate", {"before": str(first), "size": 0, "vkey": str(key)})
    write(ledger)
    assert (folder / OLD_KEY_FILE).exists()


def test_what_is_no_announcement_at_all_stops_nobody_from_signing(ledger: Ledger) -> None:
    write(ledger, 2)
    intruder = Intruder(ledger)
    for facts in ([], "x", {"vkey": 1, "before": [], "size": "x"}, {"signatures": {}}, {"signatures": [1, "x", ""]},
                  {"signatures": ["A" * 92] * 9}):
        intruder.slip_in("key.rotate", facts)
        intruder.slip_in("prune", facts)
    Signer.rotate(ledger.config.folder, ledger.config.log)
    write(ledger, 2)
    assert ledger._keeper.prune() == 0
    assert ledger.verify().changed_count == 12


# ---- a beginning that he would like to be gone -----------------------------------------------------------------------


def test_a_pruning_that_was_slipped_in_deletes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 3)
    anchor(ledger)
    size = ledger.status().checkpoint_size
    Intruder(ledger).slip_in("prune", prune_facts(ledger, size))
    anchor(ledger)
    before = rows(ledger)
    assert ledger.carry_out_pruning() == 0
    assert rows(ledger) == before
    said = both(ledger, tmp_path)
    assert (said["exit_code"], said["pruned"]) == (1, 0)
    assert "Ihr wird nicht geglaubt" in str(said["findings"])


def test_a_beginning_deleted_by_hand_has_no_valid_proof(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger, 3)
    anchor(ledger)
    size = ledger.status().checkpoint_size
    facts = prune_facts(ledger, size)
    Intruder(ledger).slip_in("prune", {**facts, "writers": {ledger._writer().id: size}})
    anchor(ledger)
    assert ledger.verify().changed_count == 1, "the record itself"
    tree = CompactRange(size, [bytes.fromhex(peak) for peak in facts["peaks"]])
    with ledger._store.write() as run:
        run(f"DELETE FROM audit_record WHERE id IN (SELECT record_id FROM audit_seq WHERE idx < {size})")
        run(f"DELETE FROM audit_part WHERE record_id IN (SELECT record_id FROM audit_seq WHERE idx < {size})")
        run(f"DELETE FROM audit_seq WHERE idx < {size}")
        run(ledger._store.sql("UPDATE audit_state SET min_index = ?, pruned_peaks = ?"), (size, tree.to_bytes()))
    reseal(ledger._store, ledger._seal)
    said = both(ledger, tmp_path)
    assert (said["exit_code"], said["pruned"]) == (1, 0)
    assert "kein Eintrag belegt ihre Löschung" in str(said["findings"])


def aged(ledger: Ledger) -> int:
    """A log whose beginning may go; returns to where."""
    write(ledger, 5)
    anchor(ledger)
    size = ledger.status().checkpoint_size
    write(ledger, 2)
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE audit_part SET expires_at = 1 WHERE record_id IN "
                              "(SELECT record_id FROM audit_seq WHERE idx < ?)"), (size,))
    ledger.delete_due()
    anchor(ledger)
    return size


def test_a_forged_pruning_does_not_keep_a_true_one_from_being_carried_out(ledger: Ledger) -> None:
    size = aged(ledger)
    assert ledger.announce_pruning(size) == size
    Intruder(ledger).slip_in("prune", prune_facts(ledger, size - 1))
    anchor(ledger)
    assert ledger.carry_out_pruning() == size


def hold(ledger: Ledger, size: int) -> None:
    ledger.hold("V-2026-1", [ledger.reader.tail(-1, 3)[1].id])


def come_back(ledger: Ledger, size: int) -> None:
    with ledger._store.write() as run:
        run("INSERT INTO audit_part (record_id, name, salt, body, class, expires_at) SELECT record_id, 'meta', leaf, "
            "leaf, 'x', 99999999999 FROM audit_seq WHERE idx = 1")


def other_leaf(ledger: Ledger, size: int) -> None:
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE audit_seq SET leaf = ? WHERE idx = 1"), (leaf_hash(b"x"),))


def no_checkpoint(ledger: Ledger, size: int) -> None:
    with ledger._store.write() as run:
        run(ledger._store.sql("DELETE FROM checkpoint WHERE size = ?"), (size,))


def by_a_stranger(ledger: Ledger, size: int) -> None:
    with ledger._store.write() as run:
        [note] = run(ledger._store.sql("SELECT note FROM checkpoint WHERE size = ?"), (size,)).fetchone()
        point = Checkpoint.parse(Note.parse(note).text)
        run(ledger._store.sql("UPDATE checkpoint SET note = ? WHERE size = ?"),
            (Intruder(ledger).signer.sign(point), size))


@pytest.mark.parametrize(("change", "reason"), [
    (hold, "fall"), (come_back, "teile"), (other_leaf, "wurzel"), (no_checkpoint, "pruefpunkt"),
    (by_a_stranger, "pruefpunkt")])
def test_a_true_announcement_is_not_carried_out_when_something_speaks_against_it(
        ledger: Ledger, change: Any, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    size = aged(ledger)
    ledger.announce_pruning(size)
    anchor(ledger)
    change(ledger, size)
    before = rows(ledger)
    for _ in range(2):
        with pytest.raises(PruningRefused, match="wird nicht gelöscht") as refused:
            ledger.carry_out_pruning()
    assert refused.value.reason == reason
    [record] = told(ledger, PRUNING)
    assert record.meta == {"reason": reason}, "put down once"
    assert rows(ledger) == before + 1
    assert "wird nicht gelöscht" in caplog.text


def test_a_state_that_names_another_beginning_than_the_announced_one_deletes_nothing(ledger: Ledger) -> None:
    size = aged(ledger)
    ledger.announce_pruning(size)
    anchor(ledger)
    facts = prune_facts(ledger, size + 1)
    tree = CompactRange(size + 1, [bytes.fromhex(peak) for peak in facts["peaks"]])
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE audit_state SET min_index = ?, pruned_peaks = ?"), (size + 1, tree.to_bytes()))
    reseal(ledger._store, ledger._seal)
    before = rows(ledger)
    with pytest.raises(PruningRefused, match="anderen Anfang"):
        ledger.carry_out_pruning()
    assert rows(ledger) == before + 1


def test_nothing_is_announced_about_records_that_are_not_those_that_were_signed(ledger: Ledger) -> None:
    size = aged(ledger)
    other_leaf(ledger, size)
    with pytest.raises(LedgerDamaged, match="nicht die, die unterschrieben"):
        ledger.announce_pruning(size)


def test_a_pruning_announced_before_the_key_changes_is_carried_out_after_it(ledger: Ledger, tmp_path: Path) -> None:
    size = aged(ledger)
    [first] = ledger.vkeys()
    ledger.announce_pruning(size)
    ledger.rotate_key()
    anchor(ledger)
    assert ledger.carry_out_pruning() == size
    said = both(ledger, tmp_path, first)
    assert (said["verdict"], said["exit_code"]) == ("unverändert, Anfang gelöscht mit gültigem Nachweis", 0)


# ---- that somebody does such things is told --------------------------------------------------------------------------


def test_each_forged_announcement_is_put_down_once_whoever_sees_it(ledger: Ledger, open_ledger: Any) -> None:
    write(ledger, 2)
    ledger.rotate_key()
    intruder = Intruder(ledger)
    forged = {intruder.slip_in(kind, {"vkey": "x"}): kind for kind in ("key.rotate", "prune")}
    ledger.sequence()
    assert ledger._keeper.look_for_forged() == 2
    assert ledger._keeper.look_for_forged() == 0
    other: Ledger = open_ledger()
    assert other._keeper.look_for_forged() == 0
    found = told(ledger, FORGED)
    assert {one.ref: one.meta["kind"] for one in found} == forged


def test_a_serving_process_finds_a_forged_announcement_by_itself(ledger: Ledger) -> None:
    write(ledger, 2)
    Intruder(ledger).slip_in("key.rotate", {"vkey": "x"})
    ledger.sequence()
    ledger.start()
    for _ in range(1200):
        if told(ledger, FORGED):
            break
        time.sleep(0.05)
    assert [one.meta["kind"] for one in told(ledger, FORGED)] == ["key.rotate"]


def test_ends_of_one_request_without_number_cost_no_memory_each(ledger: Ledger, tmp_path: Path) -> None:
    write(ledger)
    ledger.export_bundle(tmp_path / "bundle.zip")
    intruder, check, ref = Intruder(ledger), _Check(Bundle(tmp_path / "bundle.zip").source(), Trust()), new_id()
    for n in range(500):
        check._entry(Entry(n, intruder.line(n, "outcome", {}, ref=ref).envelope))
    assert check.beginning.surplus == {ref: 500}
