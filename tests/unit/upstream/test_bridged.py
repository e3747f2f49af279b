"""Clients of one API on providers that speak only another: what arrives there, and what comes back from there.

The providers are sockets that speak nothing but their own API: the Responses API (through our bridge), Anthropic's
Messages (through litellm), chat completions (through our bridge).
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.model.decision import ReleaseDecision
from gateway.model.exchange import Receipt, RedactedBody, SealedRequest
from gateway.model.register import LITELLM_DIALECTS, RegisteredModel
from gateway.upstream import litellm_adapter
from gateway.upstream.routing import UpstreamRouter
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import AnswerContext, Dialect
from gateway.wire.messages import Messages
from gateway.wire.responses import Responses
from tests.support.scripted_provider import Exchange, Script, ScriptedProvider
from tests.unit.upstream.test_litellm_wires import ANTHROPIC_STREAM, named, replies, streams

CANARY = "Kanarienvogel"
GOLDEN = Path(__file__).parents[2] / "golden" / "bridges"
DIALECTS: dict[str, Dialect] = {d.name: d for d in (ChatCompletions(), Responses(), Messages())}
TOOL = {"name": "akte_suchen", "parameters": {"type": "object", "properties": {"name": {"type": "string"}}}}
ASKED: dict[str, dict[str, Any]] = {
    "chat": {"messages": [{"role": "user", "content": "Guten Tag [PERSON1]"}],
             "tools": [{"type": "function", "function": TOOL}]},
    "responses": {"input": "Guten Tag [PERSON1]", "tools": [{"type": "function", **TOOL}]},
    "messages": {"max_tokens": 99, "messages": [{"role": "user", "content": "Guten Tag [PERSON1]"}],
                 "tools": [{"name": "akte_suchen", "input_schema": TOOL["parameters"]}]},
}
ANTHROPIC_WHOLE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-fake",
                   "stop_reason": "tool_use", "usage": {"input_tokens": 11, "output_tokens": 7}, "content": [
                       {"type": "text", "text": "Guten Tag [PERSON1]"},
                       {"type": "tool_use", "id": "toolu_1", "name": "akte_suchen", "input": {"name": "[PERSON1]"}}]}


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["provider"]


def chunks(events: list[Any]) -> list[bytes]:
    return [b"data: " + (event.encode() if isinstance(event, str) else json.dumps(event).encode()) + b"\n\n"
            for event in events if event is not None]


class Provider:
    """What one kind of provider says: whole, streamed, refusing, and how the register names it."""

    def __init__(self, adapter: str, dialect: str, target: str, path: str, whole: Any, stream: list[bytes]) -> None:
        self.adapter, self.dialect, self.target, self.path = adapter, dialect, target, path
        self.whole, self.stream = whole, stream


PROVIDERS = {
    "responses": Provider("openai", "responses", "gpt-fake", "/responses", golden("chat-whole-tools"),
                          named(golden("chat-stream-tools"))),
    "anthropic": Provider("litellm", "chat", "anthropic/claude-fake", "/v1/messages", ANTHROPIC_WHOLE,
                          ANTHROPIC_STREAM),
    "chat": Provider("openai", "chat", "fake", "/chat/completions", golden("messages-whole-tools"),
                     chunks(golden("messages-stream-tool"))),
}
WAYS = [(caller, provider) for caller in DIALECTS for provider in PROVIDERS
        if caller != provider and (caller, provider) != ("responses", "responses")]


def ask(caller: str, kind: str, script: Script, **more: Any) -> tuple[int, bytes, list[Exchange]]:
    """Send a request of `caller` to a provider of this kind; return status, body and what had arrived."""
    provider = PROVIDERS[kind]

    async def run() -> tuple[int, bytes, list[Exchange]]:
        router = UpstreamRouter(Path("missing"), environment={"FAKE_KEY": "sk-kanarie"})
        await router.start()
        try:
            async with ScriptedProvider(script) as server:
                model = RegisteredModel("haus", "Haus", provider.adapter, provider.target, server.url, "FAKE_KEY",
                                        frozenset({provider.dialect}), True, True, "p", "o", "r", "t", frozenset())
                usage = {"stream_options": {"include_usage": True}} if caller == "chat" and more.get("stream") else {}
                body = {"model": provider.target, **ASKED[caller], **more, **usage}
                response = await router.send(SealedRequest(
                    caller, ReleaseDecision("", model), RedactedBody(json.dumps(body).encode(), {}),
                    bool(more.get("stream")), Receipt("r"), "i"))
                try:
                    return response.status, b"".join([piece async for piece in response.chunks()]), server.exchanges
                finally:
                    await response.close()
        finally:
            await router.close()
    return asyncio.run(run())


def answered(caller: str, body: bytes, *, stream: bool) -> Any:
    """Return what the caller's own dialect makes of it."""
    answer = DIALECTS[caller].answer(AnswerContext(channel=None, wants_usage=True, alias="haus", target="x"))
    shown = answer.feed(body) + answer.close() + answer.terminal() if stream else answer.complete(body)
    assert answer.state == "complete"
    assert answer.usage is not None
    assert (answer.usage.prompt, answer.usage.completion) == (11, 7)
    return shown.decode()


@pytest.mark.parametrize(("caller", "kind"), WAYS)
@pytest.mark.parametrize("stream", [False, True])
def test_text_tools_and_usage_come_through(caller: str, kind: str, stream: bool) -> None:
    provider = PROVIDERS[kind]
    script = streams(provider.stream) if stream else replies(provider.whole)
    status, body, arrived = ask(caller, kind, script, stream=stream)
    assert status == 200
    assert [exchange.path for exchange in arrived] == [provider.path]
    sent = json.loads(arrived[0].body)
    assert "Guten Tag [PERSON1]" in arrived[0].body.decode()
    assert "akte_suchen" in json.dumps(sent["tools"])
    assert bool(sent.get("stream")) is stream
    if kind == "responses":
        assert sent["store"] is False
    shown = answered(caller, body, stream=stream)
    if not stream:
        assert "[PERSON1]" in shown
        return
    pieces = [json.loads(line[6:]) for line in shown.splitlines() if line.startswith("data: {")]
    assert arguments_in(caller, pieces)["akte_suchen"].get("name", "[PERSON1]") == "[PERSON1]"


def arguments_in(caller: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the arguments of the first call of each tool in a stream of this dialect."""
    names: dict[Any, str] = {}
    texts: dict[Any, str] = {}
    for event in events:
        for choice in event.get("choices", ()):
            for call in choice["delta"].get("tool_calls") or ():
                names.setdefault(call["index"], call["function"].get("name"))
                texts[call["index"]] = texts.get(call["index"], "") + (call["function"].get("arguments") or "")
        if event.get("type") == "content_block_start" and event["content_block"]["type"] == "tool_use":
            names[event["index"]] = event["content_block"]["name"]
        elif event.get("type") == "content_block_delta" and "partial_json" in event["delta"]:
            texts[event["index"]] = texts.get(event["index"], "") + event["delta"]["partial_json"]
        elif event.get("type") == "response.output_item.done" and event["item"]["type"] == "function_call":
            names[event["output_index"]], texts[event["output_index"]] = event["item"]["name"], event["item"][
                "arguments"]
    found: dict[str, Any] = {}
    for at, name in names.items():
        found.setdefault(name, json.loads(texts[at]))
    return found


@pytest.mark.parametrize(("caller", "kind"), WAYS)
@pytest.mark.parametrize("status", [400, 401, 429, 500])
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_of_the_provider_is_asked_for_once_and_keeps_its_status(caller: str, kind: str, status: int,
                                                                        stream: bool) -> None:
    refusal = {"error": {"message": CANARY, "type": "t", "code": "c", "param": None}, "type": "error"}
    got, body, arrived = ask(caller, kind, replies(refusal, status), stream=stream)
    assert got == status
    assert len(arrived) == 1
    assert "error" in json.loads(body)


@pytest.mark.parametrize(("caller", "kind"), WAYS)
def test_a_stream_that_breaks_off_is_never_complete(caller: str, kind: str) -> None:
    for until in range(1, len(PROVIDERS[kind].stream) - 1):
        pieces = PROVIDERS[kind].stream[:until]
        if kind == "chat" and b'"finish_reason": "' in pieces[-1]:
            continue  # that was the end
        try:
            _, body, _ = ask(caller, kind, streams(pieces), stream=True)
        except GatewayError as error:
            assert error.code == "anbieter_fehler"  # noqa: PT017 - litellm raises, our bridges end without an end
            continue
        answer = DIALECTS[caller].answer(AnswerContext(channel=None, wants_usage=True, alias="haus", target="x"))
        answer.feed(body)
        answer.close()
        assert answer.state == "failed", f"cut off after {until} pieces"


@pytest.mark.parametrize(("caller", "kind", "more", "param"), [
    ("responses", "chat", {"input": [7]}, None), ("responses", "chat", {"input": [{"type": "function_call"}]}, None),
    ("responses", "chat", {"tools": [{"type": "custom"}]}, None), ("responses", "chat", {"tools": 7}, None),
    ("responses", "chat", {"input": [{"type": "shell_call", "call_id": "c"}]}, "input"),
    ("messages", "chat", {"messages": ["x"]}, None), ("messages", "responses", {"messages": [{"content": [7]}]}, None),
    ("messages", "chat", {"tools": [{"name": "x", "type": "bash_20250124"}]}, "tools"),
    ("chat", "responses", {"messages": [{"role": "tool"}]}, None), ("chat", "responses", {"n": 3}, "n"),
    ("chat", "responses", {"stop": ["x"]}, "stop")])
def test_what_cannot_be_said_there_is_refused_in_words_and_nothing_leaves(
        caller: str, kind: str, more: dict[str, Any], param: str | None) -> None:
    arrived: list[Exchange] = []

    async def script(exchange: Exchange) -> bool:
        arrived.append(exchange)
        return await exchange.whole(b"{}")
    with pytest.raises(GatewayError) as refused:
        ask(caller, kind, script, **more)
    assert (refused.value.code, refused.value.param) == ("anfrage_ungueltig", param)
    assert refused.value.__cause__ is None
    assert not arrived


@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_a_long_request_and_a_long_answer_are_translated_as_short_ones(kind: str) -> None:
    long = "Übergröße " * 50_000
    caller = "responses" if kind == "chat" else "chat"
    whole = json.loads(json.dumps(PROVIDERS[kind].whole).replace("Ich suche.", long).replace(
        "Guten Tag [PERSON1]", long))
    asked = {"input": long} if caller == "responses" else {"messages": [{"role": "user", "content": long}]}
    _, body, arrived = ask(caller, kind, replies(whole), **asked)
    assert long in json.dumps(json.loads(arrived[0].body), ensure_ascii=False)
    assert long in answered(caller, body, stream=False)


def test_litellm_does_not_reach_the_responses_api() -> None:
    """It would let the provider store what is sent, and give calls other ids: our own bridge does it."""
    arrived: list[Exchange] = []

    async def script(exchange: Exchange) -> bool:
        arrived.append(exchange)
        return await exchange.whole(b"{}")
    PROVIDERS["wrong"] = Provider("litellm", "chat", "openai/responses/gpt-fake", "", None, [])
    try:
        with pytest.raises(GatewayError) as refused:
            ask("chat", "wrong", script)
    finally:
        del PROVIDERS["wrong"]
    assert refused.value.code == "anbieter_fehler"
    assert not arrived


def test_the_register_of_models_may_say_of_litellm_what_its_adapter_serves() -> None:
    assert litellm_adapter._PARAMETERS.keys() == LITELLM_DIALECTS
