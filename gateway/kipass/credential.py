"""The KI-Pass as a file that another municipality checks without asking us: ``ki-pass+jwt``, version 1.

The payload, byte for byte: a JSON object in UTF-8, no blanks, no escapes that JSON does not ask for, fields in this
order, nothing left out but ``exp``, nothing added (docs/ki-pass-nachweis.md has examples)::

    {"ki_pass":1,"iss":"https://ki.musterstadt.example","issuer_name":"Stadt Musterstadt",
     "jti":"7F3K…","iat":1795352700,"exp":1857855600,"name":"…","department":"…",
     "scopes":[{"id":"basis","name":"Grundlagen","until":"2028-11-15"}],
     "agreement":"3.0","verify":"https://ki.musterstadt.example/pass/pruefen/7F3K…"}

Kept true: what is read writes itself again to the same bytes, so a doubled, foreign or oddly spelled field is refused.
Not known here: whether the pass was blocked or withdrawn since. That is what the address in ``verify`` tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from joserfc.jwk import ECKey

from gateway.kipass.issuer import Issuer
from gateway.kipass.number import read_number
from gateway.kipass.signing import CredentialError, Problem, opened, signed, thumbprint
from gateway.model.certificates import Attestation, HeldScope

TYPE: Final = "ki-pass+jwt"
MEDIA_TYPE: Final = f"application/{TYPE}"
VERSION: Final = 1
SKEW: Final = timedelta(minutes=5)
"""How far the clock of whoever checks may be behind ours."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a signed certificate says, and when it was made."""

    shows: Attestation
    issued_at: datetime


def issue(shows: Attestation, key: ECKey, now: datetime) -> str:
    """Return the signed certificate."""
    return signed({"kid": thumbprint(key), "typ": TYPE}, payload(Credential(shows, now)), key)


def verify(token: str, issuer: Issuer, now: datetime) -> Credential:
    """Return what a certificate says if it counts at `now`. Raises `CredentialError`."""
    found = _read(opened(token, issuer.keys, TYPE))
    if issuer.address and found.shows.issuer != issuer.address:
        raise CredentialError(Problem.ISSUER)
    if found.issued_at > now + SKEW:
        raise CredentialError(Problem.NOT_YET)
    if found.shows.ends_at is not None and found.shows.ends_at <= now:
        raise CredentialError(Problem.EXPIRED)
    return found


def payload(credential: Credential) -> bytes:
    """Return the bytes that are signed."""
    shows = credential.shows
    end = {} if shows.ends_at is None else {"exp": int(shows.ends_at.timestamp())}
    return json.dumps({
        "ki_pass": VERSION, "iss": shows.issuer, "issuer_name": shows.issuer_name, "jti": shows.number,
        "iat": int(credential.issued_at.timestamp()), **end, "name": shows.name, "department": shows.department,
        "scopes": [{"id": s.key, "name": s.name, "until": s.until.isoformat() if s.until else None}
                   for s in shows.scopes],
        "agreement": shows.agreement, "verify": shows.address,
    }, ensure_ascii=False, separators=(",", ":")).encode()


def _read(content: bytes) -> Credential:
    """Return what was signed. What does not have the form of this version is refused, whoever signed it."""
    try:
        said = json.loads(content)
        if isinstance(said, dict) and type(said.get("ki_pass")) is int and said["ki_pass"] != VERSION:
            raise CredentialError(Problem.VERSION)
        found = _taken(said)
        same = payload(found) == content
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        raise CredentialError(Problem.CONTENT) from None
    if not same or read_number(found.shows.number) != found.shows.number or not found.shows.scopes:
        raise CredentialError(Problem.CONTENT)
    return found


def _taken(said: Mapping[str, Any]) -> Credential:
    scopes = tuple(HeldScope(_text(s["id"]), _text(s["name"]),
                             None if s["until"] is None else date.fromisoformat(s["until"])) for s in said["scopes"])
    shows = Attestation(_text(said["jti"]), _text(said["iss"]), _text(said["issuer_name"]), _text(said["name"]),
                        _text(said["department"]), scopes, _text(said["agreement"]),
                        _moment(said["exp"]) if "exp" in said else None)
    return Credential(shows, _moment(said["iat"]))


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():  # it will be shown, perhaps on a terminal
        raise TypeError
    return value


def _moment(value: object) -> datetime:
    if type(value) is not int:
        raise TypeError
    return datetime.fromtimestamp(value, UTC)


REFUSALS: Final[Mapping[Problem, str]] = {
    Problem.TOO_LARGE: "Das ist kein KI-Pass-Nachweis: Die Datei ist zu groß.",
    Problem.MALFORMED: "Das ist kein KI-Pass-Nachweis. Er besteht aus drei Teilen mit Punkten dazwischen; vielleicht "
                       "fehlt ein Stück.",
    Problem.HEADER: "Das ist kein KI-Pass-Nachweis: Er ist anders unterschrieben, als es vorgeschrieben ist.",
    Problem.UNKNOWN_KEY: "Keiner der Schlüssel, mit denen geprüft wurde, gehört zu diesem Nachweis. Er stammt von "
                         "einer anderen Stelle oder ist gefälscht.",
    Problem.FORGED: "Die Unterschrift passt nicht zum Inhalt. Der Nachweis wurde verändert oder ist gefälscht.",
    Problem.VERSION: "Dieser Nachweis hat eine Fassung, die diese KI-Pforte noch nicht kennt. Bitte prüfen Sie ihn mit "
                     "einer neueren.",
    Problem.CONTENT: "Der Nachweis ist richtig unterschrieben, aber sein Inhalt hat nicht die vorgeschriebene Form.",
    Problem.ISSUER: "Der Nachweis nennt eine andere Stelle als die, zu der die Schlüssel gehören.",
    Problem.NOT_YET: "Der Nachweis ist noch nicht gültig: Er wurde nach der Uhr dieses Rechners in der Zukunft "
                     "ausgestellt. Geht die Uhr richtig?",
    Problem.EXPIRED: "Der Nachweis ist echt, aber abgelaufen.",
}
"""What a person reads about a certificate that does not count."""
