"""Providers that speak the caller's own dialect: the sealed bytes go out as they are, the answer comes back as it is.

Keeps true: the body is neither parsed nor copied; exactly the headers below leave, none of the client's. A status
of 400 and more is an answer like any other: the pipeline cleans its text.
"""

from __future__ import annotations

from yarl import URL

from gateway.model.exchange import SealedRequest
from gateway.model.register import RegisteredModel
from gateway.upstream import failures
from gateway.upstream.line import Answer, Line
from gateway.upstream.secrets import Secrets

PATHS = {
    "chat": "/chat/completions",
    "completions": "/completions",
    "embeddings": "/embeddings",
    "responses": "/responses",
    "messages": "/messages",
    "transcriptions": "/audio/transcriptions",
    "translations": "/audio/translations",
}
"""Path below ``base_url`` per dialect."""

USER_AGENT = "ki-pforte"


class OpenAICompatible:
    """Raw pass-through over a shared `Line` (implements `gateway.ports.Upstream`)."""

    def __init__(self, line: Line, secrets: Secrets) -> None:
        self._line = line
        self._secrets = secrets
        self._urls: dict[tuple[str, str], URL] = {}
        self.base_url: str | None = None
        """Where every model of this adapter lives, instead of the register's address (the demo provider)."""

    async def send(self, request: SealedRequest) -> Answer:
        """Send and return once the head of the answer is there."""
        model = request.model
        key = self._secrets.get(model.api_key_env)
        patience = self._line.patience(model.timeout_seconds, stream=request.stream)
        return await self._line.post(self._url(model, request.dialect), _headers(request, key),
                                     request.redacted.body, patience)

    def _url(self, model: RegisteredModel, dialect: str) -> URL:
        base = self.base_url or model.base_url or ""
        url = self._urls.get((base, dialect))
        if url is None:
            url = self._urls[base, dialect] = _build(model, base, dialect)
        return url


def _build(model: RegisteredModel, base: str, dialect: str) -> URL:
    path = PATHS.get(dialect)
    if path is None:
        raise failures.misconfigured(f"model {model.id}: no path is known for dialect {dialect}")
    try:
        url = URL(base.rstrip("/") + path)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or url.user or url.query_string or url.fragment:
        raise failures.misconfigured(f"model {model.id}: base_url must be http(s)://host[:port][/path], nothing more")
    return url


def _headers(request: SealedRequest, key: str) -> dict[str, str]:
    is_json = request.redacted.media == "application/json"  # a form may be answered with plain text
    headers = {
        "Content-Type": request.redacted.media,
        "Accept": "text/event-stream" if request.stream else "application/json" if is_json else "*/*",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
    }
    if request.dialect == "messages":
        headers["anthropic-version"] = "2023-06-01"
        if key:
            headers["x-api-key"] = key
    elif key:
        headers["Authorization"] = f"Bearer {key}"
    return headers
