"""``ki-pforte client``: trusted front ends, chat applications that ask in the name of the people who use them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.output import CliError, Exit, emit, note, say, speaks, table
from gateway.cli.views import day, key_words, works
from gateway.identity.keys import key_id, new_key
from gateway.model.clients import GroupsMode, Identity, TrustedClient
from gateway.model.people import BlockStyle
from gateway.store import clients

client_app = typer.Typer(name="client", help="Anwendungen zulassen, die für angemeldete Personen fragen.",
                         no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
PERSON_HEADER: Final = "X-OpenWebUI-User-Jwt"
EMAIL_HEADER: Final = "X-OpenWebUI-User-Email"
ID_HEADER: Final = "X-KIP-User"
GROUPS_HEADER: Final = "X-KIP-Groups"
_HEADER: Final = re.compile(r"x-[0-9a-z-]{1,60}")
_SECRET: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_TAKEN: Final = ("x-api-key", "x-ki-zweck", "x-request-id", "x-forwarded-for", "x-forwarded-proto")
IDENTITY_WORDS: Final = {"openwebui-jwt": "unterschrieben", "headers": "Kopfzeilen"}


@client_app.command()
@speaks
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name der Anwendung, zum Beispiel „Open WebUI“.")],
    identity: Annotated[Identity, typer.Option(
        "--identity", help="Wie sie sagt, wer fragt: mit dem unterschriebenen Token von Open WebUI, oder mit einfachen "
                           "Kopfzeilen, die nur sie setzen kann.")],
    secret: Annotated[str, typer.Option(
        "--secret", help="Name des Geheimnisses, mit dem Open WebUI unterschreibt: eine Umgebungsvariable oder Datei "
                         "unter secrets in HOME, mindestens 32 Zeichen lang.")] = "",
    token_header: Annotated[str, typer.Option("--token-header", help="Kopfzeile mit dem Token.")] = PERSON_HEADER,
    email_header: Annotated[str, typer.Option(
        "--email-header", help="Kopfzeile mit der E-Mail-Adresse; leer: keine.")] = EMAIL_HEADER,
    id_header: Annotated[str, typer.Option(
        "--id-header", help="Kopfzeile mit der Kennung aus dem Verzeichnisdienst; leer: keine.")] = ID_HEADER,
    groups_header: Annotated[str, typer.Option("--groups-header", help="Kopfzeile mit den Gruppen.")] = GROUPS_HEADER,
    groups: Annotated[GroupsMode, typer.Option(
        "--groups", help="Was die Gruppen bestimmen: nichts (directory), welches der eigenen Ämter einer Person gilt "
                         "(choose), oder welches aller Ämter (lead). Mit choose und lead gelten auch die Gruppen aus "
                         "policies/groups, die dort genannt sind.")] = "directory",
    block_style: Annotated[BlockStyle, typer.Option(
        "--block-style", help="Wie eine Ablehnung erscheint: als Fehler, oder als Antwort im Chat.")] = "message",
    purpose: Annotated[str, typer.Option(
        "--purpose", help="Zweck, der für Anfragen dieser Anwendung gilt, die selbst keinen nennen.")] = "",
    days: Annotated[int | None, typer.Option("--days", min=1, max=3660, help="Zugelassen für so viele Tage.")] = None,
    json: Json = False,
) -> None:
    """Lässt eine Anwendung zu und zeigt ihren Schlüssel dieses eine Mal."""
    own = context(ctx)
    now = own.now()
    fresh = new_key()
    signed = identity == "openwebui-jwt"
    client = TrustedClient(
        fresh.id, _name(name), identity, now, _header(token_header) if signed else "", _secret(secret, identity),
        "" if signed else _header(email_header, optional=True), "" if signed else _header(id_header, optional=True),
        _header(groups_header), groups, block_style, now + timedelta(days=days) if days else None,
        purpose=own.check_purpose(purpose, own.purposes if purpose else ()))
    _consistent(client)
    with own.writing() as connection:
        clients.add(connection, client, fresh.sha256)
        own.record("client.added", {"client": client.id, "identity": identity, "via": "cli"}, None)
    if json:
        return emit({**client_json(client, now), "key": fresh.text})
    note(f"„{client.name}“ ist zugelassen. Der Schlüssel wird nur jetzt angezeigt; bitte kopieren Sie ihn gleich:")
    say(fresh.text)
    return note(_advice(client))


@client_app.command("list")
@speaks
def list_(ctx: typer.Context, active: Annotated[bool, typer.Option(
        "--active", help="Nur Anwendungen, die noch zugelassen sind.")] = False, json: Json = False) -> None:
    """Zeigt die zugelassenen Anwendungen; nie Schlüssel oder Geheimnis."""
    own = context(ctx)
    now = own.now()
    with own.reading() as connection:
        found = [client for client in clients.every(connection) if works(client, now) or not active]
    if json:
        return emit({"clients": [client_json(client, now) for client in found]})
    return table(("Kennzeichen", "Name", "Person durch", "Gruppen", "Stand", "zugelassen", "zuletzt genutzt"), [
        (c.id, c.name, IDENTITY_WORDS[c.identity], c.groups, key_words(c, now), f"{c.created_at:%d.%m.%Y}",
         f"{c.last_used_on:%d.%m.%Y}" if c.last_used_on else "nie") for c in found])


@client_app.command()
@speaks
def revoke(
    ctx: typer.Context,
    client: Annotated[str, typer.Argument(help="Kennzeichen der Anwendung (aus „client list“), oder ihr Schlüssel.")],
    json: Json = False,
) -> None:
    """Nimmt die Zulassung zurück. Das wirkt innerhalb von zwei Sekunden und lässt sich nicht zurücknehmen."""
    own = context(ctx)
    public = key_id(client) or client
    changed = _revoke(own, public)
    if json:
        return emit({"id": public, "revoked": True, "changed": changed})
    return note(f"Die Anwendung {public} {'ist' if changed else 'war schon'} nicht mehr zugelassen.")


def _revoke(own: CliContext, public: str) -> bool:
    with own.writing() as connection:
        if clients.by_id(connection, public) is None:
            # What was typed is not repeated: it may be most of a key.
            raise CliError("Diese Anwendung gibt es nicht. „ki-pforte client list“ zeigt alle.", Exit.MISUSE)
        changed = clients.revoke(connection, public, own.now())
        if changed:
            own.record("client.revoked", {"client": public, "via": "cli"}, None)
    return changed


def client_json(client: TrustedClient, now: datetime) -> dict[str, Any]:
    """Return a front end for scripts."""
    return {"id": client.id, "name": client.name, "identity": client.identity, "active": works(client, now),
            "secret": client.secret_name or None,
            "headers": {kind: header for kind, header in (
                ("token", client.token_header), ("email", client.email_header), ("id", client.id_header),
                ("groups", client.groups_header if client.groups != "directory" else "")) if header},
            "groups": client.groups, "block_style": client.block_style, "purpose": client.purpose or None,
            "created_on": day(client.created_at),
            "expires_at": client.expires_at and client.expires_at.isoformat(),
            "revoked_at": client.revoked_at and client.revoked_at.isoformat(),
            "last_used_on": client.last_used_on and client.last_used_on.isoformat()}


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise CliError("Bitte geben Sie der Anwendung einen Namen mit höchstens 200 Zeichen.", Exit.MISUSE)
    return name


def _header(name: str, *, optional: bool = False) -> str:
    lower = name.strip().lower()
    if optional and not lower:
        return ""
    if not _HEADER.fullmatch(lower) or lower in _TAKEN:
        raise CliError("Der Name einer Kopfzeile beginnt mit „X-“, besteht aus Buchstaben, Ziffern und Bindestrichen "
                       "und hat bei der KI-Pforte nicht schon eine andere Bedeutung.", Exit.MISUSE)
    return lower


def _secret(name: str, identity: Identity) -> str:
    if identity == "headers":
        if name:
            raise CliError("--secret gilt nur mit --identity openwebui-jwt.", Exit.MISUSE)
        return ""
    if not _SECRET.fullmatch(name):
        # What was typed is not repeated: it may be the secret itself.
        raise CliError("Bitte nennen Sie mit --secret den Namen, nicht den Wert des Geheimnisses: Buchstaben, Ziffern "
                       "und „_“, zum Beispiel OPEN_WEBUI_SECRET.", Exit.MISUSE)
    return name


def _consistent(client: TrustedClient) -> None:
    used = [name for name in (client.token_header, client.email_header, client.id_header, client.groups_header) if name]
    if client.identity == "headers" and not client.email_header and not client.id_header:
        raise CliError("Ohne Kopfzeile für Adresse oder Kennung kann die Anwendung niemanden nennen.", Exit.MISUSE)
    if len(set(used)) != len(used):
        raise CliError("Jede Kopfzeile kann nur eines bedeuten; zwei haben denselben Namen.", Exit.MISUSE)


def _advice(client: TrustedClient) -> str:
    if client.identity == "openwebui-jwt":
        return (f"Legen Sie das Geheimnis als Umgebungsvariable {client.secret_name} der KI-Pforte oder als Datei "
                f"secrets/{client.secret_name} in HOME ab (mindestens 32 Zeichen) und tragen Sie es in Open WebUI als "
                "FORWARD_USER_INFO_HEADER_JWT_SECRET ein. „ki-pforte doctor“ prüft, ob es da ist.")
    return ("Wer diesen Schlüssel hat, kann im Namen jeder eingetragenen Person fragen. Bitte geben Sie ihn nur der "
            "Anwendung, und nur über eine verschlüsselte Verbindung.")
