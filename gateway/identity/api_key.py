"""Keys ``kip_...``: whose they are, a person's, a service's or a trusted front end's.

A request costs one SHA-256 and one look into a bounded cache. The same key never answers for another person; a key, a
name or an address stands in no log and no exception.

A service (an automatic job without a person in front of it) has a key of its own kind: a person answers for it, it
works as long as that person's KI-Pass does, it belongs to one department and holds no role. It is never somebody, and
in no group of people.

Not known here: which scope a request needs, and what it does. A person without a KI-Pass is authenticated all the same;
`policy.admit` refuses with the reason.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from gateway.identity import keys, texts
from gateway.identity.directory import Caller, Client
from gateway.identity.lookup import Lookup, Shelf
from gateway.model.clients import TrustedClient
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.principal import PassStatus, Principal

Passes: TypeAlias = Callable[[Sequence[Evidence], Sequence[PassEvent], datetime], Mapping[str, PassStatus]]
"""Computes the KI-Pass for every scope: `gateway.kipass` with the configuration of the organisation."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who holds a key; the address is here for Basic, where a user name comes with the key."""

    principal: Principal
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A key that is known and opens nothing."""

    reason: texts.Refusal


KeyAnswer: TypeAlias = KeyHolder | TrustedClient | Refused


@dataclass(frozen=True, slots=True)
class _Found:
    """What the directory says about one key: exactly one of the two."""

    generation: int
    sha256: bytes = field(repr=False)
    caller: Caller | None = None
    client: Client | None = None


class ApiKeys:
    """Finds out whose key it is."""

    def __init__(self, lookup: Lookup, passes: Passes) -> None:
        self._lookup, self._passes = lookup, passes
        self.shelf: Shelf[KeyAnswer] = lookup.shelf()

    async def find(self, text: str) -> KeyAnswer | None:
        """Return who holds the key; None when nobody does. `text` has the form of a key."""
        key_id, digest = keys.key_id(text), keys.digest(text)
        assert key_id is not None, "the caller looked"

        def judge(found: _Found, now: datetime) -> tuple[KeyAnswer, datetime] | None:
            if not hmac.compare_digest(found.sha256, digest):
                return None
            return self._judge(found, now)

        return await self.shelf.find(digest, lambda: self._ask(key_id), judge)

    def _ask(self, key_id: str) -> _Found | None:
        directory = self._lookup.directory
        if (caller := directory.caller(key_id)) is not None:
            return _Found(caller.generation, caller.sha256, caller=caller)
        if (client := directory.client(key_id)) is not None:
            return _Found(client.generation, client.sha256, client=client)
        return None

    def _judge(self, found: _Found, now: datetime) -> tuple[KeyAnswer, datetime]:
        """Return what this key means, and the moment at which it may mean something else."""
        key = found.caller.key if found.caller else None
        client = found.client.client if found.client else None
        entry = key or client
        assert entry is not None, "one of the two was found"
        until = datetime.max.replace(tzinfo=UTC)
        if found.caller and not found.caller.person.active:
            return Refused("verantwortlich" if key and key.service else "ausgeschieden"), until
        if entry.revoked_at is not None:
            return Refused("anwendung_widerrufen" if client else "widerrufen"), until
        if entry.expires_at is not None:
            if entry.expires_at <= now:
                return Refused("anwendung_abgelaufen" if client else "abgelaufen"), until
            until = entry.expires_at
        self._lookup.note_use(entry.id, entry.last_used_on, now)
        if client is not None:
            return client, until
        assert found.caller is not None
        return self._holder(found.caller, now, until)

    def _holder(self, caller: Caller, now: datetime, until: datetime) -> tuple[KeyHolder, datetime]:
        key, person = caller.key, caller.person
        passes = self._passes(caller.evidence, caller.events, now)
        if key.service:
            principal = Principal(f"service:{key.id}", key.service, frozenset(), "service", key.id, key.block_style,
                                  passes, purpose=key.purpose)
        else:
            principal = Principal(person.id, person.department, person.roles, "person", key.id, key.block_style, passes,
                                  person.groups, key.purpose)
        return KeyHolder(principal, person.email), min([until, *changes(passes)])


def changes(passes: Mapping[str, PassStatus]) -> Iterator[datetime]:
    """Yield the moments at which a KI-Pass may change by itself."""
    return (status.changes_at for status in passes.values() if status.changes_at is not None)
