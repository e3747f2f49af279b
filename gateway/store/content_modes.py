"""Content modes of departments: one row per request. What is over stays, without the people who took part."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, update

from gateway.model.content_mode import ContentMode, End
from gateway.store.tables import content_mode

_t = content_mode.c
_COLUMNS: Final = (_t.id, _t.department, _t.reason, _t.case_number, _t.requested_at, _t.until, _t.requested_by,
                   _t.dpo_by, _t.council_by, _t.on_since, _t.off_at, _t.why)
_BY: Final = {"dpo": "dpo_by", "personalrat": "council_by"}


def add(connection: Connection, new: ContentMode) -> int:
    """Add a request; return its number (`new.id` is not looked at)."""
    row = connection.execute(insert(content_mode).values(
        department=new.department, reason=new.reason, case_number=new.case, requested_at=new.requested_at,
        until=new.until, requested_by=new.requested_by, dpo_by="", council_by=""))
    assert row.inserted_primary_key is not None
    return int(row.inserted_primary_key[0])


def by_id(connection: Connection, id_: int) -> ContentMode | None:
    """Return one request."""
    return next((ContentMode(*row) for row in connection.execute(select(*_COLUMNS).where(_t.id == id_))), None)


def alive(connection: Connection) -> tuple[ContentMode, ...]:
    """Return those whose end was not put down yet, the oldest first."""
    rows = connection.execute(select(*_COLUMNS).where(_t.off_at.is_(None)).order_by(_t.id))
    return tuple(ContentMode(*row) for row in rows)


def every(connection: Connection, limit: int = 200) -> list[ContentMode]:
    """Return the newest ones, newest first."""
    return [ContentMode(*row)
            for row in connection.execute(select(*_COLUMNS).order_by(_t.id.desc()).limit(limit))]


def approve(connection: Connection, id_: int, role: str, by: str) -> None:
    """Note who agreed in a role."""
    connection.execute(update(content_mode).where(_t.id == id_).values({_BY[role]: by}))


def switch_on(connection: Connection, id_: int, at: datetime) -> None:
    """Note since when content is kept."""
    connection.execute(update(content_mode).where(_t.id == id_).values(on_since=at))


def end(connection: Connection, id_: int, at: datetime, why: End) -> None:
    """Note that it is over, and forget who took part."""
    connection.execute(update(content_mode).where(_t.id == id_).values(
        off_at=at, why=why, requested_by="", dpo_by="", council_by=""))
