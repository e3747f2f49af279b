"""``ki-pforte policy`` and ``ki-pforte model``: what the organisation decided, checked and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import Exit, emit, note, say, speaks, table
from gateway.policy import PolicyErrors

policy_app = typer.Typer(name="policy", help="Richtlinien prüfen.", no_args_is_help=True)
model_app = typer.Typer(name="model", help="Modelle im Register ansehen.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@policy_app.callback()
def _policy() -> None:
    pass


@model_app.callback()
def _model() -> None:
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


@model_app.command("list")
@speaks
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt das Modellregister."""
    models = list(context(ctx).policy_set.models.values())
    if json:
        emit({"models": [{"id": m.id, "name": m.name, "enabled": m.enabled, "in_house": m.in_house,
                          "provider": m.provider, "region": m.region, "data_classes": sorted(m.data_classes)}
                         for m in models]})
        return
    table(("Modell", "Name", "Anbieter", "Region", "Stand"), [
        (m.id, m.name, m.provider, m.region, "eingeschaltet" if m.enabled else "aus") for m in models])
