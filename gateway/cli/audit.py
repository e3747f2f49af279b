"""``ki-pforte audit``: look into the ledger, check it, take it along."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from audit import Ledger, LedgerConfigError, LedgerError, read_trust
from audit.bundle import verify_bundle
from audit.cli import check_proof, is_proof
from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, emit, note, say, speaks
from gateway.home import open_ledger
from gateway.settings import load

audit_app = typer.Typer(name="audit", help="Protokoll ansehen, prüfen und mitnehmen.", no_args_is_help=True)
Params = ParamSpec("Params")
Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


def ledger_errors(command: Callable[Params, None]) -> Callable[Params, None]:
    """Turn errors of the ledger into a sentence and exit code 2 (misuse) or 3."""
    @wraps(command)
    def wrapped(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except LedgerConfigError as error:
            note(str(error))
            raise typer.Exit(Exit.MISUSE) from None
        except LedgerError as error:
            note(str(error))
            raise typer.Exit(Exit.CANNOT_RUN) from None
    return speaks(wrapped)


def open_one(ctx: typer.Context) -> Ledger:
    """Open the ledger of this house."""
    return open_ledger(load(), context(ctx).policy_set.organisation.id)


@audit_app.command("verify")
@ledger_errors
def verify_(
    ctx: typer.Context,
    bundle: Annotated[Path | None, typer.Argument(help="ZIP-Datei aus „audit export“ oder Nachweis aus „audit "
                                                       "proof“; ohne Angabe das Protokoll selbst.")] = None,
    pin: Annotated[list[Path] | None, typer.Option("--pin", help="Datei mit einer aufbewahrten Notiz; mehrfach "
                                                                 "möglich.")] = None,
    vkey: Annotated[list[str] | None, typer.Option("--vkey", help="Prüfschlüssel oder Datei damit; mehrfach "
                                                                  "möglich.")] = None,
    require_pin: Annotated[bool, typer.Option("--require-pin", help="Ohne Notiz nicht prüfen (Ergebnis 3).")] = False,
    json: Json = False,
) -> None:
    """Prüft, ob das Protokoll unverändert ist: 0 ja, 1 nein, 2 falscher Aufruf, 3 nicht prüfbar."""
    trust = read_trust(pin or [], vkey or [], require_pin=require_pin)
    if bundle is not None:
        if not bundle.is_file():
            raise LedgerConfigError(f"Die Datei {bundle} gibt es nicht.")
        if is_proof(bundle):
            keys = vkey or _own_keys(ctx)
            raise typer.Exit(check_proof(bundle, keys, as_json=json))
        verdict = verify_bundle(bundle, trust)
    else:
        with open_one(ctx) as ledger:
            verdict = ledger.verify(pins=trust.pins, vkeys=trust.vkeys, require_pin=trust.require_pin)
    emit(verdict.as_json()) if json else say(verdict.text())
    raise typer.Exit(verdict.exit_code)


def _own_keys(ctx: typer.Context) -> list[str]:
    with open_one(ctx) as ledger:
        return [str(key) for key in ledger.vkeys()]


@audit_app.command()
@ledger_errors
def checkpoint(ctx: typer.Context) -> None:
    """Unterschreibt einen Prüfpunkt und zeigt die Notiz zum Aufbewahren."""
    with open_one(ctx) as ledger:
        ledger.checkpoint()
        kept = ledger.status().checkpoint_note.rstrip("\n")
    if not kept:
        raise CliError("Das Protokoll ist noch leer; es gibt nichts zu unterschreiben.", Exit.CANNOT_RUN)
    say(kept)
    note("Bitte bewahren Sie diese Notiz außerhalb der KI-Pforte auf, zum Beispiel ausgedruckt oder im "
         "Postfach der oder des Datenschutzbeauftragten.")


@audit_app.command()
@ledger_errors
def status(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt Größe und Stand des Protokolls."""
    with open_one(ctx) as ledger:
        found, ahead = ledger.status(), ledger.forecast()
        problem = found.problem or ledger.continues()
        keys = [str(key) for key in ledger.vkeys()]
    facts: dict[str, Any] = {
        "log": found.log, "size": found.size, "unsequenced": found.unsequenced, "open_intents": found.open_intents,
        "checkpoint_size": found.checkpoint_size, "checkpoint_age": found.checkpoint_age, "problem": problem,
        "forgeries": found.forgeries,
        "vkeys": keys, "bytes": ahead.size, "records_per_day": ahead.records_per_day, "bytes_per_day": ahead.growth,
        "bytes_after_days": dict(ahead.after)}
    if json:
        emit(facts)
        return
    say(f"Protokoll {found.log}: {found.size} Einträge, {found.unsequenced} noch einzureihen, "
        f"{found.open_intents} laufende Vorgänge; letzter Prüfpunkt bei {found.checkpoint_size}.")
    say(f"Auf der Platte: {_megabytes(ahead.size)}, etwa {_megabytes(ahead.growth)} mehr am Tag "
        f"({ahead.records_per_day} Einträge).")
    if ahead.growth:
        say("Ohne Löschung höchstens: " + ", ".join(f"{_megabytes(octets)} in {days} Tagen"
                                                    for days, octets in ahead.after.items()) + ".")
    for key in keys:
        say(f"Prüfschlüssel: {key}")
    if found.forgeries:
        say(f"Untergeschobenes in den letzten 24 Stunden (Funde): {found.forgeries}. Bitte klären Sie, wer in die "
            "Datenbank des Protokolls schreiben kann.")
    if problem:
        say(problem)



def _megabytes(octets: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if octets >= factor:
            return f"{octets / factor:.1f} {unit}".replace(".", ",")
    return f"{octets // 1000} kB"
