"""What the ledger says happened in a period, as far as reports tell of it: acts of offices, never use by a person.

Facts of records go after their time (184 days by default): for a period further back the list is shorter, and reports
say so. Read piece by piece; requests are not among these types, so a large log costs what its few acts cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.kipass.calendar import BERLIN
from gateway.reports.periods import Period, microseconds

TYPES: Final = (
    "policy.change", "policy.monitoring", "policy.approved", "policy.promoted", "content_mode.on", "content_mode.off",
    "retention.delete", "prune", "erasure", "hold.set", "hold.release", "verify.result", "anchor.sent", "key.rotate",
    "view", "export", "case.export", "report", "release", "finding.new", "case.new", "model.stopped", "model.started",
    "gap.detected")

UNSAID: Final = "ohne Angabe"
"""What a record says nothing about."""

ReadFacts = Callable[[int, Sequence[str]], Iterator[tuple[str, int, dict[str, Any]]]]
"""`audit.LedgerReader.facts`: type, time and facts of every record since a time."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One record, without whom it names."""

    type: str
    at: datetime
    meta: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return one fact as text."""
        value = self.meta.get(name, "")
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    def number(self, name: str) -> int:
        """Return one fact as a number."""
        value = self.meta.get(name)
        return value if type(value) is int else 0

    @property
    def day(self) -> str:
        """Its day, as people write it."""
        return f"{self.at.astimezone(BERLIN):%d.%m.%Y}"


def read(facts: ReadFacts, period: Period, types: Sequence[str] = TYPES) -> tuple[Happening, ...]:
    """Return what happened in a period, in order."""
    until = microseconds(period.end)
    return tuple(Happening(type_, datetime.fromtimestamp(at / 1e6, BERLIN), meta)
                 for type_, at, meta in facts(microseconds(period.begin), types) if at < until)


def of(happenings: Iterable[Happening], *types: str) -> list[Happening]:
    """Return those of some types."""
    return [one for one in happenings if one.type in types]


def counted(happenings: Iterable[Happening], name: str) -> list[tuple[str, int]]:
    """Return how often each value of a fact occurs, the most frequent first."""
    found = Counter(one.text(name) or UNSAID for one in happenings)
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
