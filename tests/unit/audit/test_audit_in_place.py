"""Whoever changes the database itself, with all its rights, is found in place: on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit import Ledger
from audit.cli import main
from audit.merkle import CompactRange, leaf_hash
from audit.store.store import as_bytes
from tests.support.audit_intruder import reseal

LOG = "test.example/ki-pforte/1"
ZEROS = bytes(32)


def second(envelope: bytes) -> bytes:
    return envelope.replace(b'"outcome"', b'"outcomf"')


CHANGES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "a byte of an envelope": ("UPDATE audit_record SET envelope = ? WHERE wseq = 2", ("bent",)),
    "two envelopes change places": (
        "UPDATE audit_record SET envelope = (SELECT o.envelope FROM audit_record o WHERE o.wseq = "
        "CASE audit_record.wseq WHEN 2 THEN 4 ELSE 2 END) WHERE wseq IN (2, 4)", ()),
    "two places change records": (
        "UPDATE audit_seq SET leaf = (SELECT o.leaf FROM audit_seq o WHERE o.idx = "
        "CASE audit_seq.idx WHEN 2 THEN 4 ELSE 2 END) WHERE idx IN (2, 4)", ()),
    "the type beside the envelope": ("UPDATE audit_record SET type = 'config' WHERE wseq = 2", ()),
    "the reference beside the envelope": ("UPDATE audit_record SET ref = '' WHERE wseq = 2", ()),
    "the counter beside the envelope": ("UPDATE audit_record SET wseq = 1000 WHERE wseq = 2", ()),
    "the writer beside the envelope": ("UPDATE audit_record SET writer = 'w' WHERE wseq = 2", ()),
    "the body of a part": ("UPDATE audit_part SET body = ? WHERE name = 'subject'", (b"{}",)),
    "the salt of a part": ("UPDATE audit_part SET salt = ? WHERE name = 'meta'", (ZEROS,)),
    "the name of a part": ("UPDATE audit_part SET name = 'content' WHERE name = 'subject'", ()),
    "a leaf": ("UPDATE audit_seq SET leaf = ? WHERE idx = 4", (ZEROS,)),
    "whose place it is": ("UPDATE audit_seq SET record_id = 'x' WHERE idx = 4", ()),
    "the size": ("UPDATE audit_state SET size = size - 1", ()),
    "the peaks": ("UPDATE audit_state SET peaks = ?", (ZEROS + ZEROS,)),
    "a deleted record": ("DELETE FROM audit_record WHERE wseq = 3", ()),
    "a deleted place": ("DELETE FROM audit_seq WHERE idx = 3", ()),
    "a deleted end": ("DELETE FROM audit_seq WHERE idx >= 9", ()),
    "everything deleted": ("DELETE FROM audit_seq", ()),
    "a beginning that nobody pruned": ("UPDATE audit_state SET min_index = 4", ()),
    "the text of the checkpoints": ("UPDATE checkpoint SET note = upper(note)", ()),
    "the size of the checkpoints": ("UPDATE checkpoint SET size = size + 100, note = replace(note, '12', '13')", ()),
    "a checkpoint of another log": (f"UPDATE checkpoint SET note = replace(note, '{LOG}', 'other.example/1')", ()),
}


@pytest.fixture
def written(ledger: Ledger) -> Ledger:
    """Twelve records under two checkpoints."""
    for n in range(5):
        intent = ledger.append_wait(ledger.draft("intent", {"vorgang": f"V{n}"}, subject="anna"))
        ledger.append_wait(ledger.draft("outcome", {"vorgang": f"V{n}"}, ref=intent.record_id))
        if n == 3:
            ledger.checkpoint()
    ledger.append_wait(ledger.draft("config", {"what": "policy"}))
    ledger.checkpoint()
    return ledger


def test_whatever_is_changed_in_the_database_is_found_there_and_what_was_put_back_is_not(
        written: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    """Every change on the same ledger, each taken back: no run may be spoilt by the one before."""
    store, folder = written._store, written.config.folder
    where = ["--database", store.url.render_as_string(hide_password=False), "--log", LOG, "--folder", str(folder)]

    def judged() -> tuple[int, dict[str, Any]]:
        code = main(["verify", "--json", *where])
        return code, json.loads(capsys.readouterr().out)

    missed = []
    for what, (statement, values) in CHANGES.items():
        tables = {name: rows for name in ("audit_record", "audit_part", "audit_seq", "audit_state", "checkpoint")
                  for rows in [_rows(written, name)]}
        if values == ("bent",):
            [envelope] = [row["envelope"] for row in tables["audit_record"] if row["wseq"] == 2]
            values = (second(bytes(envelope)),)
        with store.write() as run:
            run(store.sql(statement), values)
        code, verdict = judged()
        if code != 1 or not verdict["findings"]:
            missed.append((what, code, verdict["verdict"]))
        _put_back(written, tables)
    assert missed == []
    code, verdict = judged()
    assert (code, verdict["size"], verdict["covered"], verdict["findings"]) == (0, 12, 12, [])


def _rows(ledger: Ledger, table: str) -> list[dict[str, Any]]:
    with ledger._store.read() as connection:
        return [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()]


def _put_back(ledger: Ledger, kept: dict[str, list[dict[str, Any]]]) -> None:
    store = ledger._store
    with store.write() as run:
        for table, rows in kept.items():
            run(f"DELETE FROM {table}")
            for row in rows:
                run(store.sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"),
                    tuple(row.values()))


def test_a_copy_set_back_to_yesterday_is_found_by_the_note_of_today(written: Ledger, tmp_path: Path) -> None:
    kept = {name: _rows(written, name) for name in ("audit_record", "audit_part", "audit_seq", "audit_state",
                                                    "checkpoint")}
    written.append_wait(written.draft("config", {"what": "later"}))
    written.checkpoint()
    note = written.status().checkpoint_note
    _put_back(written, kept)
    assert "Sicherung" in written.continues()
    said = written.verify(vkeys=written.vkeys())
    assert (said.exit_code, said.verdict, said.as_json()["remembered"]) == (1, "gekürzt", 13)
    assert "Wurde eine Sicherung eingespielt" in said.text(), "it says how to go on"
    (written.config.folder / "head.json").unlink()
    assert written.verify(vkeys=written.vkeys()).exit_code == 0, "the database alone cannot show it"
    said = written.verify(pins=[note], vkeys=written.vkeys())
    assert (said.exit_code, said.verdict) == (1, "gekürzt")


def test_an_end_that_is_gone_with_its_checkpoints_is_found_by_what_lies_beside_the_keys(written: Ledger) -> None:
    """The tail, every checkpoint over it and the state go back to an earlier size that is consistent in itself."""
    store = written._store
    kept = CompactRange()
    with store.write() as run:
        kept.extend([as_bytes(row[0]) for row in run("SELECT leaf FROM audit_seq WHERE idx < 5 ORDER BY idx")])
        run("DELETE FROM audit_seq WHERE idx >= 5")
        run("DELETE FROM checkpoint")
        run(store.sql("UPDATE audit_state SET size = 5, peaks = ?"), (kept.to_bytes(),))
    reseal(store, written._seal)
    said = written.verify(vkeys=written.vkeys())
    assert (said.exit_code, said.verdict) == (1, "gekürzt")
    (written.config.folder / "head.json").write_text("{}")
    said = written.verify(vkeys=written.vkeys())
    assert (said.exit_code, said.verdict) == (3, "nicht prüfbar"), "a memory that cannot be read is no good word"


def test_another_past_of_the_same_length_is_found_by_what_lies_beside_the_keys(written: Ledger) -> None:
    """Records and leaves are written anew, and the checkpoints with what they prove are gone."""
    store = written._store
    with store.write() as run:
        envelope = as_bytes(run("SELECT envelope FROM audit_record WHERE wseq = 2").fetchone()[0])
        other = envelope.replace(b'"t":"2', b'"t":"3')
        run(store.sql("UPDATE audit_record SET envelope = ? WHERE wseq = 2"), (other,))
        run(store.sql("UPDATE audit_seq SET leaf = ? WHERE leaf = ?"), (leaf_hash(other), leaf_hash(envelope)))
        again = CompactRange()
        again.extend([as_bytes(row[0]) for row in run("SELECT leaf FROM audit_seq ORDER BY idx")])
        run(store.sql("UPDATE audit_state SET peaks = ?"), (again.to_bytes(),))
        run("DELETE FROM checkpoint")
    reseal(store, written._seal)
    said = written.verify(vkeys=written.vkeys())
    assert (said.exit_code, said.verdict) == (1, "verändert vor Nr. 12")
    assert "setzt nicht fort" in said.text()
