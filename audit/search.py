"""Finding records by filters at a price that does not depend on how many there are.

A page continues where the last one ended (key-set paging). With one condition the index of that condition gives the
page as it is. With several, one of them leads (the one whose newest `STEP` entries reach back furthest: the rarest),
and the others are looked at row by row, for `STEP` entries at most; when these hold fewer rows than a page wants, the
page says to where it looked (`Found.looked_to`), and the next one goes on there. So the rarest combination of common
conditions costs many cheap pages instead of one that nobody waits for.

The leading condition is forced by hiding the other columns from the planner (``column || ''``): SQLite has no
statistics here, and both databases would now and then walk through ten million rows by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    exists,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from audit.marks import STATUSES
from audit.record import INTENT
from audit.store.tables import FACETS, audit_facet, audit_mark, audit_open, audit_seq

STEP: Final = 10_000
MOST: Final = 10_000
"""So far numbers of records are counted exactly."""
_f, _m = audit_facet.c, audit_mark.c
COLUMNS: Final = (_f.idx, _f.record_id, _f.type, _f.ref, _f.t, *[_f[name] for name in FACETS])
MARKS: Final = ("kind", "region", "status")
"""Filters that ask `audit_mark`; ``status`` has two values of its own: ``ok`` and ``open``."""
Cursor = tuple[int, int]
_MARKED: Final = audit_mark.join(audit_facet, _f.idx == _m.idx)
_OPEN: Final = audit_open.join(audit_seq, audit_seq.c.record_id == audit_open.c.intent).join(
    audit_facet, _f.idx == audit_seq.c.idx)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a page shows; empty means everything. Times are microseconds since 1970, ``until`` excluded."""

    since: int | None = None
    until: int | None = None
    types: Sequence[str] = ()
    vorgang: str = ""
    department: str = ""
    model: str = ""
    decision: str = ""
    code: str = ""
    rule: str = ""
    purpose: str = ""
    reference: str = ""
    """What the log keeps of a case reference: a keyed digest."""
    subject: str = field(default="", repr=False)
    """One pseudonym, asked for by name: for a person's own records, erasure, or after re-identification."""
    kind: str = ""
    """A kind of finding that the request held."""
    region: str = ""
    """Where the model runs, as the record says it."""
    status: str = ""
    """How the request ended: ``ok``, ``aborted``, ``failed``, ``unknown``, or ``open`` as long as it has no end."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of `COLUMNS`, newest first; ``more``: there is a next page; ``looked_to``: it begins there (or: after the
    last row)."""

    rows: list[Any]
    more: bool
    looked_to: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many records a filter finds; not ``exact``: at least so many."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Lead:
    """A condition with an index of its own that is in the order of pages."""

    name: str
    table: FromClause
    condition: ColumnElement[bool]
    t: ColumnElement[int]
    idx: ColumnElement[int]


def conditions(filters: Filters, lead: str | None = None) -> list[ColumnElement[bool]]:
    """Return a filter as conditions on ``audit_facet``; beside a `lead`: the others, hidden from the planner, no times.
    """
    found = _times(filters) if lead is None else []
    if filters.types and lead != "types":
        found.append(_plain(_f.type, lead).in_(list(filters.types)))
    for name in (*FACETS, "subject"):
        value = getattr(filters, name)
        if value and lead != name:
            found.append(_plain(_f[name], lead) == value)
    found += [_marked(name, getattr(filters, name)) for name in MARKS if getattr(filters, name) and lead != name]
    return found


def _plain(column: ColumnElement[Any], lead: str | None) -> ColumnElement[Any]:
    return column if lead is None else column.op("||")(literal("", literal_execute=True))


def _times(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.since is not None:
        found.append(_f.t >= filters.since)
    if filters.until is not None:
        found.append(_f.t < filters.until)
    return found


def _marked(name: str, value: str) -> ColumnElement[bool]:
    other = audit_mark.alias("other").c  # another mark than the one that leads

    def mark(text: str) -> ColumnElement[bool]:
        return exists().where(other.mark == f"{name}:{text}", other.t == _f.t, other.idx == _f.idx)
    if name != "status" or value not in ("ok", "open"):
        return mark(value)
    unfinished = exists().where(audit_open.c.intent == _f.record_id)
    if value == "open":
        return unfinished
    bad = exists().where(other.idx == _f.idx, other.mark.in_([f"status:{word}" for word in STATUSES]))
    return and_(_f.type == INTENT, ~unfinished, ~bad)


def page(connection: Connection, filters: Filters, before: Cursor | None, limit: int) -> Found:
    """Return the rows after a place, and whether there are more."""
    leads = _leads(filters)
    if _asked(filters) in ([], ["types"]):
        return _straight(connection, filters, before, limit)
    lead, bound = _rarest(connection, leads, filters, before) if _several(filters, leads) else (leads[0], None)
    query = _query(lead, filters, before, bound).order_by(lead.t.desc(), lead.idx.desc()).limit(limit + 1)
    rows = list(connection.execute(query))
    if len(rows) > limit:
        return Found(rows[:limit], True)
    return Found(rows, bound is not None, bound)


def number(connection: Connection, filters: Filters) -> Counted:
    """Return how many records a filter finds, as far as that is cheap to say."""
    if not _asked(filters):
        query: Select[Any] = select(_f.idx).where(*_times(filters))
        return _counted(connection, query, None)
    leads = _leads(filters)
    lead, bound = _rarest(connection, leads, filters, None) if _several(filters, leads) else (leads[0], None)
    return _counted(connection, _query(lead, filters, None, bound), bound)


def places_of(vorgaenge: Sequence[str], subjects: Sequence[str]) -> Select[Any]:
    """Return the query for the places of what belongs to some Vorgänge and to one of these pseudonyms."""
    return select(_f.idx).where(_f.vorgang.in_(vorgaenge), _plain(_f.subject, "vorgang").in_(subjects))


def _counted(connection: Connection, query: Select[Any], bound: Cursor | None) -> Counted:
    some = query.with_only_columns(literal(1).label("one")).limit(MOST + 1).subquery()
    found = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return Counted(min(found, MOST), found <= MOST and bound is None)


def _asked(filters: Filters) -> list[str]:
    names = ("types", *FACETS, "subject", *MARKS)
    return [name for name in names if getattr(filters, name)]


def _several(filters: Filters, leads: Sequence[_Lead]) -> bool:
    """Whether rows of a lead have to be looked at one by one."""
    return _asked(filters) != [leads[0].name]


def _leads(filters: Filters) -> list[_Lead]:
    found = []
    for name in (*FACETS, "subject"):
        if value := getattr(filters, name):
            found.append(_Lead(name, audit_facet, _f[name] == value, _f.t, _f.idx))
    for name in MARKS:
        value = getattr(filters, name)
        if name == "status" and value == "open":
            found.append(_Lead(name, _OPEN, true(), _f.t, _f.idx))
        elif value and (name, value) != ("status", "ok"):
            found.append(_Lead(name, audit_mark, _m.mark == f"{name}:{value}", _m.t, _m.idx))
    if filters.types:
        found.append(_Lead("types", audit_facet, _f.type.in_(list(filters.types)), _f.t, _f.idx))
    return found or [_Lead("", audit_facet, true(), _f.t, _f.idx)]


def _rarest(connection: Connection, leads: Sequence[_Lead], filters: Filters,
            before: Cursor | None) -> tuple[_Lead, Cursor | None]:
    """Return the condition whose next `STEP` entries reach back furthest, and to where; None: to the end."""
    best: tuple[_Lead, Cursor] | None = None
    for lead in leads:
        bound = _reach_of_types(connection, filters, before) if lead.name == "types" else _reach(
            connection, lead, filters, before)
        if bound is None:
            return lead, None
        if best is None or bound < best[1]:
            best = lead, bound
    assert best is not None, "there is a condition"
    return best


def _reach_of_types(connection: Connection, filters: Filters, before: Cursor | None) -> Cursor | None:
    """Several types are read one after the other; together they reach as far as the most frequent one."""
    reaches = [_reach(connection, _Lead("types", audit_facet, _f.type == name, _f.t, _f.idx), filters, before)
               for name in filters.types]
    known = [reach for reach in reaches if reach is not None]
    return max(known) if known else None


def _reach(connection: Connection, lead: _Lead, filters: Filters, before: Cursor | None) -> Cursor | None:
    query = select(lead.t, lead.idx).select_from(lead.table).where(lead.condition, *_within(lead, filters, before))
    row = connection.execute(query.order_by(lead.t.desc(), lead.idx.desc()).offset(STEP - 1).limit(1)).one_or_none()
    return None if row is None else (row[0], row[1])


def _within(lead: _Lead, filters: Filters, before: Cursor | None,
            bound: Cursor | None = None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.since is not None:
        found.append(lead.t >= filters.since)
    if filters.until is not None:
        found.append(lead.t < filters.until)
    if before is not None:
        found.append(tuple_(lead.t, lead.idx) < tuple_(*before))
    if bound is not None:
        found.append(tuple_(lead.t, lead.idx) >= tuple_(*bound))
    return found


def _query(lead: _Lead, filters: Filters, before: Cursor | None, bound: Cursor | None) -> Select[Any]:
    query = select(*COLUMNS)
    if lead.table is not audit_facet:
        query = query.select_from(_MARKED if lead.table is audit_mark else lead.table)
    return query.where(lead.condition, *_within(lead, filters, before, bound), *conditions(filters, lead.name))


def _straight(connection: Connection, filters: Filters, before: Cursor | None, limit: int) -> Found:
    """Return a page of some types, or of everything: each type by its own index, put together by time."""
    def piece(*where: ColumnElement[bool]) -> Select[Any]:
        query = select(*COLUMNS).where(*where, *_times(filters))
        if before is not None:
            query = query.where(tuple_(_f.t, _f.idx) < tuple_(*before))
        return query.order_by(_f.t.desc(), _f.idx.desc()).limit(limit + 1)
    types = list(dict.fromkeys(filters.types))
    if len(types) < 2:
        rows = list(connection.execute(piece(*(_f.type == name for name in types))))
    else:
        pieces = [select(piece(_f.type == name).subquery()) for name in types]
        every = union_all(*pieces).subquery()
        rows = list(connection.execute(select(every).order_by(every.c.t.desc(), every.c.idx.desc()).limit(limit + 1)))
    return Found(rows[:limit], len(rows) > limit)
