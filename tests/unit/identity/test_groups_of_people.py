"""Groups of people and the purpose of a key, whichever way somebody comes in, and how fast a change counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from gateway.identity.fetch import fetch
from gateway.identity.issuer import IssuerKeys
from gateway.identity.oidc import OidcConfig
from gateway.identity.porter import Porter
from gateway.model.principal import Principal
from gateway.ports import Credentials
from tests.support.municipality import DEPARTMENTS, NOW, SetClock, compute
from tests.support.people_directory import MemoryDirectory
from tests.support.signed_tokens import OpenIdProvider, rs256, rsa_jwk, rsa_key

Result = TypeVar("Result")
GROUPS = {"auszubildende": "Auszubildende", "projekt-x": "Projekt Straßenbau"}


def play(directory: MemoryDirectory, scene: Callable[[Porter], Awaitable[Result]], *, provider: Any = None,
         mode: Any = "directory") -> Result:
    async def run() -> Result:
        oidc = None if provider is None else (OidcConfig(("ki-pforte",), groups=mode), IssuerKeys(provider.url, fetch))
        porter = Porter(directory, compute, SetClock(), departments=lambda: DEPARTMENTS, groups=lambda: GROUPS,
                        oidc=oidc)
        await porter.start()
        try:
            return await scene(porter)
        finally:
            await porter.close()

    return asyncio.run(run())


def test_a_key_brings_groups_and_purpose_and_a_change_counts_after_the_next_look() -> None:
    directory = MemoryDirectory()
    key = directory.enrol(purpose="uebersetzung")
    directory.change_person(key, groups=frozenset({"auszubildende"}))

    async def scene(porter: Porter) -> list[Principal]:
        seen = [await porter.authenticate(Credentials("bearer", key))]
        directory.change_person(key, groups=frozenset())
        await porter.refresh()
        return [*seen, await porter.authenticate(Credentials("bearer", key))]

    before, after = play(directory, scene)
    assert (before.groups, before.purpose) == ({"auszubildende"}, "uebersetzung")
    assert (after.groups, after.purpose) == (frozenset(), "uebersetzung")


def test_a_service_has_a_purpose_and_is_in_no_group() -> None:
    directory = MemoryDirectory()
    key = directory.enrol(service="sozialamt", purpose="zusammenfassung")
    directory.change_person(key, groups=frozenset({"auszubildende"}))
    principal = play(directory, lambda porter: porter.authenticate(Credentials("bearer", key)))
    assert (principal.department, principal.purpose, principal.groups) == ("sozialamt", "zusammenfassung", frozenset())


@pytest.mark.parametrize(("mode", "expected"), [
    ("directory", {"auszubildende"}), ("choose", {"auszubildende", "projekt-x"}),
    ("lead", {"auszubildende", "projekt-x"})])
def test_what_a_front_end_names_is_added_to_the_record_only_where_its_groups_count(
        mode: Any, expected: set[str]) -> None:
    directory = MemoryDirectory()
    directory.change_person(directory.enrol(), groups=frozenset({"auszubildende"}))
    chat = directory.trust(groups=mode, purpose="recherche")
    headers = {"x-openwebui-user-email": "p1@x.example",
               "x-kip-groups": "Projekt Stra%C3%9Fenbau, gibtsnicht, Sozialamt"}
    principal = play(directory, lambda porter: porter.authenticate(Credentials("bearer", chat, headers)))
    assert principal.groups == expected
    assert principal.purpose == "recherche"


@pytest.mark.parametrize(("mode", "expected"), [("directory", frozenset()), ("choose", {"projekt-x", "auszubildende"})])
def test_groups_in_a_token_are_groups_of_the_policy_by_key_or_name(mode: Any, expected: set[str]) -> None:
    directory = MemoryDirectory()
    directory.enrol()
    with OpenIdProvider() as provider:
        provider.keys = [rsa_jwk("r1", rsa_key(), alg="RS256", use="sig")]
        token = rs256(provider.claims(NOW, groups=["/Auszubildende", "PROJEKT-X", "IT"]))
        principal = play(directory, lambda porter: porter.authenticate(Credentials("bearer", token)),
                         provider=provider, mode=mode)
    assert principal.groups == expected
    assert principal.department == "bauamt"
