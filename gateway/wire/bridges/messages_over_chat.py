"""A client of the Messages API on a provider of chat completions: the request. `messages_events` is the way back.

Left out: marks for caching, the model's earlier thinking, citations. The results of tools come before what the person
says in the same turn, as the other API wants it.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.wire.bridges.common import History, dumps, text_of, untranslatable
from gateway.wire.bridges.messages_events import MessagesEvents

_SAME: Final = ("model", "max_tokens", "temperature", "top_p", "top_k", "stream")
_CHOICES: Final = {"auto": "auto", "any": "required", "none": "none"}


class MessagesOverChat:
    """See the module."""

    caller, provider = "messages", "chat"

    def request(self, body: bytes) -> bytes:
        """See `Bridge.request`."""
        given = orjson.loads(body)
        chat: dict[str, Any] = {name: given[name] for name in _SAME if given.get(name) is not None}
        history = History()
        if given.get("system"):
            history.say("system", text_of(given["system"]) or "")
        for message in given["messages"]:
            _turn(history, message)
        chat["messages"] = history.messages
        if given.get("stop_sequences"):
            chat["stop"] = given["stop_sequences"]
        form = (given.get("output_config") or {}).get("format")
        if form:
            chat["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer",
                                                                              "schema": form.get("schema") or {}}}
        _tools(given, chat)
        if chat.get("stream"):
            chat["stream_options"] = {"include_usage": True}
        return orjson.dumps(chat)

    def answer(self, request: bytes) -> MessagesEvents:
        """See `Bridge.answer`."""
        return MessagesEvents()


def _turn(history: History, message: dict[str, Any]) -> None:
    role, content = message.get("role", "user"), message.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    said: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for block in blocks:
        kind = block.get("type")
        if kind == "tool_result":
            history.result(block["tool_use_id"], _result(block.get("content")))
        elif kind == "tool_use":
            calls.append(block)
        elif kind not in ("thinking", "redacted_thinking"):
            said.append(_part(block))
    if said:
        only_text = all(part["type"] == "text" for part in said)
        history.say(role, "\n".join(part["text"] for part in said) if only_text else said)
    for block in calls:
        history.call(block["id"], block["name"], dumps(block.get("input") or {}))


def _part(block: dict[str, Any]) -> dict[str, Any]:
    kind, source = block.get("type"), block.get("source") or {}
    if kind == "text":
        return {"type": "text", "text": block.get("text", "")}
    if kind == "image" and source.get("type") == "base64":
        address = f"data:{source.get('media_type')};base64,{source.get('data')}"
        return {"type": "image_url", "image_url": {"url": address}}
    if kind == "image" and source.get("type") == "url":
        return {"type": "image_url", "image_url": {"url": source.get("url")}}
    if kind == "document" and source.get("type") == "text":
        return {"type": "text", "text": _titled(block, source.get("data", ""))}
    if kind == "document" and source.get("type") == "content":
        return {"type": "text", "text": _titled(block, text_of(source.get("content")) or "")}
    if kind == "search_result":
        return {"type": "text", "text": _titled(block, text_of(block.get("content")) or "")}
    raise untranslatable("messages", f"Teile der Art „{kind}“")


def _titled(block: dict[str, Any], text: str) -> str:
    return "\n".join(filter(None, (block.get("title"), block.get("context"), text)))


def _result(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    parts = [_part(block) for block in content]
    if any(part["type"] != "text" for part in parts):
        raise untranslatable("messages", "Bilder als Ergebnis eines Werkzeugs")
    return "\n".join(part["text"] for part in parts)


def _tools(given: dict[str, Any], chat: dict[str, Any]) -> None:
    tools = given.get("tools") or []
    if not tools:
        return
    foreign = next((tool for tool in tools if tool.get("type") not in (None, "custom")), None)
    if foreign is not None:
        raise untranslatable("tools", f"Werkzeuge der Art „{foreign['type']}“")
    chat["tools"] = [{"type": "function", "function": {
        "name": tool["name"], "parameters": tool.get("input_schema") or {"type": "object", "properties": {}},
        **({"description": tool["description"]} if tool.get("description") else {})}} for tool in tools]
    choice = given.get("tool_choice")
    if choice:
        named = {"type": "function", "function": {"name": choice.get("name")}}
        chat["tool_choice"] = _CHOICES.get(choice.get("type"), named)
        if choice.get("disable_parallel_tool_use"):
            chat["parallel_tool_calls"] = False
