"""API keys: their hash, whose they are, and until when. A key itself never comes into this room.

`gateway.identity.keys` makes the secret and its hash; here the hash is stored and found again by the key's public id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from gateway.model.people import ApiKey
from gateway.store.chunks import in_chunks
from gateway.store.tables import api_key

_COLUMNS = (api_key.c.id, api_key.c.person_id, api_key.c.name, api_key.c.created_at, api_key.c.expires_at,
            api_key.c.revoked_at, api_key.c.last_used_on, api_key.c.block_style, api_key.c.service, api_key.c.purpose)


def add(connection: Connection, key: ApiKey, sha256: bytes) -> None:
    """Store a new key by its hash."""
    connection.execute(insert(api_key).values(
        id=key.id, person_id=key.person_id, name=key.name, sha256=sha256, block_style=key.block_style,
        created_at=key.created_at, expires_at=key.expires_at, revoked_at=None, last_used_on=None,
        service=key.service, purpose=key.purpose or None))


def by_id(connection: Connection, key_id: str) -> tuple[ApiKey, bytes] | None:
    """Return the key with this public id, and the hash of its secret."""
    row = connection.execute(select(*_COLUMNS, api_key.c.sha256).where(api_key.c.id == key_id)).one_or_none()
    return None if row is None else (_key(row), bytes(row[-1]))


def search(connection: Connection, *, person_id: str | None = None, active: bool = False, now: datetime,
           after: str = "", limit: int = 1000) -> list[ApiKey]:
    """Return keys ordered by id, of one person or of all; with `active` only those that still work."""
    query: Select[*tuple[Any, ...]] = select(*_COLUMNS).where(api_key.c.id > after).order_by(api_key.c.id).limit(limit)
    if person_id is not None:
        query = query.where(api_key.c.person_id == person_id)
    if active:
        query = query.where(api_key.c.revoked_at.is_(None),
                            or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > now))
    return [_key(row) for row in connection.execute(query)]


def services(connection: Connection) -> list[ApiKey]:
    """Return the keys of automatic services that nobody revoked: by their end, the next first."""
    return [_key(row) for row in connection.execute(select(*_COLUMNS).where(
        api_key.c.service.is_not(None), api_key.c.revoked_at.is_(None)).order_by(api_key.c.expires_at, api_key.c.id))]


def hand_over(connection: Connection, key_id: str, person_id: str) -> None:
    """Let somebody else answer for a key."""
    connection.execute(update(api_key).where(api_key.c.id == key_id).values(person_id=person_id))


def revoke(connection: Connection, key_ids: Sequence[str], now: datetime) -> int:
    """Revoke keys for good and return how many were still in force."""
    return connection.execute(
        update(api_key).where(api_key.c.id.in_(key_ids), api_key.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount


def revoke_all(connection: Connection, person_ids: Sequence[str], now: datetime) -> int:
    """Revoke every key with which these people ask; return how many were still in force.

    Keys of services stay: without their owner they open nothing, and somebody else can take them over.
    """
    return sum(connection.execute(update(api_key).where(
        api_key.c.person_id.in_(chunk), api_key.c.service.is_(None), api_key.c.revoked_at.is_(None),
    ).values(revoked_at=now)).rowcount for chunk in in_chunks(person_ids))


def remove_named(connection: Connection, person_ids: Sequence[str], name: str) -> None:
    """Delete the keys of these people that bear this name; for the example municipality, which starts over and over."""
    connection.execute(delete(api_key).where(api_key.c.person_id.in_(person_ids), api_key.c.name == name))


def touch(connection: Connection, key_id: str, day: date) -> None:
    """Note that the key was used on this day; the same day twice writes nothing."""
    connection.execute(update(api_key).where(
        api_key.c.id == key_id, or_(api_key.c.last_used_on.is_(None), api_key.c.last_used_on < day)
    ).values(last_used_on=day))


def _key(row: Sequence[Any]) -> ApiKey:
    return replace(ApiKey(*row[:9]), purpose=row[9] or "")
