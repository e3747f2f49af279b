"""Conversations that a client goes on with by an id: kept for hours, sealed so that nobody but the client opens them.

Two kinds: an answer with all that was said before it, which never changes, and a conversation that grows. Changes of
one conversation queue for the database's own lock (SQLite: the write lock, PostgreSQL: the row), so none is lost and
none mixes with another, in however many processes they begin.

The key of each one is derived from its id (HKDF-SHA-256, RFC 5869), and of the id only a hash is stored: whoever has
the database, or a backup of it, has neither the key nor the name of anything. Whose it is is bound in as associated
data (AES-256-GCM), so an id that got into other hands opens nothing for them. Weaker than it looks: the id of a
conversation stands in the paths of requests about it, so a log of paths in front of the house, together with the
database, opens it as long as it is kept.

Writes do not move the generation counter: nobody caches what is here. What is over is deleted with each write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, select, update

from gateway.errors import GatewayError
from gateway.ports import Kept
from gateway.store.engine import reading, writing
from gateway.store.sealing import name, seal, unseal
from gateway.store.tables import conversation

MOST = 8 * 1024 * 1024
"""Bytes of one conversation; a longer one is not kept."""
PER_SUBJECT = 200
"""Of one person or service and of one kind; what was not touched for the longest time goes first."""
BYTES_PER_SUBJECT = 64 * 1024 * 1024
"""The same for their bytes together: programs that send all files with every turn would fill the disk in a day."""


class SqlConversations:
    """Implements `gateway.ports.Conversations`; the database is asked in a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, subject: str, id_: str, content: bytes, now: datetime, until: datetime,
                   kind: Kept = "answer") -> None:
        """See `gateway.ports.Conversations.keep`."""
        def work() -> None:
            sealed = _seal(subject, id_, content)
            with writing(self._engine, bump=False) as connection:
                clear(connection, now)
                keep(connection, subject, id_, sealed, now, until, kind)
        await asyncio.to_thread(work)

    async def recall(self, subject: str, id_: str, now: datetime, kind: Kept = "answer") -> bytes | None:
        """See `gateway.ports.Conversations.recall`."""
        def work() -> bytes | None:
            with reading(self._engine) as connection:
                return recall(connection, subject, id_, now, kind)
        return await asyncio.to_thread(work)

    async def change(self, subject: str, id_: str, work: Callable[[bytes], bytes], now: datetime,
                     until: datetime) -> bool:
        """See `gateway.ports.Conversations.change`."""
        def both() -> bool:
            with writing(self._engine, bump=False) as connection:
                clear(connection, now)
                return change(connection, subject, id_, work, now, until)
        return await asyncio.to_thread(both)

    async def forget(self, subject: str, id_: str, now: datetime) -> bool:
        """See `gateway.ports.Conversations.forget`."""
        def work() -> bool:
            with writing(self._engine, bump=False) as connection:
                clear(connection, now)
                return connection.execute(delete(conversation).where(
                    _is(subject, id_, now, "conversation"))).rowcount > 0
        return await asyncio.to_thread(work)


def keep(connection: Connection, subject: str, id_: str, sealed: bytes, now: datetime, until: datetime,
         kind: Kept) -> None:
    """Keep `sealed` under `id_` for one person or service, and of this kind no more than they may have."""
    connection.execute(insert(conversation).values(
        id_sha256=_name(id_), subject=subject, created_at=now, expires_at=until, sealed=sealed, kind=kind))
    _bound(connection, subject, kind)


def _bound(connection: Connection, subject: str, kind: Kept) -> None:
    """Delete what one person or service may not have any more: never the newest, which is shorter than the bound."""
    own = and_(conversation.c.subject == subject, conversation.c.kind == kind)
    newest_first = (conversation.c.created_at.desc(), conversation.c.id_sha256)
    so_far = func.sum(func.length(conversation.c.sealed)).over(order_by=newest_first).label("so_far")
    newest = select(conversation.c.id_sha256, so_far).where(own).order_by(*newest_first).limit(PER_SUBJECT).subquery()
    kept = select(newest.c.id_sha256).where(newest.c.so_far <= BYTES_PER_SUBJECT)
    connection.execute(delete(conversation).where(own, conversation.c.id_sha256.not_in(kept)))


def recall(connection: Connection, subject: str, id_: str, now: datetime, kind: Kept, *,
           to_change: bool = False) -> bytes | None:
    """Return what was kept, or None: never there, over, of another kind, or somebody else's."""
    wanted = select(conversation.c.sealed).where(_is(subject, id_, now, kind))
    sealed = connection.execute(wanted.with_for_update() if to_change else wanted).scalar_one_or_none()
    if sealed is None:
        return None
    return unseal("conversation", id_, bytes(sealed), subject)


def change(connection: Connection, subject: str, id_: str, work: Callable[[bytes], bytes], now: datetime,
           until: datetime) -> bool:
    """Put what `work` makes of a conversation in its place; return whether it is there."""
    before = recall(connection, subject, id_, now, "conversation", to_change=True)
    if before is None:
        return False
    sealed = _seal(subject, id_, work(before))
    connection.execute(update(conversation).where(_is(subject, id_, now, "conversation")).values(
        created_at=now, expires_at=until, sealed=sealed))
    _bound(connection, subject, "conversation")
    return True


def clear(connection: Connection, now: datetime) -> int:
    """Delete what is over; return how many."""
    return connection.execute(delete(conversation).where(conversation.c.expires_at <= now)).rowcount


def _is(subject: str, id_: str, now: datetime, kind: Kept) -> ColumnElement[bool]:
    return and_(conversation.c.id_sha256 == _name(id_), conversation.c.subject == subject,
                conversation.c.kind == kind, conversation.c.expires_at > now)


def _seal(subject: str, id_: str, content: bytes) -> bytes:
    if len(content) > MOST:
        raise GatewayError("zu_gross", "Das Gespräch ist zu lang, um weiter aufbewahrt zu werden. Bitte beginnen Sie "
                           "ein neues.", param="conversation")
    return seal("conversation", id_, content, subject)


def _name(id_: str) -> bytes:
    return name("conversation", id_)
