"""Parts go when their time is up or a person asks; the beginning goes with a proof; what a case needs stays."""

from __future__ import annotations

import base64
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit import Filters, Ledger, LedgerConfig, LedgerConfigError, canonical, pruning
from audit.cli import main
from audit.record import commitment, parse_envelope
from audit.sequencer import rebuild
from audit.store.store import Store

DAY = 86_400
FAR = int(time.time()) + 400 * DAY
Maker = Callable[[], Ledger]


def exchange(ledger: Ledger, n: int, subject: str = "anna") -> tuple[str, str]:
    intent = ledger.append_wait(ledger.draft("intent", {"vorgang": f"V{n}", "department": "bauamt"}, subject=subject))
    end = ledger.append_wait(ledger.draft("outcome", {"vorgang": f"V{n}"}, ref=intent.record_id, subject=subject))
    return intent.record_id, end.record_id


def anchor(ledger: Ledger) -> str:
    """Sign, and act as if somebody outside held the note."""
    ledger.checkpoint()
    status = ledger.status()
    with ledger._store.write() as run:
        run(ledger._store.sql("INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (?, 'test', ?, 0) "
                              "ON CONFLICT (size, sink) DO NOTHING"), (status.checkpoint_size, b"held"))
    return status.checkpoint_note


def age(ledger: Ledger, days: int) -> None:
    """Let so many days go by for everything that is there."""
    with ledger._store.write() as run:
        run(ledger._store.sql("UPDATE audit_part SET expires_at = expires_at - ?"), (days * DAY,))


def rows(ledger: Ledger, table: str, where: str = "1 = 1") -> int:
    with ledger._store.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {where}").scalar() or 0)


def verdict(ledger: Ledger, tmp_path: Path, *pins: str) -> dict[str, Any]:
    """What both ways of checking say: in place and by the bundle; they must agree."""
    here = ledger.verify(pins=pins, vkeys=ledger.vkeys()).as_json()
    ledger.export_bundle(tmp_path / "bundle.zip")
    from audit.bundle import Bundle
    from audit.verify import Trust, verify
    there = verify(Bundle(tmp_path / "bundle.zip").source(), Trust(pins, ledger.vkeys())).as_json()
    in_place = {"remembered": 0, "set_back": False, "unsealed": False, "refused": 0}
    assert here | {"remembered": 0} == there | in_place
    return here


def test_on_the_day_after_its_last_a_part_is_gone_and_the_log_still_verifies(ledger: Ledger, tmp_path: Path) -> None:
    exchange(ledger, 1)
    note = anchor(ledger)
    age(ledger, 89)
    assert ledger.delete_due() == {}
    age(ledger, 1)
    assert ledger.delete_due() == {"subject": 2}
    assert ledger.reader.page(Filters(vorgang="V1")).rows, "the facts stay longer than the person"
    age(ledger, 94)
    assert ledger.delete_due() == {"meta-standard": 3}  # with writer.start
    ledger.sequence()
    assert ledger.reader.page(Filters(vorgang="V1")).rows == []
    assert rows(ledger, "audit_facet", "department IS NOT NULL OR subject IS NOT NULL") == 0
    said = verdict(ledger, tmp_path, note)
    assert (said["exit_code"], said["verdict"], said["deleted_parts"]) == (0, "unverändert", 5)


def test_a_deletion_says_what_it_deleted_before_it_does(ledger: Ledger) -> None:
    exchange(ledger, 1)
    ledger.sequence()
    age(ledger, 184)
    ledger.delete_due()
    ledger.sequence()
    [row] = ledger.reader.page(Filters(types=("retention.delete",))).rows
    view = ledger.reader.get(row.id)
    assert view is not None
    assert view.meta["parts"] == {"meta-standard": 3, "subject": 2}
    assert ledger.delete_due(int(time.time())) == {}


def test_what_was_deleted_is_in_no_file_any_more(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    canary = "Kanarienvogel4711"
    sqlite_ledger.append_wait(sqlite_ledger.draft("note", {"what": canary}))
    sqlite_ledger.sequence()
    found = [path for path in tmp_path.glob("audit.sqlite*") if canary.encode() in path.read_bytes()]
    assert found, "the test would see it"
    sqlite_ledger.delete_due(FAR)
    assert [path for path in tmp_path.glob("audit.sqlite*") if canary.encode() in path.read_bytes()] == []


def test_what_a_case_holds_stays_until_every_case_lets_go(ledger: Ledger) -> None:
    held, _ = exchange(ledger, 1)
    ledger.sequence()
    assert ledger.hold("V-2026-1", [held]) == 1
    assert ledger.hold("V-2026-1", [held]) == 0
    assert ledger.hold("V-2026-2", [held]) == 1
    ledger.delete_due(FAR)
    view = ledger.reader.get(held)
    assert view is not None
    assert set(view.parts) == {"meta", "subject"}
    assert ledger.release("V-2026-1") == 1
    ledger.delete_due(FAR)
    assert set(ledger.reader.get(held).parts) == {"meta", "subject"}  # type: ignore[union-attr]
    assert ledger.release("V-2026-2") == 1
    assert ledger.release("V-2026-2") == 0
    ledger.delete_due(FAR)
    assert ledger.reader.get(held).parts == {}  # type: ignore[union-attr]


def test_one_person_can_be_forgotten_and_nobody_else_is(ledger: Ledger, tmp_path: Path) -> None:
    mine, held = exchange(ledger, 1), exchange(ledger, 2)
    theirs = exchange(ledger, 3, "berta")
    ledger.sequence()
    ledger.hold("V-2026-1", [held[0]])
    assert ledger.erase_subject("anna", "antrag", "B-7") == (3, 1)
    ledger.sequence()
    views = {id_: ledger.reader.get(id_) for id_ in (*mine, *held, *theirs)}
    assert [("subject" in view.parts) for view in views.values() if view] == [False, False, True, False, True, True]
    assert all("meta" in view.parts for view in views.values() if view)
    note = anchor(ledger)
    assert verdict(ledger, tmp_path, note)["exit_code"] == 0
    [row] = ledger.reader.page(Filters(types=("erasure",))).rows
    said = ledger.reader.get(row.id)
    assert said is not None
    assert said.meta == {"parts": {"content": 0, "subject": 3, "target": 0}, "held": 1, "reason": "antrag",
                         "case": "B-7"}
    assert ledger.pseudonym("anna") not in json.dumps(said.meta)


def test_facts_cannot_be_erased_on_order(ledger: Ledger) -> None:
    from audit.deletion import erase
    with pytest.raises(LedgerConfigError, match="Frist"):
        erase(ledger._store, ledger._writer(), {"meta": []}, "antrag")


def grown(ledger: Ledger) -> tuple[int, str, str]:
    """A log whose first checkpoint can be pruned: its size, its note, and a note from before the pruning."""
    for n in range(6):
        exchange(ledger, n)
    early = anchor(ledger)
    first = ledger.status().checkpoint_size
    for n in range(6, 9):
        exchange(ledger, n)
    later = anchor(ledger)
    return first, early, later


def pruned(ledger: Ledger) -> tuple[int, str, str]:
    first, early, later = grown(ledger)
    ledger.delete_due(int(time.time()) + 100 * DAY)  # people
    with ledger._store.write() as run:  # the facts of the beginning are old enough, later ones are not
        run(ledger._store.sql("UPDATE audit_part SET expires_at = 1 WHERE record_id IN "
                              "(SELECT record_id FROM audit_seq WHERE idx < ?)"), (first,))
    ledger.delete_due()
    assert ledger.prunable() == first
    assert ledger.announce_pruning(policy="p1") == first
    assert ledger.carry_out_pruning() == 0, "nobody outside holds a note that covers the announcement"
    anchor(ledger)
    assert ledger.carry_out_pruning() == first
    return first, early, later


def test_the_beginning_goes_with_a_proof(ledger: Ledger, tmp_path: Path) -> None:
    first, early, later = pruned(ledger)
    assert rows(ledger, "audit_record") == rows(ledger, "audit_seq")
    for table in ("audit_seq", "audit_facet"):
        assert rows(ledger, table, f"idx < {first}") == 0
    said = verdict(ledger, tmp_path, later)
    assert said["exit_code"] == 0, said
    assert said["verdict"] == "unverändert, Anfang gelöscht mit gültigem Nachweis"
    assert (said["pruned"], said["pin_before_pruning"], said["missing_records"]) == (first, True, 0)
    assert said["surplus_ends"] == 0
    exchange(ledger, 99)
    note = anchor(ledger)
    assert verdict(ledger, tmp_path, note)["exit_code"] == 0
    assert any("von vor diesem Eintrag" in text for text in verdict(ledger, tmp_path, note)["warnings"])
    # The note at the size of the pruning itself still proves that the beginning was as it was.
    assert verdict(ledger, tmp_path, early)["pin_before_pruning"]
    rebuild(ledger._store, ledger._seal)
    exchange(ledger, 100)
    ledger.sequence()
    assert verdict(ledger, tmp_path)["exit_code"] == 0


def test_pruning_again_goes_on_where_the_last_one_ended(ledger: Ledger, tmp_path: Path) -> None:
    first, _, later = pruned(ledger)
    anchor(ledger)
    ledger.delete_due(FAR)
    further = ledger.prunable()
    assert further > first
    assert ledger.announce_pruning() == further
    anchor(ledger)
    assert ledger.carry_out_pruning() == further - first
    said = verdict(ledger, tmp_path, ledger.status().checkpoint_note)
    assert (said["exit_code"], said["pruned"]) == (0, further)
    stale = verdict(ledger, tmp_path, later)
    assert stale["exit_code"] == 0
    assert any("inzwischen gelöscht" in text for text in stale["warnings"])
    assert not stale["pin_before_pruning"]


def test_nothing_is_pruned_that_is_held_open_unexpired_or_not_anchored(ledger: Ledger) -> None:
    first, _, _ = grown(ledger)
    assert ledger.prunable() == 0, "parts are left"
    ledger.delete_due(FAR)
    assert ledger.prunable() >= first
    with pytest.raises(LedgerConfigError):
        ledger.announce_pruning(first - 1)
    with pytest.raises(LedgerConfigError):
        ledger.announce_pruning(10_000)
    some = ledger.reader.tail(-1, 3)[1]
    ledger.hold("V-2026-1", [some.id])
    assert ledger.prunable() == 0
    ledger.release("V-2026-1")
    assert ledger.prunable() >= first


def test_an_open_exchange_keeps_its_beginning(ledger: Ledger) -> None:
    ledger.append_wait(ledger.draft("intent", {"vorgang": "offen"}))
    grown(ledger)
    ledger.delete_due(FAR)
    assert ledger.prunable() == 0


def test_an_end_after_the_cut_is_not_taken_for_a_surplus(ledger: Ledger, tmp_path: Path) -> None:
    intent = ledger.append_wait(ledger.draft("intent", {"vorgang": "lang"}))
    first = 0
    for n in range(3):
        exchange(ledger, n)
    anchor(ledger)
    first = ledger.status().checkpoint_size
    ledger.append_wait(ledger.draft("outcome", {"vorgang": "lang"}, ref=intent.record_id))
    anchor(ledger)
    ledger.delete_due(FAR)
    assert ledger.announce_pruning(first) == first
    note = anchor(ledger)
    assert ledger.carry_out_pruning() == first
    said = verdict(ledger, tmp_path, note)
    assert (said["exit_code"], said["surplus_ends"]) == (0, 0)


# ---- what somebody could try with a pruned log -----------------------------------------------------------------------


class Forged:
    """A pruned bundle that can be bent."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bundle = folder, folder / "bundle.zip"
        with Ledger(LedgerConfig(f"sqlite:///{folder}/audit.sqlite", "test.example/ki-pforte/1",
                                 folder / "keys")) as ledger:
            self.first, self.early, self.later = pruned(ledger)
            self.vkey = str(ledger.vkeys()[-1])
            ledger.export_bundle(self.bundle)
        (folder / "pin.txt").write_text(self.later, encoding="utf-8")

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        with zipfile.ZipFile(self.bundle) as archive:
            files = {each: archive.read(each) for each in archive.namelist()}
        files[name] = change(files[name])
        with zipfile.ZipFile(self.bundle, "w") as archive:
            for each, content in files.items():
                archive.writestr(each, content)

    def run(self, *, pin: bool = True) -> int:
        pins = ["--pin", str(self.folder / "pin.txt")] if pin else []
        return main(["verify", str(self.bundle), "--vkey", self.vkey, "--json", *pins])


@pytest.fixture
def forged(tmp_path: Path) -> Forged:
    return Forged(tmp_path)


def _manifest(**values: Any) -> Callable[[bytes], bytes]:
    return lambda raw: canonical.dumps({**json.loads(raw), **values})


def test_an_untouched_pruned_bundle_is_good(forged: Forged) -> None:
    assert forged.run() == 0
    assert forged.run(pin=False) == 0


@pytest.mark.parametrize("values", [{"first": 0, "pruned_peaks": []}, {"first": 1, "pruned_peaks": ["A" * 43 + "="]}])
def test_another_beginning_than_the_proved_one_is_found(forged: Forged, values: dict[str, Any]) -> None:
    forged.change("manifest.json", _manifest(**values))
    assert forged.run() == 1


def test_peaks_of_an_edited_beginning_are_found(forged: Forged) -> None:
    def other(raw: bytes) -> bytes:
        value = json.loads(raw)
        value["pruned_peaks"][0] = "A" * 43 + "="
        return canonical.dumps(value)
    forged.change("manifest.json", other)
    assert forged.run() == 1
    assert forged.run(pin=False) == 1


def test_a_missing_beginning_without_its_record_is_found(forged: Forged) -> None:
    def without_body(raw: bytes) -> bytes:
        lines = [json.loads(line) for line in raw.splitlines()]
        import base64
        for line in lines:
            if parse_envelope(base64.b64decode(line["envelope"])).type == "prune":
                line["parts"] = {}
        return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    forged.change("records.jsonl", without_body)
    assert forged.run() == 1


def test_more_of_the_beginning_than_was_proved_is_found(forged: Forged) -> None:
    """Somebody deletes two more records and moves the peaks on: no record says so."""
    import base64

    from audit.checkpoint import b64, unb64
    from audit.merkle import CompactRange, leaf_hash
    with zipfile.ZipFile(forged.bundle) as archive:
        lines = archive.read("records.jsonl").splitlines()
        manifest = json.loads(archive.read("manifest.json"))
    tree = CompactRange(forged.first, [unb64(peak) for peak in manifest["pruned_peaks"]])
    for line in lines[:2]:
        tree.append(leaf_hash(base64.b64decode(json.loads(line)["envelope"])))
    forged.change("records.jsonl", lambda _: b"\n".join(lines[2:]) + b"\n")
    forged.change("manifest.json", _manifest(first=tree.size, pruned_peaks=[b64(peak) for peak in tree.peaks]))
    assert forged.run() == 1


def test_a_record_that_claims_another_cut_does_not_help(forged: Forged) -> None:
    """The body of the prune record is bound by its commitment: changing it is found."""
    def other(raw: bytes) -> bytes:
        lines = [json.loads(line) for line in raw.splitlines()]
        for line in lines:
            envelope = parse_envelope(base64.b64decode(line["envelope"]))
            if envelope.type == "prune":
                meta = json.loads(base64.b64decode(line["parts"]["meta"]["body"]))
                meta["to"] += 1
                body = json.dumps(meta, sort_keys=True, separators=(",", ":")).encode()
                salt = base64.b64decode(line["parts"]["meta"]["salt"])
                assert commitment("meta", salt, body) != envelope.commitments["meta"]
                line["parts"]["meta"]["body"] = base64.b64encode(body).decode()
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    forged.change("records.jsonl", other)
    assert forged.run() == 1


def test_an_interrupted_pruning_is_finished(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, later = grown(ledger)
    ledger.delete_due(FAR)
    ledger.announce_pruning(first)
    anchor(ledger)
    monkeypatch.setattr(pruning, "BATCH", 3)
    original = Store.delete_in
    calls = []

    def fails(self: Store, run: Any, statement: str, values: Any) -> None:
        calls.append(statement)
        if len(calls) == 8:
            raise OSError
        original(self, run, statement, values)
    monkeypatch.setattr(Store, "delete_in", fails)
    with pytest.raises(Exception, match="nicht erreichbar"):
        ledger.carry_out_pruning()
    assert ledger.verify(pins=(later,), vkeys=ledger.vkeys()).exit_code == 0
    assert ledger.carry_out_pruning() > 0
    assert rows(ledger, "audit_seq", f"idx < {first}") == 0
    assert verdict(ledger, tmp_path, later)["exit_code"] == 0
