"""The departments as the database knows them: a copy of what ``policies/departments`` declares, with names to show."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert, select, update

from gateway.model.people import Department
from gateway.store.tables import department


def sync(connection: Connection, names: Mapping[str, str]) -> int:
    """Add missing departments and correct names; return how many changed. A department in use is never removed."""
    known = {d.id: d.name for d in every(connection)}
    missing = [{"id": id_, "name": name} for id_, name in names.items() if id_ not in known]
    renamed = [(id_, name) for id_, name in names.items() if known.get(id_, name) != name]
    if missing:
        connection.execute(insert(department), missing)
    for id_, name in renamed:
        connection.execute(update(department).where(department.c.id == id_).values(name=name))
    return len(missing) + len(renamed)


def every(connection: Connection) -> list[Department]:
    """Return all departments by id."""
    rows = connection.execute(select(department.c.id, department.c.name).order_by(department.c.id))
    return [Department(id_, name) for id_, name in rows]
