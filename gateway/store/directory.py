"""The questions that come with requests: whose key is this, and has anything changed?

Implements what `gateway.identity.directory` asks for (structurally: the two rooms do not import each other). The
generation is read before the rest, so an answer is at least as new as the number it carries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, Engine, select

from gateway.model.clients import TrustedClient
from gateway.model.content_mode import ContentMode
from gateway.model.kipass import Evidence, PassEvent
from gateway.model.people import ApiKey, Person
from gateway.model.sessions import SignIn
from gateway.model.stops import ModelStop
from gateway.store import clients, content_modes, keys, passes, people, sessions, stops
from gateway.store.engine import reading, writing
from gateway.store.tables import generation


@dataclass(frozen=True, slots=True)
class StoredCaller:
    """The holder of one key, and what their KI-Pass is computed from."""

    generation: int
    key: ApiKey
    sha256: bytes = field(repr=False)
    person: Person
    evidence: tuple[Evidence, ...]
    events: tuple[PassEvent, ...]


@dataclass(frozen=True, slots=True)
class StoredClient:
    """A trusted front end, by its key."""

    generation: int
    client: TrustedClient
    sha256: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A person, and what their KI-Pass is computed from."""

    generation: int
    person: Person
    evidence: tuple[Evidence, ...]
    events: tuple[PassEvent, ...]


@dataclass(frozen=True, slots=True)
class StoredGuest:
    """Who is signed in to the pages, how, and what their KI-Pass is computed from."""

    sign_in: SignIn
    key: ApiKey | None
    person: Person
    evidence: tuple[Evidence, ...]
    events: tuple[PassEvent, ...]


class SqlDirectory:
    """People and keys, straight from the database. May be used from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def generation(self) -> int:
        """Return the counter that every change moves."""
        with reading(self._engine) as connection:
            return current_generation(connection)

    def caller(self, key_id: str) -> StoredCaller | None:
        """Return the holder of the key with this public id."""
        with reading(self._engine) as connection:
            number = current_generation(connection)
            found = keys.by_id(connection, key_id)
            if found is None:
                return None
            key, sha256 = found
            person = people.by_id(connection, key.person_id)
            assert person is not None, "the database keeps keys and people together"
            proof = passes.of(connection, person.id)
            return StoredCaller(number, key, sha256, person, proof.evidence, proof.events)

    def client(self, key_id: str) -> StoredClient | None:
        """Return the trusted front end whose key has this public id."""
        with reading(self._engine) as connection:
            number = current_generation(connection)
            found = clients.by_id(connection, key_id)
            return None if found is None else StoredClient(number, *found)

    def members(self, email: str, external_id: str) -> list[StoredMember]:
        """Return the person with this address and the person with this id in the directory service: none, one or two.

        An empty text asks for nobody.
        """
        with reading(self._engine) as connection:
            number = current_generation(connection)
            found = {person.id: person for person in (
                people.by_external_id(connection, external_id) if external_id else None,
                people.by_email(connection, email) if email else None) if person is not None}
            proofs = {id_: passes.of(connection, id_) for id_ in found}
            return [StoredMember(number, person, proofs[id_].evidence, proofs[id_].events)
                    for id_, person in found.items()]

    def guest(self, session_id: str, now: datetime) -> StoredGuest | None:
        """Return who is signed in with this session."""
        with reading(self._engine) as connection:
            sign_in = sessions.find(connection, session_id, now)
            person = people.by_id(connection, sign_in.subject) if sign_in else None
            if sign_in is None or person is None:
                return None
            found = keys.by_id(connection, sign_in.key_id) if sign_in.key_id else None
            proof = passes.of(connection, person.id)
            return StoredGuest(sign_in, found[0] if found else None, person, proof.evidence, proof.events)

    def begin_session(self, session_id: str, sign_in: SignIn, ends_at: datetime) -> None:
        """Write down that somebody signed in. No cached answer depends on it."""
        with writing(self._engine, bump=False) as connection:
            sessions.add(connection, session_id, sign_in, ends_at)

    def end_session(self, session_id: str, now: datetime) -> None:
        """Write down that somebody signed out."""
        with writing(self._engine, bump=False) as connection:
            sessions.end(connection, session_id, now)

    def touch(self, key_id: str, day: date) -> None:
        """Note the day on which a key was used. Does not move the counter: no cached answer depends on it."""
        with writing(self._engine, bump=False) as connection:
            keys.touch(connection, key_id, day)
            clients.touch(connection, key_id, day)

    def stops(self) -> tuple[ModelStop, ...]:
        """Return what somebody switched off."""
        with reading(self._engine) as connection:
            return stops.every(connection)

    def content_modes(self) -> tuple[ContentMode, ...]:
        """Return the requests for content modes whose end nobody has put down yet, those that wait among them."""
        with reading(self._engine) as connection:
            return content_modes.alive(connection)

    def person(self, subject: str) -> Person | None:
        """Return the person behind an opaque subject."""
        with reading(self._engine) as connection:
            return people.by_id(connection, subject)


def current_generation(connection: Connection) -> int:
    """Return the counter as this transaction sees it."""
    return int(connection.execute(select(generation.c.value)).scalar_one())
