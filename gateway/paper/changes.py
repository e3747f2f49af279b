"""What is different between two papers of one kind, in German: what came, what went, what says something else.

Rows of a table are known by their first cell, facts by their name, everything else by what it says. Two papers with the
same digest have no difference, and two with different ones have at least one (a property holds it to that).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.paper.report import Block, Cell, Check, Facts, Points, Report, Section, Table, shown


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: in which section, perhaps in which table, and what."""

    section: str
    text: str
    table: str = ""


def changes(old: Report, new: Report) -> tuple[Change, ...]:
    """Return every difference."""
    if old.digest == new.digest:
        return ()
    before, after = _sections(old), _sections(new)
    found = [Change(title, "Der Abschnitt ist neu.") for title in after if title not in before]
    found += [Change(title, "Der Abschnitt ist entfallen.") for title in before if title not in after]
    for title in (t for t in after if t in before):
        found += [Change(title, text, table) for table, text in _section(before[title], after[title])]
    return tuple(found) or (Change("", "Reihenfolge oder Gliederung ist anders."),)


def _sections(report: Report) -> dict[str, Section]:
    return {section.title: section for section in report.sections}


def _section(old: Section, new: Section) -> Iterator[tuple[str, str]]:
    before = {block.key: block for block in old.blocks if isinstance(block, Table)}
    after = {block.key: block for block in new.blocks if isinstance(block, Table)}
    for key in after:
        yield from ((key, text) for text in _table(before.get(key), after[key]))
    yield from ((key, f"Die Tabelle „{before[key].caption}“ ist entfallen.") for key in before if key not in after)
    yield from (("", text) for text in _facts(_all_facts(old.blocks), _all_facts(new.blocks)))
    yield from (("", text) for text in _sentences(_said(old.blocks), _said(new.blocks)))


def _table(old: Table | None, new: Table) -> Iterator[str]:
    if old is None:
        yield f"Die Tabelle „{new.caption}“ ist neu."
        return
    before, after = _rows(old), _rows(new)
    yield from (f"Neu: {_row(new, row)}" for name, row in after.items() if name not in before)
    yield from (f"Entfallen: {_row(old, row)}" for name, row in before.items() if name not in after)
    titles = [column.title for column in new.columns]
    same = titles == [column.title for column in old.columns]
    for name in (n for n in after if n in before and after[n] != before[n]):
        if same:
            yield from (f"{name[0]}, {title}: {shown(was)} → {shown(now)}" for title, was, now in
                        zip(titles, before[name], after[name], strict=True) if was != now)
        else:
            yield f"Anders: {_row(new, after[name])}"


def _rows(table: Table) -> dict[tuple[str, int], tuple[Cell, ...]]:
    """Return the rows by their first cell, and by which of those with the same one they are."""
    found: dict[tuple[str, int], tuple[Cell, ...]] = {}
    for row in table.rows:
        name = shown(row[0])
        found[name, sum(key[0] == name for key in found)] = row
    return found


def _row(table: Table, row: Sequence[Cell]) -> str:
    rest = [f"{column.title}: {shown(cell)}" for column, cell in zip(table.columns[1:], row[1:], strict=True)]
    return f"{shown(row[0])} ({'; '.join(rest)})" if rest else shown(row[0])


def _all_facts(blocks: Sequence[Block]) -> dict[str, str | None]:
    return {name: value for block in blocks if isinstance(block, Facts) for name, value in block.rows}


def _facts(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> Iterator[str]:
    for name in dict.fromkeys((*new, *old)):
        was, now = (values.get(name) or "ohne Angabe" for values in (old, new))
        if was != now:
            yield f"{name}: {was} → {now}"


def _said(blocks: Sequence[Block]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Points):
            found += block.items
        elif not isinstance(block, Table | Facts):
            found.append(f"Zu prüfen: {block.text}" if isinstance(block, Check) else block.text)
    return found


def _sentences(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    yield from (f"Neu: {text}" for text in new if text not in old)
    yield from (f"Entfallen: {text}" for text in old if text not in new)
