"""Conversations that a client goes on with by an id: kept for hours, sealed so that nobody but the client opens them.

The key of each one is derived from its id (HKDF-SHA-256, RFC 5869), and of the id only a hash is stored: whoever has
the database, or a backup of it, has neither the key nor the name of anything. Whose it is is bound in as associated
data (AES-256-GCM), so an id that got into other hands opens nothing for them.

Writes do not move the generation counter: nobody caches what is here. What is over is deleted with each write.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine, delete, insert, select

from gateway.store.engine import reading, writing
from gateway.store.tables import conversation

MOST = 8 * 1024 * 1024
"""Bytes of one conversation; a longer one is not kept."""
PER_SUBJECT = 200
"""Conversations of one person or service; the oldest goes first."""


class SqlConversations:
    """Implements `gateway.ports.Conversations`; the database is asked in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, subject: str, id_: str, content: bytes, now: datetime, until: datetime) -> None:
        """See `gateway.ports.Conversations.keep`."""
        def work() -> None:
            with writing(self._engine, bump=False) as connection:
                clear(connection, now)
                keep(connection, subject, id_, content, now, until)
        await asyncio.to_thread(work)

    async def recall(self, subject: str, id_: str, now: datetime) -> bytes | None:
        """See `gateway.ports.Conversations.recall`."""
        def work() -> bytes | None:
            with reading(self._engine) as connection:
                return recall(connection, subject, id_, now)
        return await asyncio.to_thread(work)


def keep(connection: Connection, subject: str, id_: str, content: bytes, now: datetime, until: datetime) -> bool:
    """Keep `content` under `id_` for one person or service; return whether it was (one that is too long is not)."""
    if len(content) > MOST:
        return False
    nonce = os.urandom(12)
    sealed = nonce + AESGCM(_key(id_)).encrypt(nonce, content, subject.encode())
    connection.execute(insert(conversation).values(
        id_sha256=_name(id_), subject=subject, created_at=now, expires_at=until, sealed=sealed))
    newest = (select(conversation.c.id_sha256).where(conversation.c.subject == subject)
              .order_by(conversation.c.created_at.desc()).limit(PER_SUBJECT))
    connection.execute(delete(conversation).where(conversation.c.subject == subject,
                                                  conversation.c.id_sha256.not_in(newest)))
    return True


def recall(connection: Connection, subject: str, id_: str, now: datetime) -> bytes | None:
    """Return what was kept, or None: never there, over, or somebody else's."""
    sealed = connection.execute(select(conversation.c.sealed).where(
        conversation.c.id_sha256 == _name(id_), conversation.c.subject == subject,
        conversation.c.expires_at > now)).scalar_one_or_none()
    if sealed is None:
        return None
    try:
        return AESGCM(_key(id_)).decrypt(bytes(sealed[:12]), bytes(sealed[12:]), subject.encode())
    except InvalidTag:
        return None


def clear(connection: Connection, now: datetime) -> int:
    """Delete what is over; return how many."""
    return connection.execute(delete(conversation).where(conversation.c.expires_at <= now)).rowcount


def _name(id_: str) -> bytes:
    return hashlib.sha256(b"ki-pforte conversation name\0" + id_.encode()).digest()


def _key(id_: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, b"ki-pforte conversation key").derive(id_.encode())
