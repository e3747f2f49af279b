"""``ki-pforte key``: make, list and revoke API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import typer

from gateway.cli.context import context, person_or_fail
from gateway.cli.output import CliError, Exit, emit, note, say, speaks, table
from gateway.cli.views import key_json, key_words
from gateway.identity.keys import key_id
from gateway.registry import keys as registry
from gateway.registry.books import COMMAND_LINE
from gateway.store import keys, people

key_app = typer.Typer(name="key", help="Schlüssel anlegen, auflisten und widerrufen.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@key_app.command()
@speaks
def create(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="E-Mail-Adresse der Person.")],
    name: Annotated[str, typer.Option("--name", help="Wofür der Schlüssel ist, zum Beispiel „Nextcloud“.")] = "",
    service: Annotated[str | None, typer.Option(
        "--service", help="Für einen automatischen Dienst dieses Amtes, zum Beispiel n8n. Die Person ist dafür "
                          "verantwortlich, ihr KI-Pass muss gelten; --name und --days sind nötig.")] = None,
    purpose: Annotated[str, typer.Option(
        "--purpose", help="Zweck, für den der Schlüssel ist, zum Beispiel „uebersetzung“. Er gilt für Anfragen, die "
                          "selbst keinen nennen.")] = "",
    days: Annotated[int | None, typer.Option("--days", min=1, max=3660, help="Gültig für so viele Tage.")] = None,
    block_style: Annotated[Literal["error", "message"], typer.Option(
        "--block-style", help="Wie eine Ablehnung erscheint: als Fehler, oder als Antwort im Chat.")] = "error",
    json: Json = False,
) -> None:
    """Legt einen Schlüssel an und zeigt ihn dieses eine Mal."""
    own = context(ctx)
    now = own.now()
    if service in own.departments and not (name.strip() and days is not None):
        raise CliError("Ein Dienst braucht mit --name einen Namen und mit --days ein Ende.", Exit.MISUSE)
    with own.reading() as connection:
        person = person_or_fail(connection, email)
    if not person.active:
        raise CliError(f"Der Zugang von {person.email} ist nicht aktiv. Mit „ki-pforte person enable "
                       f"{person.email}“ schalten Sie ihn wieder frei.", Exit.MISUSE)
    key, text = registry.create(own.books, COMMAND_LINE, person.id, name, service=service, purpose=purpose,
                                expires_at=now + timedelta(days=days) if days else None, block_style=block_style)
    if json:
        return emit({**key_json(key, person.email, now), "key": text})
    note(f"Neuer Schlüssel für {person.email}. Er wird nur jetzt angezeigt; bitte kopieren Sie ihn gleich:")
    return say(text)


@key_app.command("list")
@speaks
def list_(
    ctx: typer.Context,
    email: Annotated[str | None, typer.Argument(help="Nur die Schlüssel dieser Person.")] = None,
    active: Annotated[bool, typer.Option("--active", help="Nur Schlüssel, die noch gelten.")] = False,
    json: Json = False,
) -> None:
    """Zeigt Schlüssel mit ihrem Kennzeichen und dem Tag der letzten Nutzung; nie den Schlüssel selbst."""
    own = context(ctx)
    now = own.now()
    with own.reading() as connection:
        owner = person_or_fail(connection, email) if email else None
        found = keys.search(connection, person_id=owner.id if owner else None, active=active, now=now, limit=1_000_000)
        everybody = {owner.id: owner} if owner else {p.id: p for p in people.every(connection).values()}
    if json:
        return emit({"keys": [key_json(k, everybody[k.person_id].email, now) for k in found]})
    return table(("Kennzeichen", "Person", "Name", "Dienst", "Zweck", "Stand", "angelegt", "zuletzt genutzt"), [
        (k.id, everybody[k.person_id].email, k.name, k.service or "", k.purpose, key_words(k, now),
         f"{k.created_at:%d.%m.%Y}", f"{k.last_used_on:%d.%m.%Y}" if k.last_used_on else "nie")
        for k in found])


@key_app.command()
@speaks
def revoke(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Kennzeichen des Schlüssels (aus „key list“), oder der ganze Schlüssel.")],
    json: Json = False,
) -> None:
    """Widerruft einen Schlüssel. Das wirkt innerhalb von zwei Sekunden und lässt sich nicht zurücknehmen."""
    own = context(ctx)
    public = key_id(key) or key
    done = registry.revoke(own.books, COMMAND_LINE, public)
    if done is None:
        # What was typed is not repeated: it may be most of a key.
        raise CliError("Diesen Schlüssel gibt es nicht. „ki-pforte key list“ zeigt alle.", Exit.MISUSE)
    changed = done[1]
    if json:
        return emit({"id": public, "revoked": True, "changed": changed})
    return note(f"Der Schlüssel {public} {'ist' if changed else 'war schon'} widerrufen.")
