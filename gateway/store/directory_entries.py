"""People as the directory service of the house sees them (SCIM): found by its names for them, page by page.

Whoever the directory service deleted stays here, switched off, under an address that nobody has (`LEFT`): evidence
and ledger keep meaning something, and the old address is free for somebody new. Here they are not found any more.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, false, func, insert, or_, select, true, update

from gateway.model.directory import AllOf, AnyOf, Condition, Entry, Is
from gateway.store import people
from gateway.store.tables import person, person_department, person_group, person_role
from gateway.store.tables_office import directory_entry

LEFT: Final = "@ausgeschieden.invalid"
_JOINED: Final = person.outerjoin(directory_entry, directory_entry.c.person_id == person.c.id)
_NOT_LEFT: Final = person.c.email.not_like(f"%{LEFT}")


class Names(NamedTuple):
    """What is kept of a person beside `gateway.model.people.Person`."""

    user_name: str
    given_name: str
    family_name: str
    department: str


def page(connection: Connection, where: Condition | None, start: int, count: int) -> tuple[int, list[Entry]]:
    """Return how many people there are, and `count` of them after the first `start`, oldest first."""
    condition = and_(_NOT_LEFT, true() if where is None else _sql(where))
    total = connection.execute(select(func.count()).select_from(_JOINED).where(condition)).scalar_one()
    return total, _entries(connection, condition, start, count) if count and start < total else []


def by_id(connection: Connection, person_id: str) -> Entry | None:
    """Return the person with this id, unless they left."""
    found = _entries(connection, and_(_NOT_LEFT, person.c.id == person_id), 0, 1)
    return found[0] if found else None


def by_user_name(connection: Connection, user_name: str) -> str | None:
    """Return the id of the person whom the directory service calls so."""
    return connection.execute(select(directory_entry.c.person_id).where(
        directory_entry.c.user_key == key_of(user_name))).scalar_one_or_none()


def is_kept(connection: Connection, person_id: str) -> bool:
    """Whether the directory service has ever spoken of this person (and not deleted them)."""
    return connection.execute(select(directory_entry.c.person_id).where(
        directory_entry.c.person_id == person_id)).scalar_one_or_none() is not None


def keep(connection: Connection, person_id: str, names: Names) -> None:
    """Write what the directory service says, over what it said before."""
    values: dict[str, Any] = {**names._asdict(), "user_key": key_of(names.user_name)}
    if connection.execute(update(directory_entry).where(
            directory_entry.c.person_id == person_id).values(values)).rowcount == 0:
        connection.execute(insert(directory_entry).values(person_id=person_id, **values))


def forget(connection: Connection, person_id: str) -> None:
    """Forget what the directory service said."""
    connection.execute(delete(directory_entry).where(directory_entry.c.person_id == person_id))


def members(connection: Connection, kind: str, word: str) -> frozenset[str]:
    """Return the ids of those who hold a role, are in a group or work for a department."""
    if kind == "rolle":
        query = select(person.c.id).join(person_role).where(person_role.c.role == word)
    elif kind == "gruppe":
        query = select(person.c.id).join(person_group).where(person_group.c.group_id == word)
    else:
        also = select(person_department.c.person_id).where(person_department.c.department_id == word)
        query = select(person.c.id).where(or_(person.c.department_id == word, person.c.id.in_(also)))
    return frozenset(connection.execute(query.where(_NOT_LEFT)).scalars())


def key_of(user_name: str) -> str:
    """Return the spelling by which a name is found."""
    return user_name.strip().casefold()[:254]


def _entries(connection: Connection, condition: ColumnElement[bool], start: int, count: int) -> list[Entry]:
    rows = connection.execute(
        select(person.c.id, person.c.created_at, directory_entry.c.user_name, directory_entry.c.given_name,
               directory_entry.c.family_name, directory_entry.c.department)
        .select_from(_JOINED).where(condition).order_by(person.c.created_at, person.c.id)
        .offset(start).limit(count)).all()
    known = people.by_ids(connection, [row[0] for row in rows])
    return [Entry(p := known[row[0]], row[2] or p.email, row[3] or "", row[4] or "", row[5] or p.department, row[1])
            for row in rows]


def _sql(where: Condition) -> ColumnElement[bool]:
    if isinstance(where, AllOf):
        return and_(*map(_sql, where.parts))
    if isinstance(where, AnyOf):
        return or_(*map(_sql, where.parts))
    return _field(where)


def _field(where: Is) -> ColumnElement[bool]:
    if where.field == "active":
        return person.c.disabled_at.is_(None) if where.value is True else person.c.disabled_at.is_not(None)
    value = str(where.value)
    if where.field == "userName":
        return or_(directory_entry.c.user_key == key_of(value),
                   and_(directory_entry.c.person_id.is_(None), person.c.email == value.strip().lower()))
    if where.field == "name":
        return func.lower(person.c.name) == value.lower()
    column = {"id": person.c.id, "externalId": person.c.external_id, "email": person.c.email}.get(where.field)
    if column is None:
        return false()
    return column == (value.strip().lower() if where.field == "email" else value)
