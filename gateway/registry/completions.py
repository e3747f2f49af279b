"""Completions of trainings from a file of a learning platform: everything or nothing.

Three steps. `guess` and `read` turn a table into completions and into problems with the line they stand on; `compare`
says what of it is new; `carry_out` enters that in one statement with one record. While a single line is wrong nothing
is entered. Who is not known here is left out and named: a platform teaches people of other houses, too.

Only five columns are ever looked at; scores, grades and attempts are never read, let alone kept. The same file a second
time changes nothing, and does not bring back what was revoked.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from gateway.kipass.calendar import day_of, midnight
from gateway.kipass.documents import evidence_for
from gateway.model.completions import Columns, Completed, FileRead, ImportPlan, Problem
from gateway.model.kipass import BASIS
from gateway.registry.books import Actor, Books
from gateway.registry.dates import moment
from gateway.registry.table_file import Table
from gateway.store import InvalidError, people, staging, writing
from gateway.store import passes as proofs
from gateway.store.locks import alone

_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "person": ("e-mail-adresse", "e-mail", "email", "email address", "mail", "emailadresse", "login", "anmeldename",
               "benutzername", "username", "kennung", "externe kennung", "personalnummer", "idnumber", "id-nummer"),
    "completed": ("abschlussdatum", "abgeschlossen am", "kurs abgeschlossen", "abschluss", "status geändert am",
                  "status geändert", "datum des abschlusses", "abgeschlossen", "completion date", "date completed",
                  "course complete", "timecompleted", "completed", "status changed", "datum"),
    "status": ("status", "lernfortschritt", "lernfortschrittsstatus", "abschlussstatus", "completion status"),
    "course": ("kurs", "kursname", "kurstitel", "kurzer kursname", "course", "course name", "titel", "module"),
}
"""How Moodle, ILIAS and others head their columns; the first that is there is taken."""
DONE: Final = frozenset({"abgeschlossen", "bestanden", "completed", "complete", "passed", "erledigt", "ja", "yes",
                         "fertig", "teilgenommen"})
_MEASURES: Final = re.compile(r"\bnoten?\b|punkt|bewertung|ergebnis|prozent|%|grade|score|versuch|attempt|mark\b|dauer|"
                               r"duration|zeit\b", re.IGNORECASE)
_NOTHING: Final = frozenset({"", "-", "–", "nie", "never", "nicht abgeschlossen", "0"})
"""What stands instead of a date where somebody has not finished."""
_BIT: Final = 1000
"""Completions that are laid down in one transaction."""


def guess(headings: Sequence[str]) -> Columns:
    """Return which column probably says what."""
    known = {heading.lower(): heading for heading in reversed(headings) if heading}
    found = {field: next((known[word] for word in words if word in known), "") for field, words in _HEADINGS.items()}
    return Columns(found["person"], found["completed"], found["status"], DONE, course=found["course"])


def measures(heading: str) -> bool:
    """Whether a column measures people: such a column is not even offered or shown."""
    return _MEASURES.search(heading) is not None


def check(columns: Columns, headings: Sequence[str], modules: Iterable[str]) -> None:
    """Raise `InvalidError` when the columns do not fit the file or the modules the rules."""
    wanted = {"der Person": columns.person, "des Abschlusses": columns.completed}
    for what, heading in wanted.items():
        if not heading:
            raise InvalidError(f"Bitte wählen Sie die Spalte {what}. In der Datei gibt es: "
                               f"{', '.join(h for h in headings if h)[:300]}.")
    for heading in filter(None, (*wanted.values(), columns.status, columns.course)):
        if heading not in headings:
            raise InvalidError(f"Die Spalte „{heading[:60]}“ gibt es in der Datei nicht. Vorhanden sind: "
                               f"{', '.join(h for h in headings if h)[:300]}.")
    named = [columns.module] if columns.module else [m for m in columns.courses.values() if m]
    if not named or not (columns.module or columns.course):
        raise InvalidError("Bitte wählen Sie das Modul, um das es in der Datei geht.")
    if strange := next((m for m in named if m not in set(modules)), None):
        raise InvalidError(f"Das Modul „{strange[:64]}“ gibt es nicht. Möglich sind: {', '.join(modules)}.")


def courses_in(table: Table, heading: str) -> list[str]:
    """Return what stands in the column of courses, at most fifty different ones."""
    if heading not in table.headings:
        return []
    at, found = table.headings.index(heading), dict[str, None]()
    for _, cells in table.rows():
        if at < len(cells) and cells[at].strip() and len(found) < 50:
            found[cells[at].strip()] = None
    return sorted(found)


def read(table: Table, columns: Columns, now: datetime) -> FileRead:
    """Return what the lines say. `check` has looked at the columns."""
    result, width = FileRead(), len(table.headings)
    at = {name: table.headings.index(name) for name in table.headings if name}
    for line, cells in table.rows():
        result.lines += 1
        if len(cells) != width:
            result.problems.append(Problem(line, f"Die Zeile hat {len(cells)} statt {width} Felder. Bitte prüfen Sie, "
                                                 "ob ein Trennzeichen im Text steht."))
            continue
        _line(line, {name: cells[i].strip() for name, i in at.items()}, columns, now, result)
    return result


def _line(line: int, value: Mapping[str, str], columns: Columns, now: datetime, result: FileRead) -> None:
    module = columns.module
    if not module:
        course = value[columns.course]
        module = columns.courses.get(course, "")
        if not module:
            result.other_courses[course] = result.other_courses.get(course, 0) + 1
            return
    if columns.status and value[columns.status].lower() not in columns.done:
        result.unfinished += 1
        return
    text = value[columns.completed]
    if text.lower() in _NOTHING:
        if columns.status:
            result.problems.append(Problem(line, "Der Tag des Abschlusses fehlt. Bitte tragen Sie ihn ein, zum "
                                                 "Beispiel 22.11.2026."))
        else:
            result.unfinished += 1
        return
    when, person = moment(text), value[columns.person].lower()
    if when is None:
        result.problems.append(Problem(line, f"„{text[:40]}“ ist kein Datum. Bitte schreiben Sie es wie 22.11.2026."))
    elif day_of(when) > day_of(now):
        result.problems.append(Problem(line, f"„{text[:40]}“ liegt in der Zukunft. Bitte prüfen Sie das Datum."))
    elif not person:
        result.problems.append(Problem(line, "Es fehlt, um wen es geht. Bitte tragen Sie die E-Mail-Adresse ein."))
    else:
        result.completed.append(Completed(line, person, module, min(when, now)))


def compare(connection: Connection, found: FileRead) -> ImportPlan:
    """Return what of the file is new."""
    plan = ImportPlan(found)
    known: dict[str, tuple[str, bool]] = {}
    for id_, email, external, active in people.addresses(connection):
        known[email] = (id_, active)
        if external:
            known.setdefault(external.lower(), (id_, active))
    there = {(id_, module, day_of(at))
             for (id_, module), moments in proofs.shown_already(
                 connection, sorted({c.module for c in found.completed})).items() for at in moments}
    for one in found.completed:
        who = known.get(one.person)
        if who is None:
            plan.unknown.append(one)
        elif not who[1]:
            plan.leavers.append(one)
        elif (key := (who[0], one.module, day_of(one.at))) in there:
            plan.there += 1
        else:
            there.add(key)
            plan.new.append((who[0], one))
    return plan


def dry_run(books: Books, table: Table, columns: Columns) -> ImportPlan:
    """Return what an import of this file would change. Raises `InvalidError`: the columns do not fit."""
    check(columns, table.headings, books.rules.modules)
    found = read(table, columns, books.now())
    with books.reading() as connection:
        return compare(connection, found)


def carry_out(books: Books, actor: Actor, table: Table, columns: Columns, *, source_ref: str,
              tell: Callable[[int, int], None] = lambda done, total: None) -> ImportPlan:
    """Enter what is new, all of it at once, unless a line is wrong. `tell` hears how far this is.

    What is new is laid down bit by bit, so that other writers get their turn; only the last step holds them up.
    """
    check(columns, table.headings, books.rules.modules)
    found = read(table, columns, books.now())
    with books.reading() as connection:
        plan = compare(connection, found)
    if found.problems:
        return plan
    batch = secrets.token_hex(16)
    try:
        for laid in _lay(books, batch, plan):
            tell(laid * 9 // 10, len(plan.new))
        with books.writing() as connection:
            alone(connection, "completions")
            plan.entered = staging.enter(connection, batch, source="lms_csv", source_ref=source_ref,
                                         recorded_by=actor.name, now=books.now(), scope=BASIS)
            books.record("pass.import", {
                "modules": sorted({one.module for _, one in plan.new}), "lines": found.lines, "added": plan.entered,
                "there": plan.there + len(plan.new) - plan.entered, "unknown": len(plan.unknown),
                "left": len(plan.leavers), "file": source_ref, **actor.meta}, None)
    finally:
        _clear(books, batch)
    return plan


def _lay(books: Books, batch: str, plan: ImportPlan) -> Iterator[int]:
    """Lay down what is new, in the order of the people; yield how much lies there."""
    rules = books.rules
    new = sorted((id_, one.module, one.at) for id_, one in plan.new)
    for start in range(0, len(new), _BIT):
        items = []
        for id_, module, at in new[start:start + _BIT]:
            [proof] = evidence_for(rules, [module], at, elsewhere=True)
            day = day_of(at)
            items.append(staging.Staged(id_, module, at, proof.document_sha256, midnight(day),
                                        midnight(day + timedelta(days=1))))
        with writing(books.engine, bump=False) as connection:  # counts nowhere yet
            staging.lay(connection, batch, items, books.now())
        yield min(start + _BIT, len(new))


def _clear(books: Books, batch: str) -> None:
    more = True
    while more:
        with writing(books.engine, bump=False) as connection:
            more = staging.clear(connection, batch, _BIT)


def reference(data: bytes) -> str:
    """Return how evidence names the file that it came from."""
    return f"sha256:{sha256(data).hexdigest()}"
