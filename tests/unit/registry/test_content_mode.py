"""The content mode: off unless two different people agreed, for days and not for ever, each step recorded first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.model.content_mode import LONGEST, REASONS, ContentMode, last_day
from gateway.model.people import Role
from gateway.policy import PolicySet, load_policies
from gateway.registry.books import Books
from gateway.registry.content_mode import ContentDesk
from gateway.store import InvalidError, migrate, open_engine, people
from gateway.store.directory import SqlDirectory
from tests.support.databases import database_url

__all__ = ["database_url"]
POLICIES: PolicySet = load_policies(Path(__file__).parents[3] / "policies")
NOW = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)
TODAY = date(2026, 11, 22)


class World:
    """Books, people with their roles, a clock that can be set, and what was written into the ledger."""

    def __init__(self, url: str) -> None:
        self.time, self.full = NOW, False
        self.missing: list[str] = []
        self.records: list[tuple[str, dict[str, Any], str | None]] = []
        self.engine = open_engine(url)
        migrate(self.engine)
        books = Books(self.engine, self._record, lambda: POLICIES, self)
        self.desk = ContentDesk(books, lambda: self.missing)
        self.directory = SqlDirectory(self.engine)
        roles = {"dsb": ["dpo"], "rat": ["personalrat"], "beide": ["dpo", "personalrat"], "it": ["it"], "amt": []}
        with books.writing() as connection:
            self.ids = {name: person.id for name, person in zip(roles, people.add(connection, [
                people.NewPerson(f"{name}@x.example", name, "bauamt", frozenset(held)) for name, held in roles.items()
            ], NOW), strict=True)}

    def now(self) -> datetime:
        return self.time

    def _record(self, kind: str, meta: Any, subject: str | None, /) -> None:
        if self.full:
            raise OSError("full")
        self.records.append((kind, dict(meta), subject))

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.records]

    def ask(self, department: str = "sozialamt", days: int = 2, by: str = "it", role: Role = "it",
            reason: str = "fehlersuche", case: str = "V-2026-3") -> ContentMode:
        return self.desk.request(self.ids[by], role, department, until=TODAY + timedelta(days=days), reason=reason,
                                 case=case)

    def agree(self, mode: ContentMode, *names: tuple[str, Role]) -> ContentMode:
        for name, role in names:
            mode = self.desk.approve(self.ids[name], role, mode.id)
        return mode

    def on(self) -> list[str]:
        return [one.department for one in self.directory.content_modes() if one.state(self.time) == "on"]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    found = World(database_url)
    yield found
    found.engine.dispose()


def test_two_people_in_two_roles_switch_it_on_and_every_step_is_in_the_ledger(world: World) -> None:
    mode = world.ask()
    assert mode.state(NOW) == "waiting"
    assert world.agree(mode, ("dsb", "dpo")).state(NOW) == "waiting"
    assert world.on() == []
    before = world.directory.generation()
    done = world.agree(mode, ("rat", "personalrat"))
    assert done.state(NOW) == "on"
    assert world.on() == ["sozialamt"]
    assert world.directory.generation() > before, "that is how every replica learns of it"
    assert world.kinds() == ["content_mode.request", "content_mode.approve", "content_mode.approve", "content_mode.on"]
    assert world.records[-1][1] == {"mode": mode.id, "department": "sozialamt", "reason": "fehlersuche",
                                    "case": "V-2026-3", "until": "2026-11-24", "via": "web", "role": "personalrat"}
    assert [subject for _, _, subject in world.records] == [world.ids[n] for n in ("it", "dsb", "rat", "rat")]


def test_one_person_with_both_roles_is_not_two(world: World) -> None:
    mode = world.agree(world.ask(), ("beide", "dpo"))
    with pytest.raises(InvalidError, match="zwei verschiedene"):
        world.agree(mode, ("beide", "personalrat"))
    with pytest.raises(InvalidError, match="schon zugestimmt"):
        world.agree(mode, ("dsb", "dpo"))
    assert world.on() == []


@pytest.mark.parametrize(("name", "role"), [
    ("it", "dpo"), ("amt", "personalrat"), ("it", "it"), ("dsb", "personalrat")])
def test_nobody_agrees_without_the_role(world: World, name: str, role: Role) -> None:
    mode = world.ask()
    with pytest.raises(InvalidError, match="nur mit dieser Rolle"):
        world.agree(mode, (name, role))


def test_without_the_keys_of_the_trustees_it_cannot_be_switched_on(world: World) -> None:
    world.missing = ["Personalrat"]
    with pytest.raises(InvalidError, match="es fehlt: Personalrat"):
        world.agree(world.ask(), ("dsb", "dpo"))


@pytest.mark.parametrize("wrong", [
    {"days": LONGEST.days}, {"days": -1}, {"department": "gibtesnicht"}, {"reason": "neugier"},
    {"case": "Frau Krüger"}, {"case": "Krueger"}, {"by": "amt", "role": "staff"}])
def test_a_request_is_for_a_department_some_days_a_known_reason_and_a_number(
        world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        world.ask(**wrong)
    assert world.kinds() == []


def test_its_last_day_counts_and_then_it_is_over_whether_anybody_looks_or_not(world: World) -> None:
    mode = world.agree(world.ask(days=LONGEST.days - 1), ("dsb", "dpo"), ("rat", "personalrat"))
    assert last_day(mode) == date(2026, 12, 5)
    world.time = datetime(2026, 12, 5, 22, 59, tzinfo=UTC)
    assert world.on() == ["sozialamt"]
    assert world.desk.expire() == 0
    world.time = datetime(2026, 12, 5, 23, 0, tzinfo=UTC)
    assert world.on() == []
    assert world.desk.expire() == 1
    assert world.desk.expire() == 0
    assert world.records[-1] == ("content_mode.off", {"mode": mode.id, "department": "sozialamt", "why": "ended",
                                                      "via": "auto"}, None)


def test_a_request_that_nobody_agreed_to_lapses_and_cannot_be_taken_up_again(world: World) -> None:
    mode = world.ask(days=13)
    world.time = NOW + timedelta(days=7)
    with pytest.raises(InvalidError, match="wartet nicht mehr"):
        world.agree(mode, ("dsb", "dpo"))
    assert world.desk.expire() == 1
    assert world.records[-1][1]["why"] == "lapsed"
    assert [one.state(world.time) for one in world.desk.modes()] == ["lapsed"]


def test_one_person_ends_it_and_who_took_part_is_forgotten(world: World) -> None:
    mode = world.agree(world.ask(), ("dsb", "dpo"), ("rat", "personalrat"))
    over = world.desk.stop(world.ids["rat"], "personalrat", mode.id)
    assert (over.state(NOW), over.end) == ("off", "stopped")
    assert (over.requested_by, over.dpo_by, over.council_by) == ("", "", "")
    assert world.on() == []
    with pytest.raises(InvalidError, match="schon beendet"):
        world.desk.stop(world.ids["rat"], "personalrat", mode.id)
    assert world.desk.stop(world.ids["dsb"], "dpo", world.ask().id).state(NOW) == "withdrawn"


def test_a_department_has_one_at_a_time(world: World) -> None:
    world.ask()
    with pytest.raises(InvalidError, match="wartet schon"):
        world.ask()
    assert world.ask("bauamt").department == "bauamt"


def test_nothing_changes_when_the_ledger_does_not_take_it(world: World) -> None:
    mode = world.agree(world.ask(), ("dsb", "dpo"))
    world.full = True
    with pytest.raises(OSError, match="full"):
        world.agree(mode, ("rat", "personalrat"))
    world.full = False
    assert world.on() == []
    assert not world.desk.modes()[0].approved_in("personalrat")


def test_there_is_no_room_for_free_text() -> None:
    assert all(reason.isalpha() and reason.islower() for reason in REASONS)
