"""``ki-pforte pass report``: the report about AI literacy, without names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, note, say, speaks


@speaks
def report(
    ctx: typer.Context,
    form: Annotated[str, typer.Option("--format", help="html, csv oder json.")] = "html",
    out: Annotated[Path | None, typer.Option("--out", help="Datei, in die der Bericht geschrieben wird; sonst "
                                                           "Standardausgabe.")] = None,
) -> None:
    """Berichtet über Maßnahmen zur KI-Kompetenz (Art. 4 KI-VO): Zahlen nach Ämtern, keine Person."""
    from gateway.registry import index, literacy
    from gateway.registry.books import COMMAND_LINE
    from gateway.web.literacy import file_of
    if form not in ("html", "csv", "json"):
        raise CliError("Nach --format steht html, csv oder json.", Exit.MISUSE)
    books = context(ctx).books
    while index.refresh(books):
        pass
    found, _ = literacy.make(books)
    data = file_of(found, form)
    if out is None:
        text = data.decode("utf-8-sig").rstrip("\r\n")
        digest = literacy.note(books, COMMAND_LINE, found, form, f"{text}\n".encode())
        say(text)
    else:
        try:
            out.write_bytes(data)
        except OSError as error:
            raise CliError(f"Die Datei {out} lässt sich nicht schreiben ({error.strerror}).", Exit.CANNOT_RUN) from None
        digest = literacy.note(books, COMMAND_LINE, found, form, data)
    note(f"Prüfsumme (SHA-256) im Protokoll: {digest}")
