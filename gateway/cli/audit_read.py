"""``ki-pforte audit``, the part for reading: the last records, lists, exports, information for the people concerned.

Listing leaves no record, looking at what names a person does: an export, and every file for Art. 15 GDPR.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from audit import Filters, Ledger, RecordRow, time_text
from gateway.cli.audit import Json, ledger_errors, open_one
from gateway.cli.context import CliContext, context, person_id
from gateway.cli.output import CliError, Exit, cell, emit, note, say, table
from gateway.home import own_secret
from gateway.kipass.calendar import BERLIN
from gateway.pipeline.reference import mark_of
from gateway.policy.titles import in_words
from gateway.settings import load

if TYPE_CHECKING:
    from gateway.web import disclosure

PAUSE: Final = 1.0
"""Seconds between two looks at the log; more often would only cost."""
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HEADS: Final = ("Nr.", "Zeit", "Art", "Vorgang", "Abteilung", "Modell", "Entscheidung", "Grund")

Since = Annotated[str, typer.Option("--since", help="Ab diesem Tag, zum Beispiel 2026-11-22.")]
Until = Annotated[str, typer.Option("--until", help="Bis zu diesem Tag, er zählt mit.")]
Department = Annotated[str, typer.Option("--department", help="Nur dieses Amt.")]
Model = Annotated[str, typer.Option("--model", help="Nur dieses Modell.")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Nur diese Art, zum Beispiel intent; mehrfach "
                                                                "möglich.")]
Vorgang = Annotated[str, typer.Option("--vorgang", help="Nur dieser Vorgang.")]
Decision = Annotated[str, typer.Option("--decision", help="allowed, denied oder local.")]
Code = Annotated[str, typer.Option("--code", help="Nur mit diesem Grund, zum Beispiel zu_gross.")]
Rule = Annotated[str, typer.Option("--rule", help="Nur, was diese Regel entschieden hat.")]
For = Annotated[str, typer.Option("--request-purpose", help="Nur Anfragen mit diesem Zweck.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Datei, die geschrieben wird.")]
Form = Annotated[str, typer.Option("--format", help="html (zum Lesen und Drucken) oder json.")]


@ledger_errors
def tail(
    ctx: typer.Context,
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=1000, help="So viele Einträge.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Weiter zeigen, was dazukommt; Ende mit "
                                                                "Strg-C.")] = False,
    json: Json = False,
) -> None:
    """Zeigt die letzten Einträge. Mit --follow und --json steht jeder Eintrag als JSON auf einer Zeile."""
    with open_one(ctx) as ledger:
        ledger.sequence()
        rows = ledger.reader.tail(limit=number)
        if json and not follow:
            return emit({"records": [_row(row) for row in reversed(rows)]})
        show: Callable[[RecordRow], None] = _say_json if json else _say_line
        if not follow:
            return table(_HEADS, [_cells(row) for row in rows])
        for row in rows:
            show(row)
        try:
            for row in following(ledger, rows[-1].idx if rows else -1, partial(time.sleep, PAUSE)):
                show(row)
        except KeyboardInterrupt:
            return None


def following(ledger: Ledger, after: int, pause: Callable[[], None]) -> Iterator[RecordRow]:
    """Yield every record after the index `after`, each once, as they come; `pause` stands between two looks."""
    while True:
        ledger.sequence()
        rows = ledger.reader.tail(after, 1000)
        for row in rows:
            after = row.idx
            yield row
        if len(rows) < 1000:
            pause()


@ledger_errors
def list_(
    ctx: typer.Context, since: Since = "", until: Until = "", department: Department = "", model: Model = "",
    types: Types = None, vorgang: Vorgang = "", decision: Decision = "", code: Code = "", rule: Rule = "",
    purpose: For = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="So viele Einträge.")] = 50,
    before: Annotated[str, typer.Option("--before", help="Weiter nach dieser Stelle (steht am Ende der vorigen "
                                                         "Seite).")] = "",
    json: Json = False,
) -> None:
    """Zeigt Einträge, der neueste zuerst, mit allen Filtern."""
    filters = _filters(since, until, department, model, types, vorgang, decision, code, rule, purpose)
    with open_one(ctx) as ledger:
        ledger.sequence()
        try:
            page = ledger.reader.page(filters, before or None, limit)
        except ValueError:
            raise CliError("Nach --before steht, was die vorige Seite am Ende nennt.", Exit.MISUSE) from None
    if json:
        return emit({"records": [_row(row) for row in page.rows], "before": page.before})
    table(_HEADS, [_cells(row) for row in page.rows])
    if page.before:
        note(f"Weiter mit: --before {page.before}")
    return None


@ledger_errors
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Datei, die geschrieben wird.")],
    form: Annotated[str, typer.Option("--format", help="bundle (alles, zum Prüfen), jsonl (ohne Verlust), csv, ocsf "
                                                       "oder syslog.")] = "bundle",
    reason: Annotated[str, typer.Option("--purpose", help="Wozu, als ein Wort, zum Beispiel vorfall-2026-3; steht im "
                                                          "Protokoll.")] = "",
    since: Since = "", until: Until = "", department: Department = "", model: Model = "", types: Types = None,
    vorgang: Vorgang = "", decision: Decision = "", code: Code = "", rule: Rule = "", purpose: For = "",
) -> None:
    """Schreibt Einträge in eine Datei: das ganze Protokoll als Bündel, das sich ohne die KI-Pforte prüfen lässt, oder
    eine Auswahl. Jeder Export steht selbst im Protokoll."""
    if not reason and form == "bundle":
        reason = "pruefung"
    if not _KEY.fullmatch(reason):
        raise CliError("Bitte sagen Sie mit --purpose, wozu: ein Wort aus kleinen Buchstaben, Ziffern, Punkten und "
                       "Strichen, zum Beispiel vorfall-2026-3.", Exit.MISUSE)
    filters = _filters(since, until, department, model, types, vorgang, decision, code, rule, purpose)
    with open_one(ctx) as ledger:
        number = ledger.export(file, form, filters, purpose=reason, via="cli")
    note(f"{number} Einträge geschrieben: {file}")


@ledger_errors
def self_(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="E-Mail-Adresse der Person, die Auskunft verlangt.")],
    out: Out, form: Form = "html",
) -> None:
    """Auskunft nach Art. 15 DSGVO für Beschäftigte: die eigenen Einträge in klaren Worten. Steht im Protokoll."""
    from gateway.web import disclosure, words
    _check_form(form)
    own = context(ctx)
    subject = person_id(own, email)
    with open_one(ctx) as ledger:
        rows = disclosure.own_records(ledger.own_records(subject), _names(own))
        data = disclosure.own_file(rows, own.policy_set.organisation.name, words.day(own.now()), form)
        _disclose(ledger, out, data, {"page": "auskunft/eigene", "format": form, "rows": len(rows)}, subject)
    note(f"{len(rows)} Einträge geschrieben: {out}")


@ledger_errors
def citizen(
    ctx: typer.Context,
    reference: Annotated[str, typer.Option("--reference", help="Das Aktenzeichen, wie es in X-KI-Aktenzeichen "
                                                               "stand.")],
    out: Out, since: Since = "", until: Until = "", form: Form = "html",
) -> None:
    """Auskunft nach Art. 15 DSGVO für Bürgerinnen und Bürger: Anfragen unter einem Aktenzeichen, ohne die Namen
    Beschäftigter. Steht im Protokoll."""
    from gateway.web import disclosure, words
    _check_form(form)
    own = context(ctx)
    asked = _filters(since, until)
    mark = mark_of(own_secret(load().home, "gespraeche.key"), reference)
    with open_one(ctx) as ledger:
        found = ledger.records_about(mark, asked.since, asked.until)
        rows = disclosure.citizen_records(found, _names(own))
        period = " ".join(piece for piece in (since and f"ab {_german(since)}", until and f"bis {_german(until)}") if
                          piece)
        data = disclosure.citizen_file(rows, own.policy_set.organisation.name, words.day(own.now()), period, form)
        _disclose(ledger, out, data, {"page": "auskunft/betroffene", "format": form, "rows": len(rows),
                                      "reference": mark}, None)
    note(f"{len(rows)} Anfragen geschrieben: {out}")


def _disclose(ledger: Ledger, out: Path, data: bytes, facts: dict[str, Any], subject: str | None) -> None:
    """Write the file; that it was made is written first, and without that there is no file."""
    draft = out.with_name(f".{out.name}.part")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(data)
        ledger.append_wait(ledger.draft("view", {**facts, "via": "cli"}, subject=subject))
        draft.replace(out)
    except OSError as error:
        raise CliError(f"Die Datei {out} lässt sich nicht schreiben ({error.strerror}).", Exit.CANNOT_RUN) from None
    finally:
        draft.unlink(missing_ok=True)


def _names(own: CliContext) -> disclosure.Names:
    from gateway.web import disclosure
    policies = own.policy_set
    return disclosure.Names({model.id: model.name for model in policies.models.values()},
                            {key: purpose.title for key, purpose in policies.organisation.purposes.allow.items()},
                            lambda rule: in_words(rule, policies))


def _check_form(form: str) -> None:
    if form not in ("html", "json"):
        raise CliError("Nach --format steht html oder json.", Exit.MISUSE)


def _filters(since: str = "", until: str = "", department: str = "", model: str = "", types: list[str] | None = None,
             vorgang: str = "", decision: str = "", code: str = "", rule: str = "", purpose: str = "") -> Filters:
    last = _day(until, "--until")
    return Filters(since=_us(_day(since, "--since")), until=_us(last + timedelta(days=1) if last else None),
                   types=tuple(types or ()), vorgang=vorgang.upper(), department=department, model=model,
                   decision=decision, code=code, rule=rule, purpose=purpose)


def _day(text: str, option: str) -> date | None:
    from gateway.web import words  # late, as the pages: help and lists need no web framework
    found = words.read_day(text) if text else None
    if text and (found is None or not date.min < found < date.max):
        raise CliError(f"Nach {option} steht ein Tag, zum Beispiel 2026-11-22.", Exit.MISUSE)
    return found


def _us(day: date | None) -> int | None:
    return None if day is None else int(datetime.combine(day, day_time(), BERLIN).timestamp()) * 1_000_000


def _german(text: str) -> str:
    found = _day(text, "--since")
    return f"{found:%d.%m.%Y}" if found else ""


def _local(t_us: int) -> str:
    return f"{datetime.fromtimestamp(t_us // 1_000_000, UTC).astimezone(BERLIN):%d.%m.%Y %H:%M:%S}"


def _cells(row: RecordRow) -> tuple[object, ...]:
    return (row.idx, _local(row.t_us), row.type, row.vorgang, row.department, row.model, row.decision,
            row.code or row.rule)


def _row(row: RecordRow) -> dict[str, Any]:
    return {**asdict(row), "t": time_text(row.t_us)}


def _say_line(row: RecordRow) -> None:
    say("  ".join(cell(value) for value in _cells(row) if value != ""))


def _say_json(row: RecordRow) -> None:
    emit(_row(row), indent=None)
