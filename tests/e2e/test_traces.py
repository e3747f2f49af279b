"""Traces as a collector receives them: every step and the model, and no word, no person, no department."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.echo_provider import EchoProvider
from tests.support.gateway_process import PATIENCE, GatewayProcess
from tests.support.http import ask, chat

TEXT = "Frau Sabine Krüger, sabine.krueger@example.org, wohnt in der Lindenstraße 5, 12345 Musterstadt."
CANARIES = ("Sabine", "Krüger", "krueger", "Lindenstra", "Musterstadt", "Kanarienvogel", "kip_", "sk-of-the-provider")
ALLOWED = {"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.request.stream",
           "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "error.type", "ki_pforte.vorgang",
           "ki_pforte.api", "ki_pforte.status", "ki_pforte.region"}


class Collector:
    """Takes traces as OpenTelemetry's own collector does, and keeps the bytes."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[str] = []
        kept = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.headers.append(str(self.headers))
                kept.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    def __enter__(self) -> Collector:
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()

    def spans(self) -> list[Any]:
        return [span for body in self.bodies for resource in ExportTraceServiceRequest.FromString(body).resource_spans
                for scope in resource.scope_spans for span in scope.spans]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def watched(collector: Collector, provider: EchoProvider, policies: Path, settled: GatewayProcess,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("watched") / "home", policies, provider.url,
                        KI_PFORTE_TRACES_URL=collector.url, OTEL_BSP_SCHEDULE_DELAY="100") as running:
        yield running.settle_like(settled).start()


def of(collector: Collector, vorgang: str) -> dict[str, Any]:
    """Wait for the trace of one exchange; return its spans by name and kind."""
    give_up = time.monotonic() + PATIENCE
    while True:
        spans = collector.spans()
        roots = [s for s in spans if any(a.value.string_value == vorgang for a in s.attributes)]
        if roots:
            return {f"{s.kind} {s.name}": s for s in spans if s.trace_id == roots[0].trace_id}
        assert time.monotonic() < give_up, "no trace came"
        time.sleep(0.05)


def said(span: Any) -> dict[str, Any]:
    return {a.key: a.value.string_value or a.value.int_value or a.value.bool_value for a in span.attributes}


@pytest.mark.parametrize("stream", [False, True])
def test_a_trace_has_every_step_the_model_and_its_tokens(
        stream: bool, watched: GatewayProcess, collector: Collector) -> None:
    person = watched.holder("gueltig")
    reply = ask("POST", watched.url + "/v1/chat/completions", person.key, chat(TEXT, stream=stream),
                traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    assert reply.status == 200
    trace = of(collector, reply.headers["x-request-id"])
    root, call = trace["2 chat schnellstart"], trace["3 chat schnellstart"]
    assert {name[2:] for name in trace if name.startswith("1 ")} >= {
        f"ki_pforte.{stage}" for stage in ("authenticate", "admit", "inspect", "release", "redact", "record")}
    assert said(call)["gen_ai.usage.input_tokens"] == 11
    assert said(call)["gen_ai.request.model"] == "schnellstart"
    assert said(root)["ki_pforte.status"] == "ok"
    assert root.trace_id.hex() != "4bf92f3577b34da6a3ce929d0e0e4736", "an id of a caller could name a person"
    for span in trace.values():
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano
        assert said(span).keys() <= ALLOWED


def test_a_refusal_is_a_trace_without_a_call(watched: GatewayProcess, collector: Collector) -> None:
    reply = ask("POST", watched.url + "/v1/chat/completions", watched.holder("gueltig").key,
                chat("Guten Tag", model="Kanarienvogel"))
    trace = of(collector, reply.headers["x-request-id"])
    assert said(trace["2 chat unbekannt"])["error.type"] == "modell_unbekannt"
    assert not any(name.startswith("3 ") for name in trace)


def test_no_content_no_person_and_no_department_leaves_in_a_trace(
        watched: GatewayProcess, collector: Collector, provider: EchoProvider) -> None:
    person = watched.holder("gueltig")
    ask("POST", watched.url + "/v1/chat/completions", person.key, chat(TEXT, user="Kanarienvogel"))
    with provider.doing(status=500, error=b'{"error": {"message": "Sabine Kanarienvogel"}}'):
        failed = ask("POST", watched.url + "/v1/chat/completions", person.key, chat(TEXT))
    assert failed.status == 502
    trace = of(collector, failed.headers["x-request-id"])
    assert said(trace["3 chat schnellstart"])["error.type"] == "anbieter_fehler"
    together = b"".join(collector.bodies).decode("latin-1") + "".join(collector.headers)
    for canary in (*CANARIES, person.email, person.name, person.department, "traceparent"):
        assert canary not in together
        assert canary.encode().decode("latin-1") not in together
    assert not any("traceparent" in {k.lower() for k in got.headers} for got in provider.received)
