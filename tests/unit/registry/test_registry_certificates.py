"""Numbers of certificates in the books, on both databases: one at a time, ended for good, nothing without a record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.home import pass_keys
from gateway.kipass.documents import evidence_for
from gateway.kipass.number import new_number, read_number
from gateway.model.kipass import BASIS, PassEvent
from gateway.model.people import Person
from gateway.policy import PolicySet, load_policies
from gateway.registry.books import Books
from gateway.registry.certificates import CertificateOffice, digest
from gateway.store import migrate, open_engine, passes, people
from tests.support.databases import database_url

__all__ = ["database_url"]
POLICIES: PolicySet = load_policies(Path(__file__).parents[3] / "policies")
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


class World:
    """Books, a clock that can be set, and what was written into the ledger."""

    def __init__(self, url: str, folder: Path) -> None:
        self.time, self.records, self.full = NOW, [], False  # type: datetime, list[tuple[str, dict[str, Any]]], bool
        self.engine = open_engine(url)
        migrate(self.engine)
        self.books = Books(self.engine, self._record, lambda: POLICIES, self)
        self.office = CertificateOffice(self.books, lambda: pass_keys(folder))

    def now(self) -> datetime:
        return self.time

    def _record(self, kind: str, meta: Any, subject: str | None, /) -> None:
        if self.full:
            raise OSError("full")
        self.records.append((kind, dict(meta)))

    def hire(self, modules: tuple[str, ...] = POLICIES.kipass.scopes[BASIS].modules) -> Person:
        with self.books.writing() as connection:
            [person] = people.add(connection, [people.NewPerson("a@musterstadt.example", "Ada", "bauamt",
                                                                frozenset({"staff"}))], NOW)
            items = evidence_for(POLICIES.kipass, list(modules), NOW - timedelta(days=1))
            passes.record(connection, [(person.id, e) for e in items], source="selbst", recorded_by="selbst", now=NOW)
        return person


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    found = World(database_url, tmp_path)
    yield found
    found.engine.dispose()


def test_a_number_is_given_once_and_found_again(world: World) -> None:
    ada = world.hire()
    first = world.office.issue(ada.id)
    assert first is not None
    assert read_number(first.id) == first.id
    assert world.office.issue(ada.id) == first
    assert world.records == [("pass.bescheinigung", {"certificate": digest(first.id), "via": "web", "role": "staff"})]
    found = world.office.look_up(first.id)
    assert found is not None
    assert (found[0], found[1] and found[1].name) == (first, "Ada")


def test_two_processes_that_ask_at_once_get_the_same_number(world: World) -> None:
    ada, start = world.hire(), threading.Barrier(4)

    def ask(_: int) -> str:
        start.wait(5)
        given = world.office.issue(ada.id)
        assert given is not None
        return given.id
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert len(world.records) == 1


def test_a_withdrawn_number_never_counts_again(world: World) -> None:
    ada = world.hire()
    first, second = world.office.issue(ada.id), world.office.renew(ada.id)
    assert first is not None
    assert second is not None
    assert first.id != second.id
    old, new = world.office.look_up(first.id), world.office.look_up(second.id)
    assert old is not None
    assert old[1] is None
    assert new is not None
    assert new[1] is not None
    assert world.office.withdraw(ada.id)
    assert not world.office.withdraw(ada.id)
    assert world.office.of_person(ada.id)[0] is None


def test_without_a_pass_no_number_is_given_and_an_old_one_can_still_be_withdrawn(world: World) -> None:
    ada = world.hire()
    given = world.office.issue(ada.id)
    assert given is not None
    with world.books.writing() as connection:
        passes.act(connection, ada.id, PassEvent("gesperrt", NOW), by_role="test")
    found = world.office.look_up(given.id)
    assert found is not None
    assert found[1] is None
    assert world.office.of_person(ada.id) == (given, None)
    assert world.office.renew(ada.id) is None
    gone = world.office.look_up(given.id)
    assert gone is not None
    assert gone[0].revoked_at == NOW


def test_somebody_who_never_learned_gets_none(world: World) -> None:
    ada = world.hire(("information",))
    assert world.office.issue(ada.id) is None
    assert world.records == []


def test_whoever_left_or_is_over_their_time_is_shown_to_nobody(world: World) -> None:
    ada = world.hire()
    given = world.office.issue(ada.id)
    assert given is not None
    shown = world.office.look_up(given.id)
    assert shown is not None
    assert shown[1] is not None
    assert shown[1].ends_at is not None
    for time, left in ((shown[1].ends_at - timedelta(seconds=1), False), (shown[1].ends_at, False), (NOW, True)):
        world.time = time
        with world.books.writing() as connection:
            people.change(connection, [replace(ada, disabled_at=NOW if left else None)])
        found = world.office.look_up(given.id)
        assert found is not None
        assert (found[1] is None) == (left or time == shown[1].ends_at)


def test_when_the_record_cannot_be_written_nothing_has_happened(world: World) -> None:
    ada = world.hire()
    given = world.office.issue(ada.id)
    world.full = True
    for act in (world.office.withdraw, world.office.renew):
        with pytest.raises(OSError, match="full"):
            act(ada.id)
        assert world.office.of_person(ada.id)[0] == given


def test_a_number_that_nobody_gave_out_is_nothing(world: World) -> None:
    world.hire()
    assert world.office.look_up(new_number()) is None
