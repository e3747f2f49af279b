"""A client of the Responses API on a provider of chat completions: the request. `responses_events` is the way back.

Left out, because the other API has no such thing and no meaning changes: ``include``, ``truncation``, ``verbosity``,
summaries of reasoning, the model's earlier reasoning, ids and states of items. A tool with free text as its input
becomes a function with one string; `local_shell` becomes a function as well; both are turned back in the answer.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.wire.bridges.common import SHELL, History, dumps, source_text, text_of, untranslatable
from gateway.wire.bridges.responses_events import ResponsesEvents

_SHELL_TOOL: Final = {"type": "function", "function": {
    "name": SHELL, "description": "Runs a command on the user's computer and returns its output.",
    "parameters": {"type": "object", "required": ["command"], "properties": {
        "command": {"type": "array", "items": {"type": "string"}},
        "working_directory": {"type": "string"}, "timeout_ms": {"type": "integer"}}}}}
_FREE_TEXT: Final = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"],
                     "additionalProperties": False}
_SAME: Final = ("model", "temperature", "top_p", "stream", "parallel_tool_calls")


class ResponsesOverChat:
    """See the module."""

    caller, provider = "responses", "chat"

    def request(self, body: bytes) -> bytes:
        """See `Bridge.request`."""
        given = orjson.loads(body)
        chat: dict[str, Any] = {name: given[name] for name in _SAME if given.get(name) is not None}
        chat["messages"] = _messages(given)
        if (limit := given.get("max_output_tokens")) is not None:
            chat["max_tokens"] = limit
        effort = (given.get("reasoning") or {}).get("effort")
        if effort is not None:
            chat["reasoning_effort"] = effort
        form = (given.get("text") or {}).get("format")
        if form is not None:
            chat["response_format"] = _format(form)
        _tools(given, chat)
        if chat.get("stream"):
            chat["stream_options"] = {"include_usage": True}
        return orjson.dumps(chat)

    def answer(self, request: bytes) -> ResponsesEvents:
        """See `Bridge.answer`."""
        tools = _flat(orjson.loads(request).get("tools"))
        custom = frozenset(tool["name"] for tool in tools if tool.get("type") == "custom")
        namespaces = {tool["name"]: tool["namespace"] for tool in tools if "namespace" in tool}
        return ResponsesEvents(custom, namespaces, shell=any(tool.get("type") == SHELL for tool in tools))


def _messages(given: dict[str, Any]) -> list[dict[str, Any]]:
    history = History()
    if given.get("instructions"):
        history.say("system", given["instructions"])
    items = given["input"]
    for item in [{"role": "user", "content": items}] if isinstance(items, str) else items:
        _item(history, item)
    return history.messages


def _item(history: History, item: Any) -> None:
    if isinstance(item, str):
        history.say("user", item)
        return
    kind = item.get("type", "message")
    if kind == "message":
        role = item.get("role", "user")
        history.say("system" if role == "developer" else role, _content(item.get("content")))
    elif kind == "function_call":
        history.call(item["call_id"], item["name"], source_text(item.get("arguments")))
    elif kind == "custom_tool_call":
        history.call(item["call_id"], item["name"], dumps({"input": item.get("input", "")}))
    elif kind == "local_shell_call":
        action = {key: value for key, value in (item.get("action") or {}).items() if key != "type"}
        history.call(item["call_id"], SHELL, dumps(action))
    elif kind in ("function_call_output", "custom_tool_call_output", "local_shell_call_output"):
        output = text_of(item.get("output"))
        if output is None:
            raise untranslatable("input", "Bilder und Dateien als Ergebnis eines Werkzeugs")
        history.result(item.get("call_id") or item.get("id", ""), output)
    elif kind != "reasoning":
        raise untranslatable("input", f"Einträge der Art „{kind}“")


def _content(parts: Any) -> Any:
    text = text_of(parts)
    if text is not None or parts is None:
        return text if parts is not None else ""
    return [_part(part) for part in parts]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    kind = part.get("type")
    if kind in ("input_text", "output_text", "text"):
        return {"type": "text", "text": part.get("text", "")}
    if kind == "refusal":
        return {"type": "text", "text": part.get("refusal", "")}
    if kind == "input_image" and isinstance(part.get("image_url"), str):
        return {"type": "image_url", "image_url": {"url": part["image_url"], "detail": part.get("detail", "auto")}}
    if kind == "input_file" and part.get("file_data"):
        return {"type": "file", "file": {name: part[name] for name in ("filename", "file_data") if part.get(name)}}
    raise untranslatable("input", f"Teile der Art „{kind}“")


def _flat(tools: Any) -> list[dict[str, Any]]:
    """Return all tools, those of a namespace beside the others, each with its name."""
    return [inner for tool in tools or () for inner in (
        [{**member, "namespace": tool["name"]} for member in tool["tools"]] if tool.get("type") == "namespace"
        else [tool])]


def _tools(given: dict[str, Any], chat: dict[str, Any]) -> None:
    tools = [_tool(tool) for tool in _flat(given.get("tools"))]
    choice = given.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        names = {tool.get("name", tool.get("type")) for tool in choice.get("tools", ())}
        tools = [tool for tool in tools if tool["function"]["name"] in names]
        choice = choice.get("mode", "auto")
    elif isinstance(choice, dict):
        choice = {"type": "function", "function": {"name": choice.get("name", choice.get("type"))}}
    if tools:
        chat["tools"] = tools
        if choice is not None:
            chat["tool_choice"] = choice
    else:
        chat.pop("parallel_tool_calls", None)


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    kind = tool.get("type")
    if kind == "function":
        function = {name: tool[name] for name in ("name", "description", "parameters", "strict")
                    if tool.get(name) is not None}
        return {"type": "function", "function": function}
    if kind == "custom":
        grammar = (tool.get("format") or {}).get("definition")
        told = [tool.get("description"), f"The input follows this grammar:\n{grammar}" if grammar else None]
        described = {"description": "\n\n".join(filter(None, told))} if any(told) else {}
        return {"type": "function", "function": {"name": tool["name"], "parameters": _FREE_TEXT, **described}}
    if kind == SHELL:
        return _SHELL_TOOL
    raise untranslatable("tools", f"Werkzeuge der Art „{kind}“")


def _format(form: dict[str, Any]) -> dict[str, Any]:
    if form.get("type") != "json_schema":
        return {"type": form.get("type", "text")}
    schema = {name: form[name] for name in ("name", "description", "schema", "strict") if form.get(name) is not None}
    return {"type": "json_schema", "json_schema": schema}
