"""``/v1/responses`` of the demo: requests read, the response object and its events written. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.upstream.demo import tools
from gateway.upstream.demo.answer import MalformedError, Received, compose, pieces, tokens
from gateway.upstream.demo.chat import CREATED, flat


def read(body: dict[str, Any]) -> Received:
    """Return what a Responses request says. Raises MalformedError when it has no input."""
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise MalformedError("input")
    received = Received(tools=_tools(body.get("tools")), tool_choice=_choice(body.get("tool_choice")),
                        instructions=1 if body.get("instructions") else 0)
    for item in items:
        role = item.get("role")
        if role in ("system", "developer"):
            received.instructions += 1
            continue
        received.earlier += 1
        if role == "user":
            received.text = flat(item.get("content"))
        output = item.get("type") == "function_call_output"
        received.tool_result = flat(item.get("output")) if output else None
    received.earlier = max(0, received.earlier - 1)
    return received


def answer(body: dict[str, Any], identity: str) -> dict[str, Any]:
    """Return the complete response object."""
    received = read(body)
    item = _item(received, identity)
    written = item["arguments"] if item["type"] == "function_call" else item["content"][0]["text"]
    return _response(body, identity, "completed", [item], _usage(received, written))


def events(body: dict[str, Any], identity: str) -> Iterator[dict[str, Any]]:
    """Yield the events of a streamed response, numbered without a gap, ending with ``response.completed``."""
    for number, event in enumerate(_events(body, identity)):
        yield {**event, "sequence_number": number}


def _events(body: dict[str, Any], identity: str) -> Iterator[dict[str, Any]]:
    whole = answer(body, identity)
    begun = _response(body, identity, "in_progress", [], None)
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    item = whole["output"][0]
    yield from _call_events(item) if item["type"] == "function_call" else _message_events(item)
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": whole}


def _message_events(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    text = item["content"][0]["text"]
    at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    yield {"type": "response.output_item.added", "output_index": 0,
           "item": {**item, "status": "in_progress", "content": []}}
    yield {"type": "response.content_part.added", **at, "part": {**item["content"][0], "text": ""}}
    for piece in pieces(text):
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **at, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": item["content"][0]}


def _call_events(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": 0}
    yield {"type": "response.output_item.added", "output_index": 0,
           "item": {**item, "status": "in_progress", "arguments": ""}}
    for piece in pieces(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
    yield {"type": "response.function_call_arguments.done", **at, "name": item["name"],
           "arguments": item["arguments"]}


def _item(received: Received, identity: str) -> dict[str, Any]:
    tool = tools.choose(received)
    if tool is None:
        text = {"type": "output_text", "text": compose(received), "annotations": [], "logprobs": []}
        return {"id": f"msg_demo_{identity}", "type": "message", "role": "assistant", "status": "completed",
                "content": [text]}
    arguments = orjson.dumps(tools.arguments(tool, received)).decode()
    return {"id": f"fc_demo_{identity}", "type": "function_call", "call_id": f"call_demo_{identity}",
            "name": tool["name"], "arguments": arguments, "status": "completed"}


def _response(body: dict[str, Any], identity: str, status: str, output: list[dict[str, Any]],
              usage: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": f"resp_demo_{identity}", "object": "response", "created_at": CREATED, "status": status,
        "model": body.get("model", "demo"), "output": output, "error": None, "incomplete_details": None,
        "instructions": body.get("instructions"), "metadata": body.get("metadata") or {},
        "parallel_tool_calls": False, "temperature": None, "top_p": None, "store": False,
        "tool_choice": body.get("tool_choice") or "auto", "tools": body.get("tools") or [],
        "previous_response_id": None, "text": {"format": {"type": "text"}}, "usage": usage,
    }


def _usage(received: Received, written: str) -> dict[str, Any]:
    read_ = tokens(received.text) + tokens(received.tool_result or "")
    return {"input_tokens": read_, "output_tokens": tokens(written),
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": read_ + tokens(written)}


def _tools(given: Any) -> list[dict[str, Any]]:
    return [tool for tool in given or []
            if isinstance(tool, dict) and tool.get("type") == "function" and isinstance(tool.get("name"), str)]


def _choice(given: Any) -> str:
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        return str(given["name"])
    return given if given in ("none", "required") else "auto"
