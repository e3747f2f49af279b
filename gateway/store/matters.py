"""Matters of casework: rows that change by `change` only, notes and sheets that are only ever added.

Every act takes a `Connection` from `gateway.store.writing`. A matter is changed with the version it was read with; who
comes second is told so (`ConflictError`) instead of overwriting the first.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from gateway.model.casework import CLOSED, EMPTY, LETTERS, Counted, Kind, Matter, Note, NoteKind, Sheet, Wanted
from gateway.store.chunks import in_chunks
from gateway.store.errors import ConflictError
from gateway.store.locks import alone
from gateway.store.tables import person
from gateway.store.tables_casework import matter, matter_note, matter_sheet

_m = matter.c
_COLUMNS: Final = (_m.id, _m.kind, _m.about, _m.scope, _m.severity, _m.state, _m.opened_at, _m.due_at, _m.owner,
                   _m.closed_at, _m.parent, _m.cause, _m.version)


def add(connection: Connection, new: Matter, year: int) -> Matter:
    """Add a matter under the next number of its kind and year; return it with that number."""
    alone(connection, f"casework.number.{new.kind}")
    last = connection.execute(select(func.max(_m.number)).where(_m.kind == new.kind, _m.year == year)).scalar() or 0
    made = replace(new, id=f"{LETTERS[new.kind]}-{year}-{last + 1}")
    connection.execute(insert(matter).values(
        id=made.id, kind=made.kind, year=year, number=last + 1, about=made.about, scope=made.scope,
        severity=made.severity, state=made.state, owner=made.owner, opened_at=made.opened_at, due_at=made.due_at,
        closed_at=made.closed_at, parent=made.parent, cause=made.cause, version=0))
    return made


def get(connection: Connection, id_: str) -> Matter | None:
    """Return a matter by its number."""
    row = connection.execute(select(*_COLUMNS).where(_m.id == id_)).one_or_none()
    return _matter(row) if row is not None else None


def change(connection: Connection, seen: Matter, **values: Any) -> Matter:
    """Change a matter; raises `ConflictError` when somebody else changed it since it was `seen`."""
    made = replace(seen, **values, version=seen.version + 1)
    done = connection.execute(update(matter).where(_m.id == seen.id, _m.version == seen.version)
                              .values(**values, version=made.version))
    if not done.rowcount:
        raise ConflictError("Diesen Vorgang hat inzwischen jemand geändert. Bitte laden Sie die Seite neu.")
    return made


def listed(connection: Connection, wanted: Wanted, limit: int, offset: int = 0) -> tuple[list[Matter], int]:
    """Return some matters, what is open first and of that the most urgent, and how many there are in all."""
    where = _where(wanted)
    total = connection.execute(select(func.count()).select_from(matter).where(*where)).scalar() or 0
    rows = connection.execute(
        select(*_COLUMNS).where(*where)
        .order_by(_m.closed_at.is_not(None), _m.due_at.is_(None), _m.due_at, _m.opened_at.desc(), _m.id)
        .limit(limit).offset(offset))
    return [_matter(row) for row in rows], int(total)


def counted(connection: Connection, now: datetime) -> dict[Kind, Counted]:
    """Return how much of each kind is open."""
    rows = connection.execute(
        select(_m.kind, func.count(), func.min(_m.opened_at), func.count().filter(_m.due_at < now),
               func.min(_m.due_at)).where(_m.state.not_in(sorted(CLOSED))).group_by(_m.kind))
    return {kind: Counted(count, oldest, overdue, due) for kind, count, oldest, overdue, due in rows}


def children(connection: Connection, id_: str) -> list[Matter]:
    """Return what came from a matter, the oldest first."""
    return [_matter(row) for row in connection.execute(
        select(*_COLUMNS).where(_m.parent == id_).order_by(_m.opened_at, _m.id))]


def of_cause(connection: Connection, base: str) -> list[Matter]:
    """Return what a cause has raised so far: its first matter, and those after one that was closed."""
    rows = connection.execute(select(*_COLUMNS).where(or_(
        _m.cause == base, _m.cause.startswith(f"{base}/", autoescape=True))).order_by(_m.opened_at, _m.id))
    return [_matter(row) for row in rows]


# ---- notes and sheets ------------------------------------------------------------------------------------------------

def note(connection: Connection, id_: str, what: NoteKind, text: str, by: str, at: datetime) -> Note:
    """Add an entry to the history of a matter."""
    last = connection.execute(select(func.max(matter_note.c.number)).where(matter_note.c.matter_id == id_)).scalar()
    salt = os.urandom(16)
    made = Note((last or 0) + 1, at, by, what, text, digest_of(salt, text))
    connection.execute(insert(matter_note).values(
        matter_id=id_, number=made.number, at=at, by=by, what=what, text=text, salt=salt, digest=made.digest))
    return made


def digest_of(salt: bytes, text: str) -> str:
    """Return what the ledger keeps of a note."""
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).hexdigest()


def notes(connection: Connection, id_: str) -> list[Note]:
    """Return the history of a matter, the oldest first."""
    n = matter_note.c
    rows = connection.execute(
        select(n.number, n.at, n.by, n.what, n.text, n.digest, person.c.name)
        .outerjoin(person, person.c.id == n.by).where(n.matter_id == id_).order_by(n.number))
    return [Note(*row[:6], name=row[6] or "") for row in rows]


def write_sheet(connection: Connection, id_: str, values: Mapping[str, str], logged: Iterable[str], by: str,
                at: datetime) -> Sheet:
    """Add a version of the fields of a matter."""
    last = sheet(connection, id_)
    made = Sheet(last.number + 1, at, by, dict(values), frozenset(logged))
    body = json.dumps({"values": made.values, "logged": sorted(made.logged)}, ensure_ascii=False)
    connection.execute(insert(matter_sheet).values(matter_id=id_, number=made.number, at=at, by=by, body=body))
    return made


def sheet(connection: Connection, id_: str) -> Sheet:
    """Return the newest version of the fields of a matter, or an empty one."""
    s = matter_sheet.c
    row = connection.execute(select(s.number, s.at, s.by, s.body).where(s.matter_id == id_)
                             .order_by(s.number.desc()).limit(1)).one_or_none()
    if row is None:
        return EMPTY
    body = json.loads(row.body)
    return Sheet(row.number, row.at, row.by, body["values"], frozenset(body["logged"]))


# ---- e-mail and deletion ---------------------------------------------------------------------------------------------

def untold(connection: Connection, severity: str) -> list[Matter]:
    """Return open matters of this severity about which no e-mail went out yet."""
    return [_matter(row) for row in connection.execute(select(*_COLUMNS).where(
        _m.severity == severity, _m.told_at.is_(None), _m.state.not_in(sorted(CLOSED))).order_by(_m.opened_at))]


def tell(connection: Connection, ids: Sequence[str], at: datetime | None) -> list[str]:
    """Note that an e-mail goes out about these (None: that it did not, after all); return those it is about."""
    mine = _m.told_at.is_not(None) if at is None else _m.told_at.is_(None)
    return [id_ for id_ in ids if connection.execute(
        update(matter).where(_m.id == id_, mine).values(told_at=at)).rowcount]


def over(connection: Connection, before: datetime, limit: int = 100) -> list[Matter]:
    """Return matters that were closed before a moment."""
    return [_matter(row) for row in connection.execute(
        select(*_COLUMNS).where(_m.closed_at < before).order_by(_m.closed_at).limit(limit))]


def remove(connection: Connection, ids: Sequence[str]) -> None:
    """Delete matters with their notes and sheets."""
    for some in in_chunks(ids):
        connection.execute(delete(matter).where(_m.id.in_(some)))


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kinds:
        found.append(_m.kind.in_(wanted.kinds))
    if wanted.states:
        found.append(_m.state.in_(wanted.states))
    if wanted.open is not None:
        closed = _m.state.in_(sorted(CLOSED))
        found.append(~closed if wanted.open else closed)
    for column, value in ((_m.severity, wanted.severity), (_m.about, wanted.about), (_m.owner, wanted.owner)):
        if value:
            found.append(column == value)
    return found


def _matter(row: Any) -> Matter:
    return Matter(**row._mapping)
