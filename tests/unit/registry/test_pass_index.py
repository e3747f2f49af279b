"""The index of passes says what the evidence says, after every act and after time and rules have moved on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.model.kipass import BASIS
from gateway.model.office import Wanted
from gateway.registry import index, learning, office
from gateway.registry import passes as acts
from gateway.registry.books import Actor
from gateway.store import pass_index, people
from tests.support.web_house import House, open_house

OFFICE = Actor("web", "someone", "ki-pass-stelle")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as found:
        yield found


def settled(house: House) -> None:
    while index.refresh(house.books):
        pass


def counts(house: House) -> dict[str, int]:
    with house.books.reading() as connection:
        return dict(pass_index.counts(connection, BASIS))


def test_somebody_new_is_found_and_worked_out(house: House) -> None:
    house.hire("A")
    house.hire("B", steps=1)
    assert index.waiting(house.books) == 2
    settled(house)
    assert index.waiting(house.books) == 0
    assert counts(house) == {"gueltig": 1, "fehlt": 1}


def test_every_act_leaves_the_index_as_right_as_working_it_out_anew(house: House) -> None:
    person = house.hire("A", steps=0).person
    settled(house)
    scope_modules = house.books.rules.scopes[BASIS].modules
    every: list[Callable[[], acts.PassFile]] = [
        lambda: acts.grant(house.books, OFFICE, person.id, scope_modules, None, event=False),
        lambda: acts.act(house.books, OFFICE, person.id, "gesperrt", None, "x"),
        lambda: acts.act(house.books, OFFICE, person.id, "entsperrt"),
        lambda: acts.revoke_evidence(house.books, OFFICE, person.id, ["information"], "x"),
        lambda: learning.finish(house.books, OFFICE, person.id, "information",
                                house.books.rules.documents["information"][-1].sha256),
    ]
    for act in every:
        state = act().held[BASIS].state
        assert index.waiting(house.books) == 0
        assert counts(house) == {state: 1}


@pytest.mark.parametrize("ahead", [0, 20])
def test_a_block_holds_also_when_the_replica_before_had_a_fast_clock(house: House, ahead: int) -> None:
    person, now = house.hire("A").person, house.clock.now()
    acts.act(house.books, OFFICE, person.id, "gesperrt", None, "x")
    house.clock.time = now + timedelta(seconds=ahead)
    assert acts.act(house.books, OFFICE, person.id, "entsperrt").held[BASIS].state == "gueltig"
    house.clock.time = now
    assert acts.act(house.books, OFFICE, person.id, "gesperrt", None, "x").held[BASIS].state == "gesperrt"
    assert acts.act(house.books, OFFICE, person.id, "entsperrt").held[BASIS].state == "gueltig"


def test_time_alone_makes_a_line_stale_and_the_page_never_shows_it_wrong(house: House) -> None:
    house.hire("A")
    settled(house)
    house.clock.time = house.clock.now() + timedelta(days=365 * 3)
    assert index.waiting(house.books) == 1
    assert office.page(house.books, Wanted(state="gueltig")).lines == ()
    [line] = office.page(house.books, Wanted()).lines
    assert line.status.state == "abgelaufen"
    settled(house)
    assert counts(house) == {"abgelaufen": 1}


def test_new_rules_make_lines_stale_but_new_titles_do_not(house: House) -> None:
    house.hire("A")
    settled(house)
    rules = house.policies.kipass
    module = rules.modules["schulung"]
    house.policies = replace(house.policies, kipass=replace(rules, modules={
        **rules.modules, "schulung": replace(module, title="Kurs", minutes=99)}))
    assert index.waiting(house.books) == 0
    house.policies = replace(house.policies, kipass=replace(rules, modules={
        **rules.modules, "schulung": replace(module, valid_months=1)}))
    house.clock.time = house.clock.now() + timedelta(days=40)
    assert index.waiting(house.books) == 1
    settled(house)
    assert counts(house) == {"abgelaufen": 1}


def test_a_leaver_is_not_counted_and_not_listed(house: House) -> None:
    person = house.hire("A").person
    settled(house)
    with house.books.writing() as connection:
        people.change(connection, [replace(person, disabled_at=house.clock.now())])
    assert counts(house) == {}
    assert office.page(house.books, Wanted()).lines == ()


@pytest.mark.parametrize("sort", ["name", "adresse", "amt", "bis"])
def test_pages_together_show_everybody_once_in_order(house: House, sort: str) -> None:
    for number in range(7):
        house.hire(f"Person {number % 3}", department=["bauamt", "it"][number % 2], steps=None if number % 2 else 2)
    settled(house)
    seen, after = [], ""
    while True:
        found = office.page(house.books, Wanted(sort=sort), after, 2)  # type: ignore[arg-type]
        seen += [line.person.id for line in found.lines]
        after = found.after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 7


def test_filters_narrow_the_list(house: House) -> None:
    house.hire("Mia Muster", department="it")
    house.hire("Ole Olsen", department="bauamt", steps=1)
    settled(house)

    def names(**wanted: object) -> list[str]:
        return [line.person.name for line in office.page(house.books, Wanted(**wanted)).lines]  # type: ignore[arg-type]
    assert names(department="it") == ["Mia Muster"]
    assert names(state="fehlt") == ["Ole Olsen"]
    assert names(text="olsen") == ["Ole Olsen"]
    assert names(text="%") == []
    assert names(before=house.clock.now() + timedelta(days=3650), state="gueltig") == ["Mia Muster"]
    assert names(before=house.clock.now(), state="gueltig") == []


def test_when_the_record_cannot_be_written_the_index_stays_as_it_was(house: House) -> None:
    person = house.hire("A").person
    settled(house)
    books = replace(house.books, record=_broken)
    with pytest.raises(RuntimeError):
        acts.act(books, OFFICE, person.id, "gesperrt", None, "x")
    assert counts(house) == {"gueltig": 1}


def _broken(*_: object) -> None:
    raise RuntimeError("no ledger")
