"""Whoever may write to the database slips rows in before they have their place: none gets one, and the house tells."""

from __future__ import annotations

import hmac
from typing import Any

import pytest

from audit import Filters, Ledger
from audit.aside import FEW
from audit.errors import LedgerRollback
from audit.merkle import CompactRange, leaf_hash
from audit.record import FORGED, first_id_at, new_id
from audit.seal import Seal
from audit.store.store import as_bytes
from tests.support.audit_intruder import Intruder

COLUMNS = "id, writer, wseq, type, ref, envelope, seal"


def begin(ledger: Ledger, name: str = "V-1") -> str:
    return ledger.append_wait(ledger.draft("intent", {"vorgang": name}, subject="anna")).record_id


def end(ledger: Ledger, intent: str) -> str:
    return ledger.append_wait(ledger.draft("outcome", {"status": "ok"}, ref=intent)).record_id


def told(ledger: Ledger) -> list[Any]:
    """What records say of forgeries, the oldest first."""
    ledger.sequence()
    rows = ledger.reader.page(Filters(types=(FORGED,)), limit=200).rows
    return [ledger.reader.get(row.id) for row in reversed(rows)]


def types(ledger: Ledger) -> list[str]:
    ledger.sequence()
    return [row.type for row in reversed(ledger.reader.page(limit=500).rows)]


def change(ledger: Ledger, statement: str, *values: Any) -> None:
    with ledger._store.write() as run:
        run(ledger._store.sql(statement), values)


def ask(ledger: Ledger, statement: str, *values: Any) -> list[Any]:
    with ledger._store.read() as connection:
        return ledger._store.rows(connection, statement, values)


def good(ledger: Ledger) -> None:
    """Everything that is in the log verifies, and nothing waits."""
    ledger.checkpoint()
    said = ledger.verify(pins=[ledger.status().checkpoint_note])
    assert (said.exit_code, said.unsequenced, said.surplus_ends) == (0, 0, 0), said.text()


def test_a_seal_is_what_the_library_calls_an_hmac() -> None:
    key, log = bytes(range(32)), "test.example/ki-pforte/1"
    message = f"ki-pforte/seal/record/v1\n{log}\nid\nw\n4711\nintent\n\n".encode() + b"{}"
    assert Seal(key, log).record("id", "w", 4711, "intent", "", b"{}") == hmac.digest(key, message, "sha256")
    message = f"ki-pforte/seal/state/v1\n{log}\n3\n2\n5\n".encode() + b"peaksbefore"
    assert Seal(key, log).state(3, b"peaks", 2, b"before") == hmac.digest(key, message, "sha256")


@pytest.mark.parametrize("kind", ["outcome", "denied", "verify.result", "config", "key.rotate", "writer.start"])
def test_a_row_without_the_seal_gets_no_place_and_is_told_once(ledger: Ledger, kind: str) -> None:
    intent = begin(ledger)
    slipped = Intruder(ledger).slip_in(kind, {"exit_code": 0}, ref=intent if kind == "outcome" else "", sealed=False)
    [record] = told(ledger)
    assert (record.ref, record.meta) == (slipped, {"kind": kind, "reason": "siegel", "rows": 1})
    assert ledger.reader.get(slipped) is None
    assert ask(ledger, "SELECT record_id, type, reason FROM audit_forged") == [(slipped, kind, "siegel")]
    assert (len(told(ledger)), ledger._keeper.look_for_forged(), ledger.status().forgeries) == (1, 0, 1)
    end(ledger, intent)
    assert types(ledger) == ["writer.start", "intent", FORGED, "outcome"]
    good(ledger)
    assert "nicht von der KI-Pforte stammen und keinen Platz bekamen: 1" in str(ledger.verify().warnings())


def test_an_invented_end_does_not_go_before_the_true_one(ledger: Ledger) -> None:
    """He is faster than the sequencer, and the database allows one end per intent."""
    intent = begin(ledger)
    ledger.sequence()
    invented = Intruder(ledger).slip_in("outcome", {"status": "failed"}, ref=intent, sealed=False)
    true = end(ledger, intent)
    assert "outcome.late" not in types(ledger)
    assert ledger.reader.get(true) is not None
    assert ledger.status().open_intents == 0
    ledger._keeper.look_for_forged()
    assert [one.ref for one in told(ledger)] == [invented]
    good(ledger)


def test_a_counter_that_somebody_took_in_advance_stops_nobody(ledger: Ledger) -> None:
    begin(ledger)
    ledger.sequence()
    writer = ledger._writer().id
    for number in (2, 3, 2**63 - 1):
        change(ledger, f"INSERT INTO audit_record ({COLUMNS}) VALUES (?, ?, ?, 'config', '', ?, NULL)",
               new_id(), writer, number, b"{}")
    for _ in range(3):
        end(ledger, begin(ledger))
    assert "gap.detected" not in types(ledger)
    ledger._keeper.look_for_forged()
    assert [one.meta["rows"] for one in told(ledger)] == [1, 1, 1]
    good(ledger)


CHANGES = {
    "the envelope": "UPDATE audit_record SET envelope = ? WHERE id = ?",
    "the seal": "UPDATE audit_record SET seal = ? WHERE id = ?",
    "the type": "UPDATE audit_record SET type = 'local' WHERE wseq <> ? AND id = ?",
    "the reference": "UPDATE audit_record SET ref = 'x' WHERE wseq <> ? AND id = ?",
    "the counter": "UPDATE audit_record SET wseq = 99 WHERE wseq <> ? AND id = ?",
    "the writer": "UPDATE audit_record SET writer = 'w' WHERE wseq <> ? AND id = ?",
}


@pytest.mark.parametrize("what", list(CHANGES))
def test_a_waiting_row_that_somebody_altered_gets_no_place_and_leaves_a_gap(ledger: Ledger, what: str) -> None:
    begin(ledger)
    ledger.sequence()
    waiting = ledger.append_wait(ledger.draft("denied", {"code": "modell_nicht_erlaubt"})).record_id
    [(envelope,)] = ask(ledger, "SELECT envelope FROM audit_record WHERE id = ?", waiting)
    value: Any = as_bytes(envelope).replace(b'"denied"', b'"outcom"') if what in ("the envelope", "the seal") else -1
    change(ledger, CHANGES[what], value, waiting)
    ledger.append_wait(ledger.draft("note", {"what": "later"}))
    assert [one.ref for one in told(ledger)] == [waiting]
    assert types(ledger).count("gap.detected") == 1, "the counters show that a true record is missing"
    assert ledger.reader.get(waiting) is None
    ledger.checkpoint()
    assert ledger.verify().verdict == "lückenhaft"


def test_two_waiting_rows_whose_envelopes_change_places_get_none(ledger: Ledger) -> None:
    ledger.sequence()
    one, two = begin(ledger, "V-1"), begin(ledger, "V-2")
    rows = dict(ask(ledger, "SELECT id, envelope FROM audit_record WHERE id IN (?, ?)", one, two))
    for here, there in ((one, two), (two, one)):
        change(ledger, "UPDATE audit_record SET envelope = ? WHERE id = ?", rows[there], here)
    assert {record.ref for record in told(ledger)} == {one, two}


def test_an_old_row_under_another_id_or_counter_gets_no_place(ledger: Ledger) -> None:
    old = begin(ledger)
    ledger.sequence()
    for number, record_id in ((1000, new_id()), (1001, new_id())):
        change(ledger, f"INSERT INTO audit_record ({COLUMNS}) SELECT ?, writer, ?, type, ref, envelope, seal "
                       "FROM audit_record WHERE id = ?", record_id, number, old)
        change(ledger, "INSERT INTO audit_inbox (record_id) VALUES (?)", record_id)
    assert len(told(ledger)) == 2
    assert types(ledger).count("intent") == 1
    good(ledger)


def test_a_record_that_has_its_place_gets_no_second_one_and_keeps_the_first(ledger: Ledger) -> None:
    old = begin(ledger)
    ledger.sequence()
    for _ in range(2):
        change(ledger, "INSERT INTO audit_inbox (record_id) VALUES (?)", old)
    waiting = begin(ledger, "V-2")
    for _ in range(3):
        change(ledger, "INSERT INTO audit_inbox (record_id) VALUES (?)", waiting)
    found = told(ledger)
    assert [one.meta["reason"] for one in found] == ["wiederholt"] * 5
    assert {one.ref for one in found} == {old, waiting}
    assert types(ledger).count("intent") == 2
    good(ledger)


def test_a_flood_is_told_in_few_records_and_true_ones_get_through(ledger: Ledger) -> None:
    first = begin(ledger)
    row = (new_id, "f" * 16)
    with ledger._store.write() as run:
        ids = [row[0]() for _ in range(10_000)]
        ledger._store.insert(run, f"INSERT INTO audit_record ({COLUMNS})", [
            (ident, row[1], n, "denied", "", b"{}", bytes(32)) for n, ident in enumerate(ids)])
        ledger._store.insert(run, "INSERT INTO audit_inbox (record_id)", [(ident,) for ident in ids])
    second = begin(ledger, "V-2")
    ledger.sequence()
    assert ledger.status().unsequenced == 0
    assert {first, second} <= {row.id for row in ledger.reader.page(limit=500).rows}
    while ledger._keeper.look_for_forged():
        pass
    found = told(ledger)
    assert sum(one.meta["rows"] for one in found) == 10_000
    assert len(found) <= 10_000 // 256 + 1 + FEW
    good(ledger)


def test_a_flood_of_places_in_the_inbox_is_told_in_few_records(ledger: Ledger) -> None:
    begin(ledger)
    with ledger._store.write() as run:
        ledger._store.insert(run, "INSERT INTO audit_inbox (record_id)", [("Frau Beispiel",)] * 1000)
    ledger.sequence()
    rows = ledger.reader.page(Filters(types=("gap.detected",)), limit=200).rows
    facts = [ledger.reader.get(row.id).meta for row in rows]  # type: ignore[union-attr]
    assert len(facts) == FEW + 1
    assert sum(int(one.get("more", 1)) for one in facts) == 1000
    assert "Beispiel" not in str(facts), "what a stranger wrote is no text for the log"
    good(ledger)


def test_what_is_no_text_and_no_number_stops_nobody(sqlite_ledger: Ledger) -> None:
    ledger = sqlite_ledger
    begin(ledger)
    for kind, number in ((b"\xff\xfe", 7), (b"denied", "seven")):
        record_id = new_id()
        change(ledger, f"INSERT INTO audit_record ({COLUMNS}) VALUES (?, 'w', ?, CAST(? AS TEXT), '', ?, NULL)",
               record_id, number, kind, b"{}")
        change(ledger, "INSERT INTO audit_inbox (record_id) VALUES (?)", record_id)
    begin(ledger, "V-2")
    assert sorted(one.meta["kind"] for one in told(ledger)) == ["denied", "unbekannt"]
    assert types(ledger).count("intent") == 2
    good(ledger)


def unsealed(ledger: Ledger) -> None:
    change(ledger, "UPDATE audit_state SET seal = NULL")


def other_seal(ledger: Ledger) -> None:
    change(ledger, "UPDATE audit_state SET seal = ?", bytes(32))


def longer(ledger: Ledger) -> None:
    """A place and a state that says so, as the sequencer would have written it, without a key."""
    line = Intruder(ledger).line(0, "verify.result", {"exit_code": 0})
    [(size, peaks)] = ask(ledger, "SELECT size, peaks FROM audit_state")
    tree = CompactRange.from_bytes(size, as_bytes(peaks))
    tree.append(leaf_hash(line.envelope))
    record_id = new_id()
    change(ledger, f"INSERT INTO audit_record ({COLUMNS}) VALUES (?, 'w', 0, 'verify.result', '', ?, NULL)",
           record_id, line.envelope)
    change(ledger, "INSERT INTO audit_seq (idx, record_id, leaf) VALUES (?, ?, ?)", size, record_id,
           leaf_hash(line.envelope))
    change(ledger, "UPDATE audit_state SET size = ?, peaks = ?", tree.size, tree.to_bytes())


def shorter(ledger: Ledger) -> None:
    change(ledger, "UPDATE audit_state SET size = 0, peaks = ?", b"")


def another_beginning(ledger: Ledger) -> None:
    leaf = as_bytes(ask(ledger, "SELECT leaf FROM audit_seq WHERE idx = 0")[0][0])
    change(ledger, "UPDATE audit_state SET min_index = 1, pruned_peaks = ?", leaf)


def nonsense(ledger: Ledger) -> None:
    change(ledger, "UPDATE audit_state SET peaks = ?", b"x")


def gone(ledger: Ledger) -> None:
    change(ledger, "DELETE FROM audit_state")


@pytest.mark.parametrize("how", [unsealed, other_seal, longer, shorter, another_beginning, nonsense])
def test_a_state_that_somebody_wrote_is_neither_gone_on_from_nor_signed(ledger: Ledger, how: Any) -> None:
    from audit.sequencer import rebuild
    begin(ledger)
    ledger.checkpoint()
    note = ledger.status().checkpoint_note
    how(ledger)
    waiting = begin(ledger, "V-2")
    for forbidden in (ledger.sequence, ledger.checkpoint, ledger.rotate_key,
                      lambda: rebuild(ledger._store, ledger._seal)):
        with pytest.raises(LedgerRollback, match="trägt nicht das Siegel") as refused:
            forbidden()
    assert "audit successor" in str(refused.value), "it says what to do"
    assert "trägt nicht das Siegel" in ledger.continues()
    assert ask(ledger, "SELECT count(*) FROM checkpoint") == [(1,)]
    said = ledger.verify(pins=[note], vkeys=ledger.vkeys())
    assert said.exit_code == 1
    assert "trägt nicht das Siegel" in said.text()
    assert ask(ledger, "SELECT record_id FROM audit_inbox WHERE record_id = ?", waiting) == [(waiting,)]


def test_a_state_that_is_gone_does_not_come_back_as_a_fresh_one(ledger: Ledger, open_ledger: Any) -> None:
    begin(ledger)
    ledger.checkpoint()
    gone(ledger)
    again: Ledger = open_ledger()
    begin(again, "V-2")
    for forbidden in (again.sequence, again.checkpoint):
        with pytest.raises(LedgerRollback, match="Siegel"):
            forbidden()


def test_a_beginning_is_not_deleted_from_a_state_that_somebody_wrote(ledger: Ledger) -> None:
    begin_id = begin(ledger)
    end(ledger, begin_id)
    for _ in range(2):  # anchored at both ends, with nothing left that keeps it
        ledger.checkpoint()
        change(ledger, "INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (?, 'test', ?, 0)",
               ledger.status().checkpoint_size, b"held")
        if ledger.status().checkpoint_size == 3:
            change(ledger, "UPDATE audit_part SET expires_at = 1")
            ledger.delete_due()
            ledger.announce_pruning(3)
    unsealed(ledger)
    with pytest.raises(LedgerRollback, match="Siegel"):
        ledger.carry_out_pruning()
    assert ask(ledger, "SELECT count(*) FROM audit_record WHERE id = ?", begin_id) == [(1,)]


def test_a_place_beyond_the_end_is_not_taken_for_ours(ledger: Ledger) -> None:
    begin(ledger)
    ledger.checkpoint()
    change(ledger, "INSERT INTO audit_seq (idx, record_id, leaf) VALUES (2, ?, ?)", new_id(), bytes(32))
    begin(ledger, "V-2")
    with pytest.raises(LedgerRollback, match="Siegel"):
        ledger.sequence()
    assert ledger.status().checkpoint_size == 2


def test_rows_that_lie_where_the_derived_tables_go_on_stop_nobody(ledger: Ledger) -> None:
    begin(ledger)
    ledger.sequence()
    change(ledger, "INSERT INTO audit_facet (idx, record_id, type, ref, t) VALUES (2, 'x', 'denied', '', 0)")
    waiting = begin(ledger, "V-2")
    change(ledger, "INSERT INTO audit_open (intent, writer) VALUES (?, 'w')", waiting)
    end(ledger, waiting)
    assert types(ledger) == ["writer.start", "intent", "intent", "outcome"]
    good(ledger)


def test_what_was_kept_apart_goes_when_its_time_is_up(ledger: Ledger) -> None:
    begin(ledger)
    Intruder(ledger).slip_in("denied", {"code": "x"}, sealed=False)
    assert len(told(ledger)) == 1
    [(expires,)] = ask(ledger, "SELECT expires_at FROM audit_part WHERE record_id = "
                               "(SELECT record_id FROM audit_forged)")
    assert expires < 2**40, "not as long as the stranger wrote"
    ledger._keeper.let_go()
    assert ask(ledger, "SELECT count(*) FROM audit_forged") == [(1,)]
    change(ledger, "UPDATE audit_forged SET at = 0")
    ledger._keeper._has_let_go = False
    ledger._keeper.let_go()
    assert ask(ledger, "SELECT count(*) FROM audit_forged") == [(0,)]


OLD = 1_700_000_000


def old_id(n: int) -> str:
    return first_id_at(OLD + n)


def test_a_copy_of_a_row_that_was_deleted_with_the_beginning_gets_no_place(ledger: Ledger, open_ledger: Any) -> None:
    for n in range(3):
        ledger.append_wait(ledger.draft("note", {"what": str(n)}, record_id=old_id(n)))
    ledger.checkpoint()
    copies = ask(ledger, f"SELECT {COLUMNS} FROM audit_record ORDER BY wseq")
    ledger.append_wait(ledger.draft("note", {"what": "what stays"}))
    for _ in range(2):
        ledger.checkpoint()
        change(ledger, "INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (?, 'test', ?, 0)",
               ledger.status().checkpoint_size, b"held")
        if ledger.reader.status().checkpoint_size == 5:
            change(ledger, "INSERT INTO anchor_receipt (size, sink, receipt, at) VALUES (4, 'test', ?, 0)", b"held")
            change(ledger, "UPDATE audit_part SET expires_at = 1")
            ledger.delete_due()
            assert ledger.announce_pruning(4) == 4
    assert ledger.carry_out_pruning() == 4
    for row in copies[1:]:  # the first one, writer.start, is of today
        change(ledger, f"INSERT INTO audit_record ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
        change(ledger, "INSERT INTO audit_inbox (record_id) VALUES (?)", row[0])
    assert [(one.ref, one.meta["reason"]) for one in told(ledger)] == [(old_id(n), "wiederholt") for n in range(3)]
    good(ledger)
    other: Ledger = open_ledger()  # a writer that began later brings what had lain on a disk since then
    other.append_wait(other.draft("outcome.late", {"status": "ok"}, record_id=old_id(9)))
    assert other.reader.get(old_id(9)) is None
    other.sequence()
    assert other.reader.get(old_id(9)) is not None
    good(other)
