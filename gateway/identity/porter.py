"""The porter: who asks? One `Authenticator` in front, which chooses the way by what was presented.

============================================  =========================================================
``kip_...`` of a person or a service          `api_key`; in Basic no other address beside it
``kip_...`` of a trusted front end            `trusted_client`: the key and the person that it names
a signed token as bearer                      `oidc`, if the house has an OpenID provider
============================================  =========================================================

Kept true: identity headers are read for a trusted front end only; with anything else they are as if they were not
there. Every way ends in a person of the directory (or a service somebody answers for), or in a refusal that says what
to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from gateway.identity import keys, texts, tokens
from gateway.identity.api_key import ApiKeys, KeyHolder, Passes, Refused
from gateway.identity.credentials import Presented, presented_in
from gateway.identity.directory import Directory
from gateway.identity.headers import PLACEHOLDER, TWICE, address
from gateway.identity.issuer import IssuerKeys
from gateway.identity.lookup import Lookup, Watched
from gateway.identity.oidc import OidcConfig, OidcTokens
from gateway.identity.persons import Departments, Persons
from gateway.identity.trusted_client import SecretSource, TrustedClients
from gateway.model.clients import TrustedClient
from gateway.model.principal import Principal
from gateway.ports import Clock, Credentials

Value = TypeVar("Value")


class Porter:
    """Implements `gateway.ports.Authenticator`. `start` before use and `close` after it, in the same event loop."""

    def __init__(self, directory: Directory, passes: Passes, clock: Clock, *, keys_page: str = "",
                 departments: Departments = dict, groups: Departments = dict, secrets: SecretSource = lambda _: "",
                 oidc: tuple[OidcConfig, IssuerKeys] | None = None, size: int = 20_000,
                 monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keys_page = keys_page
        self._lookup = Lookup(directory, clock, size=size, monotonic=monotonic)
        self._keys = ApiKeys(self._lookup, passes)
        persons = Persons(self._lookup, passes, departments, groups)
        self._clients = TrustedClients(persons, secrets, clock)
        self._tokens = OidcTokens(*oidc, persons, clock) if oidc else None

    async def start(self) -> None:
        """Begin to notice changes."""
        await self._lookup.start()

    def watch(self, question: Callable[[], Value]) -> Watched[Value]:
        """Return what keeps the answer to `question` at hand, a second behind the database. Call before `start`."""
        return self._lookup.watch(question)

    async def close(self) -> None:
        """Stop what works in the background."""
        if self._tokens is not None:
            await self._tokens.keys.close()
        await self._lookup.close()

    @property
    def ready(self) -> bool:
        """Whether the database answered lately; for ``/readyz``."""
        return self._lookup.ready

    def forget(self) -> None:
        """Work out every KI-Pass anew: its rules have changed. Call in the event loop."""
        self._lookup.forget()

    async def refresh(self) -> None:
        """Ask the database for its generation now: what changed before this call is seen after it."""
        await self._lookup.refresh()

    async def authenticate(self, credentials: Credentials) -> Principal:
        """Return who asks. Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar`` (503)."""
        presented = presented_in(credentials)
        if TWICE in presented.secret:
            raise texts.invalid("doppelt")
        if keys.key_id(presented.secret) is not None:
            return await self._by_key(presented, credentials)
        if self._tokens is not None and credentials.scheme == "bearer" and tokens.looks_like_token(presented.secret):
            return await self._tokens.principal(presented.secret)
        if PLACEHOLDER in presented.secret:
            raise texts.invalid("platzhalter")
        raise texts.invalid("unvollstaendig" if presented.secret else "fehlt", self._keys_page)

    async def _by_key(self, presented: Presented, credentials: Credentials) -> Principal:
        answer = await self._keys.find(presented.secret)
        if answer is None:
            raise texts.invalid("unbekannt", self._keys_page)
        if isinstance(answer, Refused):
            raise texts.invalid(answer.reason, self._keys_page)
        email = answer.email if isinstance(answer, KeyHolder) else ""
        # What is no address names nobody: many programs insist on a user name and send "api" or "token".
        if "@" in presented.user and address(presented.user) != email:
            raise texts.invalid("anderer_name")
        if isinstance(answer, TrustedClient):
            return await self._clients.principal(answer, credentials.headers)
        return answer.principal
