"""Numbers of certificates: whose they are, and whether they were withdrawn. What they show is not stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from gateway.model.certificates import Certificate
from gateway.store.tables import person
from gateway.store.tables_office import certificate

_COLUMNS = (certificate.c.id, certificate.c.person_id, certificate.c.issued_at, certificate.c.revoked_at)


def add(connection: Connection, new: Certificate) -> None:
    """Store a number that was given out."""
    connection.execute(insert(certificate).values(id=new.id, person_id=new.person_id, issued_at=new.issued_at,
                                                  revoked_at=new.revoked_at))


def by_id(connection: Connection, number: str) -> Certificate | None:
    """Return the certificate with this number, also a withdrawn one."""
    return _found(connection.execute(select(*_COLUMNS).where(certificate.c.id == number)).one_or_none())


def current(connection: Connection, person_id: str) -> Certificate | None:
    """Return the number of this person that counts."""
    return _found(connection.execute(
        select(*_COLUMNS).where(certificate.c.person_id == person_id, certificate.c.revoked_at.is_(None))
        .order_by(certificate.c.issued_at, certificate.c.id).limit(1)).one_or_none())


def withdraw(connection: Connection, person_id: str, now: datetime) -> int:
    """Let the numbers of this person count no more, and return how many that were."""
    return connection.execute(update(certificate).where(
        certificate.c.person_id == person_id, certificate.c.revoked_at.is_(None)).values(revoked_at=now)).rowcount


def alone_with(connection: Connection, person_id: str) -> None:
    """Wait until nobody else changes the numbers of this person (on SQLite whoever writes is alone anyway)."""
    connection.execute(select(person.c.id).where(person.c.id == person_id).with_for_update())


def _found(row: Row[*tuple[Any, ...]] | None) -> Certificate | None:
    return None if row is None else Certificate(*row)
