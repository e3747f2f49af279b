"""Reads people from a CSV file: every mistake with its line, everything or nothing.

Three steps: `read` turns the file into rows, `plan` compares them with who is there, `carry_out` writes the
difference. Nothing is written while there is a single mistake. The file says who works here and where; it does not
bring back somebody who was switched off, and only with ``--disable-missing`` does it switch anybody off.

Comma or semicolon, UTF-8 with or without mark, headings in English or German. An optional column that is missing
leaves what is stored as it is, and so does an empty cell in it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from gateway.cli.output import CliError, Exit, emit, note, say
from gateway.model.people import Person
from gateway.registry.books import Record
from gateway.store import InvalidError, accounts, keys, people, sessions

_HEADINGS: Final = {
    "email": "email", "e-mail": "email", "mail": "email", "e-mail-adresse": "email",
    "name": "name", "department": "department", "amt": "department", "abteilung": "department",
    "roles": "roles", "rollen": "roles", "rolle": "roles",
    "external_id": "external_id", "kennung": "external_id", "also": "also", "weitere ämter": "also",
    "groups": "groups", "gruppen": "groups", "gruppe": "groups",
}
MAX_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the file, by its line (the heading is line 1)."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, in one spelling. None: the file does not say."""

    line: int
    email: str
    name: str
    department: str
    roles: frozenset[str] | None
    external_id: str | None = None
    also: frozenset[str] | None = None
    groups: frozenset[str] | None = None


@dataclass(slots=True)
class Plan:
    """What the file changes, or why it changes nothing."""

    errors: list[Problem]
    added: list[people.NewPerson] = field(default_factory=list)
    changed: list[tuple[Person, Person]] = field(default_factory=list)
    disabled: list[Person] = field(default_factory=list)
    still_disabled: list[Person] = field(default_factory=list)
    unchanged: int = 0


def read(file: Path) -> tuple[list[Row], list[Problem]]:
    """Return the rows of the file and what is wrong with single lines; raise if it cannot be read as a table."""
    reader = csv.reader(io.StringIO(_text(file), newline=""), delimiter=_delimiter(_text(file)), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _row(reader.line_num, cells, columns, rows, problems)
    except csv.Error:
        raise CliError(f"Zeile {reader.line_num} der Datei ist keine CSV-Zeile: ein Anführungszeichen ist nicht "
                       "geschlossen oder steht an der falschen Stelle. Es wurde nichts übernommen.",
                       Exit.MISUSE) from None
    return rows, problems


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CliError(f"Die Datei {file} lässt sich nicht lesen ({error.strerror}).", Exit.MISUSE) from None
    if len(data) > MAX_BYTES:
        raise CliError("Die Datei ist größer als 50 MB. Bitte teilen Sie sie auf.", Exit.MISUSE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CliError("Die Datei ist nicht in UTF-8 gespeichert. Bitte speichern Sie sie im Tabellenprogramm als "
                       "„CSV UTF-8“.", Exit.MISUSE) from None
    if "\0" in text:
        raise CliError("Die Datei ist keine Textdatei. Bitte speichern Sie sie als „CSV UTF-8“.", Exit.MISUSE)
    return text


def _delimiter(text: str) -> str:
    heading = text.partition("\n")[0]
    return max(";,\t", key=heading.count)


def _columns(heading: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for position, cell in enumerate(heading):
        name = _HEADINGS.get(cell.strip().lower())
        if name is None:
            raise CliError(f"Die Spalte „{cell.strip()[:40]}“ ist nicht bekannt. Möglich sind: email, name, "
                           "department, roles, external_id, also, groups.", Exit.MISUSE)
        if name in columns:
            raise CliError(f"Die Spalte „{name}“ kommt zweimal vor.", Exit.MISUSE)
        columns[name] = position
    if missing := [name for name in ("email", "name", "department") if name not in columns]:
        raise CliError(f"In der ersten Zeile fehlt die Spalte „{missing[0]}“. Nötig sind: email, name, department.",
                       Exit.MISUSE)
    return columns


def _row(line: int, cells: Sequence[str], columns: Mapping[str, int], rows: list[Row], problems: list[Problem]) -> None:
    if len(cells) != len(columns):
        problems.append(Problem(line, f"hat {len(cells)} statt {len(columns)} Felder."))
        return
    value = {name: cells[position].strip() for name, position in columns.items()}
    if not value["name"] or len(value["name"]) > 200:
        problems.append(Problem(line, "Der Name fehlt oder ist länger als 200 Zeichen."))
        return
    try:
        # Roles are parted by whatever people part them by.
        roles = people.check_roles(re.split(r"[|,;\s]+", value["roles"])) if value.get("roles") else None
        also = frozenset(re.split(r"[|,;\s]+", value["also"])) if value.get("also") else None
        groups = frozenset(re.split(r"[|,;\s]+", value["groups"])) if value.get("groups") else None
        rows.append(Row(line, people.normal_email(value["email"]), value["name"], value["department"], roles,
                        people.normal_id(value.get("external_id", "")), also, groups))
    except InvalidError as error:
        problems.append(Problem(line, str(error)))


def plan(rows: Sequence[Row], errors: Sequence[Problem], there: Mapping[str, Person], departments: set[str],
         groups: set[str], *, joins: frozenset[str] = frozenset(), disable_missing: bool) -> Plan:
    """Compare the rows with who is there. Everybody in the file joins the groups `joins`."""
    result = Plan(list(errors))
    first: dict[str, int] = {}
    for row in rows:
        if row.email in first:
            result.errors.append(Problem(row.line, f"Diese Adresse steht schon in Zeile {first[row.email]}."))
            continue
        first[row.email] = row.line
        missing = sorted(({row.department} | (row.also or frozenset())) - departments)
        if missing:
            known = ", ".join(sorted(departments))
            result.errors.append(Problem(row.line, f"Das Amt „{missing[0][:64]}“ gibt es nicht. "
                                                   f"Möglich sind: {known}."))
            continue
        if strange := sorted((row.groups or frozenset()) - groups):
            result.errors.append(Problem(row.line, f"Die Gruppe „{strange[0][:64]}“ gibt es nicht. Möglich sind: "
                                                   f"{', '.join(sorted(groups)) or 'noch keine'}."))
            continue
        _compare(row, there.get(row.email), joins, result)
    if disable_missing:
        result.disabled = [p for email, p in there.items() if p.active and email not in first]
    result.errors.sort(key=lambda p: p.line)
    return result


def _compare(row: Row, old: Person | None, joins: frozenset[str], result: Plan) -> None:
    if old is None:
        nothing: frozenset[str] = frozenset()
        result.added.append(people.NewPerson(row.email, row.name, row.department, row.roles or nothing, row.external_id,
                                             row.also or nothing, (row.groups or nothing) | joins))
        return
    new = replace(old, name=row.name, department=row.department, roles=old.roles if row.roles is None else row.roles,
                  external_id=row.external_id or old.external_id,
                  further=(old.further if row.also is None else row.also) - {row.department},
                  groups=(old.groups if row.groups is None else row.groups) | joins)
    if not old.active:
        result.still_disabled.append(old)
    elif new == old:
        result.unchanged += 1
    else:
        result.changed.append((old, new))


def carry_out(plan: Plan, connection: Connection, record: Record, now: datetime) -> None:
    """Write the difference. The ledger gets numbers, and of whoever holds more than the role of staff which roles."""
    for person in people.add(connection, plan.added, now):
        if privileges := sorted(person.roles - {"staff"}):
            record("person.added", {"roles": privileges, "via": "cli"}, person.id)
    people.change(connection, [new for _, new in plan.changed])
    people.change(connection, [replace(p, disabled_at=now) for p in plan.disabled])
    keys.revoke_all(connection, [p.id for p in plan.disabled], now)
    for gone in plan.disabled:
        sessions.end_of_person(connection, gone.id, now)
        accounts.withdraw(connection, gone.id)
    for old, new in plan.changed:
        if new.roles - old.roles:
            accounts.withdraw(connection, new.id)  # given to somebody of less weight (`gateway.registry.people`)
        if new.roles != old.roles:
            record("person.roles", {"joined": sorted(new.roles - old.roles), "left": sorted(old.roles - new.roles),
                                    "via": "cli"}, new.id)
    record("person.imported", {"via": "cli", "added": len(plan.added), "changed": len(plan.changed),
                               "disabled": len(plan.disabled)}, None)


def report(plan: Plan, *, dry_run: bool, as_json: bool) -> None:
    """Say what was done, or would be, or what is wrong."""
    done = not dry_run and not plan.errors
    if as_json:
        return emit({
            "applied": done, "errors": [{"line": p.line, "message": p.text} for p in plan.errors],
            "added": [n.email for n in plan.added],
            "changed": [{"email": new.email, "changes": _difference(old, new)} for old, new in plan.changed],
            "disabled": [p.email for p in plan.disabled], "still_disabled": [p.email for p in plan.still_disabled],
            "unchanged": plan.unchanged})
    for problem in plan.errors:
        note(f"Zeile {problem.line}: {problem.text}")
    if plan.errors:
        return note(f"{len(plan.errors)} Fehler. Es wurde nichts übernommen.")
    for person in plan.added:
        say(f"+ {person.email}  {person.name}, {person.department}")
    for old, new in plan.changed:
        say(f"~ {new.email}  " + "; ".join(f"{k}: {a} → {b}" for k, (a, b) in _difference(old, new).items()))
    for gone in plan.disabled:
        say(f"- {gone.email}  wird abgeschaltet")
    for gone in plan.still_disabled:
        say(f"! {gone.email}  bleibt abgeschaltet; „ki-pforte person enable“ schaltet wieder frei")
    note(f"{len(plan.added)} neu, {len(plan.changed)} geändert, {len(plan.disabled)} abgeschaltet, {plan.unchanged} "
         f"unverändert. {'Übernommen.' if done else 'Probelauf: es wurde nichts übernommen.'}")
    return None


def _difference(old: Person, new: Person) -> dict[str, tuple[Any, Any]]:
    pairs = {"name": (old.name, new.name), "department": (old.department, new.department),
             "roles": (" ".join(sorted(old.roles)), " ".join(sorted(new.roles))),
             "external_id": (old.external_id or "", new.external_id or ""),
             "also": (" ".join(sorted(old.further)), " ".join(sorted(new.further))),
             "groups": (" ".join(sorted(old.groups)), " ".join(sorted(new.groups)))}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
