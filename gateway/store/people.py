"""People: who they are, where they work, which roles they hold, whether they are still here.

Plain functions over a connection of `reading` or `writing`. An address is kept in one spelling (`normal_email`), so
that "the same person" is decided in one place. A person is switched off, not deleted: evidence and ledger keep meaning
something until retention removes them.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, or_, select, update

from gateway.model.people import ROLES, Person
from gateway.store.chunks import in_chunks
from gateway.store.errors import InvalidError
from gateway.store.tables import person, person_department, person_group, person_role

_EMAIL = re.compile(r"[^\s@\"'<>,;:()\\]{1,64}@[^\s@\"'<>,;:()\\]{1,180}\Z")


class NewPerson(NamedTuple):
    """A person who is to be added."""

    email: str
    name: str
    department: str
    roles: frozenset[str]
    external_id: str | None = None
    further: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


def normal_email(text: str) -> str:
    """Return the one spelling of an address, or raise if it is none."""
    email = text.strip().lower()
    if not _EMAIL.match(email):
        raise InvalidError("Die E-Mail-Adresse ist nicht vollständig. Bitte schreiben Sie sie in der Form name@ort.de.")
    return email


def normal_id(text: str) -> str | None:
    """Return the one spelling of an id of the directory service (nothing if it is empty), or raise if it is none."""
    id_ = unicodedata.normalize("NFC", text.strip())
    if len(id_) > 200 or not id_.isprintable():
        raise InvalidError("Die Kennung aus dem Verzeichnisdienst hat höchstens 200 sichtbare Zeichen.")
    return id_ or None


def check_roles(roles: Iterable[str]) -> frozenset[str]:
    """Return the roles as a set, with ``staff``, which everybody holds; raise for one that does not exist."""
    result = frozenset(roles) | {"staff"}
    if unknown := sorted(result - frozenset(ROLES)):
        raise InvalidError(f"Die Rolle „{unknown[0]}“ gibt es nicht. Möglich sind: {', '.join(ROLES)}.")
    return result


def add(connection: Connection, new: Sequence[NewPerson], now: datetime) -> list[Person]:
    """Add people and return them with their fresh ids; addresses are brought into one spelling here."""
    people = [Person(secrets.token_hex(16), normal_email(n.email), n.name.strip(), n.department, check_roles(n.roles),
                     external_id=n.external_id or None, further=n.further - {n.department}, groups=n.groups)
              for n in new]
    if not people:
        return []
    connection.execute(insert(person), [
        {"id": p.id, "email": p.email, "name": p.name, "department_id": p.department, "created_at": now,
         "external_id": p.external_id} for p in people])
    connection.execute(insert(person_role), [{"person_id": p.id, "role": r} for p in people for r in sorted(p.roles)])
    _add_further(connection, people)
    _add_groups(connection, people)
    return people


def change(connection: Connection, changed: Sequence[Person]) -> None:
    """Write all that is known of people who are there already; addresses are brought into one spelling here."""
    if not changed:
        return
    connection.execute(
        update(person).where(person.c.id == bindparam("key")).values(
            email=bindparam("email_"), name=bindparam("name_"), department_id=bindparam("department_"),
            disabled_at=bindparam("disabled_"), external_id=bindparam("external_")),
        [{"key": p.id, "email_": normal_email(p.email), "name_": p.name, "department_": p.department,
          "disabled_": p.disabled_at, "external_": p.external_id} for p in changed])
    connection.execute(delete(person_department).where(person_department.c.person_id == bindparam("key")),
                       [{"key": p.id} for p in changed])
    _add_further(connection, changed)
    connection.execute(delete(person_group).where(person_group.c.person_id == bindparam("key")),
                       [{"key": p.id} for p in changed])
    _add_groups(connection, changed)
    connection.execute(delete(person_role).where(person_role.c.person_id == bindparam("key")),
                       [{"key": p.id} for p in changed])
    connection.execute(insert(person_role), [{"person_id": p.id, "role": r} for p in changed
                                             for r in sorted(check_roles(p.roles))])


def _add_further(connection: Connection, people: Sequence[Person]) -> None:
    rows = [{"person_id": p.id, "department_id": d} for p in people for d in sorted(p.further - {p.department})]
    if rows:
        connection.execute(insert(person_department), rows)


def _add_groups(connection: Connection, people: Sequence[Person]) -> None:
    rows = [{"person_id": p.id, "group_id": g} for p in people for g in sorted(p.groups)]
    if rows:
        connection.execute(insert(person_group), rows)


def by_email(connection: Connection, email: str) -> Person | None:
    """Return the person with this address, in any spelling of upper and lower case."""
    row = connection.execute(_select().where(person.c.email == email.strip().lower())).one_or_none()
    return None if row is None else _person(row)


def by_id(connection: Connection, person_id: str, *, to_change: bool = False) -> Person | None:
    """Return the person with this opaque id; `to_change` lets nobody else change it until the transaction ends."""
    query = _select().where(person.c.id == person_id)
    row = connection.execute(query.with_for_update(of=person) if to_change else query).one_or_none()
    return None if row is None else _person(row)


def lock(connection: Connection, person_id: str) -> None:
    """Let whoever writes about this person wait until this transaction ends. (SQLite has one writer at a time.)"""
    connection.execute(select(person.c.id).where(person.c.id == person_id).with_for_update())


def by_ids(connection: Connection, person_ids: Sequence[str]) -> dict[str, Person]:
    """Return these people by their ids; who is not there is not in the answer."""
    return {p.id: p for ids in in_chunks(person_ids)
            for p in map(_person, connection.execute(_select().where(person.c.id.in_(ids))))}


def addresses(connection: Connection) -> list[tuple[str, str, str | None, bool]]:
    """Return everybody as (id, address, external id, active): for imports that look thousands up."""
    rows = connection.execute(select(person.c.id, person.c.email, person.c.external_id, person.c.disabled_at))
    return [(id_, email, external, disabled is None) for id_, email, external, disabled in rows]


def by_external_id(connection: Connection, external_id: str) -> Person | None:
    """Return the person whom the directory service of the house calls by this id."""
    row = connection.execute(_select().where(person.c.external_id == external_id)).one_or_none()
    return None if row is None else _person(row)


def search(connection: Connection, *, text: str = "", department: str | None = None, role: str | None = None,
           group: str | None = None, active: bool | None = None, after: str = "", limit: int = 100) -> list[Person]:
    """Return people ordered by address, after the address `after` (so that a list is read page by page)."""
    query = _select().where(person.c.email > after).order_by(person.c.email).limit(limit)
    if text:
        query = query.where(or_(person.c.email.icontains(text, autoescape=True),
                                person.c.name.icontains(text, autoescape=True)))
    if department is not None:
        query = query.where(person.c.department_id == department)
    if role is not None:
        query = query.where(person.c.id.in_(select(person_role.c.person_id).where(person_role.c.role == role)))
    if group is not None:
        query = query.where(person.c.id.in_(select(person_group.c.person_id).where(person_group.c.group_id == group)))
    if active is not None:
        query = query.where(person.c.disabled_at.is_(None) if active else person.c.disabled_at.is_not(None))
    return [_person(row) for row in connection.execute(query)]


def every(connection: Connection) -> dict[str, Person]:
    """Return everybody by address; for imports, which compare the whole list."""
    return {p.email: p for p in map(_person, connection.execute(_select()))}


def _select() -> Select[*tuple[Any, ...]]:
    roles = (select(func.aggregate_strings(person_role.c.role, ",")).where(person_role.c.person_id == person.c.id)
             .scalar_subquery())
    further = (select(func.aggregate_strings(person_department.c.department_id, ","))
               .where(person_department.c.person_id == person.c.id).scalar_subquery())
    groups = (select(func.aggregate_strings(person_group.c.group_id, ","))
              .where(person_group.c.person_id == person.c.id).scalar_subquery())
    return select(person.c.id, person.c.email, person.c.name, person.c.department_id, roles, person.c.disabled_at,
                  person.c.external_id, further, groups)


def _person(row: Sequence[Any]) -> Person:
    id_, email, name, department, roles, disabled_at, external_id, further, groups = row
    return Person(id_, email, name, department, _set(roles), disabled_at, external_id, _set(further), _set(groups))


def _set(joined: str | None) -> frozenset[str]:
    return frozenset(joined.split(",")) if joined else frozenset()
