"""A paper as a value: a title, what it is about, and sections of a few kinds of blocks. German, like everything in it.

Every text is plain text: no form of a paper reads markup in it. ``None`` as a number means that it is not told (too few
people), ``None`` as a fact that a person still has to fill it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final, Literal

Cell = str | int | None
Kind = Literal["text", "number", "bar", "hash"]
"""How a column is set. ``bar`` is a number with a bar beside it, the longest for the largest number of the column."""
FORMS: Final = ("html", "pdf", "csv", "json")
Form = Literal["html", "pdf", "csv", "json"]


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that a lawyer or the data protection officer has to confirm before the paper counts."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values. A value that is None is still to be filled in by hand."""

    rows: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; its first column names the rows. ``key`` names it in files for programs."""

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = "Keine."
    """What stands in its place when it has no rows."""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.key}: every row has as many cells as there are columns")

    def share(self, column: int, row: int) -> int:
        """Return how long the bar of a number is, in percent of the longest one."""
        numbers = [cells[column] for cells in self.rows]
        most = max((n for n in numbers if isinstance(n, int)), default=0)
        value = numbers[row]
        return round(100 * value / most) if isinstance(value, int) and most > 0 else 0


Block = Text | Check | Points | Facts | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it. ``level`` 3 belongs to the section before it."""

    title: str
    blocks: tuple[Block, ...]
    level: Literal[2, 3] = 2


@dataclass(frozen=True, slots=True)
class Report:
    """The whole paper. ``period`` is empty where it shows one moment, the one of ``day``."""

    kind: str
    title: str
    organisation: str
    day: date
    lead: str
    sections: tuple[Section, ...]
    period: str = ""
    sources: tuple[str, ...] = ()
    """What it was made from, so that somebody can check it."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Table))

    @property
    def digest(self) -> str:
        """Names what the paper says: its sections, without the day and the sources."""
        return sha256(repr((self.kind, self.title, self.sections)).encode()).hexdigest()

    @property
    def stamp(self) -> str:
        """What the paper is about in one line, below its title."""
        about = f"{self.organisation}, {self.period}" if self.period else self.organisation
        return f"{about}. Stand {self.day:%d.%m.%Y}."


def number(value: int) -> str:
    """Return a number as it is written here: 184.203."""
    return f"{value:,}".replace(",", ".")


def shown(cell: Cell) -> str:
    """Return a cell as people read it."""
    return "–" if cell is None else number(cell) if isinstance(cell, int) else cell
