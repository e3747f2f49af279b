"""What two people who open a seal in their browsers pass to each other through the house: ciphertext, for a day.

One row per request: the newest piece takes the place of the one before. Nobody can read an identity out of it; the key
to the last piece lies in the ledger's key folder and goes as soon (`audit.reid`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from gateway.store.tables_office import reid_piece

_t = reid_piece.c


def put(connection: Connection, request: str, kind: str, text: str, now: datetime, until: datetime) -> None:
    """Keep the newest piece of a request; what is over is deleted."""
    connection.execute(delete(reid_piece).where((_t.request == request) | (_t.expires_at <= now)))
    connection.execute(insert(reid_piece).values(request=request, kind=kind, text=text, expires_at=until))


def get(connection: Connection, request: str, now: datetime) -> tuple[str, str]:
    """Return kind and text of the newest piece; two empty strings: there is none (any more)."""
    row = connection.execute(select(_t.kind, _t.text).where(_t.request == request, _t.expires_at > now)).one_or_none()
    return (row.kind, row.text) if row else ("", "")


def drop(connection: Connection, request: str) -> None:
    """Delete the piece of a request that is over."""
    connection.execute(delete(reid_piece).where(_t.request == request))
