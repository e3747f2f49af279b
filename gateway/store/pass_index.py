"""The index of passes: how each person's pass per scope stood when it was last worked out. For lists and counts.

Never asked by the gate. A line is right until its `changes_at`, and as long as its `rules` are the rules in force;
`stale` finds the others. Whoever works lines out locks the people first (`hold`): on PostgreSQL two transactions could
otherwise each write what the other one's evidence has overtaken.

Not known here: how a pass is worked out, and which rules are in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, literal, or_, select, tuple_

from gateway.model.office import Sort, Wanted
from gateway.store.chunks import in_chunks
from gateway.store.tables import person
from gateway.store.tables_office import pass_index

NEVER: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""Where a pass has no end of its own. A value, not NULL: both databases then walk an index in the same order."""
STALE: Final = "-"
"""The rules of a line that something has changed under."""


class Line(NamedTuple):
    """One person, one scope."""

    person_id: str
    scope: str
    state: str
    until: datetime | None
    changes_at: datetime | None


class Row(NamedTuple):
    """One person of the list, as the index has them; `right` as long as nothing has changed under the line."""

    person_id: str
    name: str
    email: str
    department: str
    state: str
    until: datetime | None
    right: bool


def hold(connection: Connection, person_ids: Sequence[str], *, skip: bool = False) -> list[str]:
    """Lock these people until the end of the transaction; return those that are there (and free, with `skip`)."""
    found: list[str] = []
    for ids in in_chunks(sorted(person_ids)):
        found += connection.execute(select(person.c.id).where(person.c.id.in_(ids)).order_by(person.c.id)
                                    .with_for_update(key_share=True, skip_locked=skip)).scalars()
    return found


def put(connection: Connection, person_ids: Sequence[str], lines: Sequence[Line], rules: str) -> None:
    """Put these lines in the place of all that is known of these people."""
    for ids in in_chunks(person_ids):
        connection.execute(delete(pass_index).where(pass_index.c.person_id.in_(ids)))
    if lines:
        connection.execute(insert(pass_index), [
            {**line._asdict(), "until": line.until or NEVER, "rules": rules} for line in lines])


def stale(connection: Connection, scope: str, rules: str, now: datetime, limit: int) -> list[str]:
    """Return people whose lines are not right any more, or who have none; `scope` is one that everybody has."""
    own = pass_index.c.person_id
    there = select(own).where(own == person.c.id, pass_index.c.scope == scope)
    found: dict[str, None] = {}
    for query in (select(own).where(pass_index.c.changes_at <= now),
                  select(own).where(pass_index.c.scope == scope, pass_index.c.rules < rules),
                  select(own).where(pass_index.c.scope == scope, pass_index.c.rules > rules),
                  select(person.c.id).where(~there.exists())):
        if len(found) < limit:
            found.update(dict.fromkeys(connection.execute(query.limit(limit)).scalars()))
    return list(found)[:limit]


def waiting(connection: Connection, scope: str, rules: str, now: datetime) -> int:
    """Return how many people have no line of `scope`, or one that is not right any more."""
    right = select(func.count()).select_from(pass_index).where(pass_index.c.scope == scope, pass_index.c.rules == rules)
    return _number(connection, select(func.count()).select_from(person)) - _number(connection, right) + \
        _number(connection, right.where(pass_index.c.changes_at <= now))


def counts(connection: Connection, scope: str) -> Counter[str]:
    """Return how many active people stand how: everybody, which an index tells, less those who left."""
    query = select(pass_index.c.state, func.count()).where(pass_index.c.scope == scope).group_by(pass_index.c.state)
    return _less(connection, query, query.where(pass_index.c.person_id.in_(_LEFT)))


def ending(connection: Connection, scope: str, state: str, before: datetime) -> int:
    """Return how many active people stand so and stop before that moment."""
    query = select(func.count()).select_from(pass_index).where(
        pass_index.c.scope == scope, pass_index.c.state == state, pass_index.c.until < min(before, NEVER))
    return _number(connection, query) - _number(connection, query.where(pass_index.c.person_id.in_(_LEFT)))


def active(connection: Connection) -> int:
    """Return how many active people there are."""
    query = select(func.count()).select_from(person)
    return _number(connection, query) - _number(connection, query.where(person.c.disabled_at.is_not(None)))


def sizes(connection: Connection) -> Counter[str]:
    """Return how many active people each department has."""
    query = select(person.c.department_id, func.count()).group_by(person.c.department_id)
    return _less(connection, query, query.where(person.c.disabled_at.is_not(None)))


def page(connection: Connection, wanted: Wanted, after: str, limit: int) -> list[str]:
    """Return the ids of active people in the order asked for, behind the person `after` (empty: from the start)."""
    keys = _KEYS[wanted.sort]
    query = select(person.c.id)
    if wanted.state or wanted.before or wanted.sort == "bis":
        query = query.select_from(person).join(pass_index, _line(wanted))
    query = _wanted(query, wanted).order_by(*keys).limit(limit)
    if after:
        found = connection.execute(select(*keys).select_from(person).outerjoin(pass_index, _line(wanted))
                                   .where(person.c.id == after)).first()
        if found is not None and None not in found:
            last = (literal(value, key.type) for value, key in zip(found, keys, strict=True))
            query = query.where(tuple_(*keys) > tuple_(*last))
    return list(connection.execute(query).scalars())


def rows(connection: Connection, wanted: Wanted, rules: str, now: datetime) -> Iterator[Row]:
    """Yield the whole list by name, as the index has it; who has no line yet stands there without being right."""
    p, i = person.c, pass_index.c
    query = _wanted(select(p.id, p.name, p.email, p.department_id, i.state, i.until, i.rules, i.changes_at)
                    .select_from(person).outerjoin(pass_index, _line(wanted)), wanted).order_by(p.name, p.id)
    for id_, name, email, department, state, until, known, changes_at in connection.execute(query):
        yield Row(id_, name, email, department, state or "", None if until == NEVER else until,
                  known == rules and (changes_at is None or changes_at > now))


def _wanted(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Narrow a query to active people that are wanted."""
    if wanted.state:
        query = query.where(pass_index.c.state == wanted.state)
    if wanted.before:
        query = query.where(pass_index.c.until < min(wanted.before, NEVER))
    if wanted.department:
        query = query.where(person.c.department_id == wanted.department)
    if wanted.text:
        query = query.where(or_(person.c.email.icontains(wanted.text, autoescape=True),
                                person.c.name.icontains(wanted.text, autoescape=True)))
    return query.where(person.c.disabled_at.is_(None))


def _line(wanted: Wanted) -> ColumnElement[bool]:
    return and_(pass_index.c.person_id == person.c.id, pass_index.c.scope == wanted.scope)


_LEFT: Final = select(person.c.id).where(person.c.disabled_at.is_not(None))
_KEYS: Final[Mapping[Sort, Sequence[ColumnElement[Any]]]] = {
    "name": (person.c.name, person.c.id), "adresse": (person.c.email,),
    "amt": (person.c.department_id, person.c.name, person.c.id), "bis": (pass_index.c.until, pass_index.c.person_id)}


def _less(connection: Connection, all_: Select[Any], some: Select[Any]) -> Counter[str]:
    def counted(query: Select[Any]) -> Counter[str]:
        return Counter({str(key): int(number) for key, number in connection.execute(query)})
    return counted(all_) - counted(some)


def _number(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())
