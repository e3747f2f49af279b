"""Pages in a browser: who is named may read, nobody else is refused, and the pages of the house stay their own."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gateway.http.cors import Cors
from gateway.http.routes import Front, dialect_endpoints
from gateway.pipeline.doors import Inbound, Outbound
from gateway.pipeline.pipeline import Pipeline
from gateway.settings import SettingsError, load
from gateway.wire.chat_completions import ChatCompletions

CHAT, JAN, STRANGER = b"https://chat.musterstadt.example", b"tauri://localhost", b"https://elsewhere.example"
CHAT_PATH = "/v1/chat/completions"


class _Pipeline:
    async def recognise(self, inbound: Inbound) -> None:
        pass

    async def handle(self, inbound: Inbound) -> Outbound:
        return Outbound(200, {"x-request-id": inbound.request_id}, b"{}")


async def _framework(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 207, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(method: str, path: str, *headers: tuple[bytes, bytes], origins: str = f"{CHAT.decode()},{JAN.decode()}",
        ) -> tuple[int, dict[bytes, bytes]]:
    """Return status and headers of the answer."""
    sent: list[dict[str, Any]] = []
    requests = [{"type": "http.request", "body": b"{}"}]

    async def receive() -> dict[str, Any]:
        return requests.pop() if requests else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)
    allowed = load({"KI_PFORTE_HOME": "nowhere"}).model_copy(update={"cors_origins": origins}).cors_allowed
    front = Front(_framework, dialect_endpoints([ChatCompletions()], cast(Pipeline, _Pipeline()), 1000), Cors(allowed))
    asyncio.run(front({"type": "http", "method": method, "path": path, "headers": list(headers)}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


PREFLIGHT = ((b"access-control-request-method", b"POST"),
             (b"access-control-request-headers", b"authorization,content-type,x-api-key"))


@pytest.mark.parametrize("path", [CHAT_PATH, "/chat/completions", "/v1/models", "/models", "/v1/models/demo",
                                  "/v1/conversations", "/conversations/conv_1/items"])
@pytest.mark.parametrize("origin", [CHAT, JAN])
def test_a_named_page_may_ask_beforehand_without_a_key(path: str, origin: bytes) -> None:
    status, headers = ask("OPTIONS", path, (b"origin", origin), *PREFLIGHT)
    assert status == 204
    assert headers[b"access-control-allow-origin"] == origin
    assert headers[b"access-control-allow-headers"] == b"authorization,content-type,x-api-key"
    assert headers[b"access-control-allow-methods"] == b"GET, POST, DELETE"
    assert headers[b"vary"] == b"Origin"
    assert headers[b"x-request-id"]


def test_a_named_page_may_read_the_answer_and_its_number() -> None:
    status, headers = ask("POST", CHAT_PATH, (b"origin", CHAT))
    assert (status, headers[b"access-control-allow-origin"]) == (200, CHAT)
    assert b"x-request-id" in headers[b"access-control-expose-headers"]
    assert b"access-control-allow-credentials" not in headers, "the cookie of the pages counts for nobody else"


@pytest.mark.parametrize("origin", [STRANGER, b"null", CHAT + b".elsewhere.example", b"http://chat.musterstadt.example",
                                    CHAT + b":444", b"", b"*"])
def test_another_page_is_served_and_its_browser_shows_it_nothing(origin: bytes) -> None:
    status, headers = ask("POST", CHAT_PATH, (b"origin", origin))
    assert status == 200
    assert not [name for name in headers if name.startswith(b"access-control")]
    status, headers = ask("OPTIONS", CHAT_PATH, (b"origin", origin), *PREFLIGHT)
    assert status == 207, "as without any list"
    assert not [name for name in headers if name.startswith(b"access-control")]


def test_two_origins_are_none() -> None:
    assert b"access-control-allow-origin" not in ask("POST", CHAT_PATH, (b"origin", CHAT), (b"origin", STRANGER))[1]


@pytest.mark.parametrize("path", ["/", "/keys", "/review", "/pass", "/v1", "/metrics"])
def test_pages_of_the_house_take_no_part(path: str) -> None:
    for method in ("GET", "OPTIONS"):
        assert b"access-control-allow-origin" not in ask(method, path, (b"origin", CHAT), *PREFLIGHT)[1]


def test_without_a_list_nobody_is_named() -> None:
    assert b"access-control-allow-origin" not in ask("POST", CHAT_PATH, (b"origin", CHAT), origins="")[1]


def test_whatever_the_framework_answers_has_a_number() -> None:
    assert ask("GET", "/healthz")[1][b"x-request-id"]


@pytest.mark.parametrize("value", ["*", "chat.musterstadt.example", "https://chat.musterstadt.example/pfad",
                                   "https://", "https://a.example;b.example /"])
def test_an_origin_that_no_browser_would_send_stops_the_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_CORS_ORIGINS", value)
    with pytest.raises(SettingsError, match="KI_PFORTE_CORS_ORIGINS: Erwartet wird eine Adresse aus Schema"):
        load()


def test_origins_are_read_as_browsers_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KI_PFORTE_CORS_ORIGINS", " HTTPS://Chat.Musterstadt.example/ , tauri://localhost")
    assert load().cors_allowed == {CHAT.decode(), JAN.decode()}
