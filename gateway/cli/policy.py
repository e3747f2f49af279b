"""``ki-pforte policy``: what the organisation decided, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import Exit, emit, note, say, speaks
from gateway.policy import PolicyErrors

policy_app = typer.Typer(name="policy", help="Richtlinien prüfen.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@policy_app.callback()
def _policy() -> None:
    pass


@policy_app.command()
@speaks
def check(
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Ordner mit Richtlinien; ohne Angabe der eingestellte.")] = None,
    json: Json = False,
) -> None:
    """Prüft die Richtlinien und nennt jede falsche Stelle mit Datei, Zeile und Abhilfe."""
    own = context(ctx)
    try:
        policies = own.load_policies(folder or own.policies)
    except PolicyErrors as errors:
        if json:
            emit({"problems": [{"file": p.file, "line": p.line, "key": p.key, "what": p.what, "remedy": p.remedy}
                               for p in errors.problems]})
        else:
            for problem in errors.problems:
                say(str(problem))
        raise typer.Exit(Exit.FOUND) from None
    if json:
        emit({"problems": [], "digest": policies.digest})
        return
    note(f"In Ordnung: {len(policies.departments)} Abteilungen, {len(policies.models)} Modelle. "
         f"Stand {policies.digest}")
