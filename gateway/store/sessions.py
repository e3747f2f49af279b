"""Sessions of the pages: written when they begin and when they end, read with every page.

An id is kept as its hash: whoever reads the database cannot go on with anybody's session.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update

from gateway.model.accounts import OpenSignIn
from gateway.model.sessions import SignIn
from gateway.store.tables_office import web_session

_BERLIN: Final = ZoneInfo("Europe/Berlin")


def add(connection: Connection, session_id: str, sign_in: SignIn, ends_at: datetime) -> None:
    """Begin a session, and forget those that are over."""
    connection.execute(delete(web_session).where(web_session.c.ends_at <= sign_in.began_at))
    connection.execute(insert(web_session).values(
        id_sha256=_digest(session_id), person_id=sign_in.subject, way=sign_in.way, key_id=sign_in.key_id or None,
        strong=sign_in.strong, provider_sid_sha256=_digest(sign_in.provider_sid) if sign_in.provider_sid else None,
        began_at=sign_in.began_at, ends_at=ends_at, ended_at=None))


def find(connection: Connection, session_id: str, now: datetime) -> SignIn | None:
    """Return the session with this id if it has not ended."""
    row = connection.execute(select(
        web_session.c.person_id, web_session.c.way, web_session.c.began_at, web_session.c.key_id, web_session.c.strong,
    ).where(web_session.c.id_sha256 == _digest(session_id), web_session.c.ended_at.is_(None),
            web_session.c.ends_at > now)).one_or_none()
    if row is None:
        return None
    return SignIn(row.person_id, row.way, row.began_at, row.key_id or "", row.strong)


def of_person(connection: Connection, person_id: str, now: datetime, here: str) -> list[OpenSignIn]:
    """Return the sessions of a person that have not ended, newest first; `here` is the id of the one that asks."""
    rows = connection.execute(select(
        web_session.c.way, web_session.c.began_at, web_session.c.id_sha256,
    ).where(web_session.c.person_id == person_id, web_session.c.ended_at.is_(None), web_session.c.ends_at > now,
            ).order_by(web_session.c.began_at.desc()))
    return [OpenSignIn(row.way, row.began_at.astimezone(_BERLIN).date(), bytes(row.id_sha256) == _digest(here))
            for row in rows]


def end(connection: Connection, session_id: str, now: datetime) -> None:
    """End a session."""
    connection.execute(update(web_session).where(
        web_session.c.id_sha256 == _digest(session_id), web_session.c.ended_at.is_(None)).values(ended_at=now))


def end_at_provider(connection: Connection, provider_sid: str, now: datetime) -> int:
    """End the sessions that the OpenID provider calls so; return how many there were."""
    return connection.execute(update(web_session).where(
        web_session.c.provider_sid_sha256 == _digest(provider_sid), web_session.c.ended_at.is_(None),
    ).values(ended_at=now)).rowcount


def end_of_person(connection: Connection, person_id: str, now: datetime, *, but: str = "", way: str = "") -> int:
    """End the sessions of a person (those of one `way`, or all) except the one with the id `but`."""
    which = update(web_session).where(web_session.c.person_id == person_id, web_session.c.ended_at.is_(None))
    if but:
        which = which.where(web_session.c.id_sha256 != _digest(but))
    if way:
        which = which.where(web_session.c.way == way)
    return connection.execute(which.values(ended_at=now)).rowcount


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
