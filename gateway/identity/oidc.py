"""Signed in at the OpenID provider of the house: access and ID tokens as bearer.

A token counts when the provider signed it (`issuer`, `tokens`), for KI-Pforte or a front end that is named in the
settings, and has not ended; it is checked with every request. It says who somebody is; whether that person works here
and holds a KI-Pass says the directory. An address that the provider itself calls unverified is not used.

Not known here: whether the token was withdrawn before its end. Short lives are the provider's matter; a person who was
switched off in the directory is refused within two seconds all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.identity import claims, issued, texts, tokens
from gateway.identity.claims import ClaimRules
from gateway.identity.issuer import IssuerKeys
from gateway.identity.persons import Claimed, Persons
from gateway.model.clients import GroupsMode
from gateway.model.people import BlockStyle
from gateway.model.principal import Principal
from gateway.ports import Clock

KEY_ID: Final = "oidc"
"""Stands where the id of a key stands otherwise."""


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """What tokens must say, and where they say it."""

    audiences: tuple[str, ...]
    rules: ClaimRules = field(default_factory=ClaimRules)
    groups: GroupsMode = "directory"
    block_style: BlockStyle = "error"
    """How refusals reach people who come with a token: it belongs to no entry here that could say so."""


@dataclass(frozen=True, slots=True)
class OidcTokens:
    """Turns a token into a principal."""

    config: OidcConfig
    keys: IssuerKeys
    persons: Persons
    clock: Clock

    async def principal(self, token: str) -> Principal:
        """Return whose token it is. Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar``."""
        said, rules, mode = await self._claims(token), self.config.rules, self.config.groups
        places, people = claims.groups(said, rules) if mode != "directory" else (frozenset[str](), frozenset[str]())
        known = await self.persons.find(Claimed(*claims.identity(said, rules)))
        department = self.persons.department(known.person, places, mode)
        groups = self.persons.groups(known.person, people, mode)
        return Principal(known.person.id, department, known.person.roles, "person", KEY_ID,
                         self.config.block_style, known.passes, groups)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            return await issued.bearer(self.keys, token, self.config.audiences, self.clock.now())
        except tokens.TokenError as error:
            raise texts.invalid("anmeldung_abgelaufen" if error.expired else "anmeldung") from None
