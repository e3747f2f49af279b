"""Whether parts that are gone were let go: what records of deletions account for, and what they do not.

A part may be deleted when its time is up (``retention.delete`` says up to which record, per name of part) or on order
(``erasure`` says how many per name). A part that is missing beyond that was removed by somebody who wrote nothing down.
The facts of such records have a period, too: what lies before one whose facts are gone is not judged any more.

Standard library only. Not known here: whether the record of a deletion told the truth (`audit.deletion` writes it).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Any, Final

RETENTION_DELETE: Final = "retention.delete"
ERASURE: Final = "erasure"
DELETIONS: Final = frozenset({RETENTION_DELETE, ERASURE})


class Accounts:
    """Fed in the order of the log."""

    def __init__(self) -> None:
        self._missing: dict[str, array[int]] = {}
        """Name of part -> records without it, in the order of the log."""
        self._settled: dict[str, int] = {}
        """Name of part -> how many of these a record of a deletion has told of."""
        self._through: dict[str, int] = {}
        self._erased: dict[str, int] = {}

    def gone(self, name: str, index: int) -> None:
        """Take note of a part that is not there."""
        if index > self._through.get(name, -1):
            self._missing.setdefault(name, array("Q")).append(index)

    def said(self, type_: str, facts: Any) -> None:
        """Take note of what a record of a deletion says. What has not its form says nothing."""
        told = facts.get("through" if type_ == RETENTION_DELETE else "parts") if type(facts) is dict else None
        for name, number in told.items() if type(told) is dict else ():
            if type(number) is not int or number < 0:
                continue
            if type_ == ERASURE:
                self._erased[name] = self._erased.get(name, 0) + number
            else:
                self._settle(name, number)

    def silent(self, index: int) -> None:
        """A record of a deletion whose facts are gone: what it told of the records before it nobody can say."""
        for name in list(self._missing):
            self._settle(name, index - 1)

    def unaccounted(self) -> int:
        """Return how many parts are gone that no record accounts for."""
        return sum(max(0, len(some) - self._settled.get(name, 0) - self._erased.get(name, 0))
                   for name, some in self._missing.items())

    def _settle(self, name: str, through: int) -> None:
        self._through[name] = max(through, self._through.get(name, -1))
        if name in self._missing:
            self._settled[name] = bisect_right(self._missing[name], self._through[name])
