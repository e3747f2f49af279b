"""``ki-pforte report``: the reports of the house as files, also while the server runs.

A file leaves only after its SHA-256 stands in the ledger. Standard output holds the report and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import typer

from gateway.cli.audit import ledger_errors, open_one
from gateway.cli.context import CliContext, context
from gateway.cli.output import CliError, Exit, note, say
from gateway.errors import GatewayError
from gateway.model.reporting import KINDS, ReportKind
from gateway.paper.report import FORMS, Form
from gateway.settings import load

if TYPE_CHECKING:
    from audit import Ledger
    from gateway.reports.desk import ReportDesk

report_app: Final = typer.Typer(name="report", help="Berichte und Unterlagen als Datei: HTML, PDF, CSV, JSON.",
                                no_args_is_help=True)

Period = Annotated[str, typer.Option("--period", help="Zeitraum: ein Vierteljahr (2026-Q3) oder ein Jahr (2026). Ohne "
                                                      "Angabe der laufende; gezählt sind Monate, die zu Ende sind.")]
Wanted = Annotated[str, typer.Option("--format", help="html, pdf, csv oder json.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Datei, die geschrieben wird; sonst Standardausgabe.")]
Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


def _command(kind: ReportKind) -> Callable[..., None]:
    if kind.every:
        def of_a_time(ctx: typer.Context, period: Period = "", form: Wanted = "html", out: Out = None,
                      json: Json = False) -> None:
            write(ctx, kind, period, "json" if json else form, out)
        return of_a_time

    def as_of_now(ctx: typer.Context, form: Wanted = "html", out: Out = None, json: Json = False) -> None:
        write(ctx, kind, "", "json" if json else form, out)
    return as_of_now


def write(ctx: typer.Context, kind: ReportKind, period: str, wanted: str, out: Path | None) -> None:
    """Write a report to a file or to standard output, once its hash stands in the ledger."""
    from gateway.registry import index
    from gateway.registry.books import COMMAND_LINE
    form = _form(wanted, out)
    own = context(ctx)
    with open_one(ctx) as ledger:
        desk = _desk(own, ledger)
        while index.refresh(desk.books):
            pass
        try:
            _, data = desk.give_out(COMMAND_LINE, kind.key, period, form)
        except GatewayError as error:
            raise CliError(error.message, Exit.MISUSE) from None
    if out is None and sys.stdout.isatty():
        say(data.decode("utf-8"))
        return
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise CliError(f"Die Datei {out} lässt sich nicht schreiben ({error.strerror}).", Exit.CANNOT_RUN) from None
    note(f"{kind.title} geschrieben: {out}. Die Prüfsumme steht im Protokoll.")


def _form(wanted: str, out: Path | None) -> Form:
    form: Form | None = next((form for form in get_args(Form) if form == wanted), None)
    if form is None:
        raise CliError(f"Nach --format steht {', '.join(FORMS[:-1])} oder {FORMS[-1]}.", Exit.MISUSE)
    if form == "pdf" and out is None and sys.stdout.isatty():
        raise CliError("Ein PDF gehört in eine Datei: --out bericht.pdf", Exit.MISUSE)
    return form


def _desk(own: CliContext, ledger: Ledger) -> ReportDesk:
    from gateway import __version__
    from gateway.policy.stopped import covered
    from gateway.reports.desk import ReportDesk
    from gateway.store import stops

    def stopped() -> frozenset[str]:
        with own.reading() as connection:
            found = stops.every(connection)
        return frozenset(model.id for model, _ in covered(found, own.policy_set.models.values()))

    def record(type_: str, meta: Mapping[str, Any], subject: str | None) -> None:
        ledger.append_wait(ledger.draft(type_, meta, subject=subject))
    return ReportDesk(replace(own.books, record=record), ledger, __version__, stopped, load().sign_in_words())


for _kind in KINDS.values():
    report_app.command(_kind.key, help=f"{_kind.title}. {_kind.about}")(ledger_errors(_command(_kind)))
