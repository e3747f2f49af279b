"""The public keys of the OpenID provider of the house: read from where it publishes them, kept, and read anew.

Kept true: keys come from the configured issuer only (its own document must name it, and all addresses are https except
on this host); only RSA from 2048 bits and P-256 for signatures, each with one algorithm; one request at a time, and
after each one ten seconds of rest, whatever tokens arrive: made-up key ids cost the provider nothing. Keys are read
anew every five minutes; when the provider cannot be reached they are believed for an hour, then nobody signs in (503).
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
from joserfc.jwk import ECKey, Key, RSAKey

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


class IssuerKeys:
    """Finds a key by its id. `close` before the event loop ends."""

    def __init__(self, issuer: str, fetch: Fetch, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._fetch, self._monotonic = fetch, monotonic
        self._keys: Mapping[str, SigningKey] = {}
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
        age = self._monotonic() - self._read_at
        if age > STALE_SECONDS:
            await self._read_anew(needed=True)
        elif age > FRESH_SECONDS:
            self._begin()  # in the background: what is known still counts
        if key_id not in self._keys:
            await self._read_anew(needed=False)
        return self._keys.get(key_id)

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
            self._keys = signing_keys(_object(await self._fetch(address)))
        except Exception as error:  # noqa: BLE001 - whatever failed: the keys that count are not known
            _log.warning("keys of the OpenID provider could not be read: %s", type(error).__name__)
            raise texts.sign_in_unavailable(f"OpenID provider: {type(error).__name__}") from None
        self._read_at = self._monotonic()


def acceptable(address: str) -> bool:
    """Whether keys may come from there: https, or http on this host."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL))


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
    if entry.get("use", "sig") != "sig":
        return None
    try:
        if entry.get("kty") == "RSA" and entry.get("alg", "RS256") == "RS256":
            if len(public["n"]) * 6 < LEAST_RSA_BITS:
                return None  # so short that the library would complain in words of its own
            rsa = RSAKey.import_key(public)
            return SigningKey(rsa, "RS256") if rsa.public_key.key_size >= LEAST_RSA_BITS else None
        if entry.get("kty") == "EC" and entry.get("crv") == "P-256" and entry.get("alg", "ES256") == "ES256":
            return SigningKey(ECKey.import_key(public), "ES256")
    except (JoseError, ValueError, TypeError, KeyError):
        _log.warning("a key of the OpenID provider is no key")
    return None


def _object(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise TypeError
    return found
