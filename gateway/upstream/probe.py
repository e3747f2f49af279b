"""Is a provider's address answered? For ``model check --online``; no request of a person is involved.

One GET without content, to the list of models where the interface has one. An answer of any kind but a failure of the
server itself means: somebody is there. What the provider writes is not read.
"""

from __future__ import annotations

from typing import Final

import aiohttp

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.upstream.secrets import Secrets

SECONDS: Final = 10.0


async def unreachable(model: RegisteredModel, secrets: Secrets) -> str | None:
    """Return what is wrong in a German sentence, nothing if the provider answers or its address is not known here."""
    if model.base_url is None:
        return None
    plain = model.adapter == "openai"
    url = model.base_url.rstrip("/") + ("/models" if plain else "")
    try:
        key = secrets.get(model.api_key_env) if plain else ""
    except GatewayError:
        key = ""  # that it is missing stands in a line of its own
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS), trust_env=False) as session, \
                session.get(url, headers=headers, allow_redirects=False) as answer:
            status = answer.status
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return (f"Der Anbieter ist nicht erreichbar ({type(error).__name__}). Prüfen Sie „base_url“ und die Verbindung "
                "nach außen.")
    if plain and status in (401, 403) and model.api_key_env:
        return f"Der Anbieter nimmt den Schlüssel {model.api_key_env} nicht an (HTTP {status})."
    return f"Der Anbieter antwortet mit einem Fehler (HTTP {status})." if status >= 500 else None
