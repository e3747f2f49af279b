"""``ki-pforte reid``: resolving a pseudonym, step by step, by two people and with two keys.

Who the person at the terminal is, the commands cannot know: they check that the person named with ``--as`` has the
role, say that they believe it, and each step stands in the ledger under that person's pseudonym, marked as made at a
terminal (``via``: ``cli``). Signed in, the same is done on the page ``/review/person``. What nobody at a terminal can
do is open a sealed identity: that takes both private keys, which are not in the house.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from audit import Ledger, LedgerConfigError, Reidentification
from audit.keyring import NAMES
from audit.record import now_us
from audit.reid_state import REASONS, Request
from gateway.cli.audit import Json, ledger_errors, open_one
from gateway.cli.context import CliContext, context, person_or_fail
from gateway.cli.output import CliError, Exit, emit, note, say, table
from gateway.cli.views import moment
from gateway.model.people import Person
from gateway.model.reid import STATES
from gateway.store import people

reid_app = typer.Typer(name="reid", help="Ein Pseudonym auflösen: mit Grund, zu zweit und nachvollziehbar.",
                       no_args_is_help=True)
As = Annotated[str, typer.Option("--as", help="E-Mail-Adresse der Person, die handelt.")]
Which = Annotated[str, typer.Argument(help="Nummer des Antrags („ki-pforte reid list“ zeigt sie).")]
InRole = Annotated[str, typer.Option("--role", help="Rolle, in der die Person handelt: dpo oder personalrat; nötig, "
                                                   "wenn sie beide hat.")]
APPROVERS = ("dpo", "personalrat")


@reid_app.command("request")
@ledger_errors
def request_(
    ctx: typer.Context,
    by: As,
    case: Annotated[str, typer.Option("--case", help="Nummer des Falls, zum Beispiel „V-2026-3“.")],
    reason: Annotated[str, typer.Option("--reason", help=f"Grund: {', '.join(REASONS)}.")],
    pseudonym: Annotated[str, typer.Option("--pseudonym", help="Das eine Pseudonym (P-…).")] = "",
    vorgang: Annotated[str, typer.Option("--vorgang", help="Der eine Vorgang, in dem es steht.")] = "",
    json: Json = False,
) -> None:
    """Beantragt, ein Pseudonym aufzulösen."""
    own = context(ctx)
    person = acting(own, by, ("dpo", "personalrat", "it", "leitung"))
    with open_one(ctx) as ledger:
        made = _work(ledger).request(case=case, reason=reason, by=person.id, pseudonym=pseudonym, vorgang=vorgang)
    if json:
        return emit(_shown(made))
    note("Der Antrag gilt sieben Tage. Zustimmen müssen die oder der Datenschutzbeauftragte und der Personalrat:")
    return say(made.id)


@reid_app.command()
@ledger_errors
def approve(ctx: typer.Context, request: Which, by: As, role: InRole = "", json: Json = False) -> None:
    """Stimmt einem Antrag zu; zwei verschiedene Personen müssen es tun, eine je Rolle."""
    _decide(ctx, Reidentification.approve, request, by, role, json)


@reid_app.command()
@ledger_errors
def deny(ctx: typer.Context, request: Which, by: As, role: InRole = "", json: Json = False) -> None:
    """Lehnt einen Antrag ab; er ist damit beendet."""
    _decide(ctx, Reidentification.deny, request, by, role, json)


@reid_app.command()
@ledger_errors
def resolve(
    ctx: typer.Context,
    request: Which,
    by: As,
    answer: Annotated[Path | None, typer.Argument(help="Antwort der beiden Vertrauenspersonen (Textdatei); ohne "
                                                       "Angabe wird das Siegel für sie ausgegeben.")] = None,
    json: Json = False,
) -> None:
    """Gibt das Siegel für die Vertrauenspersonen aus und zeigt mit ihrer Antwort einmal den Namen."""
    own = context(ctx)
    person = acting(own, by, APPROVERS)
    with open_one(ctx) as ledger:
        reid = _work(ledger)
        if answer is None:
            piece = reid.hand_out(request, person.id)
            if json:
                return emit({"request": request, "piece": piece})
            note("Dieses Stück geht an die oder den Datenschutzbeauftragten, das Ergebnis von dort an den Personalrat. "
                 "Die Antwort wird innerhalb von 24 Stunden gebraucht.")
            return say(piece.rstrip("\n"))
        if not answer.is_file():
            raise LedgerConfigError(f"Die Datei {answer} gibt es nicht.")
        subject = reid.resolve(request, answer.read_text("ascii", "replace"), person.id)
    with own.reading() as connection:
        found = people.by_id(connection, subject)
    if json:
        return emit({"request": request, "id": subject, "name": found.name if found else None,
                     "email": found.email if found else None})
    say(f"{found.name} ({found.email})" if found else "Die Person ist nicht mehr eingetragen; ihre Kennung ist "
                                                      f"{subject}.")
    return note("Das wird nur dieses eine Mal gezeigt. Bitte informieren Sie die Person und tragen Sie es ein: "
                f"ki-pforte reid inform {request}")


@reid_app.command()
@ledger_errors
def inform(
    ctx: typer.Context,
    request: Which,
    by: As,
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Tag, an dem die Person informiert "
                                                "wurde; ohne Angabe heute.")] = None,
    json: Json = False,
) -> None:
    """Trägt ein, dass die Person informiert wurde, und wann."""
    person = acting(context(ctx), by, APPROVERS)
    with open_one(ctx) as ledger:
        found = _work(ledger).inform(request, person.id, on.date() if on else None)
    _said(found, json)


@reid_app.command("list")
@ledger_errors
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt alle Anträge und was noch zu tun ist (1: jemand ist noch zu informieren)."""
    with open_one(ctx) as ledger:
        reid = _work(ledger)
        reid.expire()
        found = reid.requests()
    if json:
        emit({"requests": [_shown(one) for one in found]})
    else:
        table(("Antrag", "gestellt", "Fall", "Grund", "Pseudonym", "Zustimmung", "Stand"), [
            (one.id, moment(datetime.fromtimestamp(one.at_us / 1e6, UTC)), one.case, one.reason,
             one.pseudonym or "gelöscht", ", ".join(sorted(one.approvals)) or "-", STATES[one.state(now_us())])
            for one in found])
    if any(one.state(now_us()) == "resolved" for one in found):
        raise typer.Exit(Exit.FOUND)


@reid_app.command()
@ledger_errors
def keys(
    ctx: typer.Context,
    add: Annotated[str, typer.Option("--add", help="Öffentlicher Schlüssel einer Vertrauensperson, als Text oder "
                                                   "Datei; er wartet dann auf die Zustimmung des Personalrats.")] = "",
    by: Annotated[str, typer.Option("--as", help="E-Mail-Adresse der Person, die handelt.")] = "",
    json: Json = False,
) -> None:
    """Zeigt die Schlüssel, für die Identitäten versiegelt werden; ein neuer wartet auf den Personalrat.

    Der Personalrat stimmt angemeldet auf seiner Seite zu (/review/personalrat): Am Terminal könnte eine Person beide
    Namen nennen.
    """
    own = context(ctx)
    with open_one(ctx) as ledger:
        if add:
            text = Path(add).read_text("ascii", "replace") if "+" not in add and Path(add).is_file() else add
            ledger.keyring.propose(text, acting(own, by, ("it", "dpo", "personalrat")).id, _writes(ledger))
        in_force, waiting = list(ledger.keyring.in_force().values()), ledger.keyring.waiting()
        problem = ledger.keyring.problem()
    if json:
        return emit({"in_force": [_key(k) for k in in_force], "waiting": [_key(k) for k in waiting],
                     "problem": problem})
    table(("Rolle", "Kennung", "Stand", "Fingerabdruck"), [
        (NAMES[k.role], k.id, state, k.fingerprint)
        for state, some in (("in Kraft", in_force), ("wartet auf den Personalrat", waiting)) for k in some])
    return note(problem) if problem else None


def _decide(ctx: typer.Context, step: Callable[[Reidentification, str, str, str], Request], request: str, by: str,
            role: str, json: bool) -> None:
    """Agree or refuse, in the role that the person has."""
    person = acting(context(ctx), by, APPROVERS)
    with open_one(ctx) as ledger:
        found = step(_work(ledger), request, _role(person, role), person.id)
    _said(found, json)


def _work(ledger: Ledger) -> Reidentification:
    return Reidentification(ledger, via="cli")


def _writes(ledger: Ledger) -> Any:
    return lambda kind, meta, by: ledger.append_wait(ledger.draft(kind, {**meta, "via": "cli"}, subject=by))


def _key(key: Any) -> dict[str, str]:
    return {"role": key.role, "id": key.id, "fingerprint": key.fingerprint, "key": str(key)}


def acting(own: CliContext, email: str, roles: tuple[str, ...]) -> Person:
    """Return who acts, or end with a sentence if that person may not."""
    if not email:
        raise CliError("Bitte nennen Sie mit --as, wer handelt.", Exit.MISUSE)
    with own.reading() as connection:
        person = person_or_fail(connection, email)
    if not person.active or not person.roles & set(roles):
        raise CliError(f"„{email}“ hat keine der Rollen {', '.join(roles)}.", Exit.MISUSE)
    note("Wer am Terminal sitzt, wird nicht geprüft; das Protokoll vermerkt, dass der Schritt dort gemacht wurde.")
    return person


def _role(person: Person, wanted: str) -> str:
    held = [role for role in APPROVERS if role in person.roles]
    if wanted:
        held = [role for role in held if role == wanted]
    if len(held) != 1:
        raise CliError("Bitte nennen Sie mit --role, in welcher Rolle die Person handelt: dpo oder personalrat."
                       if held else "Diese Rolle hat die Person nicht.", Exit.MISUSE)
    return held[0]


def _said(found: Request, json: bool) -> None:
    return emit(_shown(found)) if json else note(f"Stand des Antrags: {STATES[found.state(now_us())]}.")


def _shown(one: Request) -> dict[str, Any]:
    return {"request": one.id, "case": one.case, "reason": one.reason, "pseudonym": one.pseudonym,
            "vorgang": one.vorgang, "approved": sorted(one.approvals), "state": one.state(now_us())}
