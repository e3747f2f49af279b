"""What the report about literacy is counted from: sums over departments, from the index of passes and from evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, extract, func, or_, select

from gateway.store.tables import evidence, person
from gateway.store.tables_office import pass_index


def standings(connection: Connection) -> list[tuple[str, str, str, int]]:
    """Return department, scope, state and how many active people stand so."""
    rows = connection.execute(
        select(person.c.department_id, pass_index.c.scope, pass_index.c.state, func.count())
        .join(pass_index, pass_index.c.person_id == person.c.id).where(person.c.disabled_at.is_(None))
        .group_by(person.c.department_id, pass_index.c.scope, pass_index.c.state))
    return [(str(d), str(s), str(state), int(n)) for d, s, state, n in rows]


def contents(connection: Connection, since: Mapping[str, datetime], now: datetime) -> list[tuple[str, str, int]]:
    """Return module, version (its SHA-256) and how many active people have evidence of it that counts now; `since`:
    from when on evidence of a module counts."""
    own = [and_(evidence.c.module == module, evidence.c.completed_at >= begin) for module, begin in since.items()]
    rows = connection.execute(
        select(evidence.c.module, evidence.c.document_sha256, func.count(evidence.c.person_id.distinct()))
        .join(person, person.c.id == evidence.c.person_id)
        .where(person.c.disabled_at.is_(None), evidence.c.revoked_at.is_(None), evidence.c.completed_at <= now,
               or_(evidence.c.valid_until.is_(None), evidence.c.valid_until > now), or_(*own))
        .group_by(evidence.c.module, evidence.c.document_sha256))
    return [(str(m), str(sha or ""), int(n)) for m, sha, n in rows]


def quarters(connection: Connection, now: datetime) -> dict[tuple[int, int], int]:
    """Return year and quarter, and how many steps active people finished in it."""
    year, month = extract("year", evidence.c.completed_at), extract("month", evidence.c.completed_at)
    rows = connection.execute(
        select(year, month, func.count()).join(person, person.c.id == evidence.c.person_id)
        .where(person.c.disabled_at.is_(None), evidence.c.revoked_at.is_(None), evidence.c.completed_at <= now)
        .group_by(year, month))
    found: dict[tuple[int, int], int] = {}
    for y, m, n in rows:
        key = int(y), (int(m) + 2) // 3
        found[key] = found.get(key, 0) + int(n)
    return found
