"""Chat completions as a message: the events of the Messages API, blocks strictly one after the other.

Text passes at once. A block ends when another one begins; a piece for a call that has ended already cannot be said in
this API and ends the stream as broken (providers send one call after the other).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

from gateway.wire.bridges.common import MISSHAPEN, ChunkReader, event

_REASONS: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use",
                   "content_filter": "refusal"}
_TEXTS: Final = {"reasoning_content": "thinking", "reasoning": "thinking", "content": "text", "refusal": "text"}
"""Field of a chat message -> kind of block."""


class MessagesEvents:
    """The way back of one exchange (implements `Translation`)."""

    def __init__(self) -> None:
        self._reader = ChunkReader()
        self._head: dict[str, Any] = {}
        self._blocks: list[dict[str, Any]] = []
        self._open: Any = None
        """What the open block belongs to: a kind of text, or the index of a call."""
        self._seen: set[int] = set()
        self._usage = {"input_tokens": 0, "output_tokens": 0}
        self._finish = ""
        self._over = False

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
            self._end()
            for block in self._blocks:
                if block["type"] == "tool_use":
                    block["input"] = orjson.loads(block["input"] or "{}")
            return orjson.dumps({**self._head, "content": self._blocks, "stop_reason": self._reason(),
                                 "usage": self._usage})
        except MISSHAPEN:
            return body

    def _translated(self, chunks: Iterable[dict[str, Any]]) -> bytes:
        out: list[bytes] = []
        try:
            out += [self._chunk(chunk) for chunk in chunks]
        except MISSHAPEN:
            self._reader.broken = True
        if self._reader.broken and not self._over:
            self._over = True
            out.append(event({"type": "error", "error": {"type": "api_error", "message": ""}}))
        elif self._reader.done and not self._over:
            out.append(self._end())
        return b"".join(out)

    def _chunk(self, chunk: dict[str, Any]) -> bytes:
        if chunk.get("error"):
            self._reader.broken = True
            return b""
        out = b"" if self._head else self._begin(chunk)
        if isinstance(usage := chunk.get("usage"), dict):
            self._usage = {"input_tokens": usage.get("prompt_tokens") or 0,
                           "output_tokens": usage.get("completion_tokens") or 0}
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                out += self._delta(choice.get("delta") or {})
                self._finish = choice.get("finish_reason") or self._finish
        return out

    def _begin(self, chunk: dict[str, Any]) -> bytes:
        self._head = {"id": "msg_" + str(chunk.get("id") or "0").removeprefix("chatcmpl-"), "type": "message",
                      "role": "assistant", "model": chunk.get("model") or "", "content": [], "stop_reason": None,
                      "stop_sequence": None, "usage": self._usage}
        return event({"type": "message_start", "message": self._head})

    # -- blocks in pieces

    def _delta(self, delta: dict[str, Any]) -> bytes:
        out = b""
        for name, kind in _TEXTS.items():
            text = delta.get(name)
            if not isinstance(text, str) or not text or (name == "reasoning" and delta.get("reasoning_content")):
                continue
            if self._open != kind:
                empty = {"type": kind, kind: ""} | ({"signature": ""} if kind == "thinking" else {})
                out += self._start(kind, empty)
            self._blocks[-1][kind] += text
            out += self._piece({"type": f"{kind}_delta", kind: text})
        for position, call in enumerate(delta.get("tool_calls") or ()):
            out += self._call(call.get("index", position), call)
        return out

    def _call(self, index: int, call: dict[str, Any]) -> bytes:
        function, out = call.get("function") or {}, b""
        if self._open != index:
            if index in self._seen:
                raise ValueError("a piece for a call that has ended")
            self._seen.add(index)
            identity = call.get("id") or f"toolu_{self._head['id']}_{index}"
            out += self._start(index, {"type": "tool_use", "id": identity, "name": function["name"], "input": {}})
            self._blocks[-1]["input"] = ""
        piece = function.get("arguments")
        if isinstance(piece, str) and piece:
            self._blocks[-1]["input"] += piece
            out += self._piece({"type": "input_json_delta", "partial_json": piece})
        return out

    def _start(self, owner: Any, block: dict[str, Any]) -> bytes:
        out = self._stop()
        self._open = owner
        self._blocks.append(dict(block))
        return out + event({"type": "content_block_start", "index": len(self._blocks) - 1, "content_block": block})

    def _piece(self, delta: dict[str, Any]) -> bytes:
        return event({"type": "content_block_delta", "index": len(self._blocks) - 1, "delta": delta})

    def _stop(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return event({"type": "content_block_stop", "index": len(self._blocks) - 1})

    def _end(self) -> bytes:
        self._over = True
        return self._stop() + event({
            "type": "message_delta", "delta": {"stop_reason": self._reason(), "stop_sequence": None},
            "usage": self._usage}) + event({"type": "message_stop"})

    def _reason(self) -> str:
        return _REASONS.get(self._finish, "end_turn")
