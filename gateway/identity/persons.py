"""From an address or an id of the directory service to a person of this house, with the KI-Pass and a department.

Whoever vouches for address and id (a trusted front end, a signed token) was checked before. Kept true: address and id
never mean two people; an address that was given to somebody new does not lead to the person who had it before, as soon
as ids are recorded; a person who was switched off is refused as with a key; a department that nobody may act for is
never taken over from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol, TypeAlias, TypeVar

from gateway.identity import texts
from gateway.identity.api_key import Passes, Refused, changes
from gateway.identity.directory import Member
from gateway.identity.headers import address
from gateway.identity.lookup import Lookup, Shelf
from gateway.model.clients import GroupsMode
from gateway.model.people import Person
from gateway.model.principal import PassStatus

Departments: TypeAlias = Callable[[], Mapping[str, str]]
"""The departments in force: id -> name. Groups of people likewise."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whom somebody trustworthy named: an address, an id, or both; and the groups (folded) that came with it."""

    email: str = field(repr=False)
    external_id: str = field(default="", repr=False)
    groups: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """A person who may come in, and the KI-Pass per scope."""

    person: Person
    passes: Mapping[str, PassStatus]


@dataclass(frozen=True, slots=True)
class _Candidates:
    generation: int
    members: Sequence[Member]


class Persons:
    """Finds people, and remembers them as long as nothing changes."""

    def __init__(self, lookup: Lookup, passes: Passes, departments: Departments, groups: Departments = dict) -> None:
        self._lookup, self._passes, self._departments, self._groups = lookup, passes, departments, groups
        self.shelf: Shelf[Known | Refused] = lookup.shelf()

    async def find(self, claimed: Claimed) -> Known:
        """Return the person. Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar``."""
        email, external_id = claimed.email, claimed.external_id
        name = sha256(f"{email}\0{external_id}".encode()).digest()

        def question() -> _Candidates | None:
            members = self._lookup.directory.members(email, external_id)
            return _Candidates(min(m.generation for m in members), members) if members else None

        def judge(found: _Candidates, now: datetime) -> tuple[Known | Refused, datetime] | None:
            return self._judge(claimed, found.members, now)

        answer = await self.shelf.find(name, question, judge)
        if answer is None:
            raise texts.invalid("person_unbekannt")
        if isinstance(answer, Refused):
            raise texts.invalid(answer.reason)
        return answer

    def department(self, person: Person, groups: frozenset[str], mode: GroupsMode) -> str:
        """Return for which department this person asks.

        The directory's answer stands unless groups may decide and name exactly one other department that counts: one
        of the person's own (``choose``), or any there is (``lead``).
        """
        if mode == "directory" or not groups:
            return person.department
        allowed = person.further | {person.department}
        named = {id_ for id_, name in self._departments().items()
                 if (mode == "lead" or id_ in allowed) and (id_.casefold() in groups or name.casefold() in groups)}
        return person.department if person.department in named or len(named) != 1 else named.pop()

    def groups(self, person: Person, claimed: frozenset[str], mode: GroupsMode) -> frozenset[str]:
        """Return the groups of people that this person belongs to: those on record, and, where names from outside
        count (not with ``directory``), those of the policy that are named there by their key or name.

        What comes from outside only adds: who is in a group by the record stays in it.
        """
        if mode == "directory" or not claimed:
            return person.groups
        return person.groups | {key for key, name in self._groups().items()
                                if key.casefold() in claimed or name.casefold() in claimed}

    def _judge(self, claimed: Claimed, members: Sequence[Member],
               now: datetime) -> tuple[Known | Refused, datetime]:
        until = datetime.max.replace(tzinfo=UTC)
        member = pick(claimed, members)
        if member is None:
            return Refused("widerspruch"), until
        if not member.person.active:
            return Refused("ausgeschieden"), until
        passes = self._passes(member.evidence, member.events, now)
        return Known(member.person, passes), min([until, *changes(passes)])


class Named(Protocol):
    """Something about one person."""

    @property
    def person(self) -> Person:
        """Who it is."""
        ...


One = TypeVar("One", bound=Named)


def pick(claimed: Claimed, members: Sequence[One]) -> One | None:
    """Return who is meant, or nobody when address and id contradict each other."""
    by_id = next((m for m in members if claimed.external_id and m.person.external_id == claimed.external_id), None)
    by_mail = next((m for m in members if claimed.email and m.person.email == claimed.email), None)
    if by_id is None:
        # An id that is on record for this address, and another one was named: the address has a new owner.
        other = claimed.external_id and address(claimed.external_id) != claimed.email
        return None if by_mail is not None and other and by_mail.person.external_id else by_mail
    if by_mail is not None and by_mail.person.id != by_id.person.id:
        return None
    return by_id
