"""LangChain with langchain-openai, as its documentation shows it."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from lines import StoppedError, serve
from pydantic import BaseModel


class Person(BaseModel):
    """Wer gemeint ist."""

    name: str


@tool
def notiz(name: str) -> str:
    """Legt eine Notiz zu einer Person an."""
    return f"Notiz zu {name} liegt vor"


def model(given: dict[str, Any], **more: Any) -> ChatOpenAI:
    return ChatOpenAI(base_url=given["url"], api_key=given["key"], model=given["model"], **more)


def chat(given: dict[str, Any]) -> dict[str, Any]:
    answer = model(given).invoke(given["text"])
    return {"text": answer.content, "usage": (answer.usage_metadata or {}).get("total_tokens")}


def stream(given: dict[str, Any]) -> dict[str, Any]:
    seen, pieces, usage = "", 0, None
    try:
        for chunk in model(given, stream_usage=True).stream(given["text"]):
            seen += chunk.content
            pieces += bool(chunk.content)
            usage = chunk.usage_metadata or usage
    except Exception as error:
        raise StoppedError(error, seen) from error
    return {"text": seen, "pieces": pieces, "usage": (usage or {}).get("total_tokens")}


def tools(given: dict[str, Any]) -> dict[str, Any]:
    bound = model(given).bind_tools([notiz])
    asked = [HumanMessage(given["text"])]
    first = bound.invoke(asked)
    call = first.tool_calls[0]
    last = bound.invoke([*asked, first, ToolMessage(notiz.invoke(call["args"]), tool_call_id=call["id"])])
    return {"called": call["args"], "text": last.content}


def structured(given: dict[str, Any]) -> dict[str, Any]:
    return {"name": model(given).with_structured_output(Person).invoke(given["text"]).name}


def embed(given: dict[str, Any]) -> dict[str, Any]:
    own = OpenAIEmbeddings(base_url=given["url"], api_key=given["key"], model=given["model"],
                           check_embedding_ctx_length=False)
    return {"sizes": [len(vector) for vector in own.embed_documents(given["texts"])]}


def embed_tokens(given: dict[str, Any]) -> dict[str, Any]:
    """The default without its download: it sends the numbers of tokens."""
    own = OpenAIEmbeddings(base_url=given["url"], api_key=given["key"], model=given["model"])
    return own.client.create(input=[[1, 2, 3]], model=given["model"]).model_dump()


serve({"chat": chat, "stream": stream, "tools": tools, "structured": structured, "embed": embed,
       "embed_tokens": embed_tokens})
