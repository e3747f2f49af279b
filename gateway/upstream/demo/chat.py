"""``/v1/chat/completions`` and ``/v1/completions`` of the demo: requests read, answers and events written. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.upstream.demo import tools
from gateway.upstream.demo.answer import MalformedError, Received, compose, pieces, tokens

CREATED = 1_767_225_600
"""2026-01-01: the same request gives the same answer, so no clock is read."""


def read(body: dict[str, Any]) -> Received:
    """Return what a chat request says. Raises MalformedError when it has no messages."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        raise MalformedError("messages")
    received = Received(tools=_tools(body.get("tools")), tool_choice=_choice(body.get("tool_choice")))
    for message in messages:
        role = message.get("role")
        text = flat(message.get("content"))
        if role in ("system", "developer"):
            received.instructions += 1
        elif role == "user":
            received.text = text
        received.tool_result = text if role == "tool" else None
    received.earlier = len(messages) - received.instructions - 1
    return received


def answer(body: dict[str, Any], identity: str) -> dict[str, Any]:
    """Return the complete answer."""
    received = read(body)
    call = _call(received, identity)
    choices = [_choice_of(received, call, index) for index in range(_count(body))]
    return {"id": f"chatcmpl-demo-{identity}", "object": "chat.completion", "created": CREATED,
            "model": body.get("model", "demo"), "choices": choices, "usage": _usage(body, choices)}


def events(body: dict[str, Any], identity: str) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a streamed answer; several choices take turns."""
    head = {"id": f"chatcmpl-demo-{identity}", "object": "chat.completion.chunk", "created": CREATED,
            "model": body.get("model", "demo")}
    received = read(body)
    call = _call(received, identity)
    choices = [_choice_of(received, call, index) for index in range(_count(body))]
    deltas = [list(_deltas(choice)) for choice in choices]
    for turn in range(max(map(len, deltas))):
        for index, own in enumerate(deltas):
            if turn < len(own):
                finish = choices[index]["finish_reason"] if turn == len(own) - 1 else None
                yield {**head, "choices": [{"index": index, "delta": own[turn], "finish_reason": finish}]}
    options = body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(body, choices)}


def completion(body: dict[str, Any], identity: str) -> dict[str, Any]:
    """Return the complete answer of the old completions API."""
    prompts = _prompts(body)
    choices: list[dict[str, Any]] = [
        {"index": number * _count(body) + variant, "text": compose(Received(text=prompt), variant),
         "finish_reason": "stop", "logprobs": None}
        for number, prompt in enumerate(prompts) for variant in range(_count(body))]
    written = sum(tokens(choice["text"]) for choice in choices)
    read_ = sum(map(tokens, prompts))
    return {"id": f"cmpl-demo-{identity}", "object": "text_completion", "created": CREATED,
            "model": body.get("model", "demo"), "choices": choices,
            "usage": {"prompt_tokens": read_, "completion_tokens": written, "total_tokens": read_ + written}}


def completion_events(body: dict[str, Any], identity: str) -> Iterator[dict[str, Any]]:
    """Yield the chunks of a streamed answer of the old completions API."""
    whole = completion(body, identity)
    head = {name: whole[name] for name in ("id", "object", "created", "model")}
    for choice in whole["choices"]:
        index = choice["index"]
        for piece in pieces(choice["text"]):
            yield {**head, "choices": [{"index": index, "text": piece, "finish_reason": None, "logprobs": None}]}
        yield {**head, "choices": [{"index": index, "text": "", "finish_reason": "stop", "logprobs": None}]}
    options = body.get("stream_options")
    if isinstance(options, dict) and options.get("include_usage"):
        yield {**head, "choices": [], "usage": whole["usage"]}


def flat(content: Any) -> str:
    """Return the text of a ``content``: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = [part if isinstance(part, str) else part.get("text", "") if isinstance(part, dict) else ""
             for part in content]
    return "\n".join(part for part in parts if isinstance(part, str) and part)


def _tools(given: Any) -> list[dict[str, Any]]:
    functions = [tool.get("function") for tool in given or [] if isinstance(tool, dict)]
    return [tool for tool in functions if isinstance(tool, dict) and isinstance(tool.get("name"), str)]


def _choice(given: Any) -> str:
    if isinstance(given, dict) and isinstance(given.get("function"), dict):
        return str(given["function"].get("name"))
    return given if given in ("none", "required") else "auto"


def _count(body: dict[str, Any]) -> int:
    count = body.get("n")
    return min(count, 8) if isinstance(count, int) and count > 0 else 1


def _call(received: Received, identity: str) -> dict[str, Any] | None:
    tool = tools.choose(received)
    if tool is None:
        return None
    text = orjson.dumps(tools.arguments(tool, received)).decode()
    return {"id": f"call_demo_{identity}", "type": "function", "function": {"name": tool["name"], "arguments": text}}


def _choice_of(received: Received, call: dict[str, Any] | None, index: int) -> dict[str, Any]:
    if call is not None:
        calls = [{**call, "id": f"{call['id']}_{index}"}]
        message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": calls}
        return {"index": index, "message": message, "finish_reason": "tool_calls", "logprobs": None}
    message = {"role": "assistant", "content": compose(received, index), "refusal": None}
    return {"index": index, "message": message, "finish_reason": "stop", "logprobs": None}


def _deltas(choice: dict[str, Any]) -> Iterator[dict[str, Any]]:
    message = choice["message"]
    if message["content"] is not None:
        yield {"role": "assistant", "content": ""}
        for piece in pieces(message["content"]):
            yield {"content": piece}
    else:
        call = message["tool_calls"][0]
        function = {"name": call["function"]["name"], "arguments": ""}
        yield {"role": "assistant", "content": None, "tool_calls": [{**call, "index": 0, "function": function}]}
        for piece in pieces(call["function"]["arguments"]):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
    yield {}


def _usage(body: dict[str, Any], choices: list[dict[str, Any]]) -> dict[str, int]:
    read_ = sum(tokens(flat(message.get("content"))) for message in body["messages"])
    written = sum(tokens(choice["message"]["content"] or choice["message"]["tool_calls"][0]["function"]["arguments"])
                  for choice in choices)
    return {"prompt_tokens": read_, "completion_tokens": written, "total_tokens": read_ + written}


def _prompts(body: dict[str, Any]) -> list[str]:
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return [prompt]
    if isinstance(prompt, list) and prompt and all(isinstance(part, str) for part in prompt):
        return prompt
    raise MalformedError("prompt")
