"""``ki-pforte person``: who works here. The import is in `person_import`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import person_import
from gateway.cli.context import CliContext, context, person_id, person_or_fail
from gateway.cli.output import CliError, Exit, emit, note, say, speaks, table
from gateway.cli.views import key_json, key_words, pass_json, pass_words, person_json
from gateway.identity.passwords import Passwords
from gateway.kipass import last_day
from gateway.kipass import passes as passes_of
from gateway.registry import people as registry
from gateway.registry.accounts import Accounts
from gateway.registry.books import COMMAND_LINE
from gateway.store import keys, passes, people

person_app = typer.Typer(name="person", help="Personen eintragen, auflisten, einlesen und abschalten.",
                         no_args_is_help=True)

group_app = typer.Typer(name="group", help="Personen in Gruppen mit eigenen Regeln aufnehmen und herausnehmen.",
                        no_args_is_help=True)
person_app.add_typer(group_app)

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Groups = Annotated[list[str] | None, typer.Option(
    "--group", help="Gruppe mit eigenen Regeln (policies/groups), zum Beispiel „auszubildende“; mehrfach möglich.")]
Group = Annotated[str, typer.Argument(help="Gruppe (Name der Datei unter policies/groups, ohne „.yaml“).")]
Email = Annotated[str, typer.Argument(help="E-Mail-Adresse der Person.")]


@person_app.command()
@speaks
def add(
    ctx: typer.Context,
    email: Email,
    name: Annotated[str, typer.Option("--name", help="Vor- und Nachname.")],
    department: Annotated[str, typer.Option("--department", help="Amt, zum Beispiel „bauamt“.")],
    also: Annotated[list[str] | None, typer.Option(
        "--also", help="Weiteres Amt, für das die Person arbeitet; mehrfach möglich.")] = None,
    external_id: Annotated[str, typer.Option(
        "--external-id", help="Kennung im Verzeichnisdienst; sie bleibt, wenn sich die Adresse ändert.")] = "",
    role: Annotated[list[str] | None, typer.Option(
        "--role", help="Rolle; mehrfach möglich. „staff“ hat jede Person.")] = None,
    group: Groups = None,
    json: Json = False,
) -> None:
    """Trägt eine Person ein."""
    person = registry.add(context(ctx).books, COMMAND_LINE, people.NewPerson(
        email, name, department, frozenset(role or ()), external_id, frozenset(also or ()), frozenset(group or ())))
    if json:
        return emit(person_json(person))
    return note(f"{person.name} ist eingetragen. Einen Schlüssel erhält die Person mit: "
                f"ki-pforte key create {person.email}")


@person_app.command("list")
@speaks
def list_(
    ctx: typer.Context,
    department: Annotated[str | None, typer.Option("--department", help="Nur dieses Amt.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Nur Personen mit dieser Rolle.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Nur Mitglieder dieser Gruppe.")] = None,
    text: Annotated[str, typer.Option("--text", help="Teil von Name oder Adresse.")] = "",
    everyone: Annotated[bool, typer.Option("--all", help="Auch Personen, die nicht mehr aktiv sind.")] = False,
    json: Json = False,
) -> None:
    """Zeigt, wer eingetragen ist."""
    with context(ctx).reading() as connection:
        found = people.search(connection, text=text, department=department, role=role, group=group,
                              active=None if everyone else True, limit=1_000_000)
    if json:
        return emit({"people": [person_json(p) for p in found]})
    return table(("E-Mail-Adresse", "Name", "Amt", "Rollen", "Gruppen", "Stand"), [
        (p.email, p.name, p.department, ", ".join(sorted(p.roles)), ", ".join(sorted(p.groups)),
         "aktiv" if p.active else "nicht aktiv")
        for p in found])


@person_app.command()
@speaks
def show(ctx: typer.Context, email: Email, json: Json = False) -> None:
    """Zeigt eine Person mit ihrem KI-Pass und ihren Schlüsseln."""
    own = context(ctx)
    now = own.now()
    with own.reading() as connection:
        person = person_or_fail(connection, email)
        proof = passes.of(connection, person.id)
        own_keys = keys.search(connection, person_id=person.id, now=now)
    held = passes_of(proof.evidence, proof.events, own.rules, now)
    if json:
        return emit({**person_json(person), "passes": {scope: pass_json(s) for scope, s in held.items()},
                     "keys": [key_json(k, person.email, now) for k in own_keys]})
    places = ", ".join([person.department, *sorted(person.further)])
    say(f"{person.name} <{person.email}>, {places}, {'aktiv' if person.active else 'nicht aktiv'}")
    say(f"Rollen: {', '.join(sorted(person.roles))}")
    if person.groups:
        say(f"Gruppen: {', '.join(sorted(person.groups))}")
    for scope, status in held.items():
        say(f"KI-Pass {own.rules.scopes[scope].name}: {pass_words(status)}")
    for key in own_keys:
        say(f"Schlüssel {key.id} „{key.name}“: {key_words(key, now)}")
    return None


@person_app.command()
@speaks
def disable(ctx: typer.Context, email: Email, json: Json = False) -> None:
    """Schaltet eine Person ab und widerruft ihre Schlüssel, zum Beispiel wenn sie das Haus verlässt."""
    _switch(context(ctx), email, active=False, json=json)


@person_app.command()
@speaks
def enable(ctx: typer.Context, email: Email, json: Json = False) -> None:
    """Schaltet eine Person wieder frei. Sie braucht danach einen neuen Schlüssel."""
    _switch(context(ctx), email, active=True, json=json)


@person_app.command()
@speaks
def invite(ctx: typer.Context, email: Email, json: Json = False) -> None:
    """Gibt einen Link aus, mit dem sich eine Person ein Kennwort wählt: einmal, sieben Tage lang."""
    own = context(ctx)
    if not own.local_sign_in:
        raise CliError("Mit Kennwort meldet sich hier niemand an, weil es einen Anmeldedienst gibt. "
                       "KI_PFORTE_LOCAL_SIGN_IN=on lässt beides zu.", Exit.MISUSE)
    with own.reading() as connection:
        person = person_or_fail(connection, email)
    made = Accounts(own.books, Passwords()).invite(COMMAND_LINE, person.id)
    link = f"{own.address or own.policy_set.organisation.base_url}/einladung/{made.code}"
    if json:
        return emit({"email": person.email, "kind": made.kind, "link": link, "expires_at": made.expires_at.isoformat()})
    note(f"Link für {person.email}, einmal zu benutzen, bis {last_day(made.expires_at):%d.%m.%Y}. Er wird nur jetzt "
         "angezeigt. Geben Sie ihn der Person selbst:")
    return say(link)


def _switch(own: CliContext, email: str, *, active: bool, json: bool) -> None:
    done = registry.switch(own.books, COMMAND_LINE, person_id(own, email), active=active)
    if json:
        return emit({**person_json(done.person), "changed": done.changed})
    state = "aktiv" if active else "nicht mehr aktiv; alle Schlüssel sind widerrufen"
    return note(f"{done.person.email} ist {state}.")


@person_app.command()
@speaks
def rename(
    ctx: typer.Context,
    email: Email,
    to: Annotated[str, typer.Option("--to", help="Neue E-Mail-Adresse.")] = "",
    name: Annotated[str, typer.Option("--name", help="Neuer Name.")] = "",
    json: Json = False,
) -> None:
    """Ändert Adresse oder Namen einer Person; KI-Pass und Schlüssel bleiben."""
    own = context(ctx)
    if not to and not name:
        raise CliError("Bitte geben Sie mit --to die neue Adresse an, mit --name den neuen Namen, oder beides.",
                       Exit.MISUSE)
    done = registry.change(own.books, COMMAND_LINE, person_id(own, email),
                           lambda person: replace(person, email=to or person.email, name=name or person.name))
    if json:
        return emit({**person_json(done.person), "changed": done.changed})
    return note(f"{done.person.name} <{done.person.email}> ist eingetragen.")


@person_app.command("import")
@speaks
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV-Datei mit den Spalten email, name, department, "
                                                     "roles; möglich sind auch also, groups, external_id.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Nur zeigen, was geschähe.")] = False,
    disable_missing: Annotated[bool, typer.Option(
        "--disable-missing", help="Wer nicht in der Datei steht, wird abgeschaltet.")] = False,
    group: Annotated[list[str] | None, typer.Option(
        "--group", help="Alle in der Datei in diese Gruppe aufnehmen; mehrfach möglich.")] = None,
    json: Json = False,
) -> None:
    """Liest Personen aus einer CSV-Datei ein: ganz oder gar nicht."""
    own = context(ctx)
    rows, errors = person_import.read(file)
    with own.reading() if dry_run else own.writing() as connection:
        plan = person_import.plan(rows, errors, people.every(connection), set(own.departments),
                                  set(own.policy_set.groups), joins=own.check_groups(group or ()),
                                  disable_missing=disable_missing)
        if not plan.errors and not dry_run:
            person_import.carry_out(plan, connection, own.record, own.now())
    person_import.report(plan, dry_run=dry_run, as_json=json)
    if plan.errors:
        raise typer.Exit(int(Exit.FOUND))


@group_app.command("add")
@speaks
def group_add(ctx: typer.Context, email: Email, group: Group, json: Json = False) -> None:
    """Nimmt eine Person in eine Gruppe auf. Das wirkt innerhalb von zwei Sekunden."""
    _regroup(context(ctx), email, frozenset({group}), frozenset(), json=json)


@group_app.command("remove")
@speaks
def group_remove(ctx: typer.Context, email: Email, group: Group, json: Json = False) -> None:
    """Nimmt eine Person aus einer Gruppe heraus. Das wirkt innerhalb von zwei Sekunden."""
    _regroup(context(ctx), email, frozenset(), frozenset({group}), json=json)


def _regroup(own: CliContext, email: str, joins: frozenset[str], leaves: frozenset[str], *, json: bool) -> None:
    done = registry.change(own.books, COMMAND_LINE, person_id(own, email),
                           lambda person: replace(person, groups=(person.groups | joins) - leaves))
    if json:
        return emit({**person_json(done.person), "changed": done.changed})
    said = ", ".join(sorted(done.person.groups)) or "keine"
    return note(f"{done.person.email}: {'Gruppen' if done.changed else 'unverändert, Gruppen'} {said}.")
