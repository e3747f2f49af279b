"""``ki-pforte audit proof``: one record with its proof, for an incident file or a court."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.audit import ledger_errors, open_one
from gateway.cli.output import CliError, Exit, note, say


@ledger_errors
def proof(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="EINTRAG|VORGANG", help="Kennung eines Eintrags, oder "
                                                                        "Vorgangsnummer.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Datei, zum Beispiel fall.tlog-proof; bei "
                                                "mehreren Einträgen kommt die Nummer dazu. Ohne Angabe: "
                                                "Ausgabe.")] = None,
) -> None:
    """Schreibt den Nachweis über einen Eintrag (.tlog-proof); „python -m audit verify-proof“ prüft ihn ohne uns."""
    with open_one(ctx) as ledger:
        ledger.checkpoint()
        found = ledger.reader.get(what)
        views = [found] if found is not None else sorted(ledger.reader.vorgang(what), key=lambda view: view.idx)
        proofs = [(view.idx, ledger.proof(view.id)) for view in views]
    if not proofs:
        raise CliError("Unter dieser Kennung oder Vorgangsnummer gibt es keine Einträge.", Exit.MISUSE)
    if output is None:
        if len(proofs) > 1:
            raise CliError(f"Zu diesem Vorgang gehören {len(proofs)} Einträge. Bitte geben Sie mit -o eine Datei an.",
                           Exit.MISUSE)
        return say(proofs[0][1].rstrip("\n"))
    for index, text in proofs:
        path = output if len(proofs) == 1 else output.with_name(f"{output.stem}-{index}{output.suffix}")
        path.write_text(text, encoding="utf-8", newline="")
        note(f"Nachweis über Nr. {index}: {path}")
    return None
