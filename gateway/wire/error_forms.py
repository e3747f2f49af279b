"""Errors in the form that the clients of each API show: an object with a German sentence in it, never less."""

from __future__ import annotations

from typing import Final

import orjson

from gateway.errors import GatewayError


def public_message(error: GatewayError, request_id: str) -> str:
    """Return the text a person reads: what happened, what to do, and the Vorgangsnummer."""
    return f"{error.message} Vorgang {request_id}"


def openai_error(error: GatewayError, request_id: str) -> bytes:
    """Return an error in the form that OpenAI clients show."""
    return orjson.dumps({"error": {"message": public_message(error, request_id), "type": error.type,
                                   "code": error.code, "param": error.param}})


_ANTHROPIC: Final = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
                     404: "not_found_error", 405: "invalid_request_error", 413: "request_too_large",
                     429: "rate_limit_error", 503: "overloaded_error", 504: "timeout_error"}


def anthropic_error(error: GatewayError, request_id: str) -> bytes:
    """Return an error in the form that Anthropic clients show; our own code and parameter stand beside it."""
    return orjson.dumps({"type": "error", "request_id": request_id, "error": {
        "type": _ANTHROPIC.get(error.status, "api_error"), "message": public_message(error, request_id),
        "code": error.code, "param": error.param}})
