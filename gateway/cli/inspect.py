"""``redact`` and ``evaluate``: what would leave the house, and how well that works.

Both use the detector and the redaction that the server uses. Nothing they read is stored.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, cannot_run, emit, hand_over, note, say, table
from gateway.model.entities import ENTITIES
from gateway.model.finding import Passage
from gateway.model.reasons import in_words
from gateway.redaction.explain import Entry, explain

if TYPE_CHECKING:  # the detector takes seconds to load, and most commands do without it
    from gateway.detection import RuleDetector

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


def _detector(ctx: typer.Context) -> RuleDetector:
    from gateway.detection import DetectorOptions, build_detector
    from gateway.settings import load
    return build_detector(DetectorOptions.of(load(), context(ctx).policy_set.municipality))


@cannot_run
def redact(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Datei mit Text; „-“ liest von der Standardeingabe.")] = Path("-"),
    json: Json = False,
) -> None:
    """Zeigt, was ein Anbieter von einem Text sähe, und warum etwas ersetzt würde. Nichts davon wird gespeichert."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        name = "Die Eingabe" if str(file) == "-" else str(file)
        raise CliError(f"{name} ist kein Text in UTF-8. Bitte speichern Sie den Inhalt als reinen Text mit der "
                       "Kodierung UTF-8.", Exit.MISUSE) from None
    shown = explain(text, _detector(ctx).find(Passage(text)), {}, lambda action, entity, value: value)
    if json:
        emit({"text": shown.text, "findings": [
            {"start": e.start, "end": e.end, "entity": e.entity, "placeholder": e.issued, "reason": e.reason,
             "explanation": in_words(e.reason), "score": round(e.score, 3), "certain": e.certain, "noted": e.noted}
            for e in shown.entries]})
        return
    hand_over(shown.text.rstrip("\n"))
    if not shown.entries:
        note("Nichts gefunden: Der Text würde so gesendet, wie er ist.")
        return
    say("")
    table(("Zeile:Spalte", "Art", "ersetzt durch", "Grund"), [
        (_place(text, e.start), ENTITIES[e.entity].name, e.issued or "bleibt stehen, wird nur bemerkt", _reason(e))
        for e in shown.entries])


def _place(text: str, offset: int) -> str:
    return f"{text.count(chr(10), 0, offset) + 1}:{offset - text.rfind(chr(10), 0, offset)}"


def _reason(entry: Entry) -> str:
    unsure = "" if entry.certain or entry.noted else " (unsicher, daher nur an dieser Stelle)"
    return in_words(entry.reason) + unsure


@cannot_run
def evaluate(
    ctx: typer.Context,
    documents: Annotated[Path, typer.Argument(metavar="DOCS.jsonl", help="Dokumente, je Zeile ein JSON-Objekt mit "
                                                                         "„text“; Angaben als [[ART|Text]].")],
    origins: Annotated[Path | None, typer.Option("--origins", help="JSON: Name zu Gruppe der Herkunft.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Tabellen als Markdown.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Auch die einzelnen Fehler, mit Wörtern.")] = False,
    json: Json = False,
) -> None:
    """Misst, wie gut personenbezogene Angaben in annotierten Dokumenten erkannt und ersetzt werden."""
    from gateway import evaluation as ev
    if json and markdown:
        raise CliError("Bitte wählen Sie --json oder --markdown.", Exit.MISUSE)
    try:
        read = ev.read_documents(documents)
        groups = ev.read_origins(origins) if origins else None
    except FileNotFoundError as error:
        raise CliError(f"{error.filename} gibt es nicht.", Exit.MISUSE) from None
    except ev.DocumentError as error:
        raise CliError(str(error), Exit.MISUSE) from None
    measured = ev.measure(read, _detector(ctx).find)
    found = ev.figures(measured, groups)
    if json:
        errors = [{"document": d, "what": what, "words": words} for d, what, words in ev.misses(measured)]
        emit(ev.as_json(found) | ({"errors": errors} if verbose else {}))
        return
    if markdown:
        say(ev.as_markdown(found))
    else:
        for title, headers, rows in ev.tables(found):
            say(title)
            table(headers, rows)
            say("")
    if verbose:
        say("Fehler im Einzelnen" + ("\n" if markdown else ""))
        table(("Dokument", "Was", "Wörter"), ev.misses(measured))
