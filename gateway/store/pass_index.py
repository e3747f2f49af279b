"""The index of passes: how each person's pass per scope stood when it was last worked out. For lists and counts.

Never asked by the gate. A line is right until its `changes_at`, and as long as its `rules` are the rules in force;
`stale` finds the others. Whoever works lines out locks the people first (`hold`): on PostgreSQL two transactions could
otherwise each write what the other one's evidence has overtaken.

Not known here: how a pass is worked out, and which rules are in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from gateway.model.office import Sort, Wanted
from gateway.store.chunks import in_chunks
from gateway.store.tables import UtcDateTime, person
from gateway.store.tables_office import pass_index

_STALE: Final = "-"
"""The rules of a line that something has changed under."""


class Line(NamedTuple):
    """One person, one scope."""

    person_id: str
    scope: str
    state: str
    until: datetime | None
    changes_at: datetime | None


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
        connection.execute(insert(pass_index), [{**line._asdict(), "rules": rules} for line in lines])


def mark(connection: Connection, person_ids: Sequence[str], scope: str) -> None:
    """Say that the lines of these people are to be worked out anew: for acts on thousands at once.

    The line of one scope is enough, since `put` writes all lines of a person together; it must be short, others wait.
    """
    for ids in in_chunks(person_ids):
        connection.execute(update(pass_index).where(pass_index.c.person_id.in_(ids), pass_index.c.scope == scope)
                           .values(rules=_STALE))


def stale(connection: Connection, scope: str, rules: str, now: datetime, limit: int) -> list[str]:
    """Return people whose lines are not right any more, or who have none; `scope` is one that everybody has."""
    own = pass_index.c.person_id
    there = select(own).where(own == person.c.id, pass_index.c.scope == scope)
    found: dict[str, None] = {}
    for query in (select(own).where(pass_index.c.changes_at <= now),
                  select(own).where(pass_index.c.scope == scope, pass_index.c.rules != rules),
                  select(person.c.id).where(~there.exists())):
        if len(found) < limit:
            found.update(dict.fromkeys(connection.execute(query.limit(limit)).scalars()))
    return list(found)[:limit]


def waiting(connection: Connection, scope: str, rules: str, now: datetime) -> int:
    """Return how many people have no line of `scope`, or one that is not right any more."""
    here = pass_index.c.scope == scope
    old = or_(pass_index.c.rules != rules, pass_index.c.changes_at <= now)
    return _number(connection, select(func.count()).select_from(pass_index).where(here, old)) + \
        _number(connection, select(func.count()).select_from(person)) - \
        _number(connection, select(func.count()).select_from(pass_index).where(here))


def counts(connection: Connection, scope: str) -> Counter[str]:
    """Return how many active people stand how."""
    rows = connection.execute(
        select(pass_index.c.state, func.count()).join(person, person.c.id == pass_index.c.person_id)
        .where(pass_index.c.scope == scope, person.c.disabled_at.is_(None)).group_by(pass_index.c.state))
    return Counter({str(row[0]): int(row[1]) for row in rows})


def ending(connection: Connection, scope: str, state: str, before: datetime) -> int:
    """Return how many active people stand so and stop before that moment."""
    return _number(connection, select(func.count()).select_from(pass_index)
                   .join(person, person.c.id == pass_index.c.person_id)
                   .where(pass_index.c.scope == scope, pass_index.c.state == state, pass_index.c.until < before,
                          person.c.disabled_at.is_(None)))


def sizes(connection: Connection) -> Counter[str]:
    """Return how many active people each department has."""
    rows = connection.execute(select(person.c.department_id, func.count()).where(person.c.disabled_at.is_(None))
                              .group_by(person.c.department_id))
    return Counter({str(row[0]): int(row[1]) for row in rows})


def page(connection: Connection, wanted: Wanted, after: str, limit: int) -> list[str]:
    """Return the ids of active people in the order asked for, behind the person `after` (empty: from the start)."""
    key = _KEYS[wanted.sort]
    query = select(person.c.id).where(person.c.disabled_at.is_(None)).order_by(key, person.c.id).limit(limit)
    joined = and_(pass_index.c.person_id == person.c.id, pass_index.c.scope == wanted.scope)
    if wanted.state or wanted.before or wanted.sort == "bis":
        query = query.join(pass_index, joined)
    if wanted.state:
        query = query.where(pass_index.c.state == wanted.state)
    if wanted.before:
        query = query.where(pass_index.c.until < wanted.before)
    if wanted.department:
        query = query.where(person.c.department_id == wanted.department)
    if wanted.text:
        query = query.where(or_(person.c.email.icontains(wanted.text, autoescape=True),
                                person.c.name.icontains(wanted.text, autoescape=True)))
    if after:
        found = connection.execute(select(key).select_from(person).outerjoin(pass_index, joined)
                                   .where(person.c.id == after)).first()
        if found is not None:
            query = query.where(tuple_(key, person.c.id) > tuple_(literal(found[0], key.type), literal(after)))
    return list(connection.execute(query).scalars())


_NEVER: Final = literal(datetime(9999, 1, 1, tzinfo=UTC), UtcDateTime())
_KEYS: Final[Mapping[Sort, ColumnElement[Any]]] = {
    "name": person.c.name, "adresse": person.c.email, "amt": person.c.department_id,
    "bis": func.coalesce(pass_index.c.until, _NEVER, type_=UtcDateTime())}


def _number(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())
