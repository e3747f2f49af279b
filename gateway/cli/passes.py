"""``ki-pforte pass``: what the pass office (KI-Pass-Stelle) does. Every change is written into the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import typer

from gateway.cli.context import CliContext, context, person_id
from gateway.cli.output import CliError, Exit, emit, note, say, speaks, table
from gateway.cli.pass_import import import_
from gateway.cli.views import STATES, pass_json, pass_words, person_json
from gateway.kipass import BASIS
from gateway.kipass import passes as passes_of
from gateway.model.kipass import PassEventKind
from gateway.model.people import Person
from gateway.model.principal import PassStatus
from gateway.registry import passes as registry
from gateway.registry.books import COMMAND_LINE
from gateway.store import passes, people

pass_app = typer.Typer(name="pass", help="KI-Pass ansehen, erteilen, entziehen, sperren und entsperren.",
                       no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Email = Annotated[str, typer.Argument(help="E-Mail-Adresse der Person.")]
Scope = Annotated[str | None, typer.Option("--scope", help="Nur dieser Bereich, zum Beispiel „basis“.")]
Reason = Annotated[str, typer.Option("--reason", help="Grund, wie er in der Akte stehen soll.")]
Modules = Annotated[list[str] | None, typer.Option("--module", help="Modul; mehrfach möglich.")]


@pass_app.command("list")
@speaks
def list_(
    ctx: typer.Context,
    department: Annotated[str | None, typer.Option("--department", help="Nur dieses Amt.")] = None,
    state: Annotated[str | None, typer.Option("--state", help=f"Nur dieser Stand: {', '.join(STATES)}.")] = None,
    scope: Annotated[str, typer.Option("--scope", help="Bereich.")] = BASIS,
    json: Json = False,
) -> None:
    """Zeigt den KI-Pass aller aktiven Personen."""
    own = context(ctx)
    _check(scope, own.rules.scopes, "Den Bereich")
    if state is not None:
        _check(state, STATES, "Den Stand")
    found = [(person, held[scope]) for person, held in _everybody(own, department)
             if state is None or held[scope].state == state]
    if json:
        return emit({"scope": scope, "people": [{"email": p.email, "name": p.name, "department": p.department,
                                                 "pass": s.state, **pass_json(s)} for p, s in found]})
    return table(("E-Mail-Adresse", "Name", "Amt", "KI-Pass"), [
        (p.email, p.name, p.department, pass_words(s)) for p, s in found])


def _everybody(own: CliContext, department: str | None) -> Iterator[tuple[Person, Mapping[str, PassStatus]]]:
    """Yield everybody with all passes, page by page."""
    now, after, page = own.now(), "", 2000
    with own.reading() as connection:
        while found := people.search(connection, department=department, active=True, after=after, limit=page):
            proofs = passes.of_many(connection, [p.id for p in found])
            for person in found:
                proof = proofs.get(person.id, passes.Proof())
                yield person, passes_of(proof.evidence, proof.events, own.rules, now)
            after = found[-1].email


@pass_app.command()
@speaks
def show(ctx: typer.Context, email: Email, json: Json = False) -> None:
    """Zeigt, wo eine Person steht und was ihr fehlt."""
    own = context(ctx)
    _tell(own, registry.pass_file(own.books, person_id(own, email)), json=json)


@pass_app.command()
@speaks
def grant(
    ctx: typer.Context,
    email: Email,
    module: Modules = None,
    scope: Scope = None,
    everything: Annotated[bool, typer.Option("--all", help="Alle Module, die es gibt.")] = False,
    json: Json = False,
) -> None:
    """Trägt ein, dass eine Person Module abgeschlossen hat; mit --all oder --scope wird der KI-Pass erteilt."""
    own = context(ctx)
    rules = own.rules
    if (module is not None) + (scope is not None) + everything != 1:
        raise CliError("Bitte geben Sie genau eines an: --module MODUL, --scope BEREICH oder --all. "
                       f"Module: {', '.join(rules.modules)}. Bereiche: {', '.join(rules.scopes)}.", Exit.MISUSE)
    if scope is not None:
        _check(scope, rules.scopes, "Den Bereich")
    chosen = list(rules.modules) if everything else list(module or rules.scopes[scope or BASIS].modules)
    _tell(own, registry.grant(own.books, COMMAND_LINE, person_id(own, email), chosen, scope, event=module is None),
          json=json)


@pass_app.command()
@speaks
def revoke(ctx: typer.Context, email: Email, reason: Reason = "", module: Modules = None, scope: Scope = None,
           json: Json = False) -> None:
    """Entzieht den KI-Pass, oder mit --module einzelne Nachweise. Das wirkt innerhalb von zwei Sekunden."""
    own = context(ctx)
    if module is None:
        return _act(own, email, "entzogen", scope, reason, json=json)
    if scope is not None:
        raise CliError("Bitte geben Sie entweder --module oder --scope an, nicht beides.", Exit.MISUSE)
    file = registry.revoke_evidence(own.books, COMMAND_LINE, person_id(own, email), module, reason)
    return _tell(own, file, json=json)


@pass_app.command()
@speaks
def block(ctx: typer.Context, email: Email, reason: Reason, scope: Scope = None, json: Json = False) -> None:
    """Sperrt den KI-Pass. Das wirkt innerhalb von zwei Sekunden."""
    _act(context(ctx), email, "gesperrt", scope, reason, json=json)


@pass_app.command()
@speaks
def unblock(ctx: typer.Context, email: Email, reason: Reason = "", scope: Scope = None, json: Json = False) -> None:
    """Hebt eine Sperre auf. Eine Sperre für einen Bereich wird mit demselben --scope aufgehoben."""
    _act(context(ctx), email, "entsperrt", scope, reason, json=json)


def _act(own: CliContext, email: str, event: PassEventKind, scope: str | None, reason: str, *, json: bool) -> None:
    _tell(own, registry.act(own.books, COMMAND_LINE, person_id(own, email), event, scope, reason), json=json)


def _tell(own: CliContext, file: registry.PassFile, *, json: bool) -> None:
    person = file.person
    if json:
        return emit({**person_json(person), "pass": file.held[BASIS].state,
                     "passes": {key: pass_json(status) for key, status in file.held.items()}})
    say(f"{person.name} <{person.email}>, {person.department}")
    for key, status in file.held.items():
        say(f"KI-Pass {own.rules.scopes[key].name}: {pass_words(status)}")
    if not person.active:
        note("Der Zugang dieser Person ist abgeschaltet; der KI-Pass allein genügt nicht.")
    return None


def _check(word: str, known: Iterable[str], what: str) -> None:
    names: Sequence[str] = list(known)
    if word not in names:
        raise CliError(f"{what} „{word}“ gibt es nicht. Möglich sind: {', '.join(names)}.", Exit.MISUSE)


pass_app.command("import")(import_)
