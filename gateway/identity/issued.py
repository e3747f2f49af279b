"""What the provider of the house signed: tokens for programs, ID tokens after a sign-in, and notices of a sign-out.

The three look alike and are signed with the same keys; that is why each way says which kinds it takes. Kept true: a
token of one kind never does the work of another; a notice of a sign-out signs nobody in.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256, sha512
from hmac import compare_digest
from typing import Any, Final

from gateway.identity import tokens
from gateway.identity.issuer import IssuerKeys
from gateway.identity.tokens import SKEW_SECONDS, TokenError

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_AGE: Final = 600
"""Seconds that an ID token or a notice may be old when it comes straight from the provider."""
_BEARER_HEADS: Final = frozenset({"", "jwt", "at+jwt"})
_BEARER_KINDS: Final = frozenset({None, "Bearer", "ID"})
"""What Keycloak writes into the claim ``typ``; it signs refresh and sign-out tokens as well."""


async def bearer(keys: IssuerKeys, token: str, audiences: Collection[str], now: datetime) -> Mapping[str, Any]:
    """Return the claims of what a program presents: an access token, or an ID token that a front end passes on.

    Raises `TokenError`, or ``pruefung_nicht_verfuegbar``.
    """
    claims = await _signed(keys, token, _BEARER_HEADS, audiences, now)
    kind = claims.get("typ")
    if "events" in claims or not (kind is None or isinstance(kind, str)) or kind not in _BEARER_KINDS:
        raise TokenError
    return claims


async def id_token(keys: IssuerKeys, token: str, client_id: str, nonce: str, access_token: str,
                   now: datetime) -> Mapping[str, Any]:
    """Return the claims of an ID token that answers the sign-in with this nonce. Raises like `bearer`."""
    claims = await _signed(keys, token, {"", "jwt"}, [client_id], now)
    audience, party = claims.get("aud"), claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and party is None:
        raise TokenError  # made out for several, and nobody says for whom it was asked
    if party not in (None, client_id) or claims.get("typ") not in (None, "ID") or "events" in claims:
        raise TokenError
    if not _same(claims.get("nonce"), nonce) or not _recent(claims, now):
        raise TokenError
    expected = claims.get("at_hash")
    if expected is not None and not _same(expected, await _half_hash(keys, token, access_token)):
        raise TokenError
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise TokenError
    return claims


async def logout_token(keys: IssuerKeys, token: str, client_id: str, now: datetime) -> Mapping[str, Any]:
    """Return the claims of a notice that somebody signed out (OpenID Connect Back-Channel Logout). Raises likewise."""
    claims = await _signed(keys, token, {"", "jwt", "logout+jwt"}, [client_id], now)
    events = claims.get("events")
    named = [claims.get(name) for name in ("sub", "sid")]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or "nonce" in claims:
        raise TokenError
    if not any(isinstance(name, str) and name for name in named) or not _recent(claims, now):
        raise TokenError
    return claims


async def _signed(keys: IssuerKeys, token: str, kinds: Collection[str], audiences: Collection[str],
                  now: datetime) -> Mapping[str, Any]:
    head = tokens.head(token)
    key = await keys.key(head.key_id) if head.kind in kinds else None
    if key is None:
        raise TokenError
    return tokens.signed_by_issuer(token, key.key, key.algorithm, keys.issuer, audiences, now)


def _recent(claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether it was made just now; that it is not from the future is checked with the signature."""
    at = claims.get("iat")
    return isinstance(at, (int, float)) and now.timestamp() - at <= LONGEST_AGE + SKEW_SECONDS


async def _half_hash(keys: IssuerKeys, token: str, access_token: str) -> str:
    key = await keys.key(tokens.head(token).key_id)
    assert key is not None, "the signature was checked with it"
    digest = (sha512 if key.algorithm.startswith("Ed") else sha256)(access_token.encode()).digest()
    return urlsafe_b64encode(digest[:len(digest) // 2]).rstrip(b"=").decode()


def _same(given: Any, expected: str) -> bool:
    return isinstance(given, str) and compare_digest(given.encode("utf-8", "replace"), expected.encode())
