"""Matters in both databases: one number each, one change at a time, a history that only grows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from gateway.model.casework import Matter, Tally, Wanted
from gateway.store import ConflictError, matters, migrate, open_engine, reading, tallies, writing

NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


def new(engine: Engine, **values: object) -> Matter:
    fields = {"kind": "befund", "about": "luecke", "scope": "", "severity": "hoch", "state": "neu", "opened_at": NOW}
    with writing(engine) as connection:
        return matters.add(connection, Matter(id="", **{**fields, **values}), 2026)  # type: ignore[arg-type]


def test_matters_that_are_opened_at_the_same_time_have_numbers_of_their_own(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: new(engine).id, range(12)))
    assert sorted(made) == sorted(f"B-2026-{n}" for n in range(1, 13))
    assert new(engine, kind="vorfall").id == "V-2026-1"


def test_a_cause_raises_one_matter(engine: Engine) -> None:
    new(engine, cause="luecke::2026-11-22")
    with pytest.raises(ConflictError):
        new(engine, cause="luecke::2026-11-22")


def test_who_comes_second_with_an_old_version_changes_nothing(engine: Engine) -> None:
    seen = new(engine)
    with writing(engine) as connection:
        matters.change(connection, seen, state="in_pruefung")
    with pytest.raises(ConflictError), writing(engine) as connection:
        matters.change(connection, seen, state="erledigt")
    with reading(engine) as connection:
        assert matters.get(connection, seen.id).state == "in_pruefung"


def test_what_is_open_and_due_soonest_comes_first_and_what_is_closed_last(engine: Engine) -> None:
    closed = new(engine, state="erledigt", closed_at=NOW, due_at=NOW)
    later, never = new(engine, due_at=NOW + timedelta(days=3)), new(engine)
    soon = new(engine, due_at=NOW + timedelta(days=1))
    with reading(engine) as connection:
        found, total = matters.listed(connection, Wanted(kinds=("befund",)), 10)
        page, _ = matters.listed(connection, Wanted(open=True), 1, 1)
        counted = matters.counted(connection, NOW + timedelta(days=2))["befund"]
    assert [one.id for one in found] == [soon.id, later.id, never.id, closed.id]
    assert total == 4
    assert [one.id for one in page] == [later.id]
    assert (counted.open, counted.overdue, counted.next_due) == (3, 1, soon.due_at)


def test_what_a_cause_raised_is_found_with_its_successors_and_nothing_else(engine: Engine) -> None:
    first, second = new(engine, cause="uhr:a_b%:1"), new(engine, cause="uhr:a_b%:1/2")
    new(engine, cause="uhr:a_b%:10")
    new(engine, cause="uhr:axbc:1/2")
    with reading(engine) as connection:
        assert {one.id for one in matters.of_cause(connection, "uhr:a_b%:1")} == {first.id, second.id}


def test_notes_and_sheets_only_grow_and_go_with_their_matter(engine: Engine) -> None:
    made = new(engine)
    with writing(engine) as connection:
        for text in ("eins", "zwei"):
            matters.note(connection, made.id, "vermerk", text, "", NOW)
            matters.write_sheet(connection, made.id, {"a": text}, ["a"], "", NOW)
    with reading(engine) as connection:
        assert [(one.number, one.text) for one in matters.notes(connection, made.id)] == [(1, "eins"), (2, "zwei")]
        sheet = matters.sheet(connection, made.id)
    assert (sheet.number, dict(sheet.values), sheet.logged) == (2, {"a": "zwei"}, {"a"})
    with writing(engine) as connection:
        matters.remove(connection, [made.id])
    with reading(engine) as connection:
        assert matters.notes(connection, made.id) == []
        assert matters.sheet(connection, made.id).number == 0


def test_a_tally_adds_up_and_remembers_each_record_once(engine: Engine) -> None:
    with writing(engine) as connection:
        for n in range(3):
            at = NOW + timedelta(hours=n)
            stands = tallies.count(connection, Tally("c", "uhr", "", 2, at, at), ["r1", f"r{n}"])
        tallies.set_mark(connection, "gilt:a_b", "x", 1, NOW)
        tallies.set_mark(connection, "gilt:a_b", "y", 2, NOW)
        tallies.set_mark(connection, "anders", "z", 0, NOW)
    with reading(engine) as connection:
        assert tallies.records(connection, "c") == ["r0", "r1", "r2"]
        assert tallies.marks(connection, "gilt:") == {"gilt:a_b": ("y", 2, NOW)}
    assert (stands.count, stands.first_at, stands.last_at) == (6, NOW, NOW + timedelta(hours=2))


def test_tallies_that_led_to_nothing_are_forgotten_and_others_stay(engine: Engine) -> None:
    new(engine, cause="gebraucht")
    with writing(engine) as connection:
        for cause in ("gebraucht", "vergessen"):
            tallies.count(connection, Tally(cause, "uhr", "", 1, NOW, NOW), ["r"])
        tallies.forget(connection, NOW + timedelta(days=1))
        assert tallies.get(connection, "vergessen") is None
        assert tallies.records(connection, "vergessen") == []
        assert tallies.get(connection, "gebraucht") is not None


def test_an_e_mail_about_a_matter_is_claimed_once_and_can_be_given_back(engine: Engine) -> None:
    made = new(engine)
    with writing(engine) as connection:
        assert matters.tell(connection, [made.id], NOW) == [made.id]
        assert matters.tell(connection, [made.id], NOW) == []
        assert matters.untold(connection, "hoch") == []
        assert matters.tell(connection, [made.id], None) == [made.id]
        assert [one.id for one in matters.untold(connection, "hoch")] == [made.id]
