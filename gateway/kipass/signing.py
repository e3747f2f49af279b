"""Signatures under certificates: compact JWS (RFC 7515), ES256 and nothing else.

ES256, because every library, browser and security module has it, the European wallet asks for it, and Open Badges lets
it in; the name of Ed25519 in JOSE is changing (RFC 9864). A key is called by its thumbprint (RFC 7638).

Kept true: the header has exactly the fields and values that it must have, so no token chooses its own algorithm, key or
extension; there is one spelling of a token, so a changed letter is never the same certificate; a key is called by what
it is, never by what a file says it is called. Not known here: what is signed, and whether it is still true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

ALGORITHM: Final = "ES256"
LONGEST: Final = 16_384
"""Characters of a token: a name of 200 letters and some twenty scopes need about 4,000."""
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Problem(Enum):
    """Why something is not a valid certificate."""

    TOO_LARGE = "zu_gross"
    MALFORMED = "kein_nachweis"
    HEADER = "verfahren"
    UNKNOWN_KEY = "schluessel_unbekannt"
    FORGED = "unterschrift_falsch"
    VERSION = "fassung_unbekannt"
    CONTENT = "inhalt_falsch"
    ISSUER = "andere_stelle"
    NOT_YET = "noch_nicht_gueltig"
    EXPIRED = "abgelaufen"


class CredentialError(Exception):
    """A certificate that does not count; nothing of it is in here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def signed(header: Mapping[str, Any], payload: bytes, key: ECKey) -> str:
    """Return the token. ``alg`` comes first and is ours."""
    return jws.serialize_compact({"alg": ALGORITHM, **header}, payload, key, [ALGORITHM])


def opened(token: str, keys: Mapping[str, ECKey], typ: str) -> bytes:
    """Return what was signed, if one of these keys signed it. Raises `CredentialError`."""
    if len(token) > LONGEST:
        raise CredentialError(Problem.TOO_LARGE)
    if not _FORM.fullmatch(token):
        raise CredentialError(Problem.MALFORMED)
    header, payload, signature = token.split(".")
    try:
        said = json.loads(_decoded(header))
    except (ValueError, RecursionError):
        raise CredentialError(Problem.MALFORMED) from None
    content = _decoded(payload)
    _decoded(signature)
    kid = said.get("kid") if isinstance(said, dict) else None
    if not isinstance(kid, str) or said != {"alg": ALGORITHM, "kid": kid, "typ": typ}:
        raise CredentialError(Problem.HEADER)
    if (key := keys.get(kid)) is None:
        raise CredentialError(Problem.UNKNOWN_KEY)
    try:
        jws.deserialize_compact(token, key, [ALGORITHM])
    except (JoseError, ValueError, TypeError):
        raise CredentialError(Problem.FORGED) from None
    return content


def thumbprint(key: ECKey) -> str:
    """Return how a key is called."""
    return key.thumbprint()


def _decoded(part: str) -> bytes:
    """Return the bytes of a part that is spelled the one way (no loose bits at its end)."""
    try:
        decoded = urlsafe_b64decode(part.encode("ascii"))
    except (ValueError, TypeError):
        raise CredentialError(Problem.MALFORMED) from None
    if urlsafe_b64encode(decoded).decode("ascii") != part:
        raise CredentialError(Problem.MALFORMED)
    return decoded
