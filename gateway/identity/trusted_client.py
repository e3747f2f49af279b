"""A trusted front end asks for somebody: who is it?

The key of a front end alone opens nothing (`texts`: ``ohne_person``). The person is read in the one way that the entry
of the front end names, and in no other: where a signed token is agreed, plain headers beside it are not looked at, so a
front end that cannot sign falls shut, not open. A token is checked with every request, never kept.

What this is worth: with ``headers``, whoever holds the key may name anybody; with ``openwebui-jwt``, whoever holds the
key *and* the secret may. Neither says more about the person than the front end knows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from gateway.identity import keys, texts, tokens
from gateway.identity.headers import address, clean, groups_in, raw_value, value_of
from gateway.identity.persons import Claimed, Persons
from gateway.model.clients import TrustedClient
from gateway.model.principal import Principal
from gateway.ports import Clock

OPEN_WEBUI: Final = "open-webui"
"""Issuer in the tokens of Open WebUI; fixed in its source."""
SecretSource: TypeAlias = Callable[[str], str]
"""Gives the secret with this name, empty if there is none."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrustedClients:
    """Turns the identity headers of a front end into a principal."""

    persons: Persons
    secrets: SecretSource
    clock: Clock

    async def principal(self, client: TrustedClient, headers: Mapping[str, str]) -> Principal:
        """Return who is behind the front end. Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar``."""
        claimed = self._claimed(client, headers)
        known = await self.persons.find(claimed)
        department = self.persons.department(known.person, claimed.groups, client.groups)
        groups = self.persons.groups(known.person, claimed.groups, client.groups)
        return Principal(known.person.id, department, known.person.roles, "person", client.id, client.block_style,
                         known.passes, groups, client.purpose)

    def _claimed(self, client: TrustedClient, headers: Mapping[str, str]) -> Claimed:
        groups = groups_in(value_of(headers, client.groups_header)) if client.groups != "directory" else frozenset()
        if client.identity == "openwebui-jwt":
            return Claimed(self._email_in_token(client, headers), groups=groups)
        email, external_id = address(value_of(headers, client.email_header)), value_of(headers, client.id_header)
        if not email and not external_id:
            raise texts.invalid("ohne_person")
        # One header for everything is common: then what looks like an address is taken for both.
        return Claimed(email or (address(external_id) if "@" in external_id else ""), external_id, groups)

    def _email_in_token(self, client: TrustedClient, headers: Mapping[str, str]) -> str:
        token = raw_value(headers, client.token_header).strip()
        if not token:
            raise texts.invalid("ohne_person")
        try:
            claims = tokens.signed_with_secret(token, self._secret(client), OPEN_WEBUI, self._now())
        except tokens.TokenError as error:
            raise texts.invalid("unterschrift_abgelaufen" if error.expired else "unterschrift") from None
        email = claims.get("email")
        if not isinstance(email, str) or not email.strip():
            raise texts.invalid("ohne_person")
        return address(clean(email))

    def _secret(self, client: TrustedClient) -> str:
        secret = self.secrets(client.secret_name)
        if len(secret) < keys.LEAST_SECRET:
            _log.warning("secret %s of client %s is missing or shorter than %d characters", client.secret_name,
                         client.id, keys.LEAST_SECRET)
            raise texts.sign_in_unavailable(f"secret of client {client.id} is missing or too short")
        return secret

    def _now(self) -> datetime:
        return self.clock.now()
