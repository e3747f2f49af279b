"""Signed tokens for tests, right ones and forged ones, and an OpenID provider on real HTTP that hands out its keys.

Tokens are put together by hand, so that a test can say anything in them.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SECRET = "s3cret-of-the-chat-" + "x" * 30
PATIENCE = 30.0


def b64(data: bytes | Mapping[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hs256(claims: Mapping[str, Any] | bytes, secret: str = SECRET, **header: Any) -> str:
    """Return a token under a shared secret."""
    head = b64({"alg": "HS256", "typ": "JWT", **header}) + "." + b64(claims)
    return head + "." + b64(hmac.new(secret.encode(), head.encode(), sha256).digest())


def open_webui(now: datetime, email: str = "p1@x.example", **changes: Any) -> dict[str, Any]:
    """Return the claims that Open WebUI 0.12 writes; a claim set to None is left out."""
    at = int(now.timestamp())
    claims = {"sub": "4711", "email": email, "name": "Änne Prüferin", "role": "user", "iss": "open-webui", "iat": at,
              "exp": at + 300, **changes}
    return {name: value for name, value in claims.items() if value is not None}


@cache
def rsa_key(name: str = "a", bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str = "a") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def rsa_jwk(kid: str, key: rsa.RSAPrivateKey, **more: Any) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e), **more}


def ec_jwk(kid: str, key: ec.EllipticCurvePrivateKey, **more: Any) -> dict[str, Any]:
    public = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": number(public.x, 32), "y": number(public.y, 32), **more}


def rs256(claims: Mapping[str, Any], kid: str = "r1", key: rsa.RSAPrivateKey | None = None, **header: Any) -> str:
    head = b64({"alg": "RS256", "typ": "JWT", "kid": kid, **header}) + "." + b64(claims)
    return head + "." + b64((key or rsa_key()).sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))


def ps256(claims: Mapping[str, Any], kid: str = "p1", **header: Any) -> str:
    head = b64({"alg": "PS256", "typ": "JWT", "kid": kid, **header}) + "." + b64(claims)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return head + "." + b64(rsa_key().sign(head.encode(), pss, hashes.SHA256()))


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def ed_jwk(kid: str, **more: Any) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(ed_key().public_key().public_bytes_raw()), **more}


def eddsa(claims: Mapping[str, Any], kid: str = "o1", **header: Any) -> str:
    head = b64({"alg": "EdDSA", "typ": "JWT", "kid": kid, **header}) + "." + b64(claims)
    return head + "." + b64(ed_key().sign(head.encode()))


def es256(claims: Mapping[str, Any], kid: str = "e1", **header: Any) -> str:
    head = b64({"alg": "ES256", "typ": "JWT", "kid": kid, **header}) + "." + b64(claims)
    r, s = decode_dss_signature(ec_key().sign(head.encode(), ec.ECDSA(hashes.SHA256())))
    return head + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


class OpenIdProvider:
    """``with OpenIdProvider() as provider``: `url` is the issuer; `keys` may be changed, `down` and `claim` as well."""

    def __init__(self) -> None:
        self.keys: list[Any] = [rsa_jwk("r1", rsa_key(), alg="RS256", use="sig"), ec_jwk("e1", ec_key())]
        self.down = False
        self.named: str | None = None
        self.jwks_uri: str | None = None
        self.asked: list[str] = []
        self.more: dict[str, Any] = {}
        """What its document says beside the addresses."""
        self.answer: tuple[int, dict[str, Any]] = (400, {"error": "invalid_grant"})
        """What it says when it is shown a code."""
        self.shown: list[dict[str, str]] = []
        """The forms with codes that it was shown, and the header that came with them."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="openid-provider", daemon=True)

    def __enter__(self) -> OpenIdProvider:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(PATIENCE)
        return self

    def __exit__(self, *_exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def claims(self, now: datetime, email: str = "p1@x.example", **changes: Any) -> dict[str, Any]:
        """Return what this provider would say about somebody; a claim set to None is left out."""
        at = int(now.timestamp())
        claims = {"iss": self.url, "aud": "ki-pforte", "sub": "uid-1", "email": email, "email_verified": True,
                  "iat": at, "exp": at + 300, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    async def _open(self) -> str:
        application = web.Application()
        application.router.add_get("/.well-known/openid-configuration", self._configuration)
        application.router.add_get("/keys", self._hand_out)
        application.router.add_post("/token", self._redeem)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _configuration(self, _: web.Request) -> web.Response:
        self.asked.append("configuration")
        if self.down:
            return web.Response(status=503, text="canary-of-the-provider")
        document = {"issuer": self.named or self.url, "jwks_uri": self.jwks_uri or f"{self.url}/keys",
                    "authorization_endpoint": f"{self.url}/auth", "token_endpoint": f"{self.url}/token",
                    "end_session_endpoint": f"{self.url}/end", **self.more}
        return web.json_response({name: value for name, value in document.items() if value is not None})

    async def _redeem(self, request: web.Request) -> web.Response:
        self.asked.append("token")
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.shown.append({**form, "authorization": request.headers.get("authorization", "")})
        status, answer = self.answer
        return web.json_response(answer, status=503 if self.down else status)

    async def _hand_out(self, _: web.Request) -> web.Response:
        self.asked.append("keys")
        return web.json_response({"keys": self.keys})
