"""``migrate``: the databases to the newest shape, before a new version serves. Starting does the same by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import cannot_run, emit, say
from gateway.settings import load


@cannot_run
def migrate(ctx: typer.Context,
            json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False) -> None:
    """Bringt die Datenbanken auf den Stand dieser Version; der Start tut es sonst selbst."""
    from gateway.home import open_ledger
    from gateway.store import migrate as bring_up
    from gateway.store import open_engine
    settings = load()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.database)
    try:
        changed = bring_up(engine)
    finally:
        engine.dispose()
    with open_ledger(settings, context(ctx).policy_set.organisation.id):
        pass  # opening brings the ledger's tables up to date
    if json:
        emit({"changed": changed})
    else:
        say(f"Die Datenbanken {'sind' if changed else 'waren schon'} auf dem neuen Stand.")
