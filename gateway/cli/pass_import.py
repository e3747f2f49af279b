"""``ki-pforte pass import``: completions from a file of a learning platform, everything or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, emit, note, say, speaks
from gateway.model.completions import Columns, Completed, ImportPlan
from gateway.registry import completions
from gateway.registry.books import COMMAND_LINE
from gateway.registry.table_file import MAX_BYTES, Table
from gateway.registry.table_file import read as read_table

_FIELDS: Final = {"email": "person", "person": "person", "completed": "completed", "status": "status",
                  "course": "course"}
_SHOWN: Final = 200


@speaks
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV-Datei aus Moodle, ILIAS oder einem anderen Lernsystem.")],
    module: Annotated[str, typer.Option("--module", help="Modul, das abgeschlossen wurde.")] = "",
    map_: Annotated[list[str] | None, typer.Option(
        "--map", help="Welche Spalte was enthält: email=SPALTE, completed=SPALTE, status=SPALTE, course=SPALTE; "
                      "mehrfach möglich. Bekannte Überschriften werden erkannt.")] = None,
    course: Annotated[list[str] | None, typer.Option(
        "--course", help="Statt --module: KURS=MODUL, wenn eine Spalte den Kurs nennt; mehrfach möglich.")] = None,
    done: Annotated[list[str] | None, typer.Option(
        "--done", help="Was in der Spalte „status“ steht, wenn jemand abgeschlossen hat; mehrfach möglich.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Nur zeigen, was geschähe.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Trägt Abschlüsse aus einer CSV-Datei ein: ganz oder gar nicht. Noten und Punkte werden nicht gelesen."""
    own = context(ctx)
    data = _bytes(file)
    table = read_table(data)
    columns = _columns(table, module, map_ or (), course or (), done or ())
    plan = completions.dry_run(own.books, table, columns) if dry_run else completions.carry_out(
        own.books, COMMAND_LINE, table, columns, source_ref=completions.reference(data))
    _report(plan, dry_run=dry_run, as_json=json)
    if plan.read.problems:
        raise typer.Exit(int(Exit.FOUND))


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise CliError(f"Die Datei {file} lässt sich nicht lesen ({error.strerror}).", Exit.MISUSE) from None


def _columns(table: Table, module: str, mapped: Sequence[str], courses: Sequence[str], done: Sequence[str]) -> Columns:
    values = {}
    for pair in mapped:
        field, equals, heading = pair.partition("=")
        if not equals or field.strip() not in _FIELDS:
            raise CliError(f"„{pair[:80]}“ ist nicht zu verstehen. Bitte schreiben Sie zum Beispiel "
                           "--map email=\"E-Mail-Adresse\". Möglich sind: email, completed, status, course.",
                           Exit.MISUSE)
        values[_FIELDS[field.strip()]] = heading.strip()
    taught = {name.strip(): key.strip() for name, _, key in (pair.rpartition("=") for pair in courses)}
    if bool(module) == bool(taught):
        raise CliError("Bitte geben Sie entweder --module MODUL oder --course KURS=MODUL an.", Exit.MISUSE)
    guessed = completions.guess(table.headings)
    return replace(guessed, **{"course": guessed.course if taught else "", **values}, module=module, courses=taught,
                   done=frozenset(word.lower() for word in done) or guessed.done)


def _report(plan: ImportPlan, *, dry_run: bool, as_json: bool) -> None:
    read, done = plan.read, not dry_run and not plan.read.problems
    if as_json:
        return emit({"applied": done, "errors": [{"line": p.line, "message": p.text} for p in read.problems],
                     "lines": read.lines, "new": len(plan.new), "there": plan.there, "unfinished": read.unfinished,
                     "unknown": _places(plan.unknown), "left": _places(plan.leavers),
                     "other_courses": read.other_courses})
    for problem in read.problems[:_SHOWN]:
        note(f"Zeile {problem.line}: {problem.text}")
    if read.problems:
        return note(f"{len(read.problems)} Fehler. Es wurde nichts übernommen.")
    for one in plan.unknown[:_SHOWN]:
        say(f"? Zeile {one.line}: {one.person} ist hier nicht eingetragen")
    for one in plan.leavers[:_SHOWN]:
        say(f"! Zeile {one.line}: {one.person} ist abgeschaltet")
    note(f"{len(plan.new)} neu, {plan.there} schon vorhanden, {read.unfinished} nicht abgeschlossen, "
         f"{len(plan.unknown)} unbekannt, {len(plan.leavers)} abgeschaltet. "
         f"{'Übernommen.' if done else 'Probelauf: es wurde nichts übernommen.'}")
    return None


def _places(found: Sequence[Completed]) -> list[dict[str, object]]:
    return [{"line": one.line, "person": one.person} for one in found]
