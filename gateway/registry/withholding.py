"""Which numbers of a table must not be told, so that nobody finds out about fewer than five people.

Kept true: no number from one to four stands alone; what is withheld in a row or a column stands for at least five
people together; and none of it can be worked out from the sums, which are told. A withheld cell of a table with sums
can be worked out exactly when no other way leads round it (a bridge in the graph of withheld cells, where rows and
columns are the points): such cells get company until there is none.

A zero is told, unless it has to keep another number company. Where everything is too small, nothing is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.model.small_groups import SMALL

Cell = tuple[str, str]
Table = Mapping[Cell, int]


def together(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the counts with small ones put together as ``a+b`` until none is small; nothing if all are too few."""
    groups: dict[tuple[str, ...], int] = {(name,): count for name, count in counts.items() if count}
    while len(groups) > 1 and min(groups.values()) < SMALL:
        first, second = sorted(groups, key=lambda names: (groups[names], names))[:2]
        groups[tuple(sorted(first + second))] = groups.pop(first) + groups.pop(second)
    return {"+".join(names): count for names, count in groups.items() if count >= SMALL}


def withheld(rows: Sequence[str], columns: Sequence[str], table: Table) -> frozenset[Cell]:
    """Return the cells that must not be told while all sums of rows and columns are."""
    hidden = {cell for cell, count in table.items() if 0 < count < SMALL}
    while hidden:
        lonely = _lonely(rows, columns, table, hidden)
        if lonely is None:
            break
        free = [cell for cell in table if cell not in hidden]
        if not free:
            break
        beside = [c for c in free if c[0] == lonely[0]] or [c for c in free if c[1] == lonely[1]] or free
        hidden.add(min(beside, key=lambda cell: (table[cell] == 0, table[cell], cell)))
    return frozenset(hidden)


def _lonely(rows: Sequence[str], columns: Sequence[str], table: Table, hidden: set[Cell]) -> Cell | None:
    """Return a withheld cell that somebody could work out or that stands for too few, if there is one."""
    for axis, names in ((0, rows), (1, columns)):
        for name in names:
            line = sorted(cell for cell in hidden if cell[axis] == name)
            if line and (len(line) == 1 or sum(table[cell] for cell in line) < SMALL) \
                    and any(cell[axis] == name and cell not in hidden for cell in table):
                return line[0] if axis == 0 else _turned(line, table, hidden)
    return next((cell for cell in sorted(hidden) if not _way_round(cell, hidden)), None)


def _turned(line: Sequence[Cell], table: Table, hidden: set[Cell]) -> Cell:
    """Return a cell whose company is looked for in its column: one whose row has nothing left to withhold."""
    full = [cell for cell in line if all(other in hidden for other in table if other[0] == cell[0])]
    return (full or list(line))[0]


def _way_round(cell: Cell, hidden: set[Cell]) -> bool:
    """Whether the row of a withheld cell leads to its column over other withheld cells."""
    goal, seen, ahead = ("column", cell[1]), set[tuple[str, str]](), [("row", cell[0])]
    while ahead:
        point = ahead.pop()
        if point == goal:
            return True
        if point in seen:
            continue
        seen.add(point)
        kind, name = point
        ahead += [("column", c) if kind == "row" else ("row", r) for r, c in hidden
                  if (r, c) != cell and name == (r if kind == "row" else c)]
    return False
