"""JSON Web Tokens, read with one pinned algorithm per key and nothing optional.

Kept true: the key decides which algorithm counts, never the token (no ``none``, no public key taken for a shared
secret); a token ends (``exp``), at most 60 s later than it says; what the token brings along as a key is not looked at.
An exception of the library stays in here: its text may quote the token.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import Key, OctKey
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

SKEW_SECONDS: Final = 60
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
LONGEST: Final = 16_384
"""Characters of a token; one with two hundred groups has about ten thousand."""


class TokenError(Exception):
    """A token that does not count; nothing of it is in here."""

    def __init__(self, *, expired: bool = False) -> None:
        super().__init__("expired" if expired else "invalid")
        self.expired = expired


def looks_like_token(text: str) -> bool:
    """Whether `text` has the form of a signed token: three parts."""
    return _FORM.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Head:
    """What a token says about itself. Nothing of it is verified before the signature is."""

    key_id: str
    kind: str
    """``typ``, in small letters and without ``application/``; empty: it says nothing."""


def head(token: str) -> Head:
    """Return what the header of a token says. Raises `TokenError`."""
    try:
        _check_form(token)
        header = extract_compact(token.encode("ascii"), registry=_registry()).headers()
    except _BROKEN as error:
        raise TokenError from error
    kid, kind = header.get("kid", ""), header.get("typ", "")
    if not isinstance(kid, str) or not isinstance(kind, str):
        raise TokenError
    return Head(kid, kind.lower().removeprefix("application/"))


def signed_with_secret(token: str, secret: str, issuer: str, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a token under HS256. Raises `TokenError`."""
    try:
        key = _shared(secret)
    except ValueError:  # the operator took a public key for a secret
        raise TokenError from None
    return _verified(token, key, "HS256", now, issuer, ())


def signed_by_issuer(token: str, key: Key, algorithm: str, issuer: str, audiences: Collection[str],
                     now: datetime) -> Mapping[str, Any]:
    """Return the claims of a token under the issuer's key. Raises `TokenError`."""
    return _verified(token, key, algorithm, now, issuer, audiences)


_BROKEN: Final = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What the library raises for what is no token, some of it by accident (a header that is a list)."""


@lru_cache(32)
def _shared(secret: str) -> Key:
    return OctKey.import_key(secret)


class _Pinned(JWSRegistry):
    """Allows the algorithms it was given and no other, without advice: ``EdDSA`` is what issuers still write."""

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


def _registry(*algorithms: str) -> JWSRegistry:
    # Unknown header fields are common (x5t, nonce) and harmless; ``crit`` is checked in any case.
    registry = _Pinned(algorithms=algorithms, strict_check_header=False)
    registry.max_header_length = LONGEST
    return registry


def _check_form(token: str) -> None:
    if len(token) > LONGEST or not looks_like_token(token):
        raise TokenError


def _verified(token: str, key: Key, algorithm: str, now: datetime, issuer: str,
              audiences: Collection[str]) -> Mapping[str, Any]:
    _check_form(token)
    rules = JWTClaimsRegistry(
        now=int(now.timestamp()), leeway=SKEW_SECONDS, exp={"essential": True},
        iss={"essential": True, "value": issuer}, aud={"essential": bool(audiences), "values": list(audiences)})
    try:
        claims = jwt.decode(token, key, registry=_registry(algorithm)).claims
        rules.validate(claims)
    except ExpiredTokenError:
        raise TokenError(expired=True) from None
    except _BROKEN:
        raise TokenError from None
    return claims
