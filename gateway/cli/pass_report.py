"""``ki-pforte pass report``: the report about AI literacy; the same as ``ki-pforte report literacy``."""

from __future__ import annotations

import typer

from gateway.cli.output import speaks
from gateway.cli.report import Out, Wanted, write
from gateway.model.reporting import KINDS


@speaks
def report(ctx: typer.Context, form: Wanted = "html", out: Out = None) -> None:
    """Berichtet über Maßnahmen zur KI-Kompetenz (Art. 4 KI-VO): Zahlen nach Ämtern, keine Person."""
    write(ctx, KINDS["literacy"], "", form, out)
