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
from gateway.wire.dialect import AnswerContext, ParsedRequest, public_message
from gateway.wire.document import (
    Document,
    Each,
    JsonText,
    Node,
    Obj,
    Opaque,
    Schema,
    Scope,
    Structural,
    Tagged,
    Text,
    field,
    invalid,
    is_flag,
    is_name,
    is_number,
    one_of,
    parse_object,
    too_deep,
)

NAME, NUMBER, FLAG = Structural(is_name), Structural(is_number), Structural(is_flag)

_PART = Tagged({
    "text": Obj({"type": NAME, "text": Text()}),
    "input_text": Obj({"type": NAME, "text": Text()}),
    "refusal": Obj({"type": NAME, "refusal": Text()}),
    "image_url": Opaque("image"), "input_image": Opaque("image"), "image": Opaque("image"),
    "video_url": Opaque("video"),
    "input_audio": Opaque("audio"), "audio": Opaque("audio"),
    "file": Opaque("file"), "input_file": Opaque("file"), "document": Opaque("file"),
}, other=Obj({"type": NAME}))

_FUNCTION_CALL = Obj({"name": NAME, "arguments": JsonText("tool_input")})
_MESSAGE: dict[str, Node] = {
    "role": one_of("system", "developer", "user", "assistant", "tool", "function"),
    "content": Each(_PART),
    "name": Text(),
    "refusal": Text(), "reasoning_content": Text(), "reasoning": Text(),
    "tool_call_id": NAME,
    "tool_calls": Each(Obj({"id": NAME, "type": NAME, "index": NUMBER, "function": _FUNCTION_CALL,
                            "custom": Obj({"name": NAME, "input": Text("tool_input")})})),
    "function_call": _FUNCTION_CALL,
    "audio": Opaque("audio"), "images": Opaque("image"), "files": Opaque("file"),
}
_SCOPES: dict[str, Scope] = {"system": "system", "developer": "system", "user": "user", "assistant": "history",
                             "tool": "tool_output", "function": "tool_output"}


class _Message:
    """One message; its scope follows its role, its content is a string or a list of parts."""

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        if not isinstance(value, dict):
            raise invalid("Jede Nachricht muss ein JSON-Objekt mit „role“ und „content“ sein.", "messages")
        role = value.get("role")
        own = _SCOPES.get(role, "other") if isinstance(role, str) else "other"
        for name, child in value.items():
            if name == "content" and isinstance(child, str):
                document.add_text(value, name, child, own)
            elif not (name == "role" and own != "other"):
                field(document, value, name, child, own, _MESSAGE)


_FUNCTION = Obj({"name": NAME, "description": Text("schema"), "parameters": Schema(), "strict": FLAG})
_TOOL = Tagged({
    "function": Obj({"type": NAME, "function": _FUNCTION}),
    "custom": Obj({"type": NAME, "custom": Obj({"name": NAME, "description": Text("schema"), "format": Schema()})}),
}, other=Opaque("provider_tool"))
_NAMED = Obj({"type": NAME, "function": Obj({"name": NAME})})
_CHOSEN = Obj({"type": NAME, "name": NAME, "function": Obj({"name": NAME}), "custom": Obj({"name": NAME}),
               "allowed_tools": Obj({"mode": NAME, "tools": Each(_NAMED)})})


class _NameOr:
    """An identifier, or an object described by `node`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        if not is_name(value):
            self._node.visit(document, holder, key, value, scope)


_CHOICE = _NameOr(_CHOSEN)
REQUEST: dict[str, Node] = {
    "model": NAME, "stream": FLAG,
    "messages": Each(_Message()),
    "tools": Each(_TOOL), "functions": Each(_FUNCTION), "tool_choice": _CHOICE, "function_call": _CHOICE,
    "parallel_tool_calls": FLAG,
    "response_format": Obj({"type": NAME, "json_schema": Obj({"name": NAME, "description": Text("schema"),
                                                              "schema": Schema(), "strict": FLAG})}),
    "stop": Text(), "prediction": Obj({"type": NAME, "content": Each(_PART)}),
    "stream_options": Obj({"include_usage": FLAG, "include_obfuscation": FLAG}),
    "temperature": NUMBER, "top_p": NUMBER, "top_k": NUMBER, "min_p": NUMBER, "n": NUMBER, "seed": NUMBER,
    "max_tokens": NUMBER, "max_completion_tokens": NUMBER, "presence_penalty": NUMBER, "frequency_penalty": NUMBER,
    "logprobs": FLAG, "top_logprobs": NUMBER,
    "logit_bias": Structural(lambda v: isinstance(v, dict) and all(k.isdigit() and is_number(x) for k, x in v.items())),
    "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh"),
    "verbosity": one_of("low", "medium", "high"),
    "modalities": Structural(lambda v: v == ["text"]),
}
"""Every top-level field that may reach a provider. Fields that name the caller (``user``, ``metadata``,
``safety_identifier``, ``prompt_cache_key``) and state at the provider (``store``) are not among them."""


class ChatCompletions:
    """The dialect of ``/v1/chat/completions``."""

    name = "chat"
    paths: tuple[str, ...] = ("/chat/completions",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        root = parse_object(body)
        model, messages, stream = root.get("model"), root.get("messages"), root.get("stream")
        if not isinstance(model, str) or not model:
            raise invalid("In der Anfrage fehlt das Modell („model“).", "model")
        if not isinstance(messages, list) or not messages:
            raise invalid("In der Anfrage fehlen die Nachrichten („messages“).", "messages")
        if stream is not None and not isinstance(stream, bool):
            raise invalid("„stream“ muss true oder false sein.", "stream")
        document = Document(root)
        for name in [name for name in root if name not in REQUEST]:
            del root[name]
            document.dropped.append(name)
        try:
            for name, value in root.items():
                REQUEST[name].visit(document, root, name, value, "other")
        except RecursionError:
            raise too_deep() from None
        options = root.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        return ParsedRequest(model, bool(stream), wants_usage, document)

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

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error_event`."""
        return b"data: " + openai_error(error, request_id) + b"\n\ndata: [DONE]\n\n"

    def notice(self, text: str, request: ParsedRequest, request_id: str) -> bytes:
        """See `Dialect.notice`."""
        head = {"id": f"chatcmpl-{request_id}", "created": int(time.time()), "model": request.model}
        message = {"role": "assistant", "content": f"> **KI-Pforte**: {text}"}
        if not request.stream:
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
            return orjson.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        first = {"index": 0, "delta": message, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        head["object"] = "chat.completion.chunk"
        return b"".join(frame({**head, "choices": [choice]}) for choice in (first, last)) + b"data: [DONE]\n\n"


def openai_error(error: GatewayError, request_id: str) -> bytes:
    """Return an error in the form that OpenAI clients show."""
    return orjson.dumps({"error": {"message": public_message(error, request_id), "type": error.type,
                                   "code": error.code, "param": error.param}})
