"""pydantic-ai, as its documentation shows it."""

from __future__ import annotations

import asyncio
from typing import Any

from lines import StoppedError, serve
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)


class Person(BaseModel):
    """Wer gemeint ist."""

    name: str


def agent(given: dict[str, Any], **more: Any) -> Agent[None, Any]:
    provider = OpenAIProvider(base_url=given["url"], api_key=given["key"])
    return Agent(OpenAIChatModel(given["model"], provider=provider), **more)


def total(run: Any) -> int:
    usage = run.usage() if callable(run.usage) else run.usage  # was a method once
    return int(usage.total_tokens)


def chat(given: dict[str, Any]) -> dict[str, Any]:
    done = LOOP.run_until_complete(agent(given).run(given["text"]))
    return {"text": done.output, "usage": total(done)}


async def streamed(given: dict[str, Any]) -> dict[str, Any]:
    seen, pieces = "", 0
    try:
        async with agent(given).run_stream(given["text"]) as running:
            async for piece in running.stream_text(delta=True, debounce_by=None):
                seen += piece
                pieces += 1
            usage = total(running)
    except Exception as error:
        raise StoppedError(error, seen) from error
    return {"text": seen, "pieces": pieces, "usage": usage}


def stream(given: dict[str, Any]) -> dict[str, Any]:
    return LOOP.run_until_complete(streamed(given))


def tools(given: dict[str, Any]) -> dict[str, Any]:
    own, called = agent(given), []

    @own.tool_plain
    def notiz(name: str) -> str:
        """Legt eine Notiz zu einer Person an."""
        called.append({"name": name})
        return f"Notiz zu {name} liegt vor"

    done = LOOP.run_until_complete(own.run(given["text"]))
    return {"called": called[0], "text": done.output}


def structured(given: dict[str, Any]) -> dict[str, Any]:
    from pydantic_ai import NativeOutput
    done = LOOP.run_until_complete(agent(given, output_type=NativeOutput(Person)).run(given["text"]))
    return {"name": done.output.name}


def embed(given: dict[str, Any]) -> dict[str, Any]:
    from pydantic_ai import Embedder
    from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
    own = Embedder(OpenAIEmbeddingModel(given["model"], provider=OpenAIProvider(base_url=given["url"],
                                                                                api_key=given["key"])))
    found = LOOP.run_until_complete(own.embed_documents(given["texts"]))
    return {"sizes": [len(vector) for vector in found.embeddings]}


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured, "embed": embed})
