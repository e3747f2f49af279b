"""``ki-pforte case list|show|export``: findings, incidents, requests and complaints without a browser.

What is shown here is what the pages show; whoever opens a matter or takes its file along leaves a record, too. Acts are
for the pages: there one knows who decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.casework.desk import CaseDesk
from gateway.cli.audit import Json, ledger_errors, open_one
from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, emit, note, say, table
from gateway.cli.views import moment
from gateway.errors import GatewayError
from gateway.home import own_secret
from gateway.model.casework import KINDS, CaseFile, Kind, Matter, Wanted
from gateway.model.incident import FIELDS
from gateway.pipeline.reference import mark_of
from gateway.registry.books import COMMAND_LINE, Books
from gateway.settings import load

case_app = typer.Typer(name="case", help="Befunde, Vorfälle, Anfragen und KI-Rügen ansehen und mitnehmen.",
                       no_args_is_help=True)
Number = Annotated[str, typer.Argument(help="Nummer, zum Beispiel „V-2026-3“ („ki-pforte case list“ zeigt sie).")]
MOST = 500


@case_app.command("list")
@ledger_errors
def list_(
    ctx: typer.Context,
    kind: Annotated[str, typer.Option("--kind", help=f"Nur eine Art: {', '.join(KINDS)}.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Auch, was abgeschlossen ist.")] = False,
    json: Json = False,
) -> None:
    """Zeigt, was offen ist, das Dringendste zuerst (1: es gibt etwas zu tun)."""
    from gateway.web import words
    from gateway.web.casework.views import STATE_WORDS, title
    chosen: tuple[Kind, ...] = tuple(one for one in KINDS if one == kind)
    if kind and not chosen:
        raise CliError(f"Nach --kind steht {', '.join(KINDS)}.", Exit.MISUSE)
    with _desk(ctx) as desk:
        found, total = desk.listed(Wanted(chosen, open=None if everything else True), MOST)
        now = desk.books.now()
    if json:
        emit({"total": total, "cases": [_row(one) for one in found]})
    elif found:
        table(("Nummer", "Worum es geht", "Schwere", "Stand", "Seit", "Frist"), [
            (one.id, title(one), one.severity, STATE_WORDS[one.state], moment(one.opened_at),
             words.left(one.due_at, now) if one.due_at and one.open else "-") for one in found])
    else:
        note("Es ist nichts offen.")
    if any(one.open for one in found):
        raise typer.Exit(Exit.FOUND)


@case_app.command()
@ledger_errors
def show(ctx: typer.Context, number: Number, json: Json = False) -> None:
    """Zeigt einen Befund, Vorfall oder Antrag mit seinem Verlauf."""
    from gateway.web.casework.views import STATE_WORDS, history, title
    with _desk(ctx) as desk:
        file = _file(desk, number)
        desk.books.record("view", {"page": "case", "case": file.matter.id, **COMMAND_LINE.meta}, None)
    if json:
        return emit({**_row(file.matter), "words": [word for word in file.words if word],
                     "count": file.tally.count if file.tally else None, "held": file.held,
                     "fields": dict(file.sheet.values), "from_log": sorted(file.sheet.logged),
                     "children": [one.id for one in file.children],
                     "history": [{"at": one.at.isoformat(), "what": one.what, "text": one.text, "sha256": one.digest}
                                 for one in file.notes]})
    say(f"{file.matter.id}: {title(file.matter)}, {STATE_WORDS[file.matter.state]}, {file.matter.severity}")
    if file.matter.due_at:
        say(f"Frist: {moment(file.matter.due_at)}")
    for word in filter(None, file.words):
        say(word)
    for name, value in file.sheet.values.items():
        if value:
            field = FIELDS.get(name)
            source = " (aus dem Protokoll)" if name in file.sheet.logged else ""
            say(f"{field.label if field else name}{source}: {field.shown(value) if field else value}")
    for entry in reversed(history(file)):
        say(f"{moment(entry.at)}  {entry.what}: {entry.text}")
    return None


@case_app.command()
@ledger_errors
def export(
    ctx: typer.Context,
    number: Number,
    out: Annotated[Path, typer.Option("--out", help="Datei, in die geschrieben wird.")],
    form: Annotated[str, typer.Option("--format", help="html, pdf oder json; ohne Angabe nach der Endung.")] = "",
) -> None:
    """Schreibt die Akte eines Vorfalls in eine Datei. Steht im Protokoll."""
    from gateway.paper.forms import file_of
    chosen = form or out.suffix.lstrip(".").lower()
    if chosen not in ("html", "pdf", "json"):
        raise CliError("Nach --format steht html, pdf oder json.", Exit.MISUSE)
    with _desk(ctx) as desk:
        _file(desk, number)
        report = desk.paper("", None, number.upper(), chosen)
    try:
        out.touch(mode=0o600)
        out.write_bytes(file_of(report, "html" if chosen == "html" else "pdf" if chosen == "pdf" else "json"))
    except OSError as error:
        raise CliError(f"Die Datei {out} lässt sich nicht schreiben ({error.strerror}).", Exit.CANNOT_RUN) from None
    note(f"Geschrieben: {out}")


@contextmanager
def _desk(ctx: typer.Context) -> Iterator[CaseDesk]:
    own, settings = context(ctx), load()
    with open_one(ctx) as ledger:
        def record(kind: str, meta: Mapping[str, Any], subject: str | None) -> None:
            ledger.append_wait(ledger.draft(kind, meta, subject=subject))
        books = Books(own.engine, record, lambda: own.policy_set, own)
        secret = own_secret(settings.home, "gespraeche.key")
        try:
            yield CaseDesk(books, ledger, lambda reference: mark_of(secret, reference), lambda: ledger.config.log,
                           settings.breach_hours, settings.complaint_days, "cli")
        except GatewayError as error:
            raise CliError(error.message, Exit.MISUSE if error.status < 500 else Exit.CANNOT_RUN) from None


def _file(desk: CaseDesk, number: str) -> CaseFile:
    found = desk.file(number.upper())
    if found is None:
        raise CliError(f"Unter der Nummer „{number[:20]}“ gibt es nichts.", Exit.MISUSE)
    return found


def _row(one: Matter) -> dict[str, Any]:
    return {"id": one.id, "kind": one.kind, "about": one.about, "scope": one.scope, "severity": one.severity,
            "state": one.state, "open": one.open, "opened_at": one.opened_at.isoformat(),
            "due_at": one.due_at and one.due_at.isoformat(), "parent": one.parent}
