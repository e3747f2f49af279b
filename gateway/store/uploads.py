"""Files between "show me" and "do it": sealed in the database for an hour, and how far the doing is.

The key of a file comes from an id that only the form in somebody's browser holds; the row is named by a hash of it,
which may stand in addresses. When the work is done the file is gone and the numbers stay until the row is over.
"""

from __future__ import annotations

import zlib
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from gateway.model.completions import ImportState
from gateway.store.sealing import name, seal, unseal
from gateway.store.tables_office import upload

_KIND = "upload"


def keep(connection: Connection, id_: str, kind: str, by: str, content: bytes, now: datetime, until: datetime) -> str:
    """Keep a file; what is over is deleted. Returns the name of the row."""
    connection.execute(delete(upload).where(upload.c.expires_at <= now))
    connection.execute(insert(upload).values(
        id_sha256=name(_KIND, id_), kind=kind, by=by, created_at=now, expires_at=until, state="offen", done=0, total=0,
        sealed=seal(_KIND, id_, zlib.compress(content, 1), by)))
    return name_of(id_)


def name_of(id_: str) -> str:
    """Return how the row of this file is called in addresses."""
    return name(_KIND, id_).hex()


def recall(connection: Connection, id_: str, by: str, now: datetime) -> bytes | None:
    """Return the file; None: over, somebody else's, begun already."""
    sealed = connection.execute(select(upload.c.sealed).where(
        upload.c.id_sha256 == name(_KIND, id_), upload.c.by == by, upload.c.expires_at > now,
        upload.c.state == "offen")).scalar_one_or_none()
    content = unseal(_KIND, id_, bytes(sealed), by) if sealed else None
    return zlib.decompress(content) if content is not None else None


def begin(connection: Connection, id_: str, by: str, now: datetime) -> bool:
    """Say that the work on a file begins; false when somebody has begun already."""
    return connection.execute(update(upload).where(
        upload.c.id_sha256 == name(_KIND, id_), upload.c.by == by, upload.c.expires_at > now,
        upload.c.state == "offen").values(state="laeuft")).rowcount > 0


def tell(connection: Connection, id_: str, state: str, done: int, total: int) -> None:
    """Say how far the work is; with any state but ``laeuft`` the file goes."""
    gone = {} if state == "laeuft" else {"sealed": b""}
    connection.execute(update(upload).where(upload.c.id_sha256 == name(_KIND, id_))
                       .values(state=state, done=done, total=total, **gone))


def states(connection: Connection, by: str, now: datetime) -> list[ImportState]:
    """Return the imports of one person that have begun, the newest first."""
    rows = connection.execute(
        select(upload.c.id_sha256, upload.c.state, upload.c.done, upload.c.total, upload.c.created_at)
        .where(upload.c.by == by, upload.c.expires_at > now, upload.c.state != "offen")
        .order_by(upload.c.created_at.desc()))
    return [ImportState(bytes(id_).hex(), state, done, total, at) for id_, state, done, total, at in rows]
