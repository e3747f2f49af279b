"""Numbers of requests, for people who must not learn anything about single persons: by month, then put together.

When a month is over it is counted from the ledger, once (`audit.statistics`: behind every number stand at least five
people, small groups are told with others), and written down. The numbers stay when the records are gone. A quarter or a
year is nothing but the sum of its months: what was told together in one month is told together in the sum.

Kept true, and tested: no number stands for fewer than five people, and none follows from others of the same report. For
each question the groups of a month are the whole month (also what says nothing, under the empty name), so no table
leaves a rest to another one. The month that runs is never told: two reports of different days would be two numbers
whose difference is a few days of a few people.

Not known here: whether the five of one month are those of the next. And a month counted late (nobody ran this for
ninety days) has fewer pseudonyms, so more is told together, or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final, Literal, Protocol

from audit.statistics import By, Group
from gateway.registry.books import Books
from gateway.reports.periods import Period, month_after, month_of
from gateway.store import reports as shelf
from gateway.store.locks import alone

Question = Literal["decision", "department", "model", "code", "finding"]
QUESTIONS: Final[tuple[Question, ...]] = ("decision", "department", "model", "code", "finding")
Told = tuple[Group, ...]


class Counts(Protocol):
    """What is asked of the ledger (`audit.Ledger`)."""

    def requests(self, by: By, year: int, month: int) -> list[Group]:
        """Return how many requests there were in a month."""
        ...


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of some months, put together."""

    months: tuple[str, ...]
    """The months that are in it: those of the period that are over and in which something could be told."""
    silent: tuple[str, ...]
    """Months of the period that are over and in which nothing can be told."""
    told: Mapping[Question, Told]

    @property
    def total(self) -> int:
        """All requests."""
        return sum(group.count for group in self.told["decision"])

    def of(self, question: Question, name: str) -> int | None:
        """Return the number of one name; None: it is told together with others, or there is none."""
        return next((group.count for group in self.told[question] if group.names == (name,)), None)


def together(months: Iterable[Sequence[Group]]) -> Told:
    """Return the sum of months: names that are told together in one of them are told together in the sum."""
    heaps: list[tuple[set[str], int]] = []
    for group in (group for month in months for group in month):
        names, count, rest = set(group.names), group.count, []
        for heap in heaps:
            if heap[0] & names:
                names, count = names | heap[0], count + heap[1]
            else:
                rest.append(heap)
        heaps = [*rest, (names, count)]
    return tuple(sorted((Group(tuple(sorted(names)), count) for names, count in heaps),
                        key=lambda group: (-group.count, group.names)))


def figures(kept: Mapping[str, str], period: Period) -> Figures:
    """Return the numbers of a period from what is written down (`gateway.store.reports.months`)."""
    known = {month: _read(kept[month]) for month in period.months if month in kept}
    told = {month: found for month, found in known.items() if found["decision"]}
    return Figures(tuple(told), tuple(month for month in known if month not in told),
                   {question: together(found[question] for found in told.values()) for question in QUESTIONS})


def by_month(kept: Mapping[str, str]) -> list[tuple[date, Mapping[str, Sequence[Group]]]]:
    """Return the months in which something could be told, the oldest first, as they were written down."""
    found = [(date.fromisoformat(f"{month}-01"), _read(text)) for month, text in sorted(kept.items())]
    return [(first, {question: told[question] for question in QUESTIONS}) for first, told in found
            if told["decision"]]


def keep_up(books: Books, counts: Counts, first: datetime | None) -> int:
    """Write down every month that is over and was not yet; return how many. `first`: when the ledger begins."""
    found = missing(books, first)
    for month in found:
        text = _written({question: counts.requests(question, int(month[:4]), int(month[5:]))
                         for question in QUESTIONS})
        with books.writing() as connection:
            alone(connection, "month_figures")
            if shelf.keep_month(connection, month, text, books.now()):
                books.record("figures.month", {"month": month, "sha256": sha256(text.encode()).hexdigest()}, None)
    return len(found)


def missing(books: Books, first: datetime | None) -> tuple[str, ...]:
    """Return the months that are over and are not written down yet."""
    if first is None:
        return ()
    with books.reading() as connection:
        known = shelf.months(connection)
    return tuple(month for month in _over(month_of(first), books.now().astimezone(UTC)) if month not in known)


def _over(month: str, now: datetime) -> list[str]:
    """Return the months from this one on that are over."""
    found, today = [], date.fromisoformat(f"{month_of(now)}-01")
    while (after := month_after(month)) <= today:
        found.append(month)
        month = f"{after:%Y-%m}"
    return found


def _written(found: Mapping[Question, Sequence[Group]]) -> str:
    value = {question: [[list(group.names), group.count] for group in groups] for question, groups in found.items()}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _read(text: str) -> dict[Question, list[Group]]:
    value = json.loads(text)
    return {question: [Group(tuple(names), int(count)) for names, count in value.get(question, ())]
            for question in QUESTIONS}
