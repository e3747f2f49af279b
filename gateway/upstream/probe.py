"""Is a provider there? For ``model check --online``, ``doctor`` and the page of IT; no request of a person is involved.

One GET without content, to the list of models where the interface has one: with the key, so that a wrong one shows. No
redirect is followed, no proxy of the environment is asked, every wait has an end. Of the answer are read the status,
the date, the certificate and the names of models; nothing of it is shown.

Does not know: whether the provider would answer a request, or what it costs.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.upstream.secrets import Secrets

SECONDS: Final = 10.0
_LARGEST: Final = 4 << 20
_HOMES: Final = {"anthropic": "https://api.anthropic.com", "mistral": "https://api.mistral.ai",
                 "openai": "https://api.openai.com"}
"""Where the library for other providers sends what the register gives no address for."""
_LISTS: Final = {"": "/models", "openai": "/v1/models", "mistral": "/v1/models", "anthropic": "/v1/models",
                 "azure": "/openai/models?api-version=2024-10-21", "ollama": "/api/tags", "ollama_chat": "/api/tags"}
"""Where the list of models is, by the provider's name for that library; empty: what speaks the OpenAI form itself."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a provider."""

    problem: str = ""
    """What is wrong and what to do, in German; empty: nothing."""
    asked: bool = True
    """Whether anybody was asked: of some providers no address is known here."""
    listed: bool | None = None
    """Whether the model is in the provider's list; None: there is none that could be read."""
    ends: datetime | None = None
    """Until when its certificate is valid."""
    clock_off: float | None = None
    """Seconds by which our clock is ahead of its own."""


async def look(model: RegisteredModel, secrets: Secrets) -> Look:
    """Look at the provider of a model."""
    kind = "" if model.adapter == "openai" else model.target.partition("/")[0]
    base = model.base_url or _HOMES.get(kind)
    if base is None:
        return Look(asked=False)
    try:
        key = secrets.get(model.api_key_env)
    except GatewayError:
        key = ""  # that it is missing stands in a line of its own
    # Only an address whose list is known gets the key.
    path, base = _LISTS.get(kind), base.rstrip("/")
    if path and path.startswith("/v1"):
        base = base.removesuffix("/v1")  # some write it, some do not
    return await ask(base + (path or ""), _headers(model, kind, key) if path else {}, model)


async def ask(url: str, headers: dict[str, str], model: RegisteredModel | None = None) -> Look:
    """Ask for one address and say what came of it; with `model`, whether it stands in the list that comes back."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False,
                                         cookie_jar=aiohttp.DummyCookieJar()) as session, \
                session.get(url, headers=headers, allow_redirects=False) as answer:
            ends, off = _certificate(answer), _clock(answer)
            problem = _refused(answer.status, model)
            listed = await _listed(answer, model) if model and answer.status == 200 else None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Look(_failed(error, URL(url).host or url))
    return Look(problem, True, listed, ends, off)


async def unreachable(model: RegisteredModel, secrets: Secrets) -> str | None:
    """Return what is wrong in a German sentence, nothing if the provider answers or its address is not known here."""
    return (await look(model, secrets)).problem or None


def _headers(model: RegisteredModel, kind: str, key: str) -> dict[str, str]:
    messages = kind == "anthropic" or model.dialects == frozenset({"messages"})
    version = {"anthropic-version": "2023-06-01"} if messages else {}
    if not key:
        return version
    if kind == "azure":
        return {"api-key": key}
    return {**version, "x-api-key": key} if messages else {"Authorization": f"Bearer {key}"}


def _refused(status: int, model: RegisteredModel | None) -> str:
    if model is not None and status in (401, 403):
        if not model.api_key_env:
            return (f"Der Anbieter verlangt einen Schlüssel (HTTP {status}). Nennen Sie ihn in models.yaml unter "
                    "„api_key_env“.")
        return (f"Der Anbieter nimmt den Schlüssel {model.api_key_env} nicht an (HTTP {status}). Bitte prüfen Sie, ob "
                "er vollständig ist und noch gilt.")
    if 300 <= status < 400:
        return (f"Die Adresse leitet weiter (HTTP {status}); dem folgt die KI-Pforte nicht. Tragen Sie das Ziel selbst "
                "als „base_url“ ein.")
    return f"Von dort kommt ein Fehler (HTTP {status})." if status >= 500 else ""


def _failed(error: Exception, host: str) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"Den Namen {host} kennt dieser Rechner nicht. Prüfen Sie „base_url“ und den Namensdienst (DNS)."
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = error.certificate_error
        reason = f" ({why.verify_message})" if isinstance(why, ssl.SSLCertVerificationError) else ""
        return (f"Dem Zertifikat von {host} traut dieser Rechner nicht{reason}. Eine eigene Zertifizierungsstelle "
                "nennt SSL_CERT_FILE.")
    if isinstance(error, aiohttp.ClientSSLError):
        return f"Mit {host} kommt keine verschlüsselte Verbindung zustande. Prüfen Sie https:// und Port in „base_url“."
    if isinstance(error, TimeoutError):
        return f"Von {host} kommt in {SECONDS:.0f} Sekunden keine Antwort. Prüfen Sie „base_url“ und die Firewall."
    return f"{host} ist nicht erreichbar ({type(error).__name__}). Prüfen Sie „base_url“ und die Verbindung dorthin."


def _certificate(answer: aiohttp.ClientResponse) -> datetime | None:
    transport = answer.connection.transport if answer.connection else None
    shown: Any = transport.get_extra_info("peercert") if transport else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC) if shown else None


def _clock(answer: aiohttp.ClientResponse) -> float | None:
    try:
        told = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return None
    return (datetime.now(UTC) - told).total_seconds() if told.tzinfo else None


async def _listed(answer: aiohttp.ClientResponse, model: RegisteredModel) -> bool | None:
    """Return whether the provider's list of models has this one."""
    try:
        listed = orjson.loads(await answer.content.read(_LARGEST))
        entries = listed.get("data", listed.get("models"))
        names = {str(entry.get(name)) for entry in entries for name in ("id", "name", "model") if name in entry}
    except (ValueError, TypeError, AttributeError):
        return None
    target = model.target if model.adapter == "openai" else model.target.partition("/")[2]
    # Azure lists the models that exist, not one's own deployments of them.
    return None if model.target.startswith("azure/") or not names else target in names
