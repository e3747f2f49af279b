"""A trusted front end and the person behind it, whatever the directory is: a dictionary, SQLite, PostgreSQL."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway.errors import GatewayError
from gateway.identity.directory import Directory
from gateway.identity.keys import new_key
from gateway.identity.porter import Porter
from gateway.model.clients import TrustedClient
from gateway.model.kipass import PassEvent
from gateway.model.people import ApiKey, Person
from gateway.ports import Credentials
from gateway.store import clients, keys, passes, people, writing
from gateway.store.directory import SqlDirectory
from tests.support.databases import address
from tests.support.municipality import DEPARTMENTS, NOW, SetClock, compute, database, settle
from tests.support.people_directory import MemoryDirectory
from tests.support.signed_tokens import SECRET, hs256, open_webui

Result = TypeVar("Result")
MAIL, ID, GROUPS, JWT = "x-openwebui-user-email", "x-kip-user", "x-kip-groups", "x-openwebui-user-jwt"


class World(ABC):
    """One person who may work (``p1@x.example``, Bauamt, also Sozialamt, id ``uid-1``), and changes to them."""

    directory: Directory

    @abstractmethod
    def trust(self, identity: Any = "headers", **entry: Any) -> str:
        ...

    @abstractmethod
    def revoke(self, key: str) -> None:
        ...

    @abstractmethod
    def alter(self, **changes: Any) -> None:
        ...

    @abstractmethod
    def block(self) -> None:
        ...


class MemoryWorld(World):
    def __init__(self) -> None:
        self.directory = self.memory = MemoryDirectory()
        self.key = self.memory.enrol()
        self.alter(external_id="uid-1", further=frozenset({"sozialamt"}))

    def trust(self, identity: Any = "headers", **entry: Any) -> str:
        return self.memory.trust(identity, **entry)

    def revoke(self, key: str) -> None:
        self.memory.change_client(key, revoked_at=NOW)

    def alter(self, **changes: Any) -> None:
        self.memory.change_person(self.key, **changes)

    def block(self) -> None:
        self.memory.change(self.key, events=(PassEvent("gesperrt", NOW),))


class SqlWorld(World):
    def __init__(self, url: str) -> None:
        self.engine = database(url)
        self.directory = SqlDirectory(self.engine)
        [self.person] = settle(self.engine, "p1@x.example")
        helper = MemoryDirectory()
        helper.enrol()
        [known] = helper.known.values()
        with writing(self.engine) as connection:
            passes.record(connection, [(self.person.id, e) for e in known.evidence], source="selbst",
                          recorded_by="x", now=NOW)
        self.alter(external_id="uid-1", further=frozenset({"sozialamt"}))

    def trust(self, identity: Any = "headers", **entry: Any) -> str:
        helper = MemoryDirectory()
        key = helper.trust(identity, **entry)
        [known] = helper.clients.values()
        with writing(self.engine) as connection:
            clients.add(connection, known.client, known.sha256)
        return key

    def revoke(self, key: str) -> None:
        with writing(self.engine) as connection:
            assert clients.revoke(connection, key.split("_")[1], NOW)

    def alter(self, **changes: Any) -> None:
        self.person: Person = replace(self.person, **changes)
        with writing(self.engine) as connection:
            people.change(connection, [self.person])

    def block(self) -> None:
        with writing(self.engine) as connection:
            passes.act(connection, self.person.id, PassEvent("gesperrt", NOW), by_role="x")


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        yield MemoryWorld()
        return
    made = SqlWorld(address(request.param, tmp_path))
    yield made
    made.engine.dispose()


def run(world: World, scene: Callable[[Porter], Awaitable[Result]]) -> Result:
    async def play() -> Result:
        porter = Porter(world.directory, compute, SetClock(), keys_page="http://x.example/keys",
                        departments=lambda: DEPARTMENTS, secrets={"CHAT_SECRET": SECRET}.get)  # type: ignore[arg-type]
        await porter.start()
        try:
            return await scene(porter)
        finally:
            await porter.close()

    return asyncio.run(play())


def asks(key: str, headers: Mapping[str, str]) -> Credentials:
    return Credentials("bearer", key, headers)


async def refusal(porter: Porter, key: str, headers: Mapping[str, str]) -> str:
    with pytest.raises(GatewayError) as caught:
        await porter.authenticate(asks(key, headers))
    assert (caught.value.code, caught.value.status) == ("schluessel_ungueltig", 401)
    assert len(caught.value.message) < 300
    assert "kip_" not in caught.value.message, "whoever uses a chat application has no key"
    return caught.value.hint.rpartition(" ")[2]


def test_the_person_behind_a_front_end_counts_and_not_the_front_end(world: World) -> None:
    key = world.trust()

    async def scene(porter: Porter) -> None:
        for headers in ({MAIL: "p1@x.example"}, {MAIL: "P1%40X.Example"}, {ID: "uid-1"}, {ID: "P1@x.example"},
                        {MAIL: "p1@x.example", ID: "uid-1"}):
            principal = await porter.authenticate(asks(key, headers))
            assert (principal.department, principal.roles, principal.kind) == ("bauamt", {"staff"}, "person")
            assert principal.pass_for().state == "gueltig"
            assert (principal.key_id, principal.block_style) == (key.split("_")[1], "message")
            assert "x.example" not in repr(principal)

    run(world, scene)


def test_a_front_end_without_a_person_is_refused(world: World) -> None:
    plain, signed = world.trust(), world.trust("openwebui-jwt")

    async def scene(porter: Porter) -> list[str]:
        return [await refusal(porter, plain, {}), await refusal(porter, plain, {MAIL: " ", ID: ""}),
                await refusal(porter, plain, {GROUPS: "Bauamt"}), await refusal(porter, signed, {}),
                await refusal(porter, signed, {MAIL: "p1@x.example", ID: "uid-1"})]

    assert run(world, scene) == ["ohne_person"] * 5


def test_a_person_nobody_entered_or_who_left_is_refused_with_advice(world: World) -> None:
    key = world.trust()

    async def scene(porter: Porter) -> list[str]:
        reasons = [await refusal(porter, key, {MAIL: "fremd@x.example"}), await refusal(porter, key, {ID: "uid-9"})]
        world.alter(disabled_at=NOW)
        await porter.refresh()
        return [*reasons, await refusal(porter, key, {MAIL: "p1@x.example"})]

    assert run(world, scene) == ["person_unbekannt", "person_unbekannt", "ausgeschieden"]


def test_a_signed_token_names_the_person(world: World) -> None:
    key = world.trust("openwebui-jwt")
    headers = {JWT: hs256(open_webui(NOW)), MAIL: "somebody-else@x.example"}
    assert run(world, lambda p: p.authenticate(asks(key, headers))).pass_for().state == "gueltig"


def test_what_the_pass_office_and_the_it_change_acts_at_the_next_look(world: World) -> None:
    key = world.trust()

    async def scene(porter: Porter) -> list[str]:
        seen = [(await porter.authenticate(asks(key, {MAIL: "p1@x.example"}))).pass_for().state]
        world.block()
        await porter.refresh()
        seen.append((await porter.authenticate(asks(key, {MAIL: "p1@x.example"}))).pass_for().state)
        world.revoke(key)
        await porter.refresh()
        return [*seen, await refusal(porter, key, {MAIL: "p1@x.example"})]

    assert run(world, scene) == ["gueltig", "gesperrt", "anwendung_widerrufen"]


@pytest.mark.parametrize(("mode", "groups", "department"), [
    ("directory", "Sozialamt", "bauamt"), ("choose", "", "bauamt"), ("choose", "Sozialamt", "sozialamt"),
    ("choose", "/Sozialamt", "sozialamt"), ("choose", "SOZIALAMT, Chor", "sozialamt"), ("choose", "Chor", "bauamt"),
    ("choose", "Sozialamt,Bauamt", "bauamt"), ("choose", "Jugendamt", "bauamt"), ("lead", "Jugendamt", "jugendamt"),
    ("lead", "jugendamt;sozialamt", "bauamt"), ("lead", "Mondamt", "bauamt")])
def test_groups_decide_what_they_may_decide(world: World, mode: Any, groups: str, department: str) -> None:
    key = world.trust(groups=mode)
    known = {**DEPARTMENTS, "jugendamt": "Jugendamt"}

    async def play() -> str:
        porter = Porter(world.directory, compute, SetClock(), departments=lambda: known)
        await porter.start()
        try:
            return (await porter.authenticate(asks(key, {MAIL: "p1@x.example", GROUPS: groups}))).department
        finally:
            await porter.close()

    assert asyncio.run(play()) == department


def test_address_and_id_never_mean_two_people(world: World) -> None:
    key = world.trust()
    if isinstance(world, MemoryWorld):
        world.memory.enrol("p2")
    else:
        assert isinstance(world, SqlWorld)
        settle(world.engine, "p2@x.example")

    async def scene(porter: Porter) -> list[str]:
        moved = await porter.authenticate(asks(key, {MAIL: "new@x.example", ID: "uid-1"}))
        fresh = await porter.authenticate(asks(key, {MAIL: "p2@x.example", ID: "uid-2"}))
        assert moved.subject != fresh.subject
        return [await refusal(porter, key, {MAIL: "p2@x.example", ID: "uid-1"}),  # two people
                await refusal(porter, key, {MAIL: "p1@x.example", ID: "uid-2"})]  # the address has a new owner

    assert run(world, scene) == ["widerspruch", "widerspruch"]


def test_a_service_is_its_own_principal_and_somebody_answers_for_it(tmp_path: Path) -> None:
    world = SqlWorld(address("sqlite", tmp_path))
    fresh = new_key()
    with writing(world.engine) as connection:
        keys.add(connection, ApiKey(fresh.id, world.person.id, "n8n", NOW, service="sozialamt"), fresh.sha256)

    async def scene(porter: Porter) -> str:
        principal = await porter.authenticate(asks(fresh.text, {MAIL: "p1@x.example"}))
        assert (principal.kind, principal.department, principal.roles) == ("service", "sozialamt", frozenset())
        assert principal.subject not in (world.person.id, "")
        assert principal.pass_for().state == "gueltig"
        world.alter(disabled_at=NOW)
        await porter.refresh()
        with pytest.raises(GatewayError, match="schluessel_ungueltig") as caught:
            await porter.authenticate(asks(fresh.text, {}))
        return caught.value.message

    assert "verantwortlich" in run(world, scene)
    world.engine.dispose()


def test_a_client_keeps_its_entry_in_the_database(tmp_path: Path) -> None:
    world = SqlWorld(address("sqlite", tmp_path))
    entry = TrustedClient("k1", "Chat", "headers", NOW, email_header="x-a", id_header="x-b", groups_header="x-c",
                          groups="choose", block_style="error", expires_at=NOW)
    with writing(world.engine) as connection:
        clients.add(connection, entry, b"1" * 32)
        assert clients.by_id(connection, "k1") == (entry, b"1" * 32)
        clients.touch(connection, "k1", NOW.date())
        assert clients.every(connection) == [replace(entry, last_used_on=NOW.date())]
        assert clients.by_id(connection, "k2") is None
    world.engine.dispose()
