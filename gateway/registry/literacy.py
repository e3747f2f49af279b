"""The report about AI literacy (Art. 4 of the AI Act): how many people of which department hold the KI-Pass.

Evidence of *measures*, not of what anybody knows: numbers of people, versions of contents, quarters. Kept true: a
department of fewer than five people is told together with others; no number stands for one to four people; nothing
that is withheld follows from the sums (`gateway.registry.withholding`).

Counted from the index of passes, which may lag a few seconds behind; `make` says how many people are being worked out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.kipass.calendar import day_of
from gateway.model.kipass import Document, KiPassConfig
from gateway.model.literacy import STANDINGS, Content, Line, Report
from gateway.model.small_groups import SMALL, standing_together
from gateway.registry import index
from gateway.registry.books import Books
from gateway.registry.withholding import together, withheld
from gateway.store import literacy as counts

_STANDS: Final = {"gueltig": "gilt", "kulanz": "gilt", "abgelaufen": "galt", "dv_neu": "galt"}
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def make(books: Books) -> tuple[Report, int]:
    """Return the report as of now, and of how many people the index is just being worked out."""
    now, rules, policies = books.now(), books.rules, books.policies()
    with books.reading() as connection:
        standings = counts.standings(connection)
        contents = counts.contents(connection, _since(rules, now), now)
        quarters = counts.quarters(connection, now)
    scopes = {key: scope.name for key, scope in rules.scopes.items()}
    table: dict[str, dict[tuple[str, str], int]] = {scope: defaultdict(int) for scope in scopes}
    states: dict[str, Counter[str]] = {scope: Counter() for scope in scopes}
    for department, scope, state, number in standings:
        if scope in scopes:
            table[scope][department, _STANDS.get(state, "offen")] += number
            states[scope][state] += number
    sizes = _sizes(table)
    names = {key: department.name for key, department in policies.departments.items()}
    lines = _lines(table, sizes, names)
    report = Report(
        policies.organisation.name, day_of(now), policies.digest, scopes, sum(sizes.values()),
        {scope: _states(found, scope, lines) for scope, found in states.items()}, lines,
        _contents(rules, contents), _quarters(quarters))
    return report, index.waiting(books)


def _since(rules: KiPassConfig, now: datetime) -> dict[str, datetime]:
    """Return per module from when on evidence counts: the day that many months ago, cut down to its month."""
    found = {}
    for key, module in rules.modules.items():
        months = now.year * 12 + now.month - 1 - (module.valid_months or 0)
        begin = datetime(months // 12, months % 12 + 1, min(now.day, 28), tzinfo=UTC)
        found[key] = _LONG_AGO if module.valid_months is None else begin
    return found


def _sizes(table: Mapping[str, Mapping[tuple[str, str], int]]) -> dict[str, int]:
    """Return how many people each department has: the same number in every scope, once the index is right."""
    sizes: dict[str, int] = {}
    for cells in table.values():
        of_scope: Counter[str] = Counter()
        for (department, _), number in cells.items():
            of_scope[department] += number
        sizes = {name: max(sizes.get(name, 0), of_scope[name]) for name in sizes.keys() | of_scope}
    return sizes


def _states(found: Mapping[str, int], scope: str, lines: tuple[Line, ...]) -> dict[str, int]:
    """Return how many people of the whole house are in which state, no finer than the lines allow.

    The sums of the columns can be worked out, so a rare state is put together with those of its own column only; and
    where a whole column is rare, all columns in which a line is silent are told as one number.
    """
    columns = {standing: {state: number for state, number in found.items() if _STANDS.get(state, "offen") == standing}
               for standing in (STANDINGS if lines else ())}
    silent = [s for s in columns if any(line.told[scope][s] is None for line in lines)]
    if any(0 < sum(columns[s].values()) < SMALL for s in silent):
        merged = {state: number for s in silent for state, number in columns.pop(s).items() if number}
        columns["+".join(sorted(merged))] = {"+".join(sorted(merged)): sum(merged.values())}
    return {state: number for states in columns.values() for state, number in together(states).items()}


def _lines(table: Mapping[str, Mapping[tuple[str, str], int]], sizes: Mapping[str, int],
           names: Mapping[str, str]) -> tuple[Line, ...]:
    small = standing_together(sizes)
    if sum(sizes.values()) < SMALL:
        return ()
    rows = {name: "" if name in small else name for name in sizes}
    order = [*sorted({row for row in rows.values() if row}, key=lambda key: names.get(key, key).casefold()),
             *([""] if small else [])]
    told = {scope: _told(cells, rows, order) for scope, cells in table.items()}
    return tuple(Line(names.get(row, row), sum(size for name, size in sizes.items() if rows[name] == row),
                      {scope: found[row] for scope, found in told.items()}) for row in order)


def _told(cells: Mapping[tuple[str, str], int], rows: Mapping[str, str],
          order: list[str]) -> dict[str, dict[str, int | None]]:
    full = {(row, standing): 0 for row in order for standing in STANDINGS}
    for (department, standing), number in cells.items():
        full[rows[department], standing] += number
    hidden = withheld(order, STANDINGS, full)
    return {row: {s: None if (row, s) in hidden else full[row, s] for s in STANDINGS} for row in order}


def _contents(rules: KiPassConfig, found: list[tuple[str, str, int]]) -> tuple[Content, ...]:
    versions: dict[str, Document] = {d.sha256: d for some in (*rules.documents.values(), *rules.courses.values())
                                     for d in some}
    by_module: dict[str, dict[str, int]] = defaultdict(dict)
    for module, sha, number in found:
        version = versions[sha].version if sha in versions else ""
        by_module[module][version] = by_module[module].get(version, 0) + number
    return tuple(Content(rules.modules[module].title, version, number)
                 for module in rules.modules if module in by_module
                 for version, number in sorted(together(by_module[module]).items()))


def _quarters(found: Mapping[tuple[int, int], int]) -> tuple[tuple[str, int], ...]:
    """Return the quarters in order; one with few steps is told with its neighbour."""
    result: list[tuple[list[tuple[int, int]], int]] = []
    for key in sorted(found):
        if result and (result[-1][1] < SMALL or found[key] < SMALL):
            result[-1] = ([*result[-1][0], key], result[-1][1] + found[key])
        else:
            result.append(([key], found[key]))
    return tuple((" bis ".join(dict.fromkeys(f"{y}-Q{q}" for y, q in (keys[0], keys[-1]))), number)
                 for keys, number in result if number >= SMALL)
