"""Passwords and invitations. Neither a password nor a code ever comes into this room: digests only.

A code is used at most once, also by two browsers in the same second: `use` is one conditional write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gateway.model.accounts import InvitationKind
from gateway.model.people import Person
from gateway.store import people
from gateway.store.tables_office import invitation, local_account


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that somebody may still use."""

    person_id: str
    kind: InvitationKind
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A person and the digest of their password."""

    person: Person
    password: str = field(repr=False)


def by_email(connection: Connection, email: str) -> Account | None:
    """Return the account of the person with this address."""
    person = people.by_email(connection, email)
    return None if person is None else _account(connection, person)


def of_person(connection: Connection, person_id: str) -> Account | None:
    """Return the account of a person."""
    person = people.by_id(connection, person_id)
    return None if person is None else _account(connection, person)


def holders(connection: Connection) -> frozenset[str]:
    """Return the ids of all people who have a password."""
    return frozenset(connection.execute(select(local_account.c.person_id)).scalars())


def set_password(connection: Connection, person_id: str, digest: str, now: datetime) -> None:
    """Let somebody have this password from now on."""
    connection.execute(delete(local_account).where(local_account.c.person_id == person_id))
    connection.execute(insert(local_account).values(person_id=person_id, password=digest, changed_at=now))


def rehash(connection: Connection, person_id: str, before: str, after: str) -> None:
    """Keep the same password under a new digest, unless it was changed meanwhile."""
    connection.execute(update(local_account).where(
        local_account.c.person_id == person_id, local_account.c.password == before).values(password=after))


def invite(connection: Connection, person_id: str, kind: InvitationKind, code: str, now: datetime,
           expires_at: datetime) -> None:
    """Keep an invitation by the hash of its code; earlier ones of this person and those that are over end."""
    connection.execute(delete(invitation).where(
        (invitation.c.person_id == person_id) | (invitation.c.expires_at <= now)))
    connection.execute(insert(invitation).values(token_sha256=_digest(code), person_id=person_id, kind=kind,
                                                 created_at=now, expires_at=expires_at, used_at=None))


def find(connection: Connection, code: str, now: datetime) -> OpenInvitation | None:
    """Return the invitation with this code while it can be used."""
    row: Any = connection.execute(select(invitation.c.person_id, invitation.c.kind, invitation.c.expires_at).where(
        invitation.c.token_sha256 == _digest(code), invitation.c.used_at.is_(None),
        invitation.c.expires_at > now)).one_or_none()
    return None if row is None else OpenInvitation(row.person_id, row.kind, row.expires_at)


def use(connection: Connection, code: str, now: datetime) -> bool:
    """Use an invitation up; say whether it could still be used."""
    return connection.execute(update(invitation).where(
        invitation.c.token_sha256 == _digest(code), invitation.c.used_at.is_(None), invitation.c.expires_at > now,
    ).values(used_at=now)).rowcount == 1


def invited(connection: Connection, now: datetime) -> frozenset[str]:
    """Return the ids of all people with an invitation that can be used."""
    return frozenset(connection.execute(select(invitation.c.person_id).where(
        invitation.c.used_at.is_(None), invitation.c.expires_at > now)).scalars())


def withdraw(connection: Connection, person_id: str) -> None:
    """Let no invitation of this person be used any more."""
    connection.execute(delete(invitation).where(invitation.c.person_id == person_id))


def _account(connection: Connection, person: Person) -> Account | None:
    digest = connection.execute(select(local_account.c.password).where(
        local_account.c.person_id == person.id)).scalar_one_or_none()
    return None if digest is None else Account(person, digest)


def _digest(code: str) -> bytes:
    return sha256(code.encode()).digest()
