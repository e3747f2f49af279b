"""Chat completions as a response: the events of the Responses API, in the order that clients rely on.

An item begins with the first piece of its text or call and ends when the answer ends, so calls whose pieces come
mixed need no buffer. Text passes at once. Only the input of a custom tool, and the command of a shell, wait for their
end, because they lie inside JSON.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gateway.wire.bridges.common import MISSHAPEN, SHELL, Calls, ChunkReader, event

_REASONS: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}
_TEXTS: Final = {"reasoning_content": "reasoning_text", "reasoning": "reasoning_text", "content": "output_text",
                 "refusal": "refusal"}
"""Field of a chat message -> kind of part."""


@dataclass(slots=True)
class _Part:
    """One part of a message or of the reasoning."""

    kind: str
    pieces: list[str] = field(default_factory=list)

    def body(self) -> dict[str, Any]:
        text = "".join(self.pieces)
        if self.kind == "output_text":
            return {"type": self.kind, "text": text, "annotations": [], "logprobs": []}
        return {"type": self.kind, "refusal" if self.kind == "refusal" else "text": text}


@dataclass(slots=True)
class _Item:
    """One item of the output."""

    kind: str
    index: int
    identity: str
    parts: list[_Part] = field(default_factory=list)
    call_id: str = ""
    name: str = ""
    namespace: str = ""
    arguments: list[str] = field(default_factory=list)

    def body(self, status: str) -> dict[str, Any]:
        """Return the item as JSON; while it is in progress, what is said so far stays out."""
        begun = status == "in_progress"
        common = {"id": self.identity, "type": self.kind, "status": status}
        parts = [] if begun else [part.body() for part in self.parts]
        if self.kind == "message":
            return {**common, "role": "assistant", "content": parts}
        if self.kind == "reasoning":
            return {**common, "summary": [], "content": parts}
        arguments = "".join(self.arguments)
        called = {**common, "call_id": self.call_id}
        if self.kind == "local_shell_call":
            return {**called, "action": {"command": [], "env": {}, **({} if begun else _command(arguments)),
                                         "type": "exec"}}
        called |= {"name": self.name} | ({"namespace": self.namespace} if self.namespace else {})
        if self.kind == "function_call":
            return {**called, "arguments": arguments or "{}" if status == "completed" else "" if begun else arguments}
        return {**called, "input": "" if begun else _free_text(arguments)}


class ResponsesEvents:
    """The way back of one exchange (implements `Translation`).

    ``custom`` are the names of tools with free text, ``namespaces`` those of tools that stand in one.
    """

    def __init__(self, custom: frozenset[str], namespaces: Mapping[str, str], *, shell: bool) -> None:
        self._custom, self._namespaces, self._shell = custom, namespaces, shell
        self._calls = Calls()
        self._reader = ChunkReader()
        self._number = 0
        self._head: dict[str, Any] = {}
        self._items: list[_Item] = []
        self._named: dict[Any, _Item] = {}
        self._usage: dict[str, Any] | None = None
        self._finish = ""
        self._over = False

    # -- the stream

    def feed(self, chunk: bytes) -> bytes:
        """See `Translation.feed`."""
        return self._translated(self._reader.feed(chunk))

    def close(self) -> bytes:
        """See `Translation.close`. Some providers leave out ``[DONE]``; a finish reason says as much."""
        out = self._translated(self._reader.close())
        return out + self._end() if self._finish and not self._over else out

    def complete(self, body: bytes) -> bytes:
        """See `Translation.complete`: the stream in which each text has one piece."""
        try:
            whole = orjson.loads(body)
            choice = whole["choices"][0]
            self._chunk({**whole, "choices": [{**choice, "index": 0, "delta": choice["message"]}]})
            return orjson.dumps(self._final())
        except MISSHAPEN:
            return body

    def _translated(self, chunks: Iterable[dict[str, Any]]) -> bytes:
        out: list[bytes] = []
        try:
            for chunk in chunks:
                out.append(self._chunk(chunk))
        except MISSHAPEN:
            self._reader.broken = True
        if self._reader.broken and not self._over:
            self._over = True
            out.append(self._event("error", code="server_error", message="", param=None))
        elif self._reader.done and not self._over:
            out.append(self._end())
        return b"".join(out)

    def _chunk(self, chunk: dict[str, Any]) -> bytes:
        if chunk.get("error"):
            self._reader.broken = True
            return b""
        out = b"" if self._head else self._begin(chunk)
        if isinstance(chunk.get("usage"), dict):
            self._usage = _usage(chunk["usage"])
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                out += self._delta(choice.get("delta") or {})
                self._finish = choice.get("finish_reason") or self._finish
        return out

    def _begin(self, chunk: dict[str, Any]) -> bytes:
        self._head = {"id": "resp_" + self._identity(chunk.get("id")), "created_at": chunk.get("created") or 0,
                      "model": chunk.get("model") or ""}
        begun = self._response("in_progress", [])
        return (self._event("response.created", response=begun) + self._event("response.in_progress", response=begun))

    def _identity(self, given: Any) -> str:
        return str(given or "0").removeprefix("chatcmpl-")

    # -- texts and calls in pieces

    def _delta(self, delta: dict[str, Any]) -> bytes:
        out = b""
        for name, kind in _TEXTS.items():
            text = delta.get(name)
            if isinstance(text, str) and text and not (name == "reasoning" and delta.get("reasoning_content")):
                out += self._text(kind, text)
        for key, call in self._calls.of(delta):
            out += self._call(key, call)
        return out

    def _text(self, kind: str, text: str) -> bytes:
        out = b""
        owner = "reasoning" if kind == "reasoning_text" else "message"
        item = self._named.get(owner)
        if item is None:
            item = self._new(owner, owner, "rs" if owner == "reasoning" else "msg")
            out += self._added(item)
        index = next((i for i, part in enumerate(item.parts) if part.kind == kind), len(item.parts))
        at = self._at(item) | {"content_index": index}
        if index == len(item.parts):
            item.parts.append(_Part(kind))
            out += self._event("response.content_part.added", **at, part=item.parts[index].body())
        item.parts[index].pieces.append(text)
        extra: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        return out + self._event(f"response.{kind}.delta", **at, delta=text, **extra)

    def _call(self, key: Hashable, call: dict[str, Any]) -> bytes:
        function = call["function"]
        out = b""
        item = self._named.get(key)
        if item is None:
            name = function["name"]
            kind = ("custom_tool_call" if name in self._custom else "local_shell_call" if self._shell and name == SHELL
                    else "function_call")
            item = self._new(key, kind, "fc")
            item.name, item.namespace = name, self._namespaces.get(name, "")
            item.call_id = call.get("id") or f"call_{item.identity}"
            out += self._added(item)
        piece = function.get("arguments")
        if isinstance(piece, str) and piece:
            item.arguments.append(piece)
            if item.kind == "function_call":
                out += self._event("response.function_call_arguments.delta", **self._at(item), delta=piece)
        return out

    def _new(self, key: Any, kind: str, prefix: str) -> _Item:
        index = len(self._items)
        item = _Item(kind, index, f"{prefix}_{self._head['id'].removeprefix('resp_')}_{index}")
        self._items.append(item)
        self._named[key] = item
        return item

    def _added(self, item: _Item) -> bytes:
        return self._event("response.output_item.added", output_index=item.index, item=item.body("in_progress"))

    # -- the end

    def _end(self) -> bytes:
        self._over = True
        final = self._final()
        out = b"".join([self._item_done(item, whole) for item, whole in zip(self._items, final["output"], strict=True)])
        return out + self._event(f"response.{final['status']}", response=final)

    def _item_done(self, item: _Item, whole: dict[str, Any]) -> bytes:
        at, out = self._at(item), b""
        for index, part in enumerate(item.parts):
            body = part.body()
            field_ = "refusal" if part.kind == "refusal" else "text"
            extra: dict[str, Any] = {"logprobs": []} if part.kind == "output_text" else {}
            out += self._event(f"response.{part.kind}.done", **at, content_index=index, **{field_: body[field_]},
                               **extra)
            out += self._event("response.content_part.done", **at, content_index=index, part=body)
        if item.kind == "function_call":
            if whole["arguments"] and not item.arguments:
                out += self._event("response.function_call_arguments.delta", **at, delta=whole["arguments"])
            out += self._event("response.function_call_arguments.done", **at, name=item.name,
                               arguments=whole["arguments"])
        elif item.kind == "custom_tool_call":
            out += self._event("response.custom_tool_call_input.delta", **at, delta=whole["input"])
            out += self._event("response.custom_tool_call_input.done", **at, input=whole["input"])
        return out + self._event("response.output_item.done", output_index=item.index, item=whole)

    def _final(self) -> dict[str, Any]:
        reason = _REASONS.get(self._finish)
        status = "incomplete" if reason else "completed"
        # What was cut off is the last thing said; a call of which a half is missing must not look like a whole one.
        response = self._response(status, [item.body(status if item is self._items[-1] else "completed")
                                           for item in self._items])
        return {**response, "incomplete_details": {"reason": reason} if reason else None, "usage": self._usage}

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        return {"object": "response", **self._head, "status": status, "output": output, "error": None,
                "incomplete_details": None, "instructions": None, "metadata": {}, "parallel_tool_calls": True,
                "temperature": None, "top_p": None, "tool_choice": "auto", "tools": [], "previous_response_id": None,
                "store": False, "text": {"format": {"type": "text"}}, "usage": None}

    def _at(self, item: _Item) -> dict[str, Any]:
        return {"item_id": item.identity, "output_index": item.index}

    def _event(self, kind: str, **fields: Any) -> bytes:
        out = event({"type": kind, "sequence_number": self._number, **fields})
        self._number += 1
        return out


def _usage(given: dict[str, Any]) -> dict[str, Any]:
    read, written = given.get("prompt_tokens") or 0, given.get("completion_tokens") or 0
    cached = (given.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    reasoned = (given.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    return {"input_tokens": read, "output_tokens": written,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": reasoned}, "total_tokens": read + written}


def _free_text(arguments: str) -> str:
    """Return the one string in `arguments`; a model that wrote no such JSON meant what it wrote."""
    try:
        return str(orjson.loads(arguments)["input"])
    except MISSHAPEN:
        return arguments


def _command(arguments: str) -> dict[str, Any]:
    try:
        parsed = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        parsed = arguments
    if isinstance(parsed, dict):
        return parsed
    return {"command": parsed if isinstance(parsed, list) else [str(parsed)]}
