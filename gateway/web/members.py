"""Finds the person of a session again, from the directory of people and keys.

The directory and the KI-Pass computation are handed in; this room imports neither the database nor `identity`. One
query per page: pages are looked at by people, and what the pass office changes shows at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gateway.errors import GatewayError
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.people import ApiKey, Person
from gateway.model.principal import PassStatus, Principal
from gateway.ports import Clock
from gateway.web.context import Member

Passes = Callable[[Sequence[Evidence], Sequence[PassEvent], datetime], Mapping[str, PassStatus]]


class Holder(Protocol):
    """The holder of a key, as the directory knows them."""

    @property
    def key(self) -> ApiKey:
        """The key, without its secret."""
        ...

    @property
    def person(self) -> Person:
        """Whose key it is."""
        ...

    @property
    def evidence(self) -> Sequence[Evidence]:
        """What the person can show."""
        ...

    @property
    def events(self) -> Sequence[PassEvent]:
        """Blocks and the like."""
        ...


class KeyDirectory(Protocol):
    """People by the public id of a key (`gateway.store.directory.SqlDirectory`)."""

    def caller(self, key_id: str) -> Holder | None:
        """Return the holder of a key. Blocks."""
        ...


class DirectoryMembers:
    """Implements `gateway.web.context.Members`."""

    def __init__(self, directory: KeyDirectory, passes: Passes, clock: Clock) -> None:
        self._directory, self._passes, self._clock = directory, passes, clock

    async def by_key(self, key_id: str) -> Member | None:
        """See `gateway.web.context.Members.by_key`."""
        try:
            holder = await asyncio.to_thread(self._directory.caller, key_id)
        except Exception as error:  # noqa: BLE001 - whatever failed: nobody can say who this is
            raise GatewayError(
                "pruefung_nicht_verfuegbar",
                "Ihre Anmeldung kann gerade nicht geprüft werden. Bitte versuchen Sie es in einer Minute noch einmal; "
                "bleibt es dabei, melden Sie es der IT.", hint=f"people database: {type(error).__name__}") from None
        if holder is None or not self._admits(holder):
            return None
        person, key = holder.person, holder.key
        passes = self._passes(holder.evidence, holder.events, self._clock.now())
        principal = Principal(person.id, person.department, person.roles, "person", key.id, key.block_style, passes,
                              person.groups, key.purpose)
        return Member(person, principal, tuple(holder.evidence))

    def _admits(self, holder: Holder) -> bool:
        key = holder.key
        return (holder.person.active and key.revoked_at is None
                and (key.expires_at is None or key.expires_at > self._clock.now()))
