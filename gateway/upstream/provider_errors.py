"""Reads what a provider says about a refused request, in whatever form it says it, and writes it in the OpenAI form.

Keeps true: only the sentence, type and code are taken, cut to a length. The sentence may quote the (redacted)
request: the pipeline cleans it before anybody sees it, exactly as it does with providers that answer in the OpenAI
form themselves.
"""

from __future__ import annotations

from typing import Any

import orjson

_LIMIT = 1000


def error_body(raw: bytes) -> bytes:
    """Return ``{"error": {"message", "type", "param", "code"}}`` for the body of an answer of status 400 and more."""
    found = _read(raw)
    return orjson.dumps({"error": {
        "message": found.get("message") or "Der Anbieter hat die Anfrage abgelehnt, ohne einen Grund zu nennen.",
        "type": found.get("type") or "provider_error",
        "param": None,
        "code": found.get("code"),
    }})


def _read(raw: bytes) -> dict[str, str]:
    try:
        document: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    # OpenAI, Anthropic, Azure, Google: {"error": {"message", "type" | "status", "code"}}; Ollama: {"error": "text"};
    # Mistral: {"object": "error", "message", "type", "code"}, or {"detail": [{"msg", ...}]} from its validation.
    error = document.get("error", document) if isinstance(document, dict) else document
    if isinstance(error, str):
        return {"message": error[:_LIMIT]}
    if not isinstance(error, dict):
        return {}
    message = error.get("message") or error.get("detail")
    if isinstance(message, list | dict):
        message = orjson.dumps(message).decode()
    found = {"message": message, "type": error.get("type") or error.get("status"), "code": error.get("code")}
    return {name: str(value)[:_LIMIT] for name, value in found.items() if isinstance(value, str | int) and value}
