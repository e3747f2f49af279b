"""The write path where it was made cheap: each shortcut does what the long way does."""

from __future__ import annotations

import pytest

from audit import Ledger
from audit.sequencer import Sequencer
from audit.store.store import Store, _numbered


def write(ledger: Ledger, count: int) -> None:
    for n in range(count):
        ledger.append_wait(ledger.draft("intent", {"vorgang": f"V-{n}"}, subject="anna"))


def test_what_another_sequencer_took_meanwhile_is_not_given_a_second_place(ledger: Ledger, url: str) -> None:
    write(ledger, 3)
    slow, store = Sequencer(ledger._store, ledger._seal), Store(url)
    read = slow._read()
    assert read is not None
    assert len(read.positions) == 4  # with writer.start
    Sequencer(store, ledger._seal).run()
    store.close()
    assert slow._chunk(read) is False
    write(ledger, 2)
    assert slow.run() == []
    assert ledger.status().size == 6
    assert ledger.verify().exit_code == 0


def test_what_comes_while_a_chunk_is_being_read_waits_for_the_next(ledger: Ledger) -> None:
    write(ledger, 2)
    sequencer = Sequencer(ledger._store, ledger._seal)
    read = sequencer._read()
    assert read is not None
    write(ledger, 2)
    assert sequencer._chunk(read) is True
    assert (ledger.status().size, ledger.status().unsequenced) == (3, 2)
    assert sequencer.run() == []
    assert (ledger.status().size, ledger.status().unsequenced) == (5, 0)
    assert ledger.verify().exit_code == 0


def test_places_that_lie_apart_are_taken_out_of_the_inbox_and_what_lies_between_stays(ledger: Ledger) -> None:
    write(ledger, 4)
    store = ledger._store
    with store.read() as connection:
        places = [row[0] for row in store.rows(connection, "SELECT pos FROM audit_inbox ORDER BY pos", ())]
    sequencer = Sequencer(store, ledger._seal)
    read = sequencer._read()
    assert read is not None
    del read.positions[2]  # as if it had been committed after this was read
    assert sequencer._chunk(read)
    with store.read() as connection:
        left = store.rows(connection, "SELECT pos FROM audit_inbox WHERE pos >= ?", (places[0],))
    assert left == [(places[2],)]
    with store.write() as run:  # it was given its place after all
        run("DELETE FROM audit_inbox")


def test_a_failure_leaves_no_connection_that_is_still_in_its_transaction(ledger: Ledger) -> None:
    write(ledger, 1)
    store = ledger._store

    def interrupted() -> None:
        with store.write("writer") as run:
            run("DELETE FROM audit_inbox")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ledger.status().unsequenced == 2
    write(ledger, 1)
    ledger.sequence()
    assert ledger.verify().exit_code == 0


def test_placeholders_are_numbered_in_their_order() -> None:
    assert _numbered("SELECT 1") == b"SELECT 1"
    assert _numbered("INSERT INTO t (a, b) VALUES (%s,%s),(%s,%s)") == b"INSERT INTO t (a, b) VALUES ($1,$2),($3,$4)"
