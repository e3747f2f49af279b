"""Every provider that does not speak the OpenAI form itself, translated by litellm as a library.

Keeps true: the rest of the house sees one form only: server-sent events of the OpenAI form when streaming, one JSON
body when not; parameters of litellm itself (addresses, keys, callbacks, fallbacks, mocks) cannot be set by a
request, because only the names below are handed on; what went wrong on the wire wins over what litellm makes of it;
a stream that breaks off is an error and never an end; no text of an exception of litellm is used, because it quotes
the request.

Does not know: whether a stream that ends too early, but properly, was whole; litellm takes it for one. Of the
providers in `_ENDS` we know how a whole stream ends, and look.
Costs several times the CPU of the pass-through (see ``tests/bench/upstream_bench.py``).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import warnings
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from yarl import URL

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.upstream import failures, litellm_library
from gateway.upstream.line import Line
from gateway.upstream.litellm_form import event, whole
from gateway.upstream.provider_errors import error_body
from gateway.upstream.secrets import Secrets

if TYPE_CHECKING:
    from gateway.upstream.litellm_transport import Call

_CHAT = frozenset({
    "messages", "temperature", "top_p", "n", "stop", "max_tokens", "max_completion_tokens", "presence_penalty",
    "frequency_penalty", "logit_bias", "response_format", "seed", "tools", "tool_choice", "parallel_tool_calls",
    "functions", "function_call", "logprobs", "top_logprobs", "reasoning_effort", "verbosity", "prediction",
    "stream_options", "modalities", "thinking", "top_k",
})
_EMBEDDINGS = frozenset({"input", "dimensions"})
_ENDS = {"anthropic": (b"message_stop",), "mistral": (b"[DONE]",), "azure": (b"[DONE]",),
         "ollama_chat": (b'"done":true', b'"done": true')}
"""What stands at the end of a whole stream, by the provider's name for litellm."""
_PARAMETERS = {"chat": _CHAT, "embeddings": _EMBEDDINGS}
"""What may be handed on per dialect. Any other name would be an instruction to litellm, not to the provider."""


class LiteLLM:
    """Translates and sends over the shared `Line` (implements `gateway.ports.Upstream`)."""

    def __init__(self, line: Line, secrets: Secrets) -> None:
        self._line = line
        self._secrets = secrets

    async def start(self, targets: Iterable[str] = ()) -> None:
        """Import litellm, and what it needs for `targets`, in a thread: the first request shall not wait for it."""
        await asyncio.to_thread(_warm_up, sorted(set(targets)))

    async def send(self, request: SealedRequest) -> Whole | Events:
        """Translate, send, and return once the head of the answer is there (all of it, when not streaming)."""
        if not litellm_library.loaded():
            await self.start()
        call = self._call(request)
        try:
            with _Quiet():
                result = await self._ask(request, call)
        except asyncio.CancelledError:
            await call.close()
            raise
        except Exception as error:  # noqa: BLE001 - whatever litellm raises is a failure of this exchange, never ours
            await call.close()
            return _refused(call, error)
        if request.stream:
            return Events(result, call, _ENDS.get(request.model.target.partition("/")[0], ()))
        return Whole(200, orjson.dumps(whole(result, request.redacted.body)))

    def _call(self, request: SealedRequest) -> Call:
        from gateway.upstream.litellm_transport import Call

        model = request.model
        host = URL(model.base_url).host if model.base_url else None
        return Call(self._line, self._line.patience(model.timeout_seconds, stream=request.stream), host,
                    model.api_key_env is not None)

    async def _ask(self, request: SealedRequest, call: Call) -> Any:
        from gateway.upstream.litellm_transport import CURRENT

        options = self._options(request)
        litellm = litellm_library.load()
        function = litellm.acompletion if request.dialect == "chat" else litellm.aembedding
        if request.dialect == "chat":
            options["stream"] = request.stream
            options["_skip_mcp_handler"] = True  # else a request with tools imports its MCP gateway
        token = CURRENT.set(call)
        try:
            return await function(**options)
        finally:
            CURRENT.reset(token)

    def _options(self, request: SealedRequest) -> dict[str, Any]:
        model = request.model
        allowed = _PARAMETERS.get(request.dialect)
        if allowed is None:
            raise failures.misconfigured(f"model {model.id}: litellm is used for chat and embeddings only")
        body: Mapping[str, Any] = orjson.loads(request.redacted.body)
        options = {name: value for name, value in body.items() if name in allowed and value is not None}
        options |= {
            "model": model.target,
            "api_base": model.base_url,
            # litellm would look for a key in the environment; the transport takes this one off again
            "api_key": self._secrets.get(model.api_key_env) or "unused",
            "timeout": model.timeout_seconds,
            "max_retries": 0,
            "num_retries": 0,
            "no-log": True,
        }
        return options


class Whole:
    """An answer in one piece (implements `gateway.ports.UpstreamResponse`)."""

    content_type = "application/json"

    def __init__(self, status: int, body: bytes, retry_after: int | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        yield self._body

    async def close(self) -> None:
        """Nothing is open any more."""


class Events:
    """A streamed answer as events of the OpenAI form (implements `gateway.ports.UpstreamResponse`)."""

    content_type = "text/event-stream"

    def __init__(self, stream: Any, call: Call, ends: tuple[bytes, ...]) -> None:
        self.status = 200
        self.retry_after: int | None = None
        self._stream = stream
        self._call = call
        self._ends = ends

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield one event per piece, then ``[DONE]``; a broken line is an error even if litellm saw an end."""
        stream = aiter(self._stream)
        while True:
            try:
                with _Quiet():
                    piece = await anext(stream, None)
                    data = None if piece is None else orjson.dumps(event(piece))
            except Exception as error:  # noqa: BLE001 - see LiteLLM.send
                raise self._call.failure or failures.broken(f"litellm stream: {type(error).__name__}") from None
            if data is None:
                break
            yield b"data: " + data + b"\n\n"
        if self._call.failure is not None:
            raise self._call.failure
        if self._ends and not any(end in self._call.tail for end in self._ends):
            raise failures.broken("the stream ended before its end")
        yield b"data: [DONE]\n\n"

    async def close(self) -> None:
        """Cut the provider's connection unless its body was complete."""
        await self._call.close()


def _warm_up(targets: list[str]) -> None:
    """Import, then write a request per target that the transport refuses: litellm loads providers at first use."""
    litellm = litellm_library.load()

    async def write() -> None:
        for target in targets:
            with _Quiet(), contextlib.suppress(Exception):  # the refusal is the aim, whatever litellm makes of it
                await litellm.acompletion(model=target, messages=[{"role": "user", "content": "Guten Tag"}],
                                          api_key="unused", api_base="http://refused.invalid", stream=True,
                                          max_retries=0, num_retries=0)

    asyncio.run(write())


def _refused(call: Call, error: Exception) -> Whole:
    """What happened on the wire, then what litellm says without its words."""
    if call.failure is not None:
        raise call.failure from None
    if isinstance(error, GatewayError):
        raise error from None
    if call.answer is not None and call.answer.status >= 400:
        return Whole(call.answer.status, error_body(call.error_body), call.answer.retry_after)
    if call.answer is not None:
        raise failures.unreadable(f"litellm could not read the answer: {type(error).__name__}") from None
    raise failures.untranslatable(f"litellm could not write the request: {type(error).__name__}") from None


class _Quiet:
    """Keeps the warnings that litellm and its models emit out of our log and of tests, while a call is under way.

    The filters of Python are global: the first one in saves them, the last one out puts them back, so that calls that
    overlap do not leave the filters of one another behind.
    """

    _lock = threading.Lock()
    _depth = 0
    _saved: warnings.catch_warnings[Any] | None = None

    def __enter__(self) -> None:
        with _Quiet._lock:
            if _Quiet._depth == 0:
                _Quiet._saved = warnings.catch_warnings()
                _Quiet._saved.__enter__()
                warnings.simplefilter("ignore")
            _Quiet._depth += 1

    def __exit__(self, *_exception: object) -> None:
        with _Quiet._lock:
            _Quiet._depth -= 1
            if _Quiet._depth == 0 and _Quiet._saved is not None:
                _Quiet._saved.__exit__(None, None, None)
                _Quiet._saved = None
