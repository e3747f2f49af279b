"""``ki-pforte document``: the versions of Dienstvereinbarung, Leitlinien, checklist, information, and of courses.

They are policy and stand in ``policies/ki-pass.yaml``, reviewed like code; publishing adds one entry there and leaves
every other line as it is. The changed folder is checked as a whole in a copy before anything real is touched.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.output import CliError, Exit, emit, note, speaks, table
from gateway.kipass.calendar import day_of
from gateway.kipass.documents import in_force
from gateway.model.kipass import Document, DocumentKind
from gateway.model.office import Draft
from gateway.registry import publishing
from gateway.registry.books import COMMAND_LINE
from gateway.registry.publication import Publication, try_out

document_app = typer.Typer(name="document", help="Dienstvereinbarung, Leitlinien, Kurse und weitere Papiere in "
                                                 "Fassungen.",
                           no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@document_app.command("list")
@speaks
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt alle Fassungen und welche davon gilt."""
    own = context(ctx)
    found = [(d, d == in_force(versions, own.now()))
             for versions in publishing.every(own.rules).values() for d in versions]
    if json:
        return emit({"documents": [_json(d, applies) for d, applies in found]})
    return table(("Art", "Fassung", "Titel", "gilt ab", "Änderung", "Frist", "Prüfsumme", "Stand"), [
        (d.name, d.version, d.title, f"{d.valid_from:%d.%m.%Y}", d.change, f"{d.grace_days} Tage", d.sha256[:12],
         "gilt" if applies else "") for d, applies in found])


@document_app.command()
@speaks
def publish(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"Art: {', '.join(get_args(DocumentKind))}, oder ein Kurs: "
                                               "kurs:NAME, zum Beispiel kurs:grundlagen.")],
    file: Annotated[Path, typer.Argument(help="Die Datei, wie sie gelesen werden soll.")],
    version: Annotated[str, typer.Option("--version", help="Fassung, zum Beispiel „2.1“.")],
    change: Annotated[str, typer.Option("--change", help="„redaktionell“ oder „wesentlich“. Eine wesentliche Änderung "
                                                         "der Dienstvereinbarung ist neu zur Kenntnis zu nehmen.")],
    title: Annotated[str, typer.Option("--title", help="Titel; ohne Angabe der bisherige.")] = "",
    grace_days: Annotated[int, typer.Option("--grace-days", min=0, max=3660,
                                            help="So viele Tage gilt die vorige Fassung weiter; nicht bei Kursen.")
                          ] = 28,
    valid_from: Annotated[str, typer.Option("--valid-from", help="Erster Tag, JJJJ-MM-TT; ohne Angabe heute.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Nur prüfen und zeigen, was geschähe.")] = False,
    json: Json = False,
) -> None:
    """Veröffentlicht eine neue Fassung und trägt sie in „ki-pass.yaml“ ein."""
    own = context(ctx)
    new = _publication(own, kind, file, version, change, title, grace_days, valid_from)
    if dry_run:
        try_out(new, own.policies, own.load_policies)
    else:
        publishing.publish(own.books, COMMAND_LINE, new, own.policies, own.load_policies)
    if json:
        return emit({"published": not dry_run, **_json(new.entry, new.entry.valid_from <= day_of(own.now()))})
    note(f"{new.entry.title}, Fassung {new.entry.version}, gilt ab {new.entry.valid_from:%d.%m.%Y}. "
         f"Prüfsumme: {new.entry.sha256}")
    return note("Probelauf: es wurde nichts geändert." if dry_run else "Eingetragen in „ki-pass.yaml“.")


def _publication(own: CliContext, kind: str, file: Path, version: str, change: str, title: str, grace_days: int,
                 valid_from: str) -> Publication:
    try:
        start = date.fromisoformat(valid_from) if valid_from else day_of(own.now())
        content = file.read_bytes()
    except ValueError:
        raise CliError("Bitte schreiben Sie den ersten Tag in der Form JJJJ-MM-TT.", Exit.MISUSE) from None
    except OSError as error:
        raise CliError(f"Die Datei {file} lässt sich nicht lesen ({error.strerror}).", Exit.MISUSE) from None
    return publishing.prepare(own.rules, Draft(kind, content, file.suffix.lower() or ".md", version, change, start,
                                               title, grace_days))


def _json(document: Document, applies: bool) -> dict[str, Any]:
    return {"kind": document.name, "version": document.version, "title": document.title, "sha256": document.sha256,
            "valid_from": document.valid_from.isoformat(), "change": document.change,
            "grace_days": document.grace_days, "supersedes": document.supersedes, "file": document.file,
            "in_force": applies}
