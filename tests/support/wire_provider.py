"""The echoing provider with every wire API: it answers each in its own form with the text that it received.

``dialects`` are those that it speaks; of any other path it knows nothing.
"""

from __future__ import annotations

import array
import base64
import json
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from tests.support.echo_provider import Behaviour, EchoProvider, Received, _cut

VECTOR = [0.5, -0.25, 1.0]
Events = list[dict[str, Any]]


class WireProvider(EchoProvider):
    """``with WireProvider() as provider``; the paths of all five APIs."""

    async def _open(self) -> str:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/chat/completions", self._chat)
        for path in ("completions", "embeddings", "responses", "messages"):
            app.router.add_post(f"/v1/{path}", self._other)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _other(self, request: web.Request) -> web.StreamResponse:
        got = Received(request.path, dict(request.headers), await request.read())
        self.received.append(got)
        how, dialect, body = self._behaviour, request.path.rpartition("/")[2], got.json
        if how.status >= 400 or how.error:
            return web.Response(status=how.status, body=how.error, content_type="application/json")
        text = said(dialect, body) if how.says is None else how.says
        whole, events = WRITERS[dialect](body, text, how)
        if not body.get("stream"):
            return web.json_response(whole)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number, event in enumerate(events):
            if number == how.break_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            name = f"event: {event['type']}\n" if "type" in event else ""
            await response.write(f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
        if dialect == "completions":
            await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def said(dialect: str, body: dict[str, Any]) -> str:
    """Return the newest text in a request."""
    if dialect in ("completions", "embeddings"):
        given = body["prompt" if dialect == "completions" else "input"]
        return given if isinstance(given, str) else "\n".join(given)
    if dialect == "responses":
        given = body["input"]
        return given if isinstance(given, str) else flat(given[-1].get("content", given[-1].get("output")))
    return flat(body["messages"][-1]["content"])


def flat(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(flat(part.get("text", part.get("content", ""))) for part in content)


def is_first(dialect: str, body: dict[str, Any]) -> bool:
    """Whether no tool has answered yet."""
    last = json.dumps(body["input"][-1] if dialect == "responses" else body["messages"][-1])
    return "function_call_output" not in last and "tool_result" not in last


def completions(body: dict[str, Any], text: str, how: Behaviour) -> tuple[dict[str, Any], Events]:
    head = {"id": "cmpl-echo", "object": "text_completion", "created": 1, "model": body["model"]}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}

    def choice(text: str, finish: str | None) -> dict[str, Any]:
        return {"index": 0, "text": text, "finish_reason": finish, "logprobs": None}
    events = [{**head, "choices": [choice(piece, None)]} for piece in _cut(text, how.cut)]
    events += [{**head, "choices": [choice("", "stop")]}, {**head, "choices": [], "usage": usage}]
    return {**head, "choices": [choice(text, "stop")], "usage": usage}, events


def embeddings(body: dict[str, Any], text: str, how: Behaviour) -> tuple[dict[str, Any], Events]:
    packed = base64.b64encode(array.array("f", VECTOR).tobytes()).decode()
    vector = packed if body.get("encoding_format") == "base64" else VECTOR
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, _ in enumerate(texts)]
    return {"object": "list", "model": body["model"], "data": data,
            "usage": {"prompt_tokens": 11, "total_tokens": 11}}, []


def responses(body: dict[str, Any], text: str, how: Behaviour) -> tuple[dict[str, Any], Events]:
    whole = {"id": "resp_echo", "object": "response", "created_at": 1, "status": "completed", "model": body["model"],
             "error": None, "incomplete_details": None, "instructions": body.get("instructions"), "metadata": {},
             "parallel_tool_calls": True, "temperature": None, "top_p": None, "tool_choice": "auto", "tools": [],
             "usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18,
                       "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                       "output_tokens_details": {"reasoning_tokens": 0}}}
    if how.tool is not None and is_first("responses", body):
        arguments = json.dumps({how.tool[1]: text}, ensure_ascii=False)
        item = {"id": "fc_echo", "type": "function_call", "status": "completed", "call_id": "call_echo",
                "name": how.tool[0], "arguments": arguments}
        at: dict[str, Any] = {"item_id": "fc_echo", "output_index": 0}
        middle: Events = [
            {"type": "response.output_item.added", "output_index": 0,
             "item": {**item, "arguments": "", "status": "in_progress"}},
            *({"type": "response.function_call_arguments.delta", **at, "delta": piece}
              for piece in _cut(arguments, how.cut)),
            {"type": "response.function_call_arguments.done", **at, "name": how.tool[0], "arguments": arguments}]
    else:
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        item = {"id": "msg_echo", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
        at = {"item_id": "msg_echo", "output_index": 0, "content_index": 0}
        middle = [
            {"type": "response.output_item.added", "output_index": 0,
             "item": {**item, "content": [], "status": "in_progress"}},
            {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
            *({"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
              for piece in _cut(text, how.cut)),
            {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
            {"type": "response.content_part.done", **at, "part": part}]
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    whole["output"] = [item]
    events: Events = [{"type": "response.created", "response": begun},
                      {"type": "response.in_progress", "response": begun}, *middle,
                      {"type": "response.output_item.done", "output_index": 0, "item": item},
                      {"type": "response.completed", "response": whole}]
    return whole, [{**event, "sequence_number": number} for number, event in enumerate(events)]


def messages(body: dict[str, Any], text: str, how: Behaviour) -> tuple[dict[str, Any], Events]:
    message = {"id": "msg_echo", "type": "message", "role": "assistant", "model": body["model"],
               "stop_sequence": None, "usage": {"input_tokens": 11, "output_tokens": 7}}
    if how.tool is not None and is_first("messages", body):
        name, argument = how.tool
        block: dict[str, Any] = {"type": "tool_use", "id": "toolu_echo", "name": name, "input": {argument: text}}
        empty, reason = {**block, "input": {}}, "tool_use"
        deltas: Iterator[dict[str, Any]] = ({"type": "input_json_delta", "partial_json": piece} for piece in
                                            _cut(json.dumps(block["input"], ensure_ascii=False), how.cut))
    else:
        block, reason = {"type": "text", "text": text}, "end_turn"
        empty = {"type": "text", "text": ""}
        deltas = ({"type": "text_delta", "text": piece} for piece in _cut(text, how.cut))
    events: Events = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": empty}, {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
         "usage": {"output_tokens": 7}}, {"type": "message_stop"}]
    return {**message, "content": [block], "stop_reason": reason}, events


WRITERS = {"completions": completions, "embeddings": embeddings, "responses": responses, "messages": messages}
