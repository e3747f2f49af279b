"""One plain HTTP request, for what the SDK will not send."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 30.0


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json["error"]
        return error


def ask(method: str, url: str, key: str = "", body: bytes | dict[str, Any] = b"", **headers: str) -> Reply:
    """Send one request; header names are given with underscores."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), raw or None, sent)
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def chat(text: str, model: str = "schnellstart", **more: Any) -> dict[str, Any]:
    """Return a chat request with one message."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}
