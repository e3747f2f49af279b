"""``ki-pforte pass verify`` and ``pass issuer``: certificates of other towns checked, the keys of this one shown.

Checking needs no network, no database and no policies: a file, the keys of whoever issued it, and a clock.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli.context import context
from gateway.cli.output import CliError, Exit, cannot_run, emit, in_german, note, say
from gateway.kipass import last_day
from gateway.kipass.calendar import day_of
from gateway.kipass.messages import german
from gateway.model.certificates import Attestation

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
_LONGEST: Final = 300_000
"""Bytes that are read of a file: more than any certificate or list of keys has."""


@cannot_run
def verify(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Der Nachweis (.jws); „-“: von der Standardeingabe.")],
    issuer_keys: Annotated[Path | None, typer.Option(
        "--issuer-keys", help="Die Datei /.well-known/ki-pass.json der Stelle, die den Nachweis ausgestellt hat. Ohne "
                              "Angabe: die Schlüssel der eigenen KI-Pforte.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Ein öffentlicher Schlüssel allein (JWK oder PEM).")] = None,
    json: Json = False,
) -> None:
    """Prüft einen KI-Pass-Nachweis ohne Netz: 0 gültig, 1 nicht gültig, 2 falscher Aufruf, 3 nicht prüfbar."""
    from gateway.kipass.credential import REFUSALS
    from gateway.kipass.credential import verify as checked
    from gateway.kipass.issuer import Issuer, KeysError, issuer_of, read_issuer
    from gateway.kipass.signing import CredentialError, Problem
    if issuer_keys and key:
        raise CliError("Bitte geben Sie entweder --issuer-keys oder --key an, nicht beides.", Exit.MISUSE)
    issuer: Issuer
    if source := issuer_keys or key:
        try:
            issuer = read_issuer(_text(source))
        except KeysError as error:
            raise CliError(f"Der Nachweis lässt sich nicht prüfen. {error}", Exit.CANNOT_RUN) from None
    else:
        from gateway.home import pass_keys
        from gateway.settings import load
        if not (home := load().home / "keys" / "ki-pass").exists():
            raise CliError(f"Mit welchen Schlüsseln? In {home.parent} liegen keine eigenen. Bitte geben Sie mit "
                           "--issuer-keys die Datei der ausstellenden Stelle an.", Exit.MISUSE)
        issuer = issuer_of(pass_keys(load().home).published)
    token = _text(file).strip()
    try:
        found = checked(token, issuer, context(ctx).now())
    except CredentialError as error:
        if json:
            emit({"valid": False, "problem": error.problem.value, "message": REFUSALS[error.problem]})
        note(REFUSALS[error.problem])
        raise typer.Exit(Exit.CANNOT_RUN if error.problem is Problem.VERSION else Exit.FOUND) from None
    if json:
        return emit({"valid": True, **_json(found.shows, found.issued_at)})
    return _tell(found.shows, found.issued_at, trusted=bool(issuer.address) or source is None)


@cannot_run
def issuer(
    ctx: typer.Context,
    rotate: Annotated[bool, typer.Option("--rotate", help="Zuerst einen neuen Schlüssel anlegen. Was mit dem alten "
                                                          "unterschrieben ist, bleibt prüfbar.")] = False,
) -> None:
    """Zeigt die Schlüssel, mit denen andere die Nachweise dieser KI-Pforte prüfen (JSON)."""
    from gateway.home import pass_keys, rotate_pass_keys
    from gateway.kipass.issuer import document, issuer_of
    from gateway.settings import load
    home, organisation = load().home, context(ctx).policy_set.organisation
    keys = rotate_pass_keys(home) if rotate else pass_keys(home)
    emit(document(issuer_of(keys.published, organisation.base_url, organisation.name)))


def _text(file: Path) -> str:
    """Return what a file says, as far as anything could be in it; bytes that are no text become signs of that."""
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.read(_LONGEST)
        else:
            with file.open("rb") as opened:
                content = opened.read(_LONGEST)
    except OSError as error:
        raise CliError(f"{file} {in_german(error)}", Exit.CANNOT_RUN) from None
    return content.decode("utf-8-sig", "replace")


def _json(shows: Attestation, issued_at: datetime) -> dict[str, Any]:
    return {"issuer": shows.issuer, "issuer_name": shows.issuer_name, "name": shows.name,
            "department": shows.department, "number": shows.number,
            "scopes": [{"id": s.key, "name": s.name, "until": s.until and s.until.isoformat()} for s in shows.scopes],
            "agreement": shows.agreement, "issued_at": issued_at.isoformat(),
            "valid_until": shows.ends_at and shows.ends_at.isoformat(), "verify": shows.address}


def _tell(shows: Attestation, issued_at: datetime, *, trusted: bool) -> None:
    end = f" bis {german(last_day(shows.ends_at))}" if shows.ends_at else ", ohne Enddatum"
    say(f"Dieser Nachweis ist echt und gilt{end}.")
    say(f"{shows.name}, {shows.department}, {shows.issuer_name}")
    for scope in shows.scopes:
        say(f"  {scope.name}{f', bis {german(scope.until)}' if scope.until else ''}")
    if shows.agreement:
        say(f"Dienstvereinbarung: Fassung {shows.agreement}")
    say(f"Ausgestellt am {german(day_of(issued_at))} von {shows.issuer}")
    if not trusted:
        note("Geprüft wurde mit einem Schlüssel, der nicht sagt, wem er gehört. Bitte vergewissern Sie sich, dass er "
             "von dieser Stelle stammt.")
    note(f"Ob der KI-Pass seither gesperrt wurde, sagt nur diese Seite: {shows.address}")
