"""What the framework itself refuses is answered in the form of the API whose address it was, and says what to do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http.errors import ErrorHandlers


async def broken(_request: Request) -> Response:
    raise RuntimeError("canary Krüger")


def ask(method: str, path: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    handlers = ErrorHandlers()
    app = Starlette(routes=[Route(path, broken, methods=["POST"]) for path in ("/v1/messages", "/v1/chat/completions")],
                    exception_handlers={404: handlers.refused, 405: handlers.refused, 500: handlers.failed})
    sent: list[Any] = []

    async def run() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)
        try:
            await app({"type": "http", "method": method, "path": path, "headers": [], "query_string": b"",
                       "server": ("x", 80), "client": ("y", 1), "scheme": "http", "root_path": ""}, receive, send)
        except RuntimeError:  # Starlette raises it again once the answer is out
            assert sent
    asyncio.run(run())
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, json.loads(sent[1]["body"])


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "/v1/messages", 405, "methode_unbekannt"), ("POST", "/v1/messages/batches", 404, "pfad_unbekannt"),
    ("POST", "/messages/", 404, "pfad_unbekannt"), ("POST", "/v1/messages", 500, "intern")])
def test_under_messages_an_error_has_the_form_of_anthropic(method: str, path: str, status: int, code: str) -> None:
    got, headers, body = ask(method, path)
    assert (got, body["type"], body["error"]["code"]) == (status, "error", code)
    assert body["request_id"] == headers["x-request-id"]
    assert headers["x-request-id"] in body["error"]["message"]
    assert "Krüger" not in json.dumps(body)


@pytest.mark.parametrize(("method", "path", "status", "code"), [
    ("GET", "/v1/chat/completions", 405, "methode_unbekannt"), ("POST", "/v1/messagesx", 404, "pfad_unbekannt"),
    ("GET", "/v1/nix", 404, "pfad_unbekannt"), ("POST", "/v1/chat/completions", 500, "intern")])
def test_everywhere_else_it_has_the_form_of_openai(method: str, path: str, status: int, code: str) -> None:
    got, headers, body = ask(method, path)
    assert (got, body["error"]["code"]) == (status, code)
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "code", "param"}
    assert headers["x-request-id"] in body["error"]["message"]
    assert (headers.get("allow") == "POST") is (status == 405)
