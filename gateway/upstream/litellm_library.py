"""Loads litellm as a quiet library: only when a model needs it, once, and with everything off that is not translation.

Keeps true: no download (the cost map and the tokenizers that come with the package are used), no ``.env`` file, no
telemetry, no callback, no cache, no retry; its loggers say nothing, because their messages quote requests; every
client it makes sends over `gateway.upstream.litellm_transport` or not at all.

The import takes seconds of CPU: call `load` in a thread (`LiteLLM.start` does).
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from typing import Any

_LOADING = threading.Lock()
_LOADED: list[Any] = []

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it downloads its price list at import
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_MODE": "PRODUCTION",  # else it reads a .env file from the folders above it
    "LITELLM_LOG": "ERROR",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "httpx", "httpcore", "openai", "anthropic")


def load() -> Any:
    """Return litellm, importing and silencing it on the first call. Blocks for seconds then; safe from any thread."""
    with _LOADING:
        if not _LOADED:
            _LOADED.append(_import())
    return _LOADED[0]


def loaded() -> bool:
    """Whether a call would find the library ready."""
    return bool(_LOADED)


def _import() -> Any:
    os.environ.update(_ENVIRONMENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm

        _switch_off(litellm)
        _send_over_the_line(litellm)
    _silence()
    return litellm


def _switch_off(litellm: Any) -> None:
    litellm.telemetry = False
    litellm.set_verbose = False
    litellm.suppress_debug_info = True  # else it prints advice to standard output at every error
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    litellm.disable_hf_tokenizer_download = True
    litellm.disable_end_user_cost_tracking = True
    litellm.num_retries = 0
    litellm.num_retries_per_request = 0
    litellm.cache = None
    litellm.drop_params = True  # what a provider does not know (seed, penalties) is left out instead of refused
    litellm.modify_params = False
    for hooks in ("callbacks", "input_callback", "success_callback", "failure_callback", "service_callback",
                  "_async_success_callback", "_async_failure_callback", "_async_input_callback"):
        getattr(litellm, hooks).clear()


def _send_over_the_line(litellm: Any) -> None:
    """Replace the HTTP clients that litellm makes: those of its own handlers, and those it hands to SDKs."""
    import httpx  # noqa: TID251 - see litellm_transport
    from litellm.llms.custom_httpx import http_handler

    from gateway.upstream.litellm_transport import LineTransport, NoTransport

    def client(*_args: object, **_options: object) -> httpx.AsyncClient:
        # our line has its own limits: whatever timeout httpx holds never reaches a socket
        return httpx.AsyncClient(transport=LineTransport(), follow_redirects=False, trust_env=False)

    def refusing(*_args: object, **_options: object) -> httpx.Client:
        return httpx.Client(transport=NoTransport(), follow_redirects=False, trust_env=False)

    handlers: Any = http_handler
    handlers.AsyncHTTPHandler.create_client = client
    handlers.HTTPHandler.create_client = refusing
    litellm.aclient_session = client()
    litellm.client_session = refusing()
    litellm.in_memory_llm_clients_cache.flush_cache()


def _silence() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = False
        logger.disabled = True
