"""Who is signed in: sessions in the directory of people.

The directory and the KI-Pass computation are handed in; this room imports neither the database nor `identity`. One
look per page: pages are looked at by people, and what the pass office changes shows at once. A session that began with
a key ends with the key; every session ends when the person is switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ParamSpec, Protocol, TypeVar

from gateway.model.kipass import Evidence, PassEvent
from gateway.model.people import ApiKey, Person
from gateway.model.principal import PassStatus, Principal
from gateway.model.sessions import SignIn
from gateway.ports import Clock
from gateway.web.asking import who
from gateway.web.context import Member
from gateway.web.sessions import LONGEST

P = ParamSpec("P")
T = TypeVar("T")
Passes = Callable[[Sequence[Evidence], Sequence[PassEvent], datetime], Mapping[str, PassStatus]]


class Guest(Protocol):
    """Who is signed in, as the directory knows them."""

    @property
    def sign_in(self) -> SignIn:
        """How they signed in."""
        ...

    @property
    def key(self) -> ApiKey | None:
        """The key they signed in with, without its secret."""
        ...

    @property
    def person(self) -> Person:
        """Who it is."""
        ...

    @property
    def evidence(self) -> Sequence[Evidence]:
        """What the person can show."""
        ...

    @property
    def events(self) -> Sequence[PassEvent]:
        """Blocks and the like."""
        ...


class SessionDirectory(Protocol):
    """Sessions and people (`gateway.store.directory.SqlDirectory`). All methods block."""

    def guest(self, session_id: str, now: datetime) -> Guest | None:
        """Return who is signed in with this session."""
        ...

    def begin_session(self, session_id: str, sign_in: SignIn, ends_at: datetime) -> None:
        """Write down that somebody signed in."""
        ...

    def end_session(self, session_id: str, now: datetime) -> None:
        """Write down that somebody signed out."""
        ...


class DirectoryMembers:
    """Implements `gateway.web.context.Members`."""

    def __init__(self, directory: SessionDirectory, passes: Passes, clock: Clock) -> None:
        self._directory, self._passes, self._clock = directory, passes, clock

    async def find(self, session_id: str) -> Member | None:
        """See `gateway.web.context.Members.find`."""
        guest = await who(self._directory.guest, session_id, self._clock.now())
        if guest is None or not self._admits(guest):
            return None
        person, key, sign_in = guest.person, guest.key, guest.sign_in
        passes = self._passes(guest.evidence, guest.events, self._clock.now())
        principal = Principal(person.id, person.department, person.roles, "person", sign_in.key_id,
                              key.block_style if key else "error", passes, person.groups, key.purpose if key else "")
        return Member(person, principal, sign_in, tuple(guest.evidence), tuple(guest.events))

    async def begin(self, session_id: str, sign_in: SignIn) -> None:
        """See `gateway.web.context.Members.begin`."""
        await who(self._directory.begin_session, session_id, sign_in, sign_in.began_at + timedelta(seconds=LONGEST))

    async def end(self, session_id: str) -> None:
        """See `gateway.web.context.Members.end`."""
        await who(self._directory.end_session, session_id, self._clock.now())

    def _admits(self, guest: Guest) -> bool:
        if not guest.person.active:
            return False
        key = guest.key
        return guest.sign_in.way != "key" or (
            key is not None and key.revoked_at is None
            and (key.expires_at is None or key.expires_at > self._clock.now()))
