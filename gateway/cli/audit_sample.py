"""``ki-pforte audit sample``: the requests of a month that everybody looks at, drawn by nobody."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

import typer

from audit.sample import NUMBER
from gateway.cli.audit import Json, ledger_errors, open_one
from gateway.cli.output import CliError, Exit, emit, note, table


@ledger_errors
def sample(
    ctx: typer.Context,
    month: Annotated[str, typer.Option("--month", help="Der Monat, zum Beispiel 2026-10.")],
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=100, help="So viele Vorgänge.")] = NUMBER,
    json: Json = False,
) -> None:
    """Zieht die Stichprobe eines Monats. Sie folgt aus einem unterschriebenen Prüfpunkt und ist für alle dieselbe."""
    match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", month)
    if match is None:
        raise CliError("Nach --month steht ein Monat, zum Beispiel 2026-10.", Exit.MISUSE)
    with open_one(ctx) as ledger:
        ledger.sequence()
        found = ledger.sample(date(int(match[1]), int(match[2]), 1), number)
    if json:
        return emit({"month": month, "first": found.first, "end": found.end, "size": found.size,
                     "seed": found.root.hex(),
                     "drawn": [{"idx": one.idx, "id": one.record_id, "draw": one.draw} for one in found.drawn]})
    if not found.size:
        raise CliError("Für diesen Monat lässt sich noch nichts ziehen: Gezogen wird, sobald im Monat danach ein "
                       "Prüfpunkt unterschrieben ist.", Exit.CANNOT_RUN)
    table(("Nr.", "Eintrag", "Zug"), [(one.idx, one.record_id, one.draw) for one in found.drawn])
    note(f"Gezogen aus Nr. {found.first} bis {found.end - 1}; Startwert: Wurzel des Prüfpunkts bei {found.size}.")
    return None
