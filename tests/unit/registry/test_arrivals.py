"""People who come from the OpenID provider: who is meant, what is taken over, and what stands in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from gateway.errors import GatewayError
from gateway.model.people import Person
from gateway.model.sessions import SignIn
from gateway.model.signin import Announced, Departure
from gateway.registry.arrivals import Arrivals
from gateway.registry.books import Books
from gateway.store import people, reading, sessions, writing
from tests.support.municipality import NOW, SetClock, database, policy_set, settle

WHO = Announced("anna@x.example", "uid-1", "Anna Arnold", "bauamt", frozenset({"dpo"}))


class Desk:
    """Books over a real database, and the records that would have been written."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.records, self.broken = engine, list[tuple[str, dict[str, Any]]](), False
        self.books = Books(engine, self._record, policy_set, SetClock())

    def _record(self, kind: str, meta: Mapping[str, Any], subject: str | None, /) -> None:
        if self.broken:
            raise OSError("canary-ledger")
        assert subject
        self.records.append((kind, dict(meta)))

    def welcome(self, who: Announced, **rules: bool) -> str:
        """Return the subject, or the reason why there is none."""
        try:
            return asyncio.run(Arrivals(self.books, **rules).welcome(who))
        except GatewayError as error:
            caught = error
        assert "canary" not in caught.hint + caught.message
        return caught.hint.removeprefix("credentials refused: ") if caught.status == 401 else caught.code

    def person(self, email: str = "anna@x.example") -> Person | None:
        with reading(self.engine) as connection:
            return people.by_email(connection, email)

    def change(self, person: Person, **values: Any) -> None:
        with writing(self.engine) as connection:
            people.change(connection, [replace(person, **values)])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    engine = database(f"sqlite:///{tmp_path / 'people.db'}")
    yield Desk(engine)
    engine.dispose()


def test_where_the_directory_leads_nothing_is_taken_over(desk: Desk) -> None:
    [anna] = settle(desk.engine, "anna@x.example", roles=["it"])
    assert desk.welcome(replace(WHO, department="sozialamt"), create=True) == anna.id
    assert desk.person() == anna
    assert desk.records == []


def test_where_the_claims_lead_roles_come_and_go_with_a_record(desk: Desk) -> None:
    [anna] = settle(desk.engine, "anna@x.example", roles=["it"])
    assert desk.welcome(replace(WHO, department="sozialamt"), claims_lead=True) == anna.id
    changed = desk.person()
    assert changed is not None
    assert (changed.department, changed.roles, changed.external_id) == ("sozialamt", {"dpo", "staff"}, "uid-1")
    assert desk.records == [("person.changed", {"via": "oidc", "fields": ["department", "external_id"]}),
                            ("person.roles", {"via": "oidc", "joined": ["dpo"], "left": ["it"]})]
    assert desk.welcome(replace(WHO, department="sozialamt"), claims_lead=True) == anna.id
    assert len(desk.records) == 2, "what is so already is not written again"


def test_what_the_provider_does_not_say_stays_as_it_is_except_roles(desk: Desk) -> None:
    [anna] = settle(desk.engine, "anna@x.example", roles=["it"])
    desk.change(anna, groups=frozenset({"azubi"}))
    desk.welcome(Announced("anna@x.example", "uid-1"), claims_lead=True)
    left = desk.person()
    assert left is not None
    assert (left.department, left.groups, left.roles) == ("bauamt", {"azubi"}, {"staff"})
    desk.welcome(Announced("anna@x.example", "uid-1", groups=frozenset()), claims_lead=True)
    left = desk.person()
    assert left is not None
    assert left.groups == frozenset(), "who is in no group any more is in none here"


@pytest.mark.parametrize("lead", [False, True])
def test_somebody_new_is_written_down_only_where_that_is_wanted(desk: Desk, lead: bool) -> None:
    assert desk.welcome(WHO, claims_lead=lead) == "person_unbekannt"
    subject = desk.welcome(WHO, claims_lead=lead, create=True)
    found = desk.person()
    assert found is not None
    assert (found.id, found.name, found.external_id) == (subject, "Anna Arnold", "uid-1")
    assert found.roles == ({"dpo", "staff"} if lead else {"staff"}), "roles only where the claims lead"
    assert [kind for kind, _ in desk.records] == ["person.added"]
    assert desk.welcome(WHO, claims_lead=lead, create=True) == subject


@pytest.mark.parametrize(("who", "reason"), [
    (replace(WHO, email=""), "person_unbekannt"), (replace(WHO, external_id=""), "person_unbekannt"),
    (replace(WHO, department=None), "ohne_amt")])
def test_nobody_is_written_down_without_address_id_and_department(desk: Desk, who: Announced, reason: str) -> None:
    assert desk.welcome(who, create=True) == reason
    assert desk.records == []


@pytest.mark.parametrize("who", [replace(WHO, email="no address"), replace(WHO, external_id="x" * 201)])
def test_an_address_or_an_id_that_is_none_lets_nobody_in(desk: Desk, who: Announced) -> None:
    assert desk.welcome(who, create=True) == "anmeldung"
    assert desk.records == []


def test_nobody_takes_over_the_entry_of_somebody_else(desk: Desk) -> None:
    anna, berta = settle(desk.engine, "anna@x.example", "berta@x.example")
    desk.change(anna, external_id="uid-1")
    for who in (replace(WHO, external_id="uid-2"), replace(WHO, email="berta@x.example")):
        assert desk.welcome(who, claims_lead=True, create=True) in ("widerspruch", anna.id)
    left = desk.person()
    assert left is not None
    assert left.external_id == "uid-1"
    assert desk.person("berta@x.example") == berta


def test_who_was_switched_off_does_not_come_back_this_way(desk: Desk) -> None:
    [anna] = settle(desk.engine, "anna@x.example")
    desk.change(anna, disabled_at=NOW)
    assert desk.welcome(WHO, claims_lead=True, create=True) == "ausgeschieden"
    assert desk.records == []


def test_without_the_ledger_nothing_changes_and_nobody_comes_in(desk: Desk) -> None:
    [anna] = settle(desk.engine, "anna@x.example")
    desk.broken = True
    assert desk.welcome(WHO, claims_lead=True) == "pruefung_nicht_verfuegbar"
    assert desk.welcome(replace(WHO, email="neu@x.example", external_id="n"), create=True) \
        == "pruefung_nicht_verfuegbar"
    assert desk.person() == anna
    assert desk.person("neu@x.example") is None


def test_two_windows_at_once_write_one_person(desk: Desk) -> None:
    async def both() -> list[str]:
        arrivals = Arrivals(desk.books, create=True)
        return await asyncio.gather(*(arrivals.welcome(WHO) for _ in range(4)))

    assert len(set(asyncio.run(both()))) == 1
    assert [kind for kind, _ in desk.records] == ["person.added"]


def test_a_departure_ends_one_sign_in_or_all_of_them_and_leaves_keys_alone(desk: Desk) -> None:
    anna, berta = settle(desk.engine, "anna@x.example", "berta@x.example")
    desk.change(anna, external_id="uid-1")

    def begin(name: str, subject: str, sid: str) -> None:
        with writing(desk.engine) as connection:
            way = SignIn(subject, "oidc", NOW, provider_sid=sid) if sid else SignIn(subject, "key", NOW)
            sessions.add(connection, name, way, NOW.replace(year=2027))

    def left() -> set[str]:
        with reading(desk.engine) as connection:
            return {name for name in ("a", "b", "c", "d") if sessions.find(connection, name, NOW)}

    for name, subject, sid in (("a", anna.id, "sid 1"), ("b", anna.id, "sid 2"), ("c", anna.id, ""),
                               ("d", berta.id, "sid 3")):
        begin(name, subject, sid)
    arrivals = Arrivals(desk.books)
    asyncio.run(arrivals.goodbye(Departure("sid unknown")))
    assert left() == {"a", "b", "c", "d"}
    asyncio.run(arrivals.goodbye(Departure("sid 1")))
    assert left() == {"b", "c", "d"}
    asyncio.run(arrivals.goodbye(Departure("sub uid-1", "uid-1")))
    assert left() == {"c", "d"}
