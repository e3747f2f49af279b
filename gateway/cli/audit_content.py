"""``ki-pforte audit content``: the content mode of a department, step by step, and reading what was kept.

Who the person at the terminal is, the commands cannot know: the role is checked, each step stands in the ledger. What
nobody at a terminal can do is read: that takes both private keys of the trustees, which are not in the house.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from audit import ContentReading, Filters, Ledger, LedgerConfigError, time_us
from audit.content import Texts
from audit.reading import Reading
from audit.reid_state import REASONS as READING_REASONS
from gateway.cli.audit import Json, ledger_errors, open_one
from gateway.cli.context import CliContext, context
from gateway.cli.output import CliError, Exit, emit, note, say, table
from gateway.cli.reid import APPROVERS, As, acting
from gateway.cli.views import moment
from gateway.model.content_mode import (
    APPROVED,
    BERLIN,
    MAY_REQUEST,
    MAY_STOP,
    MUST_APPROVE,
    REASONS,
    WAITS,
    ContentMode,
    last_day,
)
from gateway.model.people import Role
from gateway.registry.content_mode import ContentDesk, last_day_possible

content_app = typer.Typer(name="content", no_args_is_help=True,
                          help="Inhaltsmodus: für einige Tage versiegelt aufbewahren, was hinausgeht und zurückkommt.")
Which = Annotated[int, typer.Argument(help="Nummer des Antrags („ki-pforte audit content status“ zeigt sie).")]
InRole = Annotated[str, typer.Option("--role", help="Rolle, in der die Person handelt; nötig, wenn mehrere passen.")]
STATES: Final = {"waiting": "wartet auf Zustimmung", "on": "an", "off": "beendet", "withdrawn": "zurückgenommen",
                 "lapsed": "verfallen"}


@content_app.command("request")
@ledger_errors
def request_(
    ctx: typer.Context,
    department: Annotated[str, typer.Argument(help="Kennung des Amtes, zum Beispiel „sozialamt“.")],
    by: As,
    reason: Annotated[str, typer.Option("--reason", help=f"Grund: {', '.join(REASONS)}.")],
    case: Annotated[str, typer.Option("--case", help="Nummer des Falls, zum Beispiel „V-2026-3“.")],
    until: Annotated[str, typer.Option("--until", help="Letzter Tag, zum Beispiel 2026-11-30; höchstens 14 Tage "
                                                       "voraus. Ohne Angabe: morgen.")] = "",
    role: InRole = "",
    json: Json = False,
) -> None:
    """Beantragt den Inhaltsmodus für ein Amt. Zustimmen müssen Datenschutz und Personalrat."""
    own = context(ctx)
    today = own.now().astimezone(BERLIN).date()
    try:
        day = datetime.strptime(until, "%Y-%m-%d").date() if until else min(today + timedelta(days=1),
                                                                           last_day_possible(today))
    except ValueError:
        raise CliError("Nach --until steht ein Tag, zum Beispiel 2026-11-30.", Exit.MISUSE) from None
    made = _desk(ctx).request(*_who(own, by, role, MAY_REQUEST), department, until=day, reason=reason, case=case)
    if json:
        return emit(_shown(made, own))
    note(f"Beantragt bis {last_day(made):%d.%m.%Y}. Zustimmen müssen die oder der Datenschutzbeauftragte und der "
         "Personalrat, mit dieser Nummer:")
    return say(str(made.id))


@content_app.command()
@ledger_errors
def approve(ctx: typer.Context, request: Which, by: As, role: InRole = "", json: Json = False) -> None:
    """Stimmt zu; zwei verschiedene Personen müssen es tun, eine je Rolle und eine davon angemeldet auf der Seite.

    Mit der zweiten ist der Inhaltsmodus an.
    """
    own = context(ctx)
    with open_one(ctx) as ledger:
        if _claimed_already(ledger, request):
            raise CliError("Eine Zustimmung wurde schon am Terminal gegeben, wo niemand prüft, wer davor sitzt. Die "
                           "andere muss die Person selbst geben, angemeldet auf der Seite /review/personalrat oder "
                           "/review/person.", Exit.MISUSE)
    _said(_desk(ctx).approve(*_who(own, by, role, MUST_APPROVE), request), own, json)


@content_app.command()
@ledger_errors
def stop(ctx: typer.Context, request: Which, by: As, role: InRole = "", json: Json = False) -> None:
    """Beendet den Inhaltsmodus sofort oder nimmt einen Antrag zurück. Eine Person genügt."""
    own = context(ctx)
    _said(_desk(ctx).stop(*_who(own, by, role, MAY_STOP), request), own, json)


@content_app.command()
@ledger_errors
def status(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt Anträge und wo der Inhaltsmodus an ist (1: irgendwo ist er an)."""
    own, desk = context(ctx), _desk(ctx)
    desk.expire()
    modes = desk.modes()
    if json:
        emit({"modes": [_shown(one, own) for one in modes]})
    elif not modes:
        note("Der Inhaltsmodus ist in keinem Amt an, und niemand hat ihn beantragt.")
    else:
        table(("Nummer", "Amt", "bis", "Grund", "Fall", "zugestimmt", "Stand"), [
            (one.id, one.department, f"{last_day(one):%d.%m.%Y}", one.reason, one.case,
             ", ".join(_approved(one)) or "-", STATES[one.state(own.now())]) for one in modes])
    if any(one.state(own.now()) == "on" for one in modes):
        raise typer.Exit(Exit.FOUND)


@content_app.command()
@ledger_errors
def show(
    ctx: typer.Context,
    by: As,
    what: Annotated[str, typer.Argument(metavar="[EINTRAG|VORGANG]", help="Wessen Inhalt gelesen werden soll; gibt das "
                                        "Siegel für die beiden Vertrauenspersonen aus.")] = "",
    answer: Annotated[Path | None, typer.Option("--answer", help="Antwort der beiden Vertrauenspersonen (Textdatei): "
                                                                 "zeigt den Inhalt, einmal.")] = None,
    case: Annotated[str, typer.Option("--case", help="Nummer des Falls, zum Beispiel „V-2026-3“.")] = "",
    reason: Annotated[str, typer.Option("--reason", help=f"Grund: {', '.join(READING_REASONS)}.")] = "",
    json: Json = False,
) -> None:
    """Liest aufbewahrten Inhalt, mit beiden geheimen Schlüsseln wie beim Auflösen eines Pseudonyms. Jedes Lesen steht
    im Protokoll."""
    person = acting(context(ctx), by, APPROVERS)
    with open_one(ctx) as ledger:
        work = ContentReading(ledger)
        if answer is not None:
            if not answer.is_file():
                raise LedgerConfigError(f"Die Datei {answer} gibt es nicht.")
            found = work.read(answer.read_text("ascii", "replace"), person.id)
            return emit(_read(found)) if json else _say(found)
        kept = work.kept(what) if what else []
        if len(kept) != 1:
            _choose([(view.id, time_us(view.t)) for view in kept])
        piece = work.hand_out(kept[0].id, case=case, reason=reason, by=person.id)
    if json:
        return emit({"record": kept[0].id, "piece": piece})
    note("Dieses Stück geht an die oder den Datenschutzbeauftragten, das Ergebnis von dort an den Personalrat. "
         "Die Antwort wird innerhalb von 24 Stunden gebraucht: ki-pforte audit content show --answer DATEI")
    return say(piece.rstrip("\n"))


def _claimed_already(ledger: Ledger, mode: int) -> bool:
    """Whether somebody agreed at a terminal before: the second one there could be the same person."""
    ledger.sequence()
    since = int((datetime.now(UTC) - WAITS - timedelta(days=1)).timestamp() * 1_000_000)
    page = ledger.reader.page(Filters(types=(APPROVED,), since=since), limit=1000)
    facts = [parts.get("meta") for parts in ledger.reader.parts([row.id for row in page.rows]).values()]
    return any(isinstance(meta, dict) and meta.get("mode") == mode and meta.get("via") == "cli" for meta in facts)


def _desk(ctx: typer.Context) -> ContentDesk:
    def missing() -> list[str]:
        with open_one(ctx) as ledger:
            return ledger.keyring.missing()
    return ContentDesk(context(ctx).books, missing, "cli")


def _who(own: CliContext, email: str, wanted: str, possible: tuple[Role, ...]) -> tuple[str, Role]:
    """Return who acts and in which role."""
    person = acting(own, email, possible)
    held = [role for role in possible if role in person.roles and wanted in ("", role)]
    if len(held) != 1:
        raise CliError("Bitte nennen Sie mit --role, in welcher Rolle die Person handelt: "
                       f"{', '.join(possible)}.", Exit.MISUSE)
    return person.id, held[0]


def _approved(one: ContentMode) -> list[str]:
    return [role for role in MUST_APPROVE if one.approved_in(role)]


def _said(found: ContentMode, own: CliContext, json: bool) -> None:
    return emit(_shown(found, own)) if json else note(f"Stand: {STATES[found.state(own.now())]}.")


def _shown(one: ContentMode, own: CliContext) -> dict[str, Any]:
    return {"request": one.id, "department": one.department, "until": last_day(one).isoformat(), "reason": one.reason,
            "case": one.case, "approved": _approved(one), "state": one.state(own.now())}


def _choose(kept: list[tuple[str, int]]) -> None:
    if not kept:
        raise CliError("Bitte nennen Sie einen Eintrag oder Vorgang, zu dem Inhalt aufbewahrt ist, oder mit --answer "
                       "die Antwort der Vertrauenspersonen.", Exit.MISUSE)
    for id_, t_us in kept:
        note(f"{id_}  {moment(datetime.fromtimestamp(t_us / 1e6, UTC))}")
    raise CliError("Zu diesem Vorgang gehören mehrere Anfragen. Bitte nennen Sie einen dieser Einträge.", Exit.MISUSE)


def _read(found: Reading) -> dict[str, Any]:
    def side(one: Texts | None) -> dict[str, Any] | None:
        return None if one is None else {"texts": one.texts, "bytes": one.size, "cut": one.cut}
    return {"vorgang": found.vorgang, "record": found.record, "request": side(found.request),
            "answer": side(found.answer)}


def _say(found: Reading) -> None:
    note(f"Vorgang {found.vorgang}. Das ist die Fassung, die hinausging und zurückkam; Ersetztes bleibt ersetzt.")
    for name, one in (("Anfrage", found.request), ("Antwort", found.answer)):
        say(f"== {name} ==")
        if one is None:
            say("(nicht aufbewahrt)")
            continue
        for text in one.texts:
            say(text)
        if one.cut:
            say(f"(gekürzt: insgesamt {one.size} Bytes)")
