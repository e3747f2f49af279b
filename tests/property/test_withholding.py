"""What is withheld in the report about literacy cannot be worked out from what is told."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.small_groups import SMALL
from gateway.registry.withholding import together, withheld

COLUMNS = ("a", "b", "c")
numbers = st.one_of(st.integers(0, 6), st.integers(0, 60))


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[str, str], int]:
    """Tables as the report has them: every row stands for at least five people."""
    rows = draw(st.integers(1, 5))
    found = draw(st.lists(st.tuples(numbers, numbers, numbers).filter(lambda r: sum(r) >= SMALL),
                          min_size=rows, max_size=rows))
    return {(f"r{i}", c): found[i][j] for i in range(rows) for j, c in enumerate(COLUMNS)}


def _rank(rows: list[list[int]]) -> int:
    rank, width = 0, len(rows[0]) if rows else 0
    work = [[float(v) for v in row] for row in rows]
    for column in range(width):
        pivot = next((i for i in range(rank, len(work)) if abs(work[i][column]) > 1e-9), None)
        if pivot is None:
            continue
        work[rank], work[pivot] = work[pivot], work[rank]
        work[rank] = [v / work[rank][column] for v in work[rank]]
        for i in range(len(work)):
            if i != rank:
                factor = work[i][column]
                work[i] = [a - factor * b for a, b in zip(work[i], work[rank], strict=True)]
        rank += 1
    return rank


@given(tables())
def test_no_withheld_number_follows_from_the_sums(table: dict[tuple[str, str], int]) -> None:
    rows = sorted({r for r, _ in table})
    hidden = sorted(withheld(rows, COLUMNS, table))
    everything = len(hidden) == len(table)
    assert all(cell in hidden for cell, n in table.items() if 0 < n < SMALL)
    equations = [[int(cell[axis] == name) for cell in hidden] for axis, names in ((0, rows), (1, COLUMNS))
                 for name in names if any(cell[axis] == name for cell in hidden)]
    for position in range(len(hidden)):
        alone = [int(i == position) for i in range(len(hidden))]
        assert everything or _rank([*equations, alone]) > _rank(equations)


@given(tables())
def test_what_is_withheld_in_a_line_stands_for_five_people_or_the_line_is_withheld_whole(
        table: dict[tuple[str, str], int]) -> None:
    rows = sorted({r for r, _ in table})
    hidden = withheld(rows, COLUMNS, table)
    for row, axis in product(rows, (0,)):
        line = [cell for cell in hidden if cell[axis] == row]
        assert not line or sum(table[cell] for cell in line) >= SMALL or len(line) == len(COLUMNS)


@given(st.dictionaries(st.sampled_from(["gueltig", "kulanz", "abgelaufen", "dv_neu", "fehlt", "gesperrt"]), numbers))
def test_rare_states_are_told_together_and_nothing_is_lost(counts: dict[str, int]) -> None:
    told = together(counts)
    assert all(number >= SMALL for number in told.values())
    assert sum(told.values()) in (sum(counts.values()), 0)
    assert sum(told.values()) or sum(counts.values()) < SMALL
