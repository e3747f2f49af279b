"""What the doctor says about providers, the port and the way in: asked for real, over real sockets, without content."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey

from gateway.cli.doctor_finding import FAULT, GOOD, NOTICE
from gateway.cli.doctor_outside import (
    CERTIFICATE,
    arrives_in_pieces,
    clock,
    port_findings,
    providers,
    way_in,
    who_listens,
)
from gateway.http.health import AT_ONCE, PIECES, Health
from gateway.settings import Settings
from gateway.upstream import probe
from gateway.upstream.probe import Look, look
from gateway.upstream.secrets import Secrets
from tests.support.awaited import awaited
from tests.support.certificates import self_signed
from tests.support.counted import model

KEY = "sk-kanarienvogel"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def secrets(folder: Path) -> Secrets:
    return Secrets(folder, {"LLM_KEY": KEY})


def registered(url: str, adapter: str = "openai", target: str = "llama", key: str | None = "LLM_KEY") -> Any:
    return replace(model(), adapter=adapter, target=target, base_url=url, api_key_env=key)


async def seen(tmp_path: Path, answer: web.Response | Exception, **about: Any) -> tuple[Look, list[web.Request]]:
    asked: list[web.Request] = []

    async def reply(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        assert await request.read() == b"", "nothing but the question is sent"
        if isinstance(answer, Exception):
            raise answer
        return answer
    async with serving(reply) as url:
        return await look(registered(url + "/v1", **about), secrets(tmp_path)), asked


@awaited
async def test_a_provider_that_knows_key_and_model_is_in_order(tmp_path: Path) -> None:
    found, asked = await seen(tmp_path, web.json_response({"data": [{"id": "llama"}]}))
    assert (found.problem, found.listed) == ("", True)
    assert found.clock_off is not None
    assert [(r.method, r.path, r.headers["authorization"]) for r in asked] == [("GET", "/v1/models", f"Bearer {KEY}")]
    assert [f.state for f in providers([model()], [found], NOW)] == [GOOD]


@pytest.mark.parametrize(("adapter", "target", "path", "header"), [
    ("litellm", "anthropic/claude", "/v1/models", "x-api-key"), ("openai", "llama", "/v1/models", "authorization"),
    ("litellm", "azure/gpt", "/v1/openai/models", "api-key"), ("litellm", "mistral/large", "/v1/models",
                                                               "authorization"),
    ("litellm", "ollama_chat/x", "/v1/api/tags", "")])
def test_each_kind_is_asked_where_its_list_is_and_in_its_own_way(
        tmp_path: Path, adapter: str, target: str, path: str, header: str) -> None:
    about = {"adapter": adapter, "target": target, "key": "LLM_KEY" if header else None}
    found, asked = asyncio.run(seen(tmp_path, web.json_response({}), **about))
    assert found.problem == ""
    assert [r.path for r in asked] == [path]
    assert [name.lower() for name, value in asked[0].headers.items() if KEY in value] == ([header] if header else [])


@awaited
async def test_a_provider_without_a_known_list_gets_no_key(tmp_path: Path) -> None:
    _, asked = await seen(tmp_path, web.json_response({}), adapter="litellm", target="unbekannt/x")
    assert KEY not in str(asked[0].headers)
    assert await look(registered(None, "litellm", "bedrock/x"), secrets(tmp_path)) == Look(asked=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "key", "says"), [
    (401, "LLM_KEY", "nimmt den Schlüssel LLM_KEY nicht an"), (403, "LLM_KEY", "nimmt den Schlüssel"),
    (401, None, "verlangt einen Schlüssel"), (302, None, "leitet weiter"), (500, None, "ein Fehler (HTTP 500)"),
    (404, None, "")])
def test_what_is_wrong_is_said_with_what_to_do(tmp_path: Path, status: int, key: str | None, says: str) -> None:
    answer = web.Response(status=status, text=KEY, headers={"location": "/x"})
    found, asked = asyncio.run(seen(tmp_path, answer, key=key))
    assert says in found.problem
    assert bool(found.problem) == bool(says)
    assert KEY not in found.problem
    assert len(asked) == 1, "a redirect is not followed"


@pytest.mark.parametrize("body", ["", "kein json", "[]", '{"data": 7}', '{"data": [7]}', '{"models": []}'])
def test_a_list_that_cannot_be_read_says_nothing_about_the_model(tmp_path: Path, body: str) -> None:
    found, _ = asyncio.run(seen(tmp_path, web.Response(text=body)))
    assert (found.problem, found.listed) == ("", None)


@awaited
async def test_a_model_that_the_provider_does_not_name_is_said(tmp_path: Path) -> None:
    found, _ = await seen(tmp_path, web.json_response({"data": [{"id": "andere"}]}))
    assert found.listed is False
    (said,) = providers([model()], [found], NOW)
    assert said.state == NOTICE
    assert "target" in said.text


@awaited
async def test_nobody_there_a_foreign_certificate_and_no_tls_are_told_apart(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else's
        gone = await look(registered(f"http://127.0.0.1:{taken.getsockname()[1]}/v1"), secrets(tmp_path))
    assert "nicht erreichbar" in gone.problem
    public, private = self_signed(tmp_path, "localhost", days=5)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(public, private)

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.json_response({"data": [{"id": "llama"}]})
    async with serving(reply, tls) as url:
        assert "traut dieser Rechner nicht" in (await look(registered(url), secrets(tmp_path))).problem
        plain = await look(registered(url.replace("https", "http")), secrets(tmp_path))
        assert plain.problem
    async with serving(reply) as url:
        odd = await look(registered(url.replace("http", "https")), secrets(tmp_path))
        assert "verschlüsselte Verbindung" in odd.problem


def test_a_name_that_is_unknown_and_a_silence_have_their_own_words() -> None:
    nobody = ConnectionKey("llm.example", 443, True, True, None, None, None)
    unknown = probe._failed(aiohttp.ClientConnectorDNSError(nobody, OSError(-2, "unknown")), "llm.example")
    assert "llm.example" in unknown
    assert "DNS" in unknown
    assert "Firewall" in probe._failed(TimeoutError(), "llm.example")


def test_a_certificate_that_ends_soon_is_a_notice() -> None:
    for left, states in ((CERTIFICATE - timedelta(days=1), [GOOD, NOTICE]), (CERTIFICATE + timedelta(days=1), [GOOD])):
        assert [f.state for f in providers([model()], [Look(ends=NOW + left)], NOW)] == states
        assert [f.state for f in way_in("https://ki.example", Look(ends=NOW + left), True, NOW)] == states


@pytest.mark.parametrize(("offsets", "state"), [([None], None), ([1.0, 900.0], GOOD), ([-31.0, None], FAULT)])
def test_the_clock_is_compared_with_those_of_others(offsets: list[float | None], state: str | None) -> None:
    assert [f.state for f in clock(offsets)] == ([state] if state else [])


@awaited
async def test_who_listens_on_our_port_is_told_apart() -> None:
    async def us(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok"}, headers={"x-request-id": "7F3K"})

    async def another(_: web.Request) -> web.StreamResponse:
        return web.Response(text="It works!")
    for answer, who in ((us, "we"), (another, "other")):
        async with serving(answer) as url:
            assert await who_listens(url) == who
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await who_listens(f"http://127.0.0.1:{taken.getsockname()[1]}") == "free"
    states = {who: [f.state for f in port_findings(Settings(), who)] for who in ("we", "free", "other")}
    assert states == {"we": [GOOD], "free": [NOTICE], "other": [FAULT]}


@awaited
async def test_a_stream_that_comes_piece_by_piece_is_told_from_one_that_was_held_back() -> None:
    taken = asyncio.Event()

    async def pieces(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(PIECES):
            taken.clear()
            await answer.write(b"data: x\n\n")
            await taken.wait()  # the next one is sent only when this one has arrived
        return answer

    async def held_back(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"data: x\n\n" * PIECES)

    async def closed(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404)
    async with serving(pieces) as url:
        assert await arrives_in_pieces(url, taken.set, least=0) is True
        assert await arrives_in_pieces(url, taken.set, least=3600) is False, "all at once, cut by the network"
    async with serving(held_back) as url:
        assert await arrives_in_pieces(url) is False
    async with serving(closed) as url:
        assert await arrives_in_pieces(url) is None
    for streams, state in ((True, GOOD), (False, FAULT), (None, NOTICE)):
        assert [f.state for f in way_in("https://ki.example", Look(), streams)] == [state]
    (lost,) = way_in("https://ki.example", Look("Den Namen kennt niemand. Prüfen Sie „base_url“."), None)
    assert (lost.state, "KI_PFORTE_PUBLIC_URL" in lost.text) == (FAULT, True)


@awaited
async def test_the_trial_stream_sends_its_pieces_one_by_one_and_only_so_many_at_once() -> None:
    going = asyncio.Event()
    health = Health(_never, bytes, pause=going.wait)  # type: ignore[arg-type]
    route = next(r for r in health.routes(with_metrics=False) if getattr(r, "path", "") == "/healthz/stream")
    sent: list[list[dict[str, Any]]] = [[] for _ in range(AT_ONCE + 1)]
    begun = asyncio.Event()

    async def one(number: int) -> None:
        async def send(message: Any) -> None:
            sent[number].append(message)
            if all(len(messages) == 2 for messages in sent[:AT_ONCE]):
                begun.set()
        await route.handle({"type": "http", "method": "GET", "path": "/healthz/stream", "headers": [],
                            "query_string": b""}, _waits, send)
    tasks = [asyncio.create_task(one(number)) for number in range(AT_ONCE)]
    await begun.wait()
    await one(AT_ONCE)
    assert sent[AT_ONCE][0]["status"] == 503
    going.set()
    await asyncio.gather(*tasks)
    assert [m["body"] for m in sent[0][1:-1]] == [b"data: %d/%d\n\n" % (n, PIECES) for n in range(1, PIECES + 1)]
    assert (b"x-accel-buffering", b"no") in sent[0][0]["headers"]


async def _never() -> None:
    raise AssertionError


async def _waits() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError
