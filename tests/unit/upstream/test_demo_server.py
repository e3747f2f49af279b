"""The demo provider over real HTTP, asked by the official OpenAI client."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import math
import struct
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import openai
import pytest

from gateway.upstream.demo import DemoProvider
from gateway.upstream.demo.answer import DEMO

TEXT = "Guten Tag, ich bin [PERSON1], meine Adresse ist [ADRESSE1]."
PARAMETERS = {"type": "object", "properties": {"name": {"type": "string"}}}
TOOL: Any = {"type": "function", "function": {"name": "akte_suchen", "parameters": PARAMETERS}}
MESSAGES: Any = [{"role": "system", "content": "Seien Sie höflich."}, {"role": "user", "content": TEXT}]


def asked(function: Callable[[openai.AsyncOpenAI], Awaitable[None]]) -> Callable[[], None]:
    """Run a test with a client of a demo provider of its own."""

    @functools.wraps(function)
    def run() -> None:
        async def body() -> None:
            provider = DemoProvider()
            base_url = await provider.start()
            try:
                async with openai.AsyncOpenAI(base_url=base_url, api_key="keiner", max_retries=0) as client:
                    await function(client)
            finally:
                await provider.close()

        asyncio.run(body())

    del run.__wrapped__  # type: ignore[attr-defined]  # else pytest would look for a fixture named client
    return run


@asked
async def test_a_chat_answer_is_the_same_streamed_or_not(client: openai.AsyncOpenAI) -> None:
    whole = await client.chat.completions.create(model="demo", messages=MESSAGES, n=2)
    again = await client.chat.completions.create(model="demo", messages=MESSAGES, n=2)
    assert whole == again
    texts = ["", ""]
    usage = None
    finishes = []
    async for chunk in await client.chat.completions.create(model="demo", messages=MESSAGES, n=2, stream=True,
                                                            stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            finishes += [choice.finish_reason] if choice.finish_reason else []
    assert texts == [choice.message.content for choice in whole.choices]
    assert usage == whole.usage
    assert finishes == ["stop", "stop"]
    assert texts[0].startswith("Guten Tag [PERSON1],")
    assert DEMO in texts[1]
    assert "Vorschlag 2" in texts[1]


@asked
async def test_usage_is_streamed_only_when_asked_for(client: openai.AsyncOpenAI) -> None:
    async for chunk in await client.chat.completions.create(model="demo", messages=MESSAGES, stream=True):
        assert chunk.usage is None
        assert chunk.choices


@asked
async def test_a_tool_is_called_and_its_result_answered_with(client: openai.AsyncOpenAI) -> None:
    text = ""
    name = ""
    async for chunk in await client.chat.completions.create(model="demo", messages=MESSAGES, tools=[TOOL],
                                                            tool_choice="required", stream=True):
        for call in chunk.choices[0].delta.tool_calls or []:
            assert call.function is not None
            name += call.function.name or ""
            text += call.function.arguments or ""
    assert (name, json.loads(text)) == ("akte_suchen", {"name": "[PERSON1]"})
    whole = await client.chat.completions.create(model="demo", messages=MESSAGES, tools=[TOOL], tool_choice="required")
    assert whole.choices[0].finish_reason == "tool_calls"
    message = whole.choices[0].message
    assert message.tool_calls is not None
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Akte von [PERSON1]"}
    history = [*MESSAGES, message.model_dump(exclude_none=True), result]
    answer = await client.chat.completions.create(model="demo", messages=history, tools=[TOOL])
    content = answer.choices[0].message.content or ""
    assert "Das Werkzeug hat geantwortet: Akte von [PERSON1]" in content
    assert "> Akte von ‹PERSON·1›" in content


@asked
async def test_responses_stream_numbers_its_events_and_ends_once(client: openai.AsyncOpenAI) -> None:
    whole = await client.responses.create(model="demo", input=TEXT, instructions="Seien Sie höflich.")
    events = [event async for event in await client.responses.create(
        model="demo", input=[{"role": "user", "content": [{"type": "input_text", "text": TEXT}]}],
        instructions="Seien Sie höflich.", stream=True)]
    assert [event.sequence_number for event in events] == list(range(len(events)))  # type: ignore[union-attr]
    kinds = [event.type for event in events]
    assert list(dict.fromkeys(kinds)) == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        "response.output_text.delta", "response.output_text.done", "response.content_part.done",
        "response.output_item.done", "response.completed"]
    joined = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert joined == whole.output_text
    assert joined.startswith("Guten Tag [PERSON1],")
    assert events[-1].response.output_text == joined  # type: ignore[union-attr]
    assert whole.usage is not None
    assert whole.usage.total_tokens > 0


@asked
async def test_responses_call_a_tool_and_answer_with_its_result(client: openai.AsyncOpenAI) -> None:
    tool: Any = {"type": "function", "name": "akte_suchen", "parameters": PARAMETERS, "strict": False}
    events = [event async for event in await client.responses.create(
        model="demo", input=TEXT, tools=[tool], tool_choice="required", stream=True)]
    joined = "".join(event.delta for event in events if event.type == "response.function_call_arguments.delta")
    assert json.loads(joined) == {"name": "[PERSON1]"}
    call = events[-1].response.output[0]  # type: ignore[union-attr]
    assert (call.type, call.arguments) == ("function_call", joined)
    history: Any = [{"role": "user", "content": TEXT}, call.model_dump(),
                    {"type": "function_call_output", "call_id": call.call_id, "output": "Akte von [PERSON1]"}]
    answer = await client.responses.create(model="demo", input=history, tools=[tool])
    assert "Das Werkzeug hat geantwortet: Akte von [PERSON1]" in answer.output_text


@asked
async def test_completions_answer_streamed_or_not(client: openai.AsyncOpenAI) -> None:
    whole = await client.completions.create(model="demo", prompt=["Ich bin [PERSON1].", "Zweiter Text"])
    assert [choice.index for choice in whole.choices] == [0, 1]
    texts = ["", ""]
    async for chunk in await client.completions.create(model="demo", prompt=["Ich bin [PERSON1].", "Zweiter Text"],
                                                       stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.text
    assert texts == [choice.text for choice in whole.choices]


@asked
async def test_embeddings_are_deterministic_of_length_one_and_equal_in_both_encodings(
        client: openai.AsyncOpenAI) -> None:
    floats = await client.embeddings.create(model="demo", input=["a", "b"], encoding_format="float", dimensions=64)
    raw = await client.embeddings.with_raw_response.create(model="demo", input="a", encoding_format="base64",
                                                           dimensions=64)
    packed = struct.unpack("<64f", base64.b64decode(json.loads(raw.content)["data"][0]["embedding"]))
    first, second = (item.embedding for item in floats.data)
    assert first != second
    assert math.isclose(sum(value * value for value in first), 1.0, rel_tol=1e-6)
    assert all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(first, packed, strict=True))


@asked
async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in await client.models.list()] == ["demo"]


@pytest.mark.parametrize(("path", "body", "status"), [
    ("/chat/completions", b"{", 400), ("/chat/completions", b"[]", 400), ("/chat/completions", b'{"messages": 1}', 400),
    ("/responses", b"{}", 400), ("/completions", b'{"prompt": [1, 2]}', 400), ("/embeddings", b'{"input": [[1]]}', 400),
    ("/chat/completions", b'{"messages": 1, "stream": true}', 400), ("/audio/speech", b"{}", 404)])
def test_a_malformed_request_gets_a_json_error(path: str, body: bytes, status: int) -> None:
    async def run() -> None:
        provider = DemoProvider()
        base_url = await provider.start()
        async with aiohttp.ClientSession() as session, session.post(base_url + path, data=body) as response:
            document = await response.json()
        await provider.close()
        assert response.status == status
        assert isinstance(document["error"]["message"], str)

    asyncio.run(run())


def test_the_demo_starts_alone_on_a_port_of_its_own() -> None:
    async def run() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.upstream.demo", "--port", "0", stdout=asyncio.subprocess.PIPE)
        try:
            assert process.stdout is not None
            said = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
            assert "kein Sprachmodell" in said
            address = said.split(" ")[-1].strip()
            async with aiohttp.ClientSession() as session, session.get(f"{address}/models") as response:
                assert (await response.json())["data"][0]["id"] == "demo"
        finally:
            process.terminate()
            await process.wait()

    asyncio.run(run())
