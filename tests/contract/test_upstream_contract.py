"""What every `Upstream` keeps, whichever provider it speaks to: one suite, one run per implementation.

``openai`` and ``router`` pass bytes through to a provider that speaks the OpenAI form; ``litellm`` translates to a
provider that speaks Anthropic's own form.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.model.decision import ReleaseDecision
from gateway.model.exchange import Receipt, RedactedBody, SealedRequest
from gateway.model.register import RegisteredModel
from gateway.ports import Upstream, UpstreamResponse
from gateway.upstream.line import Line, LineSettings, retry_after
from gateway.upstream.litellm_adapter import LiteLLM
from gateway.upstream.openai_compatible import OpenAICompatible
from gateway.upstream.routing import UpstreamRouter
from gateway.upstream.secrets import Secrets
from tests.support.scripted_provider import Exchange, Script, ScriptedProvider, soon

CANARY = "Kanarienvogel-Erika-Mustermann"
KEY = "sk-kanarie"
QUICK = LineSettings(connect_seconds=5, first_byte_seconds=0.05, idle_seconds=0.05)


class OpenAIWire:
    """A provider that speaks the OpenAI form."""

    adapter, target, path = "openai", "fake", "/v1/chat/completions"
    base = "/v1"
    headers = frozenset({"host", "content-type", "accept", "accept-encoding", "authorization", "user-agent",
                         "content-length"})

    def events(self, texts: list[str]) -> list[bytes]:
        documents = [{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "fake",
                      "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in texts]
        return [b"data: %s\n\n" % json.dumps(document).encode() for document in documents] + [b"data: [DONE]\n\n"]

    def whole(self, text: str) -> bytes:
        message = {"role": "assistant", "content": text}
        return json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "fake",
                           "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()

    def error(self, message: str) -> bytes:
        return json.dumps({"error": {"message": message, "type": "t", "code": "c", "param": None}}).encode()


class AnthropicWire:
    """A provider that speaks Anthropic's Messages."""

    adapter, target, path = "litellm", "anthropic/claude-fake", "/v1/messages"
    base = ""
    headers = frozenset({"host", "content-type", "accept", "accept-encoding", "x-api-key", "anthropic-version",
                         "user-agent", "content-length"})

    def events(self, texts: list[str]) -> list[bytes]:
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "claude-fake",
                   "stop_reason": None, "usage": usage}
        start = self._event(type="message_start", message=message)
        start += self._event(type="content_block_start", index=0, content_block={"type": "text", "text": ""})
        end = self._event(type="content_block_stop", index=0)
        end += self._event(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2})
        end += self._event(type="message_stop")
        deltas = [self._event(type="content_block_delta", index=0, delta={"type": "text_delta", "text": text})
                  for text in texts]
        return [start + deltas[0], *deltas[1:], end]

    def whole(self, text: str) -> bytes:
        return json.dumps({"id": "m", "type": "message", "role": "assistant", "model": "claude-fake",
                           "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
                           "usage": {"input_tokens": 1, "output_tokens": 1}}).encode()

    def error(self, message: str) -> bytes:
        return json.dumps({"type": "error", "error": {"type": "t", "message": message}}).encode()

    def _event(self, **document: Any) -> bytes:
        return b"event: %s\ndata: %s\n\n" % (document["type"].encode(), json.dumps(document).encode())


Wire = OpenAIWire | AnthropicWire


class Bench:
    """One implementation, started, beside what its provider speaks."""

    def __init__(self, kind: str, home: Path) -> None:
        self.kind = kind
        self.wire: Wire = AnthropicWire() if kind == "litellm" else OpenAIWire()
        self.home = home
        self.line: Line
        self.upstream: Upstream

    async def open(self, settings: LineSettings | None = None) -> None:
        environment = {"FAKE_KEY": KEY}
        if self.kind == "router":
            router = UpstreamRouter(self.home, settings, environment=environment)
            await router.start()
            self.line, self.upstream = router.line, router
            return
        self.line = Line(settings)
        await self.line.open()
        secrets = Secrets(self.home, environment)
        self.upstream = LiteLLM(self.line, secrets) if self.kind == "litellm" else OpenAICompatible(self.line, secrets)

    async def close(self) -> None:
        await self.line.close()

    def request(self, url: str, *, stream: bool, text: str = CANARY, seconds: float = 30.0) -> SealedRequest:
        model = RegisteredModel(
            id="modell", name="Modell", adapter=self.wire.adapter, target=self.wire.target,
            base_url=url + self.wire.base, api_key_env="FAKE_KEY", dialects=frozenset({"chat"}), enabled=True,
            in_house=False, provider="p", operator="o", region="EU", transfer_basis="", data_classes=frozenset(),
            timeout_seconds=seconds)
        body = {"model": "fake", "messages": [{"role": "user", "content": text}], "stream": stream}
        release = ReleaseDecision("", model)
        return SealedRequest("chat", release, RedactedBody(json.dumps(body).encode(), {}), stream,
                         Receipt("receipt"), "request")

    def text(self, body: bytes) -> str:
        """Return the text of a complete answer in the OpenAI form, streamed or not."""
        if not body.startswith(b"data:"):
            return str(json.loads(body)["choices"][0]["message"]["content"])
        events = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]
        assert events[-1] == b"[DONE]"
        choices = [choice for event in events[:-1] for choice in json.loads(event)["choices"]]
        return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.fixture(params=["openai", "router", "litellm"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Bench]:
    """One implementation per run; afterwards nothing of the request stands in any log."""
    caplog.set_level(logging.DEBUG)
    yield Bench(request.param, tmp_path)
    logged = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert CANARY not in logged
    assert KEY not in logged


def scenario(function: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run an asynchronous test in its own event loop."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        async def body() -> None:
            try:
                await function(*args, **kwargs)
            finally:
                await kwargs["bench"].close()

        asyncio.run(body())

    return run


async def read(response: UpstreamResponse) -> bytes:
    return b"".join([piece async for piece in response.chunks()])


def answers(bench: Bench, text: str = "Guten Tag") -> Script:
    """Answer every request completely, streamed or not as it asks."""

    async def script(exchange: Exchange) -> bool:
        if not json.loads(exchange.body).get("stream"):
            return await exchange.whole(bench.wire.whole(text))
        await exchange.begin_stream()
        for event in bench.wire.events([text]):
            await exchange.piece(event)
        return await exchange.end_stream()

    return script


def assert_clean(error: GatewayError, code: str) -> None:
    assert error.code == code
    for text in (error.message, error.hint, str(error), repr(error)):
        assert CANARY not in text
        assert KEY not in text
    assert error.hint
    assert error.__cause__ is None


@scenario
async def test_a_complete_answer_comes_back_in_the_openai_form(bench: Bench) -> None:
    await bench.open()
    async with ScriptedProvider(answers(bench)) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=False))
        assert (response.status, response.content_type) == (200, "application/json")
        assert bench.text(await read(response)) == "Guten Tag"
        await response.close()
        assert provider.exchanges[0].path == bench.wire.path


@scenario
async def test_every_piece_of_a_stream_is_handed_on_before_the_next_one_is_sent(bench: Bench) -> None:
    await bench.open()
    taken = asyncio.Queue[None]()
    events = bench.wire.events(["Guten ", "Tag ", "[PERSON1]", ", wie geht es?"])

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        for event in events:
            await exchange.piece(event)
            if b"Tag" in event or b"PERSON" in event:
                await taken.get()
        return await exchange.end_stream()

    async with ScriptedProvider(script) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=True))
        assert response.status == 200
        assert response.content_type.startswith("text/event-stream")
        body = b""
        async for piece in response.chunks():
            body += piece
            if b"Tag" in piece or b"PERSON" in piece:
                taken.put_nowait(None)
        await response.close()
        assert bench.text(body) == "Guten Tag [PERSON1], wie geht es?"


@pytest.mark.parametrize(("status", "header", "seconds"), [(400, None, None), (401, None, None), (429, "17", 17),
                                                           (500, None, None), (503, "1.5", 2)])
@pytest.mark.parametrize("stream", [False, True])
@scenario
async def test_a_refusal_of_the_provider_is_an_answer_with_its_status_and_reason(
        bench: Bench, stream: bool, status: int, header: str | None, seconds: int | None) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        headers = {"Retry_After": header} if header else {}
        return await exchange.whole(bench.wire.error("Grund des Anbieters"), status, **headers)

    async with ScriptedProvider(script) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=stream))
        document = json.loads(await read(response))
        await response.close()
        assert response.status == status
        assert response.retry_after == seconds
        assert document["error"]["message"] == "Grund des Anbieters"
        assert len(provider.exchanges) == 1, "a refusal must not be asked for twice"


@scenario
async def test_an_answer_with_broken_framing_is_an_error_of_the_provider(bench: Bench) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        await exchange.piece(bench.wire.events(["Guten Tag"])[0])
        await exchange.write(b"das ist keine Laenge\r\n")
        return await exchange.until_hung_up()

    async with ScriptedProvider(script) as provider:
        with pytest.raises(GatewayError) as caught:
            await read(await bench.upstream.send(bench.request(provider.url, stream=True)))
        assert_clean(caught.value, "anbieter_fehler")


@scenario
async def test_an_answer_that_is_no_http_is_an_error_of_the_provider(bench: Bench) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        await exchange.write(b"Guten Tag, ich bin kein Webserver.\r\n\r\n")
        return False

    async with ScriptedProvider(script) as provider:
        with pytest.raises(GatewayError) as caught:
            await bench.upstream.send(bench.request(provider.url, stream=True))
        assert_clean(caught.value, "anbieter_fehler")


@scenario
async def test_a_stream_that_is_cut_is_an_error_and_never_an_end(bench: Bench) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        await exchange.piece(bench.wire.events(["Guten Tag", " und"])[0])
        return False

    async with ScriptedProvider(script) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=True))
        received = b""
        with pytest.raises(GatewayError) as caught:  # noqa: PT012 - the loop is the one statement under test
            async for piece in response.chunks():
                received += piece
        await response.close()
        assert_clean(caught.value, "anbieter_fehler")
        assert b"[DONE]" not in received


@scenario
async def test_a_provider_that_says_nothing_is_given_up(bench: Bench) -> None:
    await bench.open(QUICK)

    async with ScriptedProvider(Exchange.until_hung_up) as provider:
        with pytest.raises(GatewayError) as caught:
            await bench.upstream.send(bench.request(provider.url, stream=True))
        assert_clean(caught.value, "anbieter_zeit")
        await soon(provider.hung_up)


@scenario
async def test_an_answer_in_one_piece_may_take_as_long_as_the_model_allows(bench: Bench) -> None:
    await bench.open(QUICK)

    async with ScriptedProvider(Exchange.until_hung_up) as provider:
        with pytest.raises(GatewayError) as caught:
            await bench.upstream.send(bench.request(provider.url, stream=False, seconds=0.1))
        assert_clean(caught.value, "anbieter_zeit")
        await soon(provider.hung_up)


@scenario
async def test_a_stream_that_stalls_is_given_up_and_its_connection_closed(bench: Bench) -> None:
    await bench.open(LineSettings(idle_seconds=0.05))

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        await exchange.piece(bench.wire.events(["Guten Tag", " und"])[0])
        return await exchange.until_hung_up()

    async with ScriptedProvider(script) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=True))
        with pytest.raises(GatewayError) as caught:
            await read(response)
        assert_clean(caught.value, "anbieter_zeit")
        await soon(provider.hung_up)
        await response.close()


@scenario
async def test_a_reader_on_our_side_may_take_its_time(bench: Bench) -> None:
    await bench.open(LineSettings(idle_seconds=0.05))

    async with ScriptedProvider(answers(bench)) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=True))
        body = b""
        async for piece in response.chunks():
            await asyncio.sleep(0.12)
            body += piece
        await response.close()
        assert bench.text(body) == "Guten Tag"


@scenario
async def test_closing_early_hangs_up_on_the_provider(bench: Bench) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        await exchange.piece(bench.wire.events(["Guten Tag", " und"])[0])
        return await exchange.until_hung_up()

    async with ScriptedProvider(script) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=True))
        async for _piece in response.chunks():
            break
        assert not provider.hung_up.is_set()
        await response.close()
        await soon(provider.hung_up)


@pytest.mark.parametrize("stream", [False, True])
@scenario
async def test_cancelling_before_the_answer_hangs_up_on_the_provider(bench: Bench, stream: bool) -> None:
    await bench.open()

    async with ScriptedProvider(Exchange.until_hung_up) as provider:
        task = asyncio.ensure_future(bench.upstream.send(bench.request(provider.url, stream=stream)))
        await soon(provider.arrived)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await soon(provider.hung_up)


@scenario
async def test_cancelling_in_the_middle_of_a_stream_hangs_up_on_the_provider(bench: Bench) -> None:
    await bench.open()
    begun = asyncio.Event()

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        await exchange.piece(bench.wire.events(["Guten Tag", " und"])[0])
        return await exchange.until_hung_up()

    async def relay(url: str) -> None:
        response = await bench.upstream.send(bench.request(url, stream=True))
        try:
            async for _piece in response.chunks():
                begun.set()
        finally:
            await response.close()

    async with ScriptedProvider(script) as provider:
        task = asyncio.create_task(relay(provider.url))
        await soon(begun)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await soon(provider.hung_up)


@scenario
async def test_a_connection_is_used_again_after_a_complete_answer(bench: Bench) -> None:
    await bench.open()

    async with ScriptedProvider(answers(bench)) as provider:
        for stream in (True, False, True, False):
            response = await bench.upstream.send(bench.request(provider.url, stream=stream))
            await read(response)
            await response.close()
        assert len(provider.exchanges) == 4
        assert provider.connections == 1
        assert bench.line.connections == (1, 3)


@scenario
async def test_only_the_headers_we_chose_reach_the_provider(bench: Bench) -> None:
    await bench.open()

    async with ScriptedProvider(answers(bench)) as provider:
        for stream in (True, False):
            await read(await bench.upstream.send(bench.request(provider.url, stream=stream)))
        streamed, plain = provider.exchanges
        assert set(streamed.headers) <= bench.wire.headers
        assert set(plain.headers) <= bench.wire.headers
        assert streamed.headers["user-agent"] == "ki-pforte"
        assert {streamed.headers["accept-encoding"], plain.headers["accept-encoding"]} == {"identity"}
        assert KEY in (streamed.headers.get("authorization", "") + streamed.headers.get("x-api-key", ""))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@scenario
async def test_a_redirect_is_not_followed(bench: Bench, status: int) -> None:
    await bench.open()

    async with ScriptedProvider(answers(bench)) as elsewhere:
        async def script(exchange: Exchange) -> bool:
            return await exchange.whole(b"{}", status, Location=elsewhere.url + bench.wire.path)

        async with ScriptedProvider(script) as provider:
            with pytest.raises(GatewayError) as caught:
                await bench.upstream.send(bench.request(provider.url, stream=True))
            assert_clean(caught.value, "anbieter_fehler")
            assert len(provider.exchanges) == 1
        assert elsewhere.connections == 0


@scenario
async def test_big_bodies_pass_both_ways(bench: Bench) -> None:
    await bench.open()
    big = "Übergröße " * 300_000

    async with ScriptedProvider(answers(bench, big)) as provider:
        response = await bench.upstream.send(bench.request(provider.url, stream=False, text=big))
        assert bench.text(await read(response)) == big
        await response.close()
        assert len(provider.exchanges[0].body) > len(big)


@scenario
async def test_a_provider_that_is_not_there_is_an_error_of_the_provider(bench: Bench) -> None:
    await bench.open()
    async with ScriptedProvider(answers(bench)) as provider:
        url = provider.url
    with pytest.raises(GatewayError) as caught:
        await bench.upstream.send(bench.request(url, stream=True))
    assert_clean(caught.value, "anbieter_fehler")


@scenario
async def test_a_kept_connection_that_was_closed_under_us_is_made_anew(bench: Bench) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        return False if exchange.number == 2 else await answers(bench)(exchange)

    async with ScriptedProvider(script) as provider:
        for _ in range(2):
            response = await bench.upstream.send(bench.request(provider.url, stream=False))
            assert bench.text(await read(response)) == "Guten Tag"
        assert (len(provider.exchanges), provider.connections) == (3, 2)


@scenario
async def test_a_request_that_may_have_been_read_is_not_sent_twice(bench: Bench) -> None:
    await bench.open()

    async def script(exchange: Exchange) -> bool:
        return False

    async with ScriptedProvider(script) as provider:
        with pytest.raises(GatewayError) as caught:
            await bench.upstream.send(bench.request(provider.url, stream=False))
        assert_clean(caught.value, "anbieter_fehler")
        assert len(provider.exchanges) == 1


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_is_taken_from_the_environment(bench: Bench, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        async with ScriptedProvider(answers(bench)) as proxy, ScriptedProvider(answers(bench)) as provider:
            monkeypatch.setenv(variable, proxy.url)
            monkeypatch.setenv("NO_PROXY", "")
            await bench.open()
            await read(await bench.upstream.send(bench.request(provider.url, stream=False)))
            await bench.close()
            assert (proxy.connections, provider.connections) == (0, 1)

    asyncio.run(body())


@scenario
async def test_a_missing_key_names_the_variable_and_sends_nothing(bench: Bench) -> None:
    await bench.open()
    if isinstance(bench.upstream, UpstreamRouter):
        bench.upstream.secrets._environment = {}
    else:
        bench.upstream._secrets = Secrets(bench.home, {})  # type: ignore[attr-defined]
    async with ScriptedProvider(answers(bench)) as provider:
        with pytest.raises(GatewayError) as caught:
            await bench.upstream.send(bench.request(provider.url, stream=False))
        assert_clean(caught.value, "anbieter_fehler")
        assert "FAKE_KEY" in caught.value.hint
        assert provider.connections == 0


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after(None) is None
    assert retry_after("12") == 12
    assert retry_after("0.2") == 1
    assert retry_after("-3") == 0
    assert retry_after("bald") is None
    assert retry_after("inf") is None
    assert retry_after("nan") is None
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    ahead = retry_after(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
    assert ahead is not None
    assert 3000 < ahead <= 3600
