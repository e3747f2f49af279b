"""What every `Authenticator` keeps, whatever it looks people up in: a dictionary, SQLite, PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.errors import GatewayError
from gateway.identity import Directory
from gateway.identity.keys import new_key
from gateway.identity.porter import Porter
from gateway.model.kipass import PassEvent
from gateway.model.people import ApiKey
from gateway.ports import Authenticator, Credentials
from gateway.store import keys, passes, writing
from gateway.store.directory import SqlDirectory
from tests.support.databases import address
from tests.support.municipality import NOW, SetClock, compute, database, settle
from tests.support.people_directory import MemoryDirectory

Result = TypeVar("Result")


class World(ABC):
    """One directory with one person and one key, and the changes a test makes to them."""

    directory: Directory
    key: str
    email: str

    @abstractmethod
    def revoke(self) -> None:
        ...

    @abstractmethod
    def block(self) -> None:
        ...


class MemoryWorld(World):
    def __init__(self) -> None:
        self.memory = MemoryDirectory()
        self.directory = self.memory
        self.key, self.email = self.memory.enrol(), "p1@x.example"

    def revoke(self) -> None:
        self.memory.change(self.key, key=replace(self.memory.of(self.key).key, revoked_at=NOW))

    def block(self) -> None:
        self.memory.change(self.key, events=(PassEvent("gesperrt", NOW),))


class SqlWorld(World):
    def __init__(self, url: str) -> None:
        self.engine = database(url)
        [self.person] = settle(self.engine, "p@x.example")
        self.email = self.person.email
        fresh = new_key()
        self.key, self.id = fresh.text, fresh.id
        with writing(self.engine) as connection:
            keys.add(connection, ApiKey(fresh.id, self.person.id, "n", NOW), fresh.sha256)
            evidence = MemoryDirectory()
            evidence.enrol()
            [known] = evidence.known.values()
            passes.record(connection, [(self.person.id, e) for e in known.evidence], source="selbst",
                          recorded_by="x", now=NOW)
        self.directory = SqlDirectory(self.engine)

    def revoke(self) -> None:
        with writing(self.engine) as connection:
            keys.revoke(connection, [self.id], NOW)

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
        authenticator = Porter(world.directory, compute, SetClock(), keys_page="http://x.example/keys")
        await authenticator.start()
        try:
            return await scene(authenticator)
        finally:
            await authenticator.close()

    return asyncio.run(play())


def bearer(key: str) -> Credentials:
    return Credentials("bearer", key)


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def refused(authenticator: Authenticator, credentials: Credentials) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await authenticator.authenticate(credentials)
    return caught.value


def test_every_way_to_present_a_key_leads_to_the_same_person(world: World) -> None:
    ways = [("bearer", world.key), ("x-api-key", world.key), ("api-key", f" {world.key}\n"),
            ("basic", basic(f"{world.email}:{world.key}")), ("basic", basic(f"{world.email.upper()}:{world.key}")),
            ("basic", basic(f"token:{world.key}")), ("basic", basic(f"{world.key}:")), ("basic", f"u:{world.key}"),
            ("basic", world.key)]

    async def scene(authenticator: Porter) -> set[str]:
        return {(await authenticator.authenticate(Credentials(*way))).subject for way in ways}

    assert len(run(world, scene)) == 1


def test_the_principal_knows_key_department_roles_and_every_scope_but_no_name(world: World) -> None:
    principal = run(world, lambda a: a.authenticate(bearer(world.key)))
    assert (principal.department, principal.roles, principal.kind) == ("bauamt", {"staff"}, "person")
    assert principal.key_id in world.key
    assert {scope: status.state for scope, status in principal.passes.items()} == {"basis": "gueltig", "bild": "fehlt"}
    assert "x.example" not in repr(principal)


def test_a_key_with_the_address_of_somebody_else_is_refused(world: World) -> None:
    error = run(world, lambda a: refused(a, Credentials("basic", basic(f"other@x.example:{world.key}"))))
    assert (error.status, error.code) == (401, "schluessel_ungueltig")
    assert "Benutzername" in error.message


NO_KEY = [
    ("none", "", "kein Schlüssel mitgeschickt"), ("bearer", "", "kein Schlüssel mitgeschickt"),
    ("bearer", "sk-canary", "kein vollständiger"), ("bearer", "kip_canary", "kein vollständiger"),
    ("basic", "%%%", "kein vollständiger"), ("basic", basic("user:canary"), "kein vollständiger"),
    ("bearer", "kip_" + "ä" * 52, "kein vollständiger"),
    ("bearer", "kip_" + "A" * 8 + "_" + "B" * 43, "nicht bekannt"),
]


def test_what_opens_no_door_is_refused_with_advice(world: World) -> None:
    async def scene(authenticator: Porter) -> list[GatewayError]:
        return [await refused(authenticator, Credentials(scheme, secret)) for scheme, secret, _ in NO_KEY]

    for error, (_, _, says) in zip(run(world, scene), NO_KEY, strict=True):
        assert (error.code, error.status) == ("schluessel_ungueltig", 401)
        assert says in error.message
        assert "http://x.example/keys" in error.message
        assert len(error.message) < 300
        for part in (error.message, error.hint, str(error), repr(error)):
            assert "canary" not in part


def test_two_keys_at_once_open_nothing(world: World) -> None:
    async def scene(authenticator: Porter) -> list[str]:
        return [(await refused(authenticator, Credentials(scheme, secret))).hint for scheme, secret in (
            ("bearer", f"{world.key}\nBearer {world.key}"), ("x-api-key", f"{world.key}\n{world.key}"))]

    assert run(world, scene) == ["credentials refused: doppelt"] * 2


def test_the_public_id_of_a_key_alone_opens_nothing(world: World) -> None:
    forged = world.key[:13] + new_key().text[13:]

    async def scene(authenticator: Porter) -> GatewayError:
        await authenticator.authenticate(bearer(world.key))
        return await refused(authenticator, bearer(forged))

    assert "nicht bekannt" in run(world, scene).message


def test_a_revoked_key_is_refused_after_the_next_look(world: World) -> None:
    async def scene(authenticator: Porter) -> GatewayError:
        await authenticator.authenticate(bearer(world.key))
        world.revoke()
        await authenticator.refresh()
        return await refused(authenticator, bearer(world.key))

    assert "widerrufen" in run(world, scene).message


def test_a_blocked_pass_is_seen_after_the_next_look(world: World) -> None:
    async def scene(authenticator: Porter) -> list[str]:
        states = [(await authenticator.authenticate(bearer(world.key))).pass_for().state]
        world.block()
        await authenticator.refresh()
        return [*states, (await authenticator.authenticate(bearer(world.key))).pass_for().state]

    assert run(world, scene) == ["gueltig", "gesperrt"]


def test_the_background_look_notices_a_change_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.lookup.POLL_SECONDS", 0.01)

    async def scene(authenticator: Porter) -> None:
        await authenticator.authenticate(bearer(world.key))
        world.revoke()
        async with asyncio.timeout(60):  # only so that a change that is never noticed does not hang the suite
            while True:
                await authenticator.authenticate(bearer(world.key))
                await asyncio.sleep(0.01)

    with pytest.raises(GatewayError, match="schluessel_ungueltig"):
        run(world, scene)
