"""Traces for OpenTelemetry (OTLP over HTTP), after the exchange: how long each step took, by which model, how it ended.

The names are those of the semantic conventions for generative AI. What they would allow and this house does not send:
prompts, answers, tool calls, users, conversations, departments. A span is built from `gateway.model.trace.Trace` alone,
which has no room for any of it. The Vorgangsnummer leads whoever may read the ledger from a trace to its record.

Nothing is taken from a caller's ``traceparent`` and none is sent to a provider: an id from outside could name a person,
and one to the outside would tie requests together. Spans that cannot be delivered are dropped; no request waits.
"""

from __future__ import annotations

import time
from typing import Final

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.util.types import AttributeValue

from gateway.model.trace import Trace

OPERATIONS: Final = {"chat": "chat", "responses": "chat", "messages": "chat", "completions": "text_completion",
                     "embeddings": "embeddings"}
"""How the conventions call what an API does; the others keep their own name."""
_SECONDS: Final = 5
_FAILURES: Final = frozenset({"failed"})


class OtlpTraces:
    """Implements `gateway.ports.Traces`."""

    def __init__(self, exporter: SpanExporter, version: str) -> None:
        resource = Resource.create({"service.name": "ki-pforte", "service.version": version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ki-pforte", version)

    def exchange(self, trace: Trace) -> None:
        """See `gateway.ports.Traces.exchange`."""
        shift = time.time_ns() - round(time.perf_counter() * 1e9)

        def moment(counter: float) -> int:
            return round(counter * 1e9) + shift

        operation = OPERATIONS.get(trace.api, trace.api)
        name = f"{operation} {trace.model}"
        root = self._tracer.start_span(
            name, Context(), SpanKind.SERVER, start_time=moment(trace.begun), record_exception=False,
            attributes={"ki_pforte.vorgang": trace.request_id, "ki_pforte.api": trace.api,
                        "ki_pforte.status": trace.status, "gen_ai.operation.name": operation,
                        "gen_ai.request.model": trace.model})
        inside = set_span_in_context(root, Context())
        for stage, begun, ended in trace.stages:
            self._tracer.start_span(f"ki_pforte.{stage}", inside, start_time=moment(begun)).end(moment(ended))
        if trace.sent is not None:
            call = self._tracer.start_span(name, inside, SpanKind.CLIENT, start_time=moment(trace.sent),
                                           attributes=_of_the_call(trace, operation))
            if trace.status in _FAILURES:
                call.set_status(Status(StatusCode.ERROR))
            call.end(moment(trace.ended))
        if trace.code:
            root.set_attribute("error.type", trace.code)
        if trace.status in _FAILURES:
            root.set_status(Status(StatusCode.ERROR))
        root.end(moment(trace.ended))

    def close(self) -> None:
        """Deliver what waits, for some seconds at most."""
        self._provider.shutdown()


def _of_the_call(trace: Trace, operation: str) -> dict[str, AttributeValue]:
    said: dict[str, AttributeValue] = {
        "gen_ai.operation.name": operation, "gen_ai.provider.name": trace.provider, "gen_ai.request.model": trace.model,
        "gen_ai.request.stream": trace.stream, "ki_pforte.region": trace.region}
    if trace.tokens is not None:
        said |= {"gen_ai.usage.input_tokens": trace.tokens[0], "gen_ai.usage.output_tokens": trace.tokens[1]}
    if trace.code:
        said["error.type"] = trace.code
    return said


def open_traces(url: str, version: str) -> OtlpTraces:
    """Return where traces go. Headers, for example a password, are read from ``OTEL_EXPORTER_OTLP_HEADERS``."""
    session = requests.Session()
    session.trust_env = False  # no proxy and no password file of the environment decides where figures go
    return OtlpTraces(OTLPSpanExporter(endpoint=url, timeout=_SECONDS, session=session), version)
