"""What a table on a page needs to know: its columns, and by which of them it is sorted.

Sorting is a link, so an address shows the same order to everybody, and back works.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

PARAMETER: Final = "sortierung"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``kind``: "" text, "num" a number, "nowrap" a time or an id, "head" the name of its row."""

    key: str
    label: str
    kind: str = ""
    sort: bool = False
    """Whether one may sort by it."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """By what a list is sorted, and how its address changes."""

    path: str
    query: Mapping[str, str]
    """The rest of the address: filters, without the page one is on."""
    key: str
    down: bool = False

    @classmethod
    def read(cls, path: str, query: Mapping[str, str], allowed: Collection[str], default: str) -> Sorting:
        """Read it from an address; what is not allowed is sorted by default. A ``-`` in front means: from above."""
        wanted = query.get(PARAMETER, "")
        if wanted.removeprefix("-") not in allowed:
            wanted = default
        rest = {name: value for name, value in query.items() if name not in (PARAMETER, "vor") and value}
        return cls(path, rest, wanted.removeprefix("-"), wanted.startswith("-"))

    def href(self, column: Column) -> str:
        """Return the address sorted by a column; by the one it is sorted by already: the other way round."""
        down = column.key == self.key and not self.down
        return f"{self.path}?{urlencode({**self.query, PARAMETER: ('-' if down else '') + column.key})}"

    def aria(self, column: Column) -> str:
        """Return what assistive technology is told about a column."""
        return "none" if column.key != self.key else "descending" if self.down else "ascending"
