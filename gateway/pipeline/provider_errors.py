"""What a person reads when the provider refuses: its own text is never shown, it often quotes what was sent."""

from __future__ import annotations

from typing import Final

import orjson

from gateway.errors import GatewayError
from gateway.ports import UpstreamResponse
from gateway.wire import chat_completions, completions, embeddings, messages, responses

MAX_ERROR_BODY = 64 * 1024
_KINDS: Final = """
    api_error authentication_error bad_request billing_error content_filter content_policy_violation
    context_length_exceeded context_window_exceeded exceed_context_size_error insufficient_quota internal_error
    internal_server_error invalid_api_key invalid_image invalid_prompt invalid_request invalid_request_error
    invalid_type invalid_value missing_required_parameter model_not_found not_found not_found_error not_supported_error
    overloaded_error permission_denied permission_error rate_limit_error rate_limit_exceeded request_too_large
    server_error service_unavailable string_above_max_length timeout timeout_error too_many_requests unavailable_error
    unknown_parameter unsupported_parameter unsupported_value
"""
_CODES: Final = frozenset(_KINDS.split())
"""What OpenAI, Anthropic, vLLM, Ollama and llama.cpp call the kinds of their errors."""
_FIELDS: Final = frozenset(name for fields in (chat_completions, completions, embeddings, messages, responses)
                           for name in fields.REQUEST)


async def provider_error(response: UpstreamResponse) -> GatewayError:
    """Read the refusal of a provider and return the error for the client. Uses status, code and parameter only."""
    body = bytearray()
    async for chunk in response.chunks():
        body += chunk
        if len(body) > MAX_ERROR_BODY:
            break
    return refusal(response.status, bytes(body), response.retry_after)


def refusal(status: int, body: bytes, retry_after: int | None) -> GatewayError:
    """Translate status and code of a provider's error."""
    code, param = _code_and_param(body)
    hint = f"provider status {status}, code {code or '-'}"
    if status == 429:
        return GatewayError("limit_erreicht", "Das Modell ist im Augenblick überlastet. Bitte versuchen Sie es in "
                            "einigen Minuten noch einmal.", hint=hint, retry_after=retry_after or 30)
    if status in (400, 413, 422) and "context" in code:
        return GatewayError("zu_gross", "Der Text ist für dieses Modell zu lang. Bitte kürzen Sie ihn oder beginnen "
                            "Sie eine neue Unterhaltung.", hint=hint)
    if status in (400, 413, 422):
        where = f" (Feld „{param}“)" if param else ""
        return GatewayError("anfrage_ungueltig", f"Der Anbieter hat die Anfrage nicht angenommen{where}. Bitte prüfen "
                            "Sie die Einstellungen Ihres Programms oder wählen Sie ein anderes Modell.",
                            param=param, hint=hint)
    if status in (401, 403, 404):
        return GatewayError("anbieter_fehler", "Der Anbieter gibt der KI-Pforte keinen Zugang zu diesem Modell. Bitte "
                            "wählen Sie ein anderes und sagen Sie der IT Bescheid.", hint=hint)
    return GatewayError("anbieter_fehler", "Der Anbieter des Modells meldet eine Störung. Bitte versuchen Sie es "
                        "später noch einmal oder wählen Sie ein anderes Modell.", hint=hint, retry_after=retry_after)


def _code_and_param(body: bytes) -> tuple[str, str | None]:
    """Return code and parameter where they are words of the APIs: any other word could be one of the prompt."""
    try:
        error = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", None
    error = error.get("error", error) if isinstance(error, dict) else None
    if not isinstance(error, dict):
        return "", None
    code, param = error.get("code") or error.get("type"), error.get("param")
    return (code if isinstance(code, str) and code in _CODES else ""), (
        param if isinstance(param, str) and param in _FIELDS else None)
