"""``migrate``: the databases to the newest shape, before a new version serves, or the house's into another database.

Starting brings them to the newest shape by itself; moving is never done by itself.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import cannot_run, emit, note, say
from gateway.settings import Settings, load


@cannot_run
def migrate(ctx: typer.Context,
            to: Annotated[str, typer.Option("--to", help="Leere Datenbank, zum Beispiel postgresql+psycopg://…: "
                                            "kopiert Personen, Schlüssel und KI-Pässe dorthin. Das Protokoll zieht mit "
                                            "„audit move“ um.")] = "",
            json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False) -> None:
    """Bringt die Datenbanken auf den Stand dieser Version; der Start tut es sonst selbst."""
    from gateway.home import open_ledger
    from gateway.store import migrate as bring_up
    from gateway.store import open_engine
    settings = load()
    if to:
        return _move(settings, to, json)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.database)
    try:
        changed = bring_up(engine)
    finally:
        engine.dispose()
    with open_ledger(settings, context(ctx).policy_set.organisation.id):
        pass  # opening brings the ledger's tables up to date
    if json:
        return emit({"changed": changed})
    return say(f"Die Datenbanken {'sind' if changed else 'waren schon'} auf dem neuen Stand.")


def _move(settings: Settings, to: str, json: bool) -> None:
    from audit import nobody_writes
    from gateway.store.moving import move_house
    nobody_writes(settings.home / "keys" / "protokoll")
    rows = move_house(settings.database, to)
    if json:
        return emit({"rows": rows})
    say(f"Kopiert und verglichen: {rows} Zeilen.")
    return note("Bitte tragen Sie die neue Adresse als KI_PFORTE_DATABASE_URL ein. Die bisherige Datenbank liegt noch "
                "dort; löschen Sie sie erst, wenn die KI-Pforte mit der neuen läuft.")
