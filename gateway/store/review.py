"""Rows of reviewing: saved views, kept notes, texts of policies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from gateway.model.review import KeptNote, SavedView
from gateway.store.tables_review import kept_note, policy_text, saved_view

_v = saved_view.c
_COLUMNS = (_v.id, _v.person_id, _v.shared, _v.name, _v.query, _v.at)


def views(connection: Connection, person_id: str) -> list[SavedView]:
    """Return the views that somebody sees: one's own, and the shared ones; by name."""
    return _views(connection, or_(_v.shared, _v.person_id == person_id))


def own_views(connection: Connection, person_id: str) -> int:
    """Return how many views somebody made."""
    return len(_views(connection, _v.person_id == person_id))


def view(connection: Connection, id_: str, person_id: str) -> SavedView | None:
    """Return one view, if this person sees it."""
    found = _views(connection, _v.id == id_, or_(_v.shared, _v.person_id == person_id))
    return found[0] if found else None


def _views(connection: Connection, *conditions: ColumnElement[bool]) -> list[SavedView]:
    rows = connection.execute(select(*_COLUMNS).where(*conditions).order_by(_v.name, _v.id))
    return [SavedView(*row) for row in rows]


def add_view(connection: Connection, new: SavedView) -> None:
    """Add a view."""
    connection.execute(insert(saved_view).values(
        id=new.id, person_id=new.person_id, shared=new.shared, name=new.name, query=new.query, at=new.at))


def drop_view(connection: Connection, id_: str) -> None:
    """Remove a view."""
    connection.execute(delete(saved_view).where(_v.id == id_))


def note(connection: Connection, person_id: str) -> KeptNote | None:
    """Return the note that somebody keeps here."""
    columns = (kept_note.c.note, kept_note.c.size, kept_note.c.at)
    row = connection.execute(select(*columns).where(kept_note.c.person_id == person_id)).one_or_none()
    return None if row is None else KeptNote(*row)


def keep_note(connection: Connection, person_id: str, new: KeptNote) -> None:
    """Keep a note in place of the one before."""
    connection.execute(delete(kept_note).where(kept_note.c.person_id == person_id))
    connection.execute(insert(kept_note).values(person_id=person_id, note=new.note, size=new.size, at=new.at))


def text(connection: Connection, digest: str) -> tuple[bytes, datetime] | None:
    """Return what the policies with this digest said, packed, and since when that is known here."""
    columns = (policy_text.c.body, policy_text.c.at)
    row: Any = connection.execute(select(*columns).where(policy_text.c.digest == digest)).one_or_none()
    return None if row is None else (row[0], row[1])


def known_text(connection: Connection, digest: str) -> bool:
    """Whether the text of these policies is kept."""
    found = connection.execute(select(policy_text.c.digest).where(policy_text.c.digest == digest))
    return found.one_or_none() is not None


def add_text(connection: Connection, digest: str, body: bytes, at: datetime) -> None:
    """Keep the text of policies."""
    connection.execute(insert(policy_text).values(digest=digest, body=body, at=at))
