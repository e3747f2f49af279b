"""People who come from the OpenID provider of the house, and those who leave there: what that changes in the books.

Two settings decide. Where the directory leads, nothing that the provider says about roles or departments is taken over;
where the claims lead, every sign-in on the pages sets roles and department (and groups, if the provider speaks of them)
as the provider says, also when it takes a role away. Only with ``create`` is somebody unknown written down.

Kept true: an address that stands for somebody with another id of the directory service leads to nobody; nobody is
written down without an address, an id and a department that the policies know; nobody who was switched off comes back
this way; each change is one transaction with one record in the ledger.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from gateway.errors import GatewayError
from gateway.identity import texts
from gateway.identity.persons import Claimed, pick
from gateway.model.people import Person
from gateway.model.signin import Announced, Departure
from gateway.registry import people as acts
from gateway.registry.books import Actor, Books, known_person
from gateway.store import ConflictError, InvalidError, people, sessions

PROVIDER: Final = Actor("oidc")


@dataclass(frozen=True, slots=True)
class _Found:
    person: Person


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Receives people who signed in at the provider."""

    books: Books
    claims_lead: bool = False
    create: bool = False

    async def welcome(self, who: Announced) -> str:
        """Return the subject of the person who was announced.

        Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar`` when books or ledger cannot be written.
        """
        try:
            return await asyncio.to_thread(self._received, who)
        except GatewayError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever failed: nothing has changed and nobody comes in
            raise texts.sign_in_unavailable(f"arrival: {type(error).__name__}") from None

    async def goodbye(self, departure: Departure) -> None:
        """End the sessions that the provider says are over. Raises ``pruefung_nicht_verfuegbar``."""
        try:
            await asyncio.to_thread(self._dismissed, departure)
        except Exception as error:  # noqa: BLE001 - the provider is told that it did not work, and tries again
            raise texts.sign_in_unavailable(f"departure: {type(error).__name__}") from None

    def _received(self, who: Announced) -> str:
        with self.books.reading() as connection:
            person = _meant(connection, who)
        if person is not None and self._as_announced(person, who) == person:
            return person.id
        try:
            return self._written(who)
        except ConflictError:  # two windows at once: now the person is there
            return self._written(who)
        except InvalidError:  # an address or an id that is none
            raise texts.invalid("anmeldung") from None

    def _written(self, who: Announced) -> str:
        with self.books.writing() as connection:
            person = _meant(connection, who)
            if person is None:
                return self._added(connection, who)
            person = known_person(connection, person.id, to_change=True)
            return acts.changed(self.books, connection, PROVIDER, person,
                                lambda before: self._as_announced(before, who)).person.id

    def _added(self, connection: Connection, who: Announced) -> str:
        if not self.create or not who.email or not who.external_id:
            raise texts.invalid("person_unbekannt")
        if who.department is None:
            raise texts.invalid("ohne_amt")
        roles, groups = (who.roles, who.groups) if self.claims_lead else (frozenset[str](), None)
        return acts.added(self.books, connection, PROVIDER, people.NewPerson(
            who.email, who.name or who.email.partition("@")[0], who.department, roles, who.external_id,
            groups=groups or frozenset())).id

    def _as_announced(self, person: Person, who: Announced) -> Person:
        """Return the person as the provider wants them to be, if it may say so."""
        if not self.claims_lead:
            return person
        department = who.department or person.department
        return replace(person, department=department, roles=who.roles | {"staff"},
                       groups=person.groups if who.groups is None else who.groups,
                       further=person.further - {department}, external_id=person.external_id or who.external_id or None)

    def _dismissed(self, departure: Departure) -> None:
        now = self.books.now()
        with self.books.writing() as connection:
            sessions.end_at_provider(connection, departure.provider_sid, now)
            person = people.by_external_id(connection, departure.external_id) if departure.external_id else None
            if person is not None:
                sessions.end_of_person(connection, person.id, now, way="oidc")


def _meant(connection: Connection, who: Announced) -> Person | None:
    """Return who is meant; nobody means: not written down. Raises ``schluessel_ungueltig``."""
    found = [_Found(person) for person in (
        people.by_external_id(connection, who.external_id) if who.external_id else None,
        people.by_email(connection, who.email) if who.email else None) if person is not None]
    if not found:
        return None
    chosen = pick(Claimed(who.email, who.external_id), found)
    if chosen is None:
        raise texts.invalid("widerspruch")
    if not chosen.person.active:
        raise texts.invalid("ausgeschieden")
    return chosen.person
