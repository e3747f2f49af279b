"""The litellm adapter against small servers that speak the providers' own wire format: what arrives, what returns."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import struct
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.model.decision import ReleaseDecision
from gateway.model.exchange import Receipt, RedactedBody, SealedRequest
from gateway.model.register import RegisteredModel
from gateway.upstream import litellm_library
from gateway.upstream.line import Line
from gateway.upstream.litellm_adapter import LiteLLM
from gateway.upstream.secrets import Secrets
from tests.support.scripted_provider import Exchange, Script, ScriptedProvider, soon

CANARY = "Kanarienvogel-Erika-Mustermann"
KEY = "sk-kanarie"
TOOL = {"type": "function", "function": {"name": "akte_suchen", "description": "Sucht eine Akte", "parameters": {
    "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}}
SYSTEM = {"role": "system", "content": "Sie helfen einem Rathaus."}
USER = {"role": "user", "content": f"Guten Tag [PERSON1] {CANARY}"}


@pytest.fixture(autouse=True)
def nothing_of_the_request_is_written_anywhere(caplog: pytest.LogCaptureFixture,
                                               capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The canary and the key stand in no log record, not on standard output and not on standard error."""
    caplog.set_level(logging.DEBUG)
    yield
    written = capfd.readouterr()
    logged = "".join(repr(record.__dict__) for record in caplog.records)
    for place in (written.out, written.err, caplog.text, logged):
        assert CANARY not in place
        assert KEY not in place


def model(target: str, url: str, key: str | None = "FAKE_KEY") -> RegisteredModel:
    return RegisteredModel(
        id="modell", name="Modell", adapter="litellm", target=target, base_url=url, api_key_env=key,
        dialects=frozenset({"chat", "embeddings"}), enabled=True, in_house=False, provider="p", operator="o",
        region="EU", transfer_basis="", data_classes=frozenset(), timeout_seconds=20)


class Outcome:
    """What came back."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = body

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        lines = [line[6:] for line in self.body.split(b"\n") if line.startswith(b"data: ")]
        assert lines[-1] == b"[DONE]"
        return [json.loads(line) for line in lines[:-1]]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [choice["delta"] for event in self.events for choice in event["choices"]]


def ask(script: Script, target: str, *, dialect: str = "chat", key: str | None = "FAKE_KEY",
        **body: Any) -> tuple[Outcome, list[Exchange]]:
    """Send `body` to a provider that follows `script` and return what came back and what had arrived."""

    async def run() -> tuple[Outcome, list[Exchange]]:
        line = Line()
        await line.open()
        try:
            async with ScriptedProvider(script) as provider:
                upstream = LiteLLM(line, Secrets(Path("missing"), {"FAKE_KEY": KEY}))
                sealed = SealedRequest(dialect, ReleaseDecision("", model(target, provider.url, key)),
                                       RedactedBody(json.dumps({"model": target, **body}).encode(), {}),
                                       bool(body.get("stream")), Receipt("receipt"), "request")
                response = await upstream.send(sealed)
                received = b"".join([piece async for piece in response.chunks()])
                await response.close()
                return Outcome(response.status, received), provider.exchanges
        finally:
            await line.close()

    return asyncio.run(run())


def replies(document: Any, status: int = 200) -> Script:
    async def script(exchange: Exchange) -> bool:
        return await exchange.whole(json.dumps(document).encode(), status)

    return script


def streams(pieces: list[bytes]) -> Script:
    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        for piece in pieces:
            await exchange.piece(piece)
        return await exchange.end_stream()

    return script


def named(events: list[dict[str, Any]]) -> list[bytes]:
    return [b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in events]


ANTHROPIC_STREAM = named([
    {"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "claude-fake",
        "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Guten Tag [PER"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "SON1]"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1,
     "content_block": {"type": "tool_use", "id": "toolu_1", "name": "akte_suchen", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"name": "[PE'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": 'RSON1]"}'}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}},
    {"type": "message_stop"},
])


def test_anthropic_streams_text_and_a_tool_call() -> None:
    outcome, arrived = ask(streams(ANTHROPIC_STREAM), "anthropic/claude-fake", messages=[SYSTEM, USER], tools=[TOOL],
                           stream=True, stream_options={"include_usage": True})
    sent = json.loads(arrived[0].body)
    assert arrived[0].path == "/v1/messages"
    assert arrived[0].headers["x-api-key"] == KEY
    assert arrived[0].headers["anthropic-version"] == "2023-06-01"
    assert sent["model"] == "claude-fake"
    assert sent["stream"] is True
    assert sent["system"] == [{"type": "text", "text": "Sie helfen einem Rathaus."}]
    assert sent["messages"] == [{"role": "user", "content": [{"type": "text", "text": USER["content"]}]}]
    assert (sent["tools"][0]["name"], sent["tools"][0]["input_schema"]) == (
        "akte_suchen", TOOL["function"]["parameters"])  # type: ignore[index]
    assert "".join(delta.get("content") or "" for delta in outcome.deltas) == "Guten Tag [PERSON1]"
    calls = [call for delta in outcome.deltas for call in delta.get("tool_calls", [])]
    assert (calls[0]["id"], calls[0]["function"]["name"]) == ("toolu_1", "akte_suchen")
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"name": "[PERSON1]"}
    finishes = [choice["finish_reason"] for event in outcome.events for choice in event["choices"]]
    assert [finish for finish in finishes if finish] == ["tool_calls"]
    last = outcome.events[-1]
    assert last["choices"] == []
    assert (last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"]) == (11, 7)


def test_anthropic_gets_a_tool_result_in_its_own_form() -> None:
    call = {"id": "toolu_1", "type": "function",
            "function": {"name": "akte_suchen", "arguments": '{"name": "[PERSON1]"}'}}
    history = [USER, {"role": "assistant", "content": None, "tool_calls": [call]},
               {"role": "tool", "tool_call_id": "toolu_1", "content": "Akte [AKTENZEICHEN1]"}]
    answer = {"id": "m", "type": "message", "role": "assistant", "model": "claude-fake", "stop_reason": "tool_use",
              "content": [{"type": "text", "text": "Ich sehe nach."}, {
                  "type": "tool_use", "id": "toolu_2", "name": "akte_suchen", "input": {"name": "[PERSON1]"}}],
              "usage": {"input_tokens": 3, "output_tokens": 4}}
    outcome, arrived = ask(replies(answer), "anthropic/claude-fake", messages=history, tools=[TOOL])
    blocks = [block for message in json.loads(arrived[0].body)["messages"] for block in message["content"]]
    assert {"type": "tool_use", "id": "toolu_1", "name": "akte_suchen", "input": {"name": "[PERSON1]"}} in blocks
    result = next(block for block in blocks if block["type"] == "tool_result")
    assert result["tool_use_id"] == "toolu_1"
    assert "Akte [AKTENZEICHEN1]" in json.dumps(result["content"])
    choice = outcome.document["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "Ich sehe nach."
    assert json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"]) == {"name": "[PERSON1]"}
    assert outcome.document["usage"]["total_tokens"] == 7
    assert "provider_specific_fields" not in json.dumps(outcome.document)


def test_an_error_in_the_middle_of_an_anthropic_stream_is_an_error() -> None:
    broken = ANTHROPIC_STREAM[:5] + named([
        {"type": "error", "error": {"type": "overloaded_error", "message": f"Overloaded {CANARY}"}}])
    with pytest.raises(GatewayError) as caught:
        ask(streams(broken), "anthropic/claude-fake", messages=[USER], stream=True)
    assert caught.value.code == "anbieter_fehler"
    assert CANARY not in caught.value.message + caught.value.hint


def chunks(deltas: list[dict[str, Any]], **last: Any) -> list[bytes]:
    """Return a stream in the OpenAI form, as Mistral and Azure send it."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
    documents = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    documents.append({**head, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], **last})
    return [b"data: %s\n\n" % json.dumps(document).encode() for document in documents] + [b"data: [DONE]\n\n"]


def test_mistral_gets_its_own_parameters_and_streams() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11}
    script = streams(chunks([{"role": "assistant", "content": "Guten Tag "}, {"content": "[PERSON1]"}], usage=usage))
    outcome, arrived = ask(script, "mistral/mistral-small-latest", messages=[SYSTEM, USER], stream=True, tools=[TOOL],
                           tool_choice="required", max_completion_tokens=100,
                           stream_options={"include_usage": True})
    sent = json.loads(arrived[0].body)
    assert arrived[0].path.endswith("/chat/completions")
    assert arrived[0].headers["authorization"] == f"Bearer {KEY}"
    assert sent["model"] == "mistral-small-latest"
    assert sent["tool_choice"] == "any", "Mistral calls it any"
    assert sent["max_tokens"] == 100
    assert [message["content"] for message in sent["messages"]] == [SYSTEM["content"], USER["content"]]
    assert "".join(delta.get("content") or "" for delta in outcome.deltas) == "Guten Tag [PERSON1]"
    assert outcome.events[-1]["usage"]["total_tokens"] == 11


def test_a_refusal_of_mistral_keeps_its_status_and_reason() -> None:
    refusal = {"object": "error", "message": "Service tier capacity exceeded", "type": "service_tier", "code": "3505"}
    outcome, _ = ask(replies(refusal, 429), "mistral/mistral-small-latest", messages=[USER])
    assert outcome.status == 429
    assert outcome.document["error"] == {"message": "Service tier capacity exceeded", "type": "service_tier",
                                         "param": None, "code": "3505"}


@pytest.mark.parametrize("stream", [False, True])
def test_azure_is_asked_at_its_deployment_with_its_own_key_header(stream: bool) -> None:
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Guten Tag [PERSON1]"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
    script = streams(chunks([{"role": "assistant", "content": "Guten Tag [PER"}, {"content": "SON1]"}]))
    outcome, arrived = ask(script if stream else replies(answer), "azure/rathaus-gpt", messages=[SYSTEM, USER],
                           stream=stream)
    assert arrived[0].path.startswith("/openai/deployments/rathaus-gpt/chat/completions?api-version=")
    assert arrived[0].headers["api-key"] == KEY
    assert "authorization" not in arrived[0].headers
    assert not [name for name in arrived[0].headers if name.startswith("x-stainless")]
    assert json.loads(arrived[0].body)["messages"] == [SYSTEM, USER]
    text = ("".join(delta.get("content") or "" for delta in outcome.deltas) if stream
            else outcome.document["choices"][0]["message"]["content"])
    assert text == "Guten Tag [PERSON1]"


@pytest.mark.parametrize("stream", [False, True])
def test_ollama_is_asked_in_its_own_form_and_needs_no_key(stream: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)
    head = {"model": "llama", "created_at": "2026-01-01T00:00:00Z"}
    end = {"done": True, "done_reason": "stop", "prompt_eval_count": 4, "eval_count": 5}
    lines = [{**head, "message": {"role": "assistant", "content": text}, "done": False}
             for text in ("Guten Tag [PER", "SON1]")]
    lines.append({**head, "message": {"role": "assistant", "content": ""}, **end})
    whole = {**head, "message": {"role": "assistant", "content": "Guten Tag [PERSON1]"}, **end}
    script = streams([json.dumps(line).encode() + b"\n" for line in lines]) if stream else replies(whole)
    outcome, arrived = ask(script, "ollama_chat/llama", key=None, messages=[SYSTEM, USER], stream=stream,
                           max_tokens=50, temperature=0.1)
    sent = json.loads(arrived[0].body)
    assert arrived[0].path == "/api/chat"
    assert "authorization" not in arrived[0].headers, "no key in the register, no key on the wire"
    assert (sent["model"], sent["stream"]) == ("llama", stream)
    assert sent["options"] == {"num_predict": 50, "temperature": 0.1}
    assert [message["content"] for message in sent["messages"]] == [SYSTEM["content"], USER["content"]]
    text = ("".join(delta.get("content") or "" for delta in outcome.deltas) if stream
            else outcome.document["choices"][0]["message"]["content"])
    assert text == "Guten Tag [PERSON1]"


@pytest.mark.parametrize("as_base64", [False, True])
def test_embeddings_come_back_as_numbers_or_as_base64_as_asked(as_base64: bool) -> None:
    vector = [0.5, -0.25, 1.0]
    answer = {"id": "e", "object": "list", "model": "mistral-embed", "usage": {"prompt_tokens": 3, "total_tokens": 3},
              "data": [{"object": "embedding", "index": 0, "embedding": vector}]}
    extra = {"encoding_format": "base64"} if as_base64 else {}
    outcome, arrived = ask(replies(answer), "mistral/mistral-embed", dialect="embeddings", input=["Text"], **extra)
    assert arrived[0].path.endswith("/embeddings")
    assert json.loads(arrived[0].body)["input"] == ["Text"]
    found = outcome.document["data"][0]["embedding"]
    assert (list(struct.unpack("<3f", base64.b64decode(found))) if as_base64 else found) == vector


@pytest.mark.parametrize("name", [
    "api_key", "api_base", "base_url", "custom_llm_provider", "fallbacks", "mock_response", "metadata", "extra_headers",
    "extra_body", "callbacks", "logger_fn", "user", "proxy_server_request", "organization", "api_version", "caching"])
def test_a_request_cannot_set_a_parameter_of_litellm(name: str) -> None:
    answer = {"id": "m", "type": "message", "role": "assistant", "model": "c", "stop_reason": "end_turn",
              "content": [{"type": "text", "text": "echt"}], "usage": {"input_tokens": 1, "output_tokens": 1}}
    outcome, arrived = ask(replies(answer), "anthropic/claude-fake", messages=[USER], **{name: "http://127.0.0.1:9/x"})
    assert outcome.document["choices"][0]["message"]["content"] == "echt"
    assert arrived[0].headers["x-api-key"] == KEY
    assert b"127.0.0.1:9" not in arrived[0].body


def test_an_image_address_in_a_message_is_not_fetched() -> None:
    """litellm would download it to send its bytes: a request of our own to an address that a person wrote."""

    async def run() -> None:
        async with ScriptedProvider(replies({})) as elsewhere:
            image = {"type": "image_url", "image_url": {"url": f"{elsewhere.url}/bild.png"}}
            with pytest.raises(GatewayError):
                await asyncio.to_thread(ask, replies({}), "ollama_chat/llama",
                                        messages=[{"role": "user", "content": [image]}])
            assert elsewhere.connections == 0

    asyncio.run(run())


def test_an_answer_nobody_can_read_is_an_error_without_its_text() -> None:
    with pytest.raises(GatewayError) as caught:
        ask(replies({"unerwartet": CANARY}), "anthropic/claude-fake", messages=[USER])
    assert caught.value.code == "anbieter_fehler"
    assert CANARY not in caught.value.message + caught.value.hint


def test_a_dialect_without_translation_is_refused_before_anything_is_sent() -> None:
    arrived: list[Exchange] = []

    async def script(exchange: Exchange) -> bool:
        arrived.append(exchange)
        return await exchange.whole(b"{}")

    with pytest.raises(GatewayError) as caught:
        ask(script, "anthropic/claude-fake", dialect="responses", input="Text")
    assert caught.value.code == "anbieter_fehler"
    assert not arrived


def test_litellm_alone_sends_nothing_outside_of_a_call() -> None:
    litellm = litellm_library.load()

    async def run() -> None:
        async with ScriptedProvider(replies({})) as provider:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with pytest.raises(Exception, match="refused"):
                    await litellm.acompletion(model="anthropic/x", messages=[{"role": "user", "content": "x"}],
                                              api_key="k", api_base=provider.url)
                with pytest.raises(Exception, match="refused"):
                    await asyncio.to_thread(litellm.completion, model="anthropic/x", api_key="k",
                                            messages=[{"role": "user", "content": "x"}], api_base=provider.url)
            assert provider.connections == 0

    asyncio.run(run())


def test_overlapping_calls_leave_the_warning_filters_as_they_were() -> None:
    before = list(warnings.filters)
    begun = asyncio.Event()
    release = asyncio.Event()

    async def script(exchange: Exchange) -> bool:
        await exchange.begin_stream()
        begun.set()
        await asyncio.wait_for(release.wait(), 10)
        for piece in ANTHROPIC_STREAM:
            await exchange.piece(piece)
        return await exchange.end_stream()

    async def run() -> None:
        line = Line()
        await line.open()
        async with ScriptedProvider(script) as provider:
            upstream = LiteLLM(line, Secrets(Path("missing"), {"FAKE_KEY": KEY}))
            body = RedactedBody(json.dumps({"messages": [USER], "stream": True}).encode(), {})
            released = ReleaseDecision("", model("anthropic/claude-fake", provider.url))
            sealed = SealedRequest("chat", released, body, True, Receipt("r"), "i")

            async def one() -> None:
                response = await upstream.send(sealed)
                async for _piece in response.chunks():
                    pass

            tasks = [asyncio.create_task(one()) for _ in range(3)]
            await soon(begun)
            release.set()
            await asyncio.gather(*tasks)
        await line.close()

    asyncio.run(run())
    assert list(warnings.filters) == before


def test_the_room_is_imported_without_litellm_and_loading_it_downloads_nothing() -> None:
    """In a process of its own, in which every connection to a network is an error."""
    program = """
import socket, sys
def refuse(*_arguments, **_options):
    raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
import gateway.upstream.routing
assert "litellm" not in sys.modules and "httpx" not in sys.modules
from gateway.upstream import litellm_library
litellm = litellm_library.load()
assert not litellm.telemetry and not litellm.callbacks and not litellm.success_callback
"""
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout == result.stderr == ""
