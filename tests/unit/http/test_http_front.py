"""The wire APIs stand before the framework; what is none of theirs goes on to it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.http.routes import Front, dialect_endpoints
from gateway.pipeline.doors import Inbound, Outbound
from gateway.pipeline.pipeline import Pipeline
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.error_forms import openai_error


class _Pipeline:
    """Answers every request; at the door it does what it is told."""

    fault: Exception | None = None

    async def recognise(self, inbound: Inbound) -> None:
        if self.fault:
            raise self.fault

    async def turn_away(self, inbound: Inbound, error: GatewayError) -> Outbound:
        return Outbound(error.status, {}, openai_error(error, inbound.request_id))

    async def handle(self, inbound: Inbound) -> Outbound:
        return Outbound(200, {}, b"{}")


async def _framework(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "framework"})


def _ask(pipeline: _Pipeline, path: str, method: str = "POST", kind: str = "http") -> list[dict[str, Any]]:
    """Return what is sent for one request."""
    sent: list[dict[str, Any]] = []
    requests = [{"type": "http.request", "body": b"{}"}]

    async def receive() -> dict[str, Any]:
        return requests.pop() if requests else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)
    front = Front(_framework, dialect_endpoints([ChatCompletions()], cast(Pipeline, pipeline), 1000))
    scope = {"type": kind, "method": method, "path": path, "headers": []}
    asyncio.run(front(scope, receive, send))
    return sent


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/chat/completions/", "/chat/completions",
                                  "/chat/completions/"])
def test_each_spelling_of_a_path_leads_to_its_api(path: str) -> None:
    assert [message.get("status") for message in _ask(_Pipeline(), path)] == [200, None]


@pytest.mark.parametrize(("path", "method", "kind"), [
    ("/v1/chat/completions", "GET", "http"), ("/v1/chat/other", "POST", "http"), ("/", "GET", "http"),
    ("/v1/chat/completions", "POST", "websocket"), ("", "", "lifespan")])
def test_everything_else_goes_to_the_framework(path: str, method: str, kind: str) -> None:
    assert _ask(_Pipeline(), path, method, kind) == [{"type": "framework"}]


def test_a_fault_at_the_door_is_an_answer_in_the_form_of_the_api_and_keeps_its_words() -> None:
    pipeline = _Pipeline()
    pipeline.fault = RuntimeError("Erika Mustermann")
    start, body = _ask(pipeline, "/v1/chat/completions")
    assert start["status"] == 500
    assert orjson.loads(body["body"])["error"]["code"] == "intern"
    assert b"Mustermann" not in body["body"]
