"""What the OpenID provider of the house publishes: its public keys and its addresses; read, kept, and read anew.

Kept true: keys and addresses come from the configured issuer only (its own document must name it, and all addresses
are https except on this host); only RSA from 2048 bits, P-256 and Ed25519 for signatures, each key with one algorithm;
one request at a time, and after each one ten seconds of rest, whatever tokens arrive: made-up key ids cost the provider
nothing. All is read anew every five minutes; when the provider cannot be reached it is believed for an hour, then
nobody signs in (503).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from gateway.errors import GatewayError
from gateway.identity import texts

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Gets a document by its address, or raises."""

FRESH_SECONDS: Final = 300.0
STALE_SECONDS: Final = 3600.0
REST_SECONDS: Final = 10.0
LEAST_RSA_BITS: Final = 2048
MOST_KEYS: Final = 100
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and the only algorithm that counts with it."""

    key: Key = field(repr=False)
    algorithm: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where people are sent to sign in and out, and where a code becomes tokens; empty: the provider has none."""

    authorization: str = ""
    token: str = ""
    end_session: str = ""
    names_itself: bool = False
    """Whether it says with every answer who it is (RFC 9207): then an answer that does not is not its own."""
    client_auth: frozenset[str] = frozenset()
    """The ways to prove who we are that it takes at `token`; empty: it does not say."""


class IssuerKeys:
    """Finds a key by its id, and the addresses of the provider. `close` before the event loop ends."""

    def __init__(self, issuer: str, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._fetch, self._monotonic = fetch, monotonic
        self._keys: Mapping[str, SigningKey] = {}
        self._endpoints = Endpoints()
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Give up what is under way."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError, GatewayError):
                await self._reading

    async def key(self, key_id: str) -> SigningKey | None:
        """Return the key with this id. Raises ``pruefung_nicht_verfuegbar`` when nobody can say what counts."""
        await self._fresh()
        if key_id not in self._keys:
            await self._read_anew(needed=False)
        return self._keys.get(key_id)

    async def endpoints(self) -> Endpoints:
        """Return the addresses of the provider. Raises ``pruefung_nicht_verfuegbar`` when nobody can say them."""
        await self._fresh()
        return self._endpoints

    async def _fresh(self) -> None:
        """See to it that what is known is not too old."""
        age = self._monotonic() - self._read_at
        if age > STALE_SECONDS:
            await self._read_anew(needed=True)
        elif age > FRESH_SECONDS:
            self._begin()  # in the background: what is known still counts

    async def _read_anew(self, *, needed: bool) -> None:
        """Read the keys, unless that was tried a moment ago; `needed`: without them nothing can be said."""
        task = self._begin()
        if task is not None:
            await asyncio.shield(task)  # a client that hangs up does not stop the others
        elif needed:
            raise texts.sign_in_unavailable("the OpenID provider could not be reached a moment ago")

    def _begin(self) -> asyncio.Task[None] | None:
        if self._reading is not None and not self._reading.done():
            return self._reading
        if self._monotonic() - self._tried_at < REST_SECONDS:
            return None
        self._tried_at = self._monotonic()
        self._reading = asyncio.create_task(self._read())
        self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())  # seen, if nobody waits
        return self._reading

    async def _read(self) -> None:
        try:
            document = _object(await self._fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
            if document.get("issuer") != self.issuer:
                raise ValueError("issuer")
            address = document.get("jwks_uri")
            if not isinstance(address, str) or not acceptable(address):
                raise ValueError("jwks_uri")
            endpoints = _endpoints(document)
            self._keys = signing_keys(_object(await self._fetch(address)))
            self._endpoints = endpoints
        except Exception as error:  # noqa: BLE001 - whatever failed: the keys that count are not known
            _log.warning("keys of the OpenID provider could not be read: %s", type(error).__name__)
            raise texts.sign_in_unavailable(f"OpenID provider: {type(error).__name__}") from None
        self._read_at = self._monotonic()


def acceptable(address: str) -> bool:
    """Whether keys may come from there: https, or http on this host."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))


def _endpoints(document: Mapping[str, Any]) -> Endpoints:
    """Return the addresses in the provider's document; one over an open line is as if it were not there."""
    def named(name: str) -> str:
        value = document.get(name)
        return value if isinstance(value, str) and acceptable(value) else ""
    ways = document.get("token_endpoint_auth_methods_supported")
    return Endpoints(named("authorization_endpoint"), named("token_endpoint"), named("end_session_endpoint"),
                     document.get("authorization_response_iss_parameter_supported") is True,
                     frozenset(way for way in ways if isinstance(way, str)) if isinstance(ways, list) else frozenset())


def signing_keys(document: Mapping[str, Any]) -> dict[str, SigningKey]:
    """Return the keys of a JWK set that may sign, by id; what is unknown, weak or for something else is left out."""
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise TypeError("keys")
    found: dict[str, SigningKey] = {}
    for entry in entries[:MOST_KEYS]:
        if isinstance(entry, dict) and isinstance(entry.get("kid"), str) and entry["kid"]:
            key = _signing_key(entry)
            if key is not None:
                found[entry["kid"]] = key
    return found


def _signing_key(entry: Mapping[str, Any]) -> SigningKey | None:
    public = {name: value for name, value in entry.items() if name in ("kty", "n", "e", "crv", "x", "y")}
    try:
        algorithms = _ALGORITHMS.get((entry.get("kty"), entry.get("crv")), ())
        algorithm = entry.get("alg", algorithms[0] if algorithms else None)
        uses = [*entry.get("key_ops", ["verify"])]
        if algorithm not in algorithms or entry.get("use", "sig") != "sig" or "verify" not in uses:
            return None
        if entry["kty"] == "RSA":
            if len(public["n"]) * 6 < LEAST_RSA_BITS:
                return None  # so short that the library would complain in words of its own
            rsa = RSAKey.import_key(public)
            return SigningKey(rsa, algorithm) if rsa.public_key.key_size >= LEAST_RSA_BITS else None
        return SigningKey((ECKey if entry["kty"] == "EC" else OKPKey).import_key(public), algorithm)
    except (JoseError, ValueError, TypeError, KeyError):
        _log.warning("a key of the OpenID provider is no key")
    return None


_ALGORITHMS: Final[dict[tuple[Any, Any], tuple[str, ...]]] = {
    ("RSA", None): ("RS256", "PS256"), ("EC", "P-256"): ("ES256",), ("OKP", "Ed25519"): ("EdDSA", "Ed25519")}
"""By kind of key the algorithms that may be named for it; the first one counts where none is named."""


def _object(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise TypeError
    return found
