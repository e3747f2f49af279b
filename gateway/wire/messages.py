"""The Messages API (Anthropic): the request as a tree of nodes; `messages_answer` is the way back.

State at the provider (``container``, files by id), tools that run there and servers that it would call are content
that nobody here can look into: they are counted by kind, and policy decides. Fields that name the caller
(``metadata``) are not passed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.citations import there
from gateway.wire.dialect import AnswerContext, ParsedRequest
from gateway.wire.document import Document, Scope, invalid
from gateway.wire.error_forms import anthropic_error
from gateway.wire.messages_answer import MessagesAnswer, frame
from gateway.wire.nodes import Each, Free, Node, Obj, Opaque, Schema, Tagged, Text, TextOr, field, one_of
from gateway.wire.parts import CACHE, CALLER, CHOICE, CIPHER, FLAG, MEDIA, NAME, NUMBER, TOOL_NAME
from gateway.wire.taking import take_apart
from gateway.wire.withheld import PROVIDER_TOOL, ClientTool, Dropped, Only

_CITATION: Final = Obj({
    "type": NAME, "cited_text": Text(), "document_title": Text(), "title": Text(), "source": Text(), "url": Text(),
    "encrypted_index": CIPHER, "file_id": NAME,
    **dict.fromkeys(("document_index", "start_char_index", "end_char_index", "start_page_number", "end_page_number",
                     "start_block_index", "end_block_index", "search_result_index"), NUMBER)})
_SWITCH: Final = Obj({"enabled": FLAG})
_COMMON: Final[dict[str, Node]] = {"type": NAME, "cache_control": CACHE}

_TEXT: Final = Obj({**_COMMON, "text": Text(), "citations": Each(_CITATION)})
_RESULT_PARTS: dict[str, Node] = {"text": _TEXT, "image": Opaque("image")}
_SOURCE: Final = Tagged({
    "text": Obj({"type": NAME, "media_type": one_of("text/plain"), "data": Text()}),
    "content": Obj({"type": NAME, "content": Each(Tagged(_RESULT_PARTS, other=Free()))}),
}, other=Opaque("file"))
_DOCUMENT: Final = Obj({**_COMMON, "source": _SOURCE, "title": Text(), "context": Text(), "citations": _SWITCH})
_SEARCH_RESULT: Final = Obj({**_COMMON, "source": Text(), "title": Text(), "content": Each(_TEXT),
                             "citations": _SWITCH})
_RESULT_PARTS |= {"document": _DOCUMENT, "search_result": _SEARCH_RESULT,
                  "tool_reference": Obj({**_COMMON, "tool_name": NAME})}
_BLOCK: Final = Tagged({
    "text": _TEXT,
    "image": Opaque("image"),
    "document": _DOCUMENT,
    "search_result": _SEARCH_RESULT,
    "tool_use": Obj({**_COMMON, "id": NAME, "name": NAME, "input": Free("tool_input"),
                     "caller": Obj({"type": one_of("direct")})}),
    "tool_result": Obj({**_COMMON, "tool_use_id": NAME, "is_error": FLAG,
                        "content": TextOr(Each(Tagged(_RESULT_PARTS, other=Obj({**MEDIA, "type": NAME}))),
                                          "tool_output")}),
    "thinking": Obj({**_COMMON, "thinking": Text(), "signature": CIPHER}),
    "redacted_thinking": Obj({**_COMMON, "data": CIPHER}),
    **dict.fromkeys(("server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
                     "bash_code_execution_tool_result", "text_editor_code_execution_tool_result",
                     "tool_search_tool_result", "mcp_tool_use", "mcp_tool_result"),
                    PROVIDER_TOOL),
    "container_upload": Opaque("provider_state"),
}, other=Obj({**MEDIA, "type": NAME}))
_SCOPES: Final[dict[str, Scope]] = {"user": "user", "assistant": "history", "system": "system"}


class _Turn:
    """One message; its scope follows its role, that of a tool's result is its own."""

    _fields: Final[dict[str, Node]] = {"content": TextOr(Each(_BLOCK)), **MEDIA}
    inside = Obj({**_fields, "role": one_of(*_SCOPES)})

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        if not isinstance(value, dict):
            raise invalid("Jede Nachricht muss ein JSON-Objekt mit „role“ und „content“ sein.", "messages")
        role = value.get("role")
        own = _SCOPES.get(role, "other") if isinstance(role, str) else "other"
        for name, child in value.items():
            if not (name == "role" and own != "other"):
                field(document, value, name, child, own, self._fields)


_OWN: Final[dict[str, Node]] = {
    **_COMMON, "name": TOOL_NAME, "input_examples": Free("schema"), "strict": FLAG,
    "defer_loading": FLAG, "eager_input_streaming": FLAG,
    "allowed_callers": Each(one_of("direct", "code_execution_20250825", "code_execution_20260120"))}
_TOOL: Final = Tagged({
    "custom": ClientTool("name", Only({**_OWN, "description": Text("schema"), "input_schema": Schema()})),
    **dict.fromkeys(("bash_20250124", "memory_20250818", "text_editor_20250124", "text_editor_20250429",
                     "text_editor_20250728"), ClientTool("name", Only({**_OWN, "max_characters": NUMBER}))),
}, other=PROVIDER_TOOL)
"""Tools that the client runs; for some of them the provider knows the description by heart."""


class _Tool:
    """A tool: one without a type is the client's own."""

    inside = _TOOL

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        own = isinstance(value, dict) and value.get("type") is None
        node = _TOOL.kinds["custom"] if own else _TOOL
        node.visit(document, holder, key, value, scope)


REQUEST: Final[dict[str, Node]] = {
    "model": NAME, "stream": FLAG, "max_tokens": NUMBER,
    "messages": Each(_Turn()),
    "system": TextOr(Each(Tagged({"text": _TEXT}, other=Obj({**MEDIA, "type": NAME}))), "system"),
    "stop_sequences": Text(), "temperature": NUMBER, "top_p": NUMBER, "top_k": NUMBER,
    "tools": Each(_Tool()),
    "tool_choice": Obj({"type": one_of("auto", "any", "tool", "none"), "name": NAME,
                        "disable_parallel_tool_use": FLAG}),
    "thinking": Obj({"type": one_of("enabled", "disabled", "adaptive"), "budget_tokens": NUMBER,
                     "display": one_of("summarized", "omitted")}),
    "output_config": Obj({"effort": one_of("low", "medium", "high", "xhigh", "max"),
                          "format": Obj({"type": one_of("json_schema"), "schema": Schema()})}),
    "cache_control": CACHE,
    "mcp_servers": PROVIDER_TOOL,
    **dict.fromkeys(("container", "thread", "compaction"), Opaque("provider_state")),
    **dict.fromkeys(("metadata", "user_profile_id", "workspace_id", "diagnostics"), CALLER),
    "fallback_credit_token": Dropped("secret"),
    **dict.fromkeys(("context_management", "service_tier", "speed", "inference_geo", "billing_policy", "fallbacks"),
                    CHOICE),
}
"""Every top-level field of the API; any other is not passed on."""


def _blocks(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the blocks of all messages in order, those of results of tools as well."""
    lists = [turn.get("content") for turn in root["messages"] if isinstance(turn, dict)][::-1]
    while lists:
        blocks = lists.pop()
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, dict) and isinstance(block.get("type"), str):
                yield block
                if block["type"] == "tool_result":
                    yield from _blocks({"messages": [block]})


class Messages:
    """The dialect of ``/v1/messages``."""

    name = "messages"
    paths: tuple[str, ...] = ("/messages",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        parsed = take_apart(body, REQUEST, required={"messages": list})
        texts = {id(slot.holder): index for index, slot in enumerate(parsed.document.slots)
                 if slot.key == "data" and slot.kind == "text"}
        parsed.documents = [texts.get(id(block.get("source")))
                            for block in _blocks(parsed.document.root) if block["type"] == "document"]
        return parsed

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        request.document.root["model"] = model.target
        for block in _blocks(request.document.root):
            if isinstance(citations := block.get("citations"), list):  # earlier answers, in the client's own counting
                block["citations"] = [cited for one in citations if (cited := there(one, request.places)) is not None]

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`."""
        root = request.document.root
        system = root.get("system")
        if isinstance(system, list):
            system.append({"type": "text", "text": text})
        else:
            root["system"] = f"{system}\n\n{text}" if system else text

    def answer(self, context: AnswerContext) -> MessagesAnswer:
        """See `Dialect.answer`."""
        return MessagesAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return anthropic_error(error, request_id)

    def say(self, text: str, request: ParsedRequest, request_id: str) -> bytes:
        """See `Dialect.say`."""
        block = {"type": "text", "text": text}
        usage = {"input_tokens": 0, "output_tokens": 0}
        message = {"id": f"msg_{request_id}", "type": "message", "role": "assistant", "model": request.model,
                   "content": [block], "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
        if not request.stream:
            return orjson.dumps(message)
        return b"".join(frame(event) for event in (
            {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": {**block, "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": block["text"]}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
            {"type": "message_stop"}))
