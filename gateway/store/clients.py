"""Trusted front ends: the hash of their key and how each says who is asking. Neither key nor secret comes in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from gateway.model.clients import TrustedClient
from gateway.store.tables import client

_COLUMNS = (client.c.id, client.c.name, client.c.identity, client.c.created_at, client.c.token_header,
            client.c.secret_name, client.c.email_header, client.c.id_header, client.c.groups_header,
            client.c.groups_mode, client.c.block_style, client.c.expires_at, client.c.revoked_at,
            client.c.last_used_on, client.c.purpose)


def add(connection: Connection, new: TrustedClient, sha256: bytes) -> None:
    """Store a new front end by the hash of its key."""
    connection.execute(insert(client).values(
        id=new.id, name=new.name, sha256=sha256, identity=new.identity, created_at=new.created_at,
        token_header=new.token_header, secret_name=new.secret_name, email_header=new.email_header,
        id_header=new.id_header, groups_header=new.groups_header, groups_mode=new.groups,
        block_style=new.block_style, expires_at=new.expires_at, revoked_at=None, last_used_on=None,
        purpose=new.purpose or None))


def by_id(connection: Connection, client_id: str) -> tuple[TrustedClient, bytes] | None:
    """Return the front end whose key has this public id, and the hash of the key."""
    row = connection.execute(select(*_COLUMNS, client.c.sha256).where(client.c.id == client_id)).one_or_none()
    return None if row is None else (_client(row), bytes(row[-1]))


def every(connection: Connection) -> list[TrustedClient]:
    """Return all front ends by name, those that were revoked, too."""
    return [_client(row) for row in connection.execute(select(*_COLUMNS).order_by(client.c.name, client.c.id))]


def revoke(connection: Connection, client_id: str, now: datetime) -> bool:
    """Revoke a front end for good; return whether it was still in force."""
    return connection.execute(update(client).where(client.c.id == client_id, client.c.revoked_at.is_(None)).values(
        revoked_at=now)).rowcount > 0


def touch(connection: Connection, client_id: str, day: date) -> None:
    """Note that the key was used on this day; the same day twice writes nothing."""
    connection.execute(update(client).where(
        client.c.id == client_id, or_(client.c.last_used_on.is_(None), client.c.last_used_on < day)
    ).values(last_used_on=day))


def _client(row: Sequence[Any]) -> TrustedClient:
    return replace(TrustedClient(*row[:14]), purpose=row[14] or "")
