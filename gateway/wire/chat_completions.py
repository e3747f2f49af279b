"""The Chat Completions API: the request as a tree of nodes; `chat_answer` is the way back.

It does not know who asks, what policy says, or where the bytes come from.
"""

from __future__ import annotations

import time
from typing import Any

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.chat_answer import ChatAnswer, frame
from gateway.wire.dialect import AnswerContext, ParsedRequest
from gateway.wire.document import Document, Scope, invalid
from gateway.wire.error_forms import openai_error
from gateway.wire.nodes import (
    Each,
    JsonText,
    Node,
    Obj,
    Schema,
    Structural,
    Tagged,
    Text,
    TextOr,
    WordOr,
    field,
    one_of,
)
from gateway.wire.parts import CACHE, CALLER, CHOICE, FLAG, MEDIA, NAME, NUMBER, TOOL_NAME
from gateway.wire.shapes import is_number
from gateway.wire.taking import take_apart
from gateway.wire.withheld import PROVIDER_TOOL, ClientTool, Only

_PART = Tagged({
    **MEDIA,
    "text": Obj({**MEDIA, "type": NAME, "text": Text()}),
    "input_text": Obj({**MEDIA, "type": NAME, "text": Text()}),
    "refusal": Obj({**MEDIA, "type": NAME, "refusal": Text()}),
}, other=Obj({**MEDIA, "type": NAME}))

_FUNCTION_CALL = Obj({"name": NAME, "arguments": JsonText("tool_input")})
_MESSAGE: dict[str, Node] = {
    "role": one_of("system", "developer", "user", "assistant", "tool", "function"),
    "content": TextOr(Each(_PART)),
    "name": Text(),
    "refusal": Text(), "reasoning_content": Text(), "reasoning": Text(),
    "tool_call_id": NAME,
    "tool_calls": Each(Obj({"id": NAME, "type": one_of("function", "custom"), "index": NUMBER,
                            "function": _FUNCTION_CALL,
                            "custom": Obj({"name": NAME, "input": Text("tool_input")})})),
    "function_call": _FUNCTION_CALL,
    **MEDIA,
}
_SCOPES: dict[str, Scope] = {"system": "system", "developer": "system", "user": "user", "assistant": "history",
                             "tool": "tool_output", "function": "tool_output"}


class _Message:
    """One message; its scope follows its role."""

    inside = Obj(_MESSAGE)

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        if not isinstance(value, dict):
            raise invalid("Jede Nachricht muss ein JSON-Objekt mit „role“ und „content“ sein.", "messages")
        role = value.get("role")
        own = _SCOPES.get(role, "other") if isinstance(role, str) else "other"
        for name, child in value.items():
            if not (name == "role" and own != "other"):
                field(document, value, name, child, own, _MESSAGE)


_FUNCTION = Only({"name": TOOL_NAME, "description": Text("schema"), "parameters": Schema(), "strict": FLAG})
_CUSTOM = Only({"name": TOOL_NAME, "description": Text("schema"), "format": Schema()})
_TOOL = Tagged({
    "function": ClientTool("function", Only({"type": NAME, "function": _FUNCTION, "cache_control": CACHE})),
    "custom": ClientTool("custom", Only({"type": NAME, "custom": _CUSTOM, "cache_control": CACHE})),
}, other=PROVIDER_TOOL)
_NAMED: dict[str, Node] = {"type": one_of("function", "custom", "allowed_tools"), "name": NAME,
                           "function": Obj({"name": NAME}), "custom": Obj({"name": NAME})}
_CHOSEN = Obj({**_NAMED, "allowed_tools": Obj({"mode": one_of("auto", "required"), "tools": Each(Obj(_NAMED))})})
_CHOICE = WordOr(("none", "auto", "required", "any", "validated"), _CHOSEN)


def _is_bias(value: Any) -> bool:
    """Token ids are numbers of a vocabulary, a million at most: not somebody's tax number."""
    return isinstance(value, dict) and all(len(k) <= 7 and k.isascii() and k.isdigit() and is_number(v)
                                           for k, v in value.items())


REQUEST: dict[str, Node] = {
    "model": NAME, "stream": FLAG,
    "messages": Each(_Message()),
    "tools": Each(_TOOL), "functions": Each(_FUNCTION), "tool_choice": _CHOICE, "function_call": _CHOICE,
    "parallel_tool_calls": FLAG,
    "response_format": Obj({"type": one_of("text", "json_object", "json_schema"),
                            "json_schema": Obj({"name": NAME, "description": Text("schema"), "schema": Schema(),
                                                "strict": FLAG})}),
    "stop": Text(), "prediction": Obj({"type": one_of("content"), "content": TextOr(Each(_PART))}),
    "stream_options": Obj({"include_usage": FLAG, "include_obfuscation": FLAG}),
    "temperature": NUMBER, "top_p": NUMBER, "top_k": NUMBER, "min_p": NUMBER, "n": NUMBER, "seed": NUMBER,
    "max_tokens": NUMBER, "max_completion_tokens": NUMBER, "presence_penalty": NUMBER, "frequency_penalty": NUMBER,
    "logprobs": FLAG, "top_logprobs": NUMBER,
    "logit_bias": Structural(_is_bias),
    "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh"),
    "verbosity": one_of("low", "medium", "high"),
    "modalities": Structural(lambda v: v == ["text"]),
    "web_search_options": PROVIDER_TOOL,
    **dict.fromkeys(("user", "metadata", "safety_identifier", "prompt_cache_key"), CALLER),
    **dict.fromkeys(("store", "audio", "moderation", "prompt_cache_options", "prompt_cache_retention",
                     "service_tier"), CHOICE),
}
"""Every top-level field of the API; any other is not passed on."""


class ChatCompletions:
    """The dialect of ``/v1/chat/completions``."""

    name = "chat"
    paths: tuple[str, ...] = ("/chat/completions",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        parsed = take_apart(body, REQUEST, required={"messages": list})
        messages = parsed.document.root["messages"]
        parsed.turns, last = len(messages), messages[-1].get("content")
        parsed.last = last if isinstance(last, str) else ""
        return parsed

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        root = request.document.root
        root["model"] = model.target
        if request.stream:
            root["stream_options"] = {"include_usage": True}
        else:
            root.pop("stream_options", None)

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`. It joins the first system message: some models accept only one."""
        messages = request.document.root["messages"]
        first = messages[0]
        if first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
            first["content"] = f"{first['content']}\n\n{text}"
        else:
            messages.insert(0, {"role": "system", "content": text})

    def answer(self, context: AnswerContext) -> ChatAnswer:
        """See `Dialect.answer`."""
        return ChatAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return openai_error(error, request_id)

    def say(self, text: str, request: ParsedRequest, request_id: str) -> bytes:
        """See `Dialect.say`."""
        head = {"id": f"chatcmpl-{request_id}", "created": int(time.time()), "model": request.model}
        message = {"role": "assistant", "content": text}
        if not request.stream:
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
            return orjson.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        first = {"index": 0, "delta": message, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        head["object"] = "chat.completion.chunk"
        return b"".join(frame({**head, "choices": [choice]}) for choice in (first, last)) + b"data: [DONE]\n\n"
