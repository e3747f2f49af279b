"""Numbers per day, for trends and reports: a few thousand rows, however many records there are or were.

What is counted (`WHAT`): ``decision`` (allowed, denied, local), ``code`` (refusals by reason), ``model`` (requests that
were sent), ``replaced`` (values by kind), ``found`` (requests by kind of finding), ``status`` (how requests ended).
Never by person, and never finer than a day. Of departments with fewer than five people nothing is told alone: they go
together, with the smallest other one where they are fewer than five even so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, Literal, get_args

from sqlalchemy import func, select

from audit.store.store import Store
from audit.store.tables import audit_daily

What = Literal["decision", "code", "model", "replaced", "found", "status"]
WHAT: Final[tuple[What, ...]] = get_args(What)
SMALL: Final = 5
"""People in a department, at least."""
_d = audit_daily.c


def per_day(store: Store, what: What, since: date, until: date) -> dict[date, dict[str, int]]:
    """Return the numbers of each day with any, `until` included, of the whole house: day -> name -> number.

    For comparing and counting only: no page may show them, because on a quiet day a number is about single people.
    """
    _check(what)
    query = select(_d.day, _d.name, func.sum(_d.count)).where(
        _d.day >= since.isoformat(), _d.day <= until.isoformat(), _d.what == what).group_by(_d.day, _d.name)
    found: dict[date, dict[str, int]] = {}
    with store.read() as connection:
        for day, name, number in connection.execute(query.order_by(_d.day, _d.name)):
            found.setdefault(date.fromisoformat(day), {})[name] = int(number)
    return found


def per_department(store: Store, what: What, since: date, until: date,
                   people: Callable[[str], int]) -> dict[str, dict[str, int]]:
    """Return the numbers of a period by department; small ones together under an empty name (`together`)."""
    _check(what)
    query = select(_d.department, _d.name, func.sum(_d.count)).where(
        _d.day >= since.isoformat(), _d.day <= until.isoformat(), _d.what == what).group_by(_d.department, _d.name)
    found: dict[str, dict[str, int]] = {}
    with store.read() as connection:
        for department, name, number in connection.execute(query):
            found.setdefault(department, {})[name] = int(number)
    return together(found, people)


def together(found: Mapping[str, Mapping[str, int]], people: Callable[[str], int]) -> dict[str, dict[str, int]]:
    """Return numbers by department, with departments of fewer than five people put together under an empty name.

    What has no department (nobody was recognised) goes there too. Where all of them are fewer than five, nothing is
    told.
    """
    sizes = {name: people(name) for name in found if name}
    small = {name for name, size in sizes.items() if size < SMALL}
    others = sorted((size, name) for name, size in sizes.items() if name not in small)
    if small and sum(sizes[name] for name in small) < SMALL:
        if not others:
            return {}
        small.add(others[0][1])
    result: dict[str, Counter[str]] = {}
    for name, numbers in found.items():
        result.setdefault("" if name in small or not name else name, Counter()).update(numbers)
    return {name: dict(numbers) for name, numbers in sorted(result.items())}


def _check(what: str) -> None:
    if what not in WHAT:
        raise ValueError(f"numbers per day are given by {', '.join(WHAT)}")
