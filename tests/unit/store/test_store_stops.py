"""Stops, groups of people and purposes come back from both databases as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from gateway.model.clients import TrustedClient
from gateway.model.people import ApiKey
from gateway.model.stops import ModelStop
from gateway.store import clients, keys, people, reading, stops, writing
from gateway.store.directory import SqlDirectory
from tests.support.municipality import NOW, database, settle

ALL = ModelStop("all", "", "Vorfall", NOW, "subject", frozenset({"a", "b"}))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = database(database_url)
    yield engine
    engine.dispose()


def test_a_stop_is_there_until_it_is_lifted_and_moves_the_generation(engine: Engine) -> None:
    directory = SqlDirectory(engine)
    before = directory.generation()
    one = ModelStop("provider", "Ein Anbieter & Söhne", "R", NOW, "subject", frozenset({"m"}))
    with writing(engine) as connection:
        assert stops.stop(connection, ALL)
        assert stops.stop(connection, one)
        assert not stops.stop(connection, replace(ALL, reason="anders"))
    assert set(directory.stops()) == {ALL, one}
    assert directory.generation() > before
    with writing(engine) as connection:
        assert not stops.lift(connection, "model", "Ein Anbieter & Söhne")
        assert stops.lift(connection, "all", "")
    assert directory.stops() == (one,)


def test_a_person_is_in_groups_and_leaves_them(engine: Engine) -> None:
    with writing(engine) as connection:
        [person] = people.add(connection, [people.NewPerson("a@x.example", "A", "bauamt", frozenset(), groups=frozenset(
            {"auszubildende", "projekt"}))], NOW)
    with reading(engine) as connection:
        assert people.by_id(connection, person.id) == person
        assert people.search(connection, group="projekt") == [person]
        assert people.search(connection, group="andere") == []
    changed = replace(person, groups=frozenset({"projekt"}))
    with writing(engine) as connection:
        people.change(connection, [changed])
    with reading(engine) as connection:
        assert people.every(connection) == {"a@x.example": changed}


def test_a_key_and_a_front_end_keep_their_purpose(engine: Engine) -> None:
    [person] = settle(engine, "a@x.example")
    made = [ApiKey("k1", person.id, "n", NOW, purpose="uebersetzung"), ApiKey("k2", person.id, "n", NOW)]
    trusted = [TrustedClient("c1", "A", "headers", NOW, purpose="recherche"), TrustedClient("c2", "B", "headers", NOW)]
    with writing(engine) as connection:
        for number, key in enumerate(made):
            keys.add(connection, key, bytes([number]) * 32)
        for number, client in enumerate(trusted):
            clients.add(connection, client, bytes([number + 8]) * 32)
    with reading(engine) as connection:
        assert keys.search(connection, now=NOW) == made
        assert clients.every(connection) == trusted
