"""Numbers of requests for people who must not learn anything about single persons.

One calendar month, one question, and never a person: how many requests per department, model, decision, reason, kind
of finding, day or week. A number stands for at least five people. Groups of fewer are put together with the next
smallest ones until five people are behind them; days with their neighbours of the same week. Where five cannot be
reached nothing is told.

Months do not overlap and there is no other filter, so no two answers can be subtracted from each other. A month lies
within one quarter, so a person has one pseudonym in it and is counted once. (Quarters are UTC's, months Berlin's: in
the first hour or two of a month requests count, but their people do not.) Where pseudonyms were deleted after their
time a group looks smaller than it was: then it is told together with others, never the other way round.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import ColumnElement, Connection, case, func, select

from audit.record import INTENT, META
from audit.store.store import Store
from audit.store.tables import audit_facet, audit_part

SMALL: Final = 5
"""People behind a number, at least."""
By = Literal["department", "model", "decision", "code", "finding", "day", "week"]
BY: Final[tuple[By, ...]] = get_args(By)
_BERLIN: Final = ZoneInfo("Europe/Berlin")
_REQUESTS: Final = (INTENT, "denied")
_f = audit_facet.c


@dataclass(frozen=True, slots=True)
class Group:
    """A number, and what it is of: one name, or several that are told together."""

    names: tuple[str, ...]
    count: int


@dataclass
class _Heap:
    """What is known about one name while counting. Leaves this module as a `Group` only."""

    names: list[str]
    count: int = 0
    people: set[str] = field(default_factory=set, repr=False)

    def take(self, other: _Heap) -> None:
        self.names += other.names
        self.count += other.count
        self.people |= other.people


def requests(store: Store, by: By, year: int, month: int) -> list[Group]:
    """Return how many requests there were in a month. Raises ValueError for anything but a known `by` and a month."""
    if by not in BY:
        raise ValueError("statistics are given by department, model, decision, code, finding, day or week")
    days = _days(year, month)
    with store.read() as connection:
        if by in ("day", "week"):
            weeks = _weeks(_of_days(connection, days, _whom(days[0])))
            return _by_time(weeks, by)
        since, until, whom = _us(days[0]), _us(days[-1] + timedelta(days=1)), _whom(days[0])
        found = (_findings(connection, since, until, whom) if by == "finding" else
                 _column(connection, by, since, until, whom))
        return sorted(map(_told, merged(found)), key=lambda group: (-group.count, group.names))


def merged(heaps: Iterable[_Heap]) -> list[_Heap]:
    """Put small groups together with the next smallest until none is small; nothing if all together are."""
    left = sorted(heaps, key=lambda heap: (len(heap.people), heap.count, heap.names))
    while len(left) > 1 and len(left[0].people) < SMALL:
        first, second, *left = left
        first.take(second)
        left = sorted([first, *left], key=lambda heap: (len(heap.people), heap.count, heap.names))
    return [heap for heap in left if len(heap.people) >= SMALL]


def _told(heap: _Heap) -> Group:
    return Group(tuple(sorted(heap.names)), heap.count)


def _whom(first: date) -> ColumnElement[str | None]:
    """Return whose requests they are, by the pseudonyms of the quarter that the month lies in."""
    midnight = int(datetime(first.year, first.month, 1, tzinfo=UTC).timestamp()) * 1_000_000
    return case((_f.t >= midnight, _f.subject))


def _column(connection: Connection, by: str, since: int, until: int, whom: ColumnElement[str | None]) -> list[_Heap]:
    """Count by a column. Requests that say nothing there have the empty name: left out, they would be what is missing
    from one table to the sum of another. Only a refusal has a code."""
    types = ("denied",) if by == "code" else _REQUESTS
    query = select(_f[by], whom, func.count()).where(
        _f.t >= since, _f.t < until, _f.type.in_(types)).group_by(_f[by], whom)
    return _heaps((name or "", subject, count) for name, subject, count in connection.execute(query))


def _findings(connection: Connection, since: int, until: int, whom: ColumnElement[str | None]) -> list[_Heap]:
    query = select(whom, audit_part.c.body).join(audit_part, audit_part.c.record_id == _f.record_id).where(
        _f.t >= since, _f.t < until, _f.type.in_(_REQUESTS), audit_part.c.name == META).execution_options(yield_per=500)
    return _heaps((kind, subject, 1) for subject, body in connection.execute(query) for kind in _kinds(body))


def _kinds(body: bytes) -> Iterator[str]:
    try:
        value = orjson.loads(body)
    except ValueError:
        return
    found = value.get("found") if isinstance(value, dict) else None
    if isinstance(found, dict):
        yield from (kind for kind, number in found.items() if type(number) is int and number > 0)


def _heaps(rows: Iterable[tuple[str, str | None, int]]) -> list[_Heap]:
    heaps: dict[str, _Heap] = {}
    for name, subject, count in rows:
        heap = heaps.setdefault(name, _Heap([name]))
        heap.count += count
        if subject is not None:
            heap.people.add(subject)
    return list(heaps.values())


# ---- time ------------------------------------------------------------------------------------------------------------

def _days(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    count = (date(year + month // 12, month % 12 + 1, 1) - first).days
    return [first + timedelta(days=n) for n in range(count)]


def _us(day: date) -> int:
    moment = datetime(day.year, day.month, day.day, tzinfo=_BERLIN).astimezone(UTC)
    return int(moment.timestamp()) * 1_000_000


def _of_days(connection: Connection, days: Sequence[date], whom: ColumnElement[str | None]) -> list[_Heap]:
    found = []
    for day in days:
        query: Any = select(whom, func.count()).where(
            _f.t >= _us(day), _f.t < _us(day + timedelta(days=1)), _f.type.in_(_REQUESTS)).group_by(whom)
        heap = _Heap([day.isoformat()])
        for subject, count in connection.execute(query):
            heap.count += count
            if subject is not None:
                heap.people.add(subject)
        found.append(heap)
    return found


def _weeks(days: Sequence[_Heap]) -> list[list[_Heap]]:
    """Return the days by week; a week of too few people is told with the one before or after it."""
    by_week: dict[tuple[int, int], list[_Heap]] = defaultdict(list)
    for day in days:
        by_week[date.fromisoformat(day.names[0]).isocalendar()[:2]].append(day)
    weeks: list[list[_Heap]] = []
    for _, week in sorted(by_week.items()):
        if weeks and (_few(weeks[-1]) or _few(week)):
            weeks[-1] = [*weeks[-1], *week]
        else:
            weeks.append(week)
    return [week for week in weeks if not _few(week)]


def _few(heaps: Sequence[_Heap]) -> bool:
    return len(set().union(*(heap.people for heap in heaps))) < SMALL


def _by_time(weeks: Sequence[Sequence[_Heap]], by: By) -> list[Group]:
    return [_group(run) for week in weeks for run in ([week] if by == "week" else _runs(week))]


def _runs(days: Sequence[_Heap]) -> list[list[_Heap]]:
    """Return neighbouring days, together where one alone would be of too few people."""
    runs: list[list[_Heap]] = []
    for day in days:
        if runs and (_few(runs[-1]) or _few([day])):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _group(heaps: Sequence[_Heap]) -> Group:
    return Group(tuple(name for heap in heaps for name in heap.names), sum(heap.count for heap in heaps))
