"""The Responses API: the request as a tree of nodes; `responses_answer` is the way back.

State at the provider (``background``, items by reference, files by id) and tools that run there are content that
nobody here can look into: counted by kind, and policy decides; ``store`` is always off. Conversations are kept in the
house (``conversation``, ``previous_response_id``). Fields that name the caller (``user``, ``metadata``,
``safety_identifier``, ``prompt_cache_key``) are not passed on; the answer, which repeats them, gives the caller back
what he wrote.
"""

from __future__ import annotations

import time
from typing import Any, Final

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.dialect import AnswerContext, ParsedRequest, Thread
from gateway.wire.document import Document, Scope, invalid, parse_object
from gateway.wire.error_forms import openai_error
from gateway.wire.nodes import (
    Each,
    Free,
    JsonText,
    Node,
    Obj,
    Opaque,
    Schema,
    Structural,
    Tagged,
    Text,
    TextOr,
    WordOr,
    field,
    one_of,
)
from gateway.wire.parts import (
    CALLER,
    CHOICE,
    CIPHER,
    FLAG,
    FORMAT,
    GRAMMAR,
    HOUSE,
    MEDIA,
    NAME,
    NUMBER,
    TOOL_NAME,
    WORDS,
)
from gateway.wire.responses_answer import ResponsesAnswer, frame
from gateway.wire.taking import take_fields
from gateway.wire.withheld import PROVIDER_TOOL, ClientTool, Only

_STATE: Final = Opaque("provider_state")
_FILE: Final[dict[str, Node]] = {"file_id": _STATE, **MEDIA}
_ANNOTATION: Final = Obj({
    "type": NAME, "title": Text(), "url": Text(), "filename": Text(), "file_id": NAME, "container_id": NAME,
    **dict.fromkeys(("index", "start_index", "end_index"), NUMBER)})
_PART: Final = Tagged({
    **{kind: Obj({**_FILE, "type": NAME, "text": Text()}) for kind in ("input_text", "text", "summary_text",
                                                                       "reasoning_text")},
    "output_text": Obj({**_FILE, "type": NAME, "text": Text(), "annotations": Each(_ANNOTATION),
                        "logprobs": Free()}),
    "refusal": Obj({**_FILE, "type": NAME, "refusal": Text()}),
    **{kind: Opaque(what) for kind, what in (("input_image", "image"), ("input_file", "file"),
                                             ("input_audio", "audio"), ("computer_screenshot", "image"))},
}, other=Obj({**_FILE, "type": NAME}))

_ITEM: Final[dict[str, Node]] = {"type": NAME, "id": NAME, "call_id": NAME, "namespace": NAME,
                                 "status": one_of("in_progress", "completed", "incomplete", "failed")}

_SAID: Final = TextOr(Each(_PART))
_RESULT_SAID: Final = TextOr(Each(_PART), "tool_output")
_SCOPES: Final[dict[str, Scope]] = {"user": "user", "assistant": "history", "system": "system", "developer": "system"}
_RESULT: Final = Obj({**_ITEM, "output": _RESULT_SAID})
_PRINTED: Final = Obj({**dict.fromkeys(("stdout", "stderr"), Text("tool_output")),
                       "outcome": Obj({"type": one_of("exit", "timeout"), "exit_code": NUMBER})})
_ITEMS: Final[dict[str, Node]] = {
    "function_call": Obj({**_ITEM, "name": NAME, "arguments": JsonText("tool_input")}),
    "custom_tool_call": Obj({**_ITEM, "name": NAME, "input": Text("tool_input")}),
    "function_call_output": _RESULT, "custom_tool_call_output": _RESULT, "apply_patch_call_output": _RESULT,
    "local_shell_call_output": _RESULT,
    "shell_call_output": Obj({**_ITEM, "max_output_length": NUMBER, "output": Each(_PRINTED)}),
    "local_shell_call": Obj({**_ITEM, "action": Obj({
        "type": one_of("exec"), "command": Each(Text("tool_input")), "env": Free("tool_input"), "timeout_ms": NUMBER,
        "user": Text("tool_input"), "working_directory": Text("tool_input")})}),
    "shell_call": Obj({**_ITEM, "environment": Obj({"type": one_of("local")}), "action": Obj({
        "commands": Each(Text("tool_input")), "timeout_ms": NUMBER, "max_output_length": NUMBER})}),
    "apply_patch_call": Obj({**_ITEM, "operation": Obj({
        "type": one_of("create_file", "update_file", "delete_file"), "path": Text("tool_input"),
        "diff": Text("tool_input")})}),
    "reasoning": Obj({**_ITEM, "summary": Each(_PART), "content": Each(_PART), "encrypted_content": CIPHER}),
    "compaction": Obj({**_ITEM, "encrypted_content": CIPHER}),
    "compaction_trigger": Obj(_ITEM),
    "item_reference": _STATE,
    **dict.fromkeys((
        "file_search_call", "web_search_call", "computer_call", "computer_call_output", "code_interpreter_call",
        "image_generation_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "mcp_call",
        "tool_search_call", "tool_search_output", "additional_tools", "program", "program_output"),
        PROVIDER_TOOL),
}
"""Kinds of items beside messages."""


class _Item:
    """One item of the input. Without a type it is a message, or, if it is nothing but an id, a reference."""

    _fields: Final[dict[str, Node]] = {**_ITEM, **_FILE, "content": _SAID, "phase": one_of("commentary",
                                                                                           "final_answer")}
    inside = (Text(), Tagged(_ITEMS, other=Obj({**_fields, "role": one_of(*_SCOPES)})))

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in _ITEMS:
            _ITEMS[kind].visit(document, holder, key, value, scope)
        elif isinstance(value, dict) and value.keys() <= {"id", "type"}:
            _STATE.visit(document, holder, key, value, scope)
        elif isinstance(value, dict):
            role = value.get("role")
            own = _SCOPES.get(role, "other") if isinstance(role, str) else "other"
            for name, child in value.items():
                if not (name == "role" and own != "other"):
                    field(document, value, name, child, own, self._fields)
        else:
            Text().visit(document, holder, key, value, scope)


_FUNCTION: Final = Only({"type": NAME, "name": TOOL_NAME, "description": Text("schema"), "parameters": Schema(),
                         "output_schema": Schema(), "strict": FLAG, "defer_loading": FLAG})
_CUSTOM: Final = Only({"type": NAME, "name": TOOL_NAME, "description": Text("schema"), "format": GRAMMAR,
                       "defer_loading": FLAG})
_OWN_TOOLS: Final[dict[str, Node]] = {"function": ClientTool("name", _FUNCTION), "custom": ClientTool("name", _CUSTOM)}
_TOOL: Final = Tagged({
    **_OWN_TOOLS,
    "namespace": Only({"type": NAME, "name": NAME, "description": Text("schema"),
                       "tools": Each(Tagged(_OWN_TOOLS, other=PROVIDER_TOOL))}),
    **dict.fromkeys(("local_shell", "apply_patch"), ClientTool("", Only({"type": NAME}))),
}, other=PROVIDER_TOOL)
_SHELL: Final = ClientTool("", Only({"type": NAME, "environment": Only({"type": NAME, "skills": Free("schema")})}))


class _Tool:
    """A tool; the shell is the client's own only where it says so."""

    inside = Tagged({**_TOOL.kinds, "shell": _SHELL}, other=PROVIDER_TOOL)

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        environment = value.get("environment") if isinstance(value, dict) and value.get("type") == "shell" else None
        local = isinstance(environment, dict) and environment.get("type") == "local"
        (_SHELL if local else _TOOL).visit(document, holder, key, value, scope)


_NAMED: Final[dict[str, Node]] = {"type": one_of("function", "custom", "allowed_tools", "shell", "apply_patch"),
                                  "name": NAME, "mode": one_of("auto", "required")}
_CHOICE: Final = WordOr(("none", "auto", "required"), Obj({**_NAMED, "tools": Each(Obj(_NAMED))}))

REQUEST: Final[dict[str, Node]] = {
    "model": NAME, "stream": FLAG,
    "input": TextOr(Each(_Item()), "user"),
    "instructions": Text("system"),
    "tools": Each(_Tool()), "tool_choice": _CHOICE, "parallel_tool_calls": FLAG, "max_tool_calls": NUMBER,
    "text": Obj({"format": FORMAT, "verbosity": one_of("low", "medium", "high")}),
    "reasoning": Obj({"effort": one_of("none", "minimal", "low", "medium", "high", "xhigh"),
                      **dict.fromkeys(("summary", "generate_summary"), one_of("auto", "concise", "detailed"))}),
    "include": WORDS,
    "max_output_tokens": NUMBER, "temperature": NUMBER, "top_p": NUMBER, "top_logprobs": NUMBER,
    "truncation": one_of("auto", "disabled"),
    "stream_options": Obj({"include_obfuscation": FLAG}),
    "background": Structural(lambda value: value is False),
    "prompt": _STATE, "context_management": _STATE,
    **dict.fromkeys(("user", "metadata", "safety_identifier", "prompt_cache_key"), CALLER),
    **dict.fromkeys(("store", "previous_response_id", "conversation"), HOUSE),
    **dict.fromkeys(("moderation", "prompt_cache_options", "prompt_cache_retention", "service_tier"), CHOICE),
}
"""Every top-level field of the API; any other is not passed on."""
ECHOED: Final = ("instructions", "tools", "tool_choice", "text", "metadata", "user", "safety_identifier",
                 "prompt_cache_key", "prompt", "previous_response_id", "conversation")
"""What the answer repeats of the request."""
HERE: Final = tuple(name for name, node in REQUEST.items() if node is HOUSE)
"""What is meant for the house: it keeps conversations itself, the provider keeps none."""


def _items(given: Any) -> list[Any]:
    return [{"role": "user", "content": given}] if isinstance(given, str) and given else given or []


def _named(given: Any) -> str | None:
    """Return the id of the conversation. Raises ``anfrage_ungueltig``."""
    id_ = given.get("id") if isinstance(given, dict) else given
    if given is not None and (not isinstance(id_, str) or not id_):
        raise invalid("„conversation“ muss die Kennung eines Gesprächs sein.", "conversation")
    return id_


def _required(root: dict[str, Any]) -> dict[str, tuple[type, ...]]:
    """In a conversation everything may have been said already."""
    said = root.get("conversation") is not None and root.get("input") in (None, "", [])
    return {} if said else {"input": (str, list)}


class Responses:
    """The dialect of ``/v1/responses``."""

    name = "responses"
    paths: tuple[str, ...] = ("/responses",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        document = Document(parse_object(body))
        parsed = take_fields(document, REQUEST, required=_required(document.root), echoed=(*ECHOED, *HERE))
        echo = parsed.echo
        document.dropped = [name for name in document.dropped if name not in HERE]
        echo.setdefault("instructions", None)  # else the client would read what we told the model
        if document.root.get("background") is True:
            raise GatewayError("nicht_pruefbar", "Ihre Anfrage wurde nicht gesendet: Im Hintergrund („background“) "
                               "bliebe die Antwort beim Anbieter liegen. Bitte schalten Sie das in Ihrem Programm aus; "
                               "lange Antworten kommen Stück für Stück, wenn es „stream“ verwendet.",
                               param="background")
        if document.root.get("background"):
            document.opaque["provider_state"] += 1
        parsed.thread = self._thread(body, document, echo)
        return parsed

    def _thread(self, body: bytes, document: Document, echo: dict[str, Any]) -> Thread:
        follows, keeps = echo.get("previous_response_id"), echo.pop("store", None) is not False
        if follows is not None and not isinstance(follows, str):
            raise invalid("„previous_response_id“ muss die Kennung einer Antwort sein.", "previous_response_id")
        conversation, items = _named(echo.get("conversation")), _items(document.root.get("input"))
        if conversation is not None:
            if follows:
                raise invalid("Eine Anfrage kann ein Gespräch („conversation“) oder die letzte Antwort "
                              "(„previous_response_id“) nennen, nicht beides. Bitte prüfen Sie Ihr Programm.",
                              "previous_response_id")
            if not all(isinstance(item, dict) for item in items):
                raise invalid("In einem Gespräch muss jeder Eintrag von „input“ ein Objekt sein.", "input")
            echo["conversation"] = {"id": conversation}
        return Thread(follows or None, lambda earlier: self._resumed(body, earlier),
                      orjson.dumps(items) if keeps else None, conversation=conversation, own=len(items))

    def _resumed(self, body: bytes, earlier: bytes) -> ParsedRequest:
        root = parse_object(body)
        own = _items(root.get("input"))
        items = [*orjson.loads(earlier), *own]
        if not items:
            raise invalid("Das Gespräch ist leer, und in der Anfrage fehlt „input“.", "input")
        parsed = self.parse(orjson.dumps({**root, "input": items}))
        if parsed.thread is not None:
            parsed.thread.own = len(own)
        return parsed

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        request.document.root |= {"model": model.target, "store": False}

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`."""
        root = request.document.root
        given = root.get("instructions")
        root["instructions"] = f"{given}\n\n{text}" if given else text

    def answer(self, context: AnswerContext) -> ResponsesAnswer:
        """See `Dialect.answer`."""
        return ResponsesAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return openai_error(error, request_id)

    def say(self, text: str, request: ParsedRequest, request_id: str) -> bytes:
        """See `Dialect.say`."""
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        item = {"id": f"msg_{request_id}", "type": "message", "role": "assistant", "status": "completed",
                "content": [part]}
        usage = {"input_tokens": 0, "output_tokens": 0,
                 "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                 "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 0}
        whole = {"id": f"resp_{request_id}", "object": "response", "created_at": int(time.time()),
                 "status": "completed", "model": request.model, "output": [item], "error": None,
                 "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": False,
                 "temperature": None, "top_p": None, "tool_choice": "auto", "tools": [], "store": False,
                 "previous_response_id": None, "conversation": request.echo.get("conversation"),
                 "text": {"format": {"type": "text"}}, "usage": usage}
        if not request.stream:
            return orjson.dumps(whole)
        begun = {**whole, "status": "in_progress", "output": [], "usage": None}
        at = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        events: list[dict[str, Any]] = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
            {"type": "response.output_item.added", "output_index": 0,
             "item": {**item, "status": "in_progress", "content": []}},
            {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
            {"type": "response.output_text.delta", **at, "delta": part["text"], "logprobs": []},
            {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []},
            {"type": "response.content_part.done", **at, "part": part},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": whole}]
        return b"".join(frame({**event, "sequence_number": number}) for number, event in enumerate(events))
