"""A client of chat completions on a provider of the Responses API: the request. `chat_chunks` is the way back.

Left out, because the other API has no such thing and the answer stays an answer: ``seed``, penalties, ``logit_bias``,
``logprobs``, ``prediction``, the model's earlier reasoning, names of speakers. ``store`` is off: the provider keeps
nothing.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.wire.bridges.chat_chunks import ChatChunks
from gateway.wire.bridges.common import source_text, text_of, untranslatable

_SAME: Final = ("model", "temperature", "top_p", "stream", "parallel_tool_calls")
_CANNOT: Final = {"stop": "Stoppwörter", "functions": "die alte Form der Werkzeuge („functions“)",
                  "function_call": "die alte Form der Werkzeuge („function_call“)"}
_WORDS: Final = {"any": "required", "validated": "auto"}


class ChatOverResponses:
    """See the module."""

    caller, provider = "chat", "responses"

    def request(self, body: bytes) -> bytes:
        """See `Bridge.request`."""
        given = orjson.loads(body)
        for name, what in _CANNOT.items():
            if given.get(name):
                raise untranslatable(name, what)
        if given.get("n") not in (None, 1):
            raise untranslatable("n", "mehrere Antworten auf einmal")
        asked: dict[str, Any] = {name: given[name] for name in _SAME if given.get(name) is not None}
        asked |= {"input": _items(given["messages"]), "store": False}
        limit = given.get("max_completion_tokens") or given.get("max_tokens")
        if limit is not None:
            asked["max_output_tokens"] = limit
        if given.get("reasoning_effort") is not None:
            asked["reasoning"] = {"effort": given["reasoning_effort"]}
        text = {"format": _format(given["response_format"])} if given.get("response_format") else {}
        if given.get("verbosity") is not None:
            text["verbosity"] = given["verbosity"]
        if text:
            asked["text"] = text
        _tools(given, asked)
        return orjson.dumps(asked)

    def answer(self, request: bytes) -> ChatChunks:
        """See `Bridge.answer`."""
        return ChatChunks()


def _items(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    custom: set[str] = set()
    for message in messages:
        role, content = message.get("role", "user"), message.get("content")
        if role == "function":
            raise untranslatable("messages", _CANNOT["functions"])
        if role == "tool":
            identity = message["tool_call_id"]
            kind = "custom_tool_call_output" if identity in custom else "function_call_output"
            items.append({"type": kind, "call_id": identity, "output": _result(content)})
            continue
        if content or not message.get("tool_calls"):
            items.append({"type": "message", "role": role, "content": _parts(role, content)})
        for call in message.get("tool_calls") or ():
            if call.get("type") == "custom":
                custom.add(call["id"])
                said = call["custom"]  # field by field: a "type" among them would make another item of it
                items.append({"type": "custom_tool_call", "call_id": call["id"], "name": said["name"],
                              "input": said.get("input", "")})
            else:
                function = call["function"]
                items.append({"type": "function_call", "call_id": call["id"], "name": function["name"],
                              "arguments": source_text(function.get("arguments"))})
        if message.get("function_call"):
            raise untranslatable("messages", _CANNOT["function_call"])
    return items


def _result(content: Any) -> str:
    text = text_of(content) if content is not None else ""
    if text is None:
        raise untranslatable("messages", "Bilder und Dateien als Ergebnis eines Werkzeugs")
    return text


def _parts(role: str, content: Any) -> list[dict[str, Any]]:
    kind = "output_text" if role == "assistant" else "input_text"
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    return [_part(kind, {"type": "text", "text": part} if isinstance(part, str) else part) for part in parts]


def _part(kind: str, part: dict[str, Any]) -> dict[str, Any]:
    given = part.get("type")
    if given in ("text", "input_text"):
        return {"type": kind, "text": part.get("text", "")}
    if given == "refusal":
        return {"type": "refusal", "refusal": part.get("refusal", "")}
    if given == "image_url" and kind == "input_text":
        image = part["image_url"] if isinstance(part["image_url"], dict) else {"url": part["image_url"]}
        return {"type": "input_image", "image_url": image["url"], "detail": image.get("detail", "auto")}
    if given == "file" and (part.get("file") or {}).get("file_data"):
        return {"type": "input_file",
                **{name: part["file"][name] for name in ("filename", "file_data") if part["file"].get(name)}}
    raise untranslatable("messages", f"Teile der Art „{given}“")


def _tools(given: dict[str, Any], asked: dict[str, Any]) -> None:
    if not given.get("tools"):
        asked.pop("parallel_tool_calls", None)
        return
    asked["tools"] = [_flat(tool) for tool in given["tools"]]
    choice = given.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "allowed_tools":
        allowed = choice["allowed_tools"]
        asked["tool_choice"] = {"type": "allowed_tools", "mode": allowed.get("mode", "auto"),
                                "tools": [_named(tool) for tool in allowed.get("tools", ())]}
    elif choice is not None:
        asked["tool_choice"] = _named(choice) if isinstance(choice, dict) else _WORDS.get(choice, choice)


def _named(tool: dict[str, Any]) -> dict[str, Any]:
    kind = tool.get("type", "function")
    return {"type": kind, "name": (tool.get(kind) or tool)["name"]}


def _flat(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool without the layer that only a chat has."""
    kind = tool.get("type", "function")
    if kind not in ("function", "custom"):
        raise untranslatable("tools", f"Werkzeuge der Art „{kind}“")
    flat = {**tool[kind], "type": kind}
    if kind == "function":
        # The other API means strict schemas where nothing is said, and a chat means free ones.
        flat |= {"strict": flat.get("strict") or False, "parameters": flat.get("parameters")}
    elif (form := flat.get("format")) and form.get("type") == "grammar":
        flat["format"] = {**(form.get("grammar") or form), "type": "grammar"}
    return flat


def _format(form: dict[str, Any]) -> dict[str, Any]:
    if form.get("type") != "json_schema":
        return {"type": form.get("type", "text")}
    return {**form["json_schema"], "type": "json_schema"}
