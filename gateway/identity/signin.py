"""Signing in to the pages at the OpenID provider of the house: authorization code with PKCE, and out again.

    begin ──► address of the provider, ticket for the browser (`tickets`)
    finish ◄── what the provider sent back, and the ticket ──► who came in

Kept true: the answer belongs to this browser and to this sign-in (``state``, ``nonce``, PKCE) and to this provider
(``iss``, RFC 9207); only the provider's own ID token says who somebody is (`issued`), and what it means says `claims`;
whether that person may come in says the directory (`welcome`); a page elsewhere is never where it leads. No text of
the provider reaches a page or a log.

`authlib` speaks to the token endpoint; it brings an HTTP client of its own, which is loaded with the first sign-in.
"""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from gateway.errors import GatewayError
from gateway.identity import claims, issued, texts, tokens
from gateway.identity.claims import ClaimRules
from gateway.identity.issuer import Endpoints, IssuerKeys
from gateway.identity.tickets import Ticket, Tickets
from gateway.identity.tokens import SKEW_SECONDS
from gateway.model.signin import Announced, Arrival, Begun, Departure
from gateway.ports import Clock
from gateway.settings import Settings, SettingsError

BACK: Final = "/anmelden/zurueck"
SECONDS: Final = 8.0
FRESH_SECONDS: Final = 300
"""How old a sign-in at the provider may be when a second factor is asked for anew."""
MOST_CODE: Final = 8192
_DOWN: Final = frozenset({"server_error", "temporarily_unavailable"})
_OURS: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_scope", "invalid_request",
                          "unsupported_response_type", "invalid_redirect_uri"})
"""What the provider says when we are set up wrongly there."""
_log = logging.getLogger(__name__)

Welcome = Callable[[Announced], Awaitable[str]]
"""Returns the subject of the person who was announced, or raises ``schluessel_ungueltig``."""
Goodbye = Callable[[Departure], Awaitable[None]]
"""Ends sessions, or raises ``pruefung_nicht_verfuegbar``."""
Names = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Registration:
    """How the provider knows us."""

    client_id: str
    address: str
    """Of our pages, without a slash at the end."""
    scopes: str = "openid profile email"
    secret: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    """A private RSA key (PEM) instead of a secret."""
    entra: bool = False

    @classmethod
    def of(cls, settings: Settings, address: str) -> Registration:
        """Return what the settings say. Raises `SettingsError` when the key is none."""
        secret = settings.oidc_client_secret
        return cls(settings.oidc_client_id, address.rstrip("/"), settings.oidc_scopes,
                   secret.get_secret_value() if secret else "", _private_key(settings.oidc_client_key),
                   settings.oidc_preset == "entra")


class SignIns:
    """Signs people in and out at one provider. Belongs to the event loop, as its keys do."""

    def __init__(self, own: Registration, rules: ClaimRules, keys: IssuerKeys, secret: bytes, clock: Clock,
                 welcome: Welcome, goodbye: Goodbye, *, departments: Names = dict, groups: Names = dict) -> None:
        self._own, self._rules, self._keys, self._clock = own, rules, keys, clock
        self._welcome, self._goodbye = welcome, goodbye
        self._departments, self._groups = departments, groups
        self._tickets = Tickets(secret)

    async def begin(self, target: str, *, strong: bool = False) -> Begun:
        """Return where to send the browser, and its ticket. Raises ``pruefung_nicht_verfuegbar``."""
        endpoints = await self._endpoints()
        ticket = self._tickets.issue(target, self._clock.now(), strong=strong)
        async with await self._client(endpoints) as client:
            address, _ = client.create_authorization_url(
                endpoints.authorization, state=self._tickets.word(ticket, "state"),
                nonce=self._tickets.word(ticket, "nonce"), code_verifier=self._tickets.word(ticket, "verifier"),
                **(self._asking_for_more() if strong else {}))
        return Begun(address, self._tickets.write(ticket))

    async def finish(self, parameters: Mapping[str, str], cookie: str) -> Arrival:
        """Return who came back. Raises ``schluessel_ungueltig``, or ``pruefung_nicht_verfuegbar``."""
        endpoints = await self._endpoints()
        now = self._clock.now()
        ticket = self._tickets.take(cookie, parameters.get("state", ""), now)
        named = parameters.get("iss")
        if ticket is None:
            raise texts.invalid("anmeldung_verloren")
        if named != self._keys.issuer and (named is not None or endpoints.names_itself):
            raise texts.invalid("anmeldung")  # the answer of another provider, or of nobody
        if error := parameters.get("error"):
            raise _refused(error)
        code = parameters.get("code", "")
        if not code or len(code) > MOST_CODE:
            raise texts.invalid("anmeldung")
        said = await self._redeem(endpoints, ticket, code, now)
        announced = claims.announced(said, self._rules, self._departments(), self._groups())
        subject = await self._welcome(announced)
        return Arrival(subject, ticket.target, claims.is_strong(said, self._rules), _session(said))

    async def farewell(self) -> str:
        """Return where the browser signs out at the provider too; empty: nowhere."""
        try:
            endpoints = await self._endpoints()
        except GatewayError:
            return ""  # somebody who wants to leave is not kept here
        if not endpoints.end_session:
            return ""
        back = {"client_id": self._own.client_id, "post_logout_redirect_uri": f"{self._own.address}/anmelden"}
        return f"{endpoints.end_session}{'&' if '?' in endpoints.end_session else '?'}{urlencode(back)}"

    async def departed(self, token: str) -> None:
        """End what a notice of the provider ends. Raises ``schluessel_ungueltig`` for what is none, or 503."""
        try:
            said = await issued.logout_token(self._keys, token, self._own.client_id, self._clock.now())
        except tokens.TokenError:
            raise texts.invalid("anmeldung") from None
        everywhere = not said.get("sid") and self._rules.id == "sub"
        await self._goodbye(Departure(_session(said), said["sub"] if everywhere else ""))

    async def _redeem(self, endpoints: Endpoints, ticket: Ticket, code: str, now: datetime) -> Mapping[str, Any]:
        """Return the checked claims of the ID token that this code is good for."""
        answer = await self._exchange(endpoints, ticket, code)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise texts.invalid("anmeldung")
        try:
            said = await issued.id_token(self._keys, token, self._own.client_id, self._tickets.word(ticket, "nonce"),
                                         access if isinstance(access, str) else "", now)
        except tokens.TokenError as error:
            raise texts.invalid("anmeldung_abgelaufen" if error.expired else "anmeldung") from None
        if ticket.strong and not self._own.entra:
            at = said.get("auth_time")
            if not isinstance(at, (int, float)) or now.timestamp() - at > FRESH_SECONDS + SKEW_SECONDS:
                raise texts.invalid("anmeldung")  # it was to ask again and did not
        return said

    async def _exchange(self, endpoints: Endpoints, ticket: Ticket, code: str) -> Mapping[str, Any]:
        from authlib.integrations.httpx_client import OAuthError
        try:
            async with asyncio.timeout(SECONDS), await self._client(endpoints) as client:
                answer = await client.fetch_token(endpoints.token, grant_type="authorization_code", code=code,
                                                  code_verifier=self._tickets.word(ticket, "verifier"))
        except OAuthError as error:
            raise _refused(str(error.error)) from None
        except Exception as error:  # noqa: BLE001 - whatever failed: nobody says who this is
            _log.warning("the OpenID provider gave no token: %s", type(error).__name__)
            raise texts.provider_unavailable(type(error).__name__) from None
        return dict(answer)

    async def _endpoints(self) -> Endpoints:
        try:
            endpoints = await self._keys.endpoints()
        except GatewayError as error:
            raise texts.provider_unavailable(error.hint) from None
        if not endpoints.authorization or not endpoints.token:
            raise texts.provider_unavailable("the OpenID provider names no address to sign in at")
        return endpoints

    async def _client(self, endpoints: Endpoints) -> Any:
        client_class, by_key = await asyncio.to_thread(_library)
        own = self._own
        way = "private_key_jwt" if own.key else _way_of(endpoints) if own.secret else "none"
        client = client_class(own.client_id, own.key or own.secret or None, token_endpoint_auth_method=way,
                              scope=own.scopes, redirect_uri=own.address + BACK, code_challenge_method="S256",
                              timeout=SECONDS, trust_env=False, follow_redirects=False)
        if own.key:
            client.register_client_auth_method(by_key(endpoints.token))
        return client

    def _asking_for_more(self) -> dict[str, str]:
        """Return what asks for a second factor: Entra ID wants to be asked in a way of its own."""
        values = sorted(self._rules.strong_acr)
        if self._own.entra:
            wanted = {"id_token": {"acrs": {"essential": True, "values": values}}}
            return {"claims": json.dumps(wanted), "prompt": "login"} if values else {"prompt": "login"}
        more = {"prompt": "login", "max_age": str(FRESH_SECONDS)}
        return {**more, "acr_values": " ".join(values)} if values else more


def _private_key(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="ascii")
        if RSAKey.import_key(text).is_private:
            return text
    except (OSError, ValueError, JoseError):
        pass  # said below, in one sentence for both
    raise SettingsError("KI_PFORTE_OIDC_CLIENT_KEY: Erwartet wird eine lesbare Datei mit einem privaten RSA-Schlüssel "
                        "(PEM, ohne Kennwort).")


def _session(said: Mapping[str, Any]) -> str:
    """Return how the provider calls this sign-in, or the person where it does not."""
    sid = said.get("sid")
    return f"sid {sid}" if isinstance(sid, str) and sid else f"sub {said.get('sub')}"


def _library() -> tuple[Any, Any]:
    """Load the library: half a second that only who signs in at a provider needs."""
    with warnings.catch_warnings():  # it recommends another HTTP client; the one that is there serves
        warnings.simplefilter("ignore")
        from authlib.integrations.httpx_client import AsyncOAuth2Client
        from authlib.oauth2.rfc7523 import PrivateKeyJWT
    return AsyncOAuth2Client, PrivateKeyJWT


def _way_of(endpoints: Endpoints) -> str:
    """Return how the secret is shown: in the header, unless the provider only takes it in the body."""
    ways = endpoints.client_auth
    return "client_secret_post" if "client_secret_post" in ways and "client_secret_basic" not in ways \
        else "client_secret_basic"


def _refused(error: str) -> GatewayError:
    """Return what a person reads when the provider says no."""
    if error in _DOWN:
        return texts.provider_unavailable(f"OpenID provider: {error}")
    if error in _OURS:
        _log.error("the OpenID provider does not accept us as it is set up: %s", error)
        return texts.provider_unavailable(f"OpenID provider: {error}")
    return texts.invalid("anmeldung_abgebrochen" if error in ("access_denied", "login_required", "consent_required",
                                                              "interaction_required") else "anmeldung")
