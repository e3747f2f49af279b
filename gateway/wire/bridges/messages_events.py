"""Chat completions as a message: the events of the Messages API, blocks strictly one after the other.

Text passes at once. A block is open until it is known to be whole: a text when anything else begins, a call when its
arguments are complete JSON. What belongs to a later block waits behind it; so pieces of calls that come mixed lose
nothing, and pieces that come in order, as from nearly every provider, do not wait.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gateway.wire.bridges.common import MISSHAPEN, Calls, ChunkReader, event

_REASONS: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "function_call": "tool_use",
                   "content_filter": "refusal"}
_TEXTS: Final = {"reasoning_content": "thinking", "reasoning": "thinking", "content": "text", "refusal": "text"}
"""Field of a chat message -> kind of block."""


@dataclass(slots=True)
class _Block:
    """One block: what it begins with, and the pieces of it that have not been sent."""

    empty: dict[str, Any]
    waiting: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    sent: bool = False
    """Whether its beginning was sent."""
    over: bool = False
    """Whether its end was sent."""

    @property
    def kind(self) -> str:
        return str(self.empty["type"])

    def is_whole(self) -> bool:
        """Whether nothing more can belong to it, once something else has begun."""
        if self.kind != "tool_use":
            return True
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        try:
            orjson.loads("".join(self.pieces))
        except orjson.JSONDecodeError:
            return False
        return True

    def body(self) -> dict[str, Any]:
        """Return the block as it stands in a whole message. Raises ValueError for arguments that are no object."""
        said = "".join(self.pieces)
        if self.kind != "tool_use":
            return self.empty | {self.kind: said}
        arguments = orjson.loads(said or "{}")
        if not isinstance(arguments, dict):
            raise ValueError("the arguments of a call are no object")  # noqa: TRY004 - one kind of misshapen answer
        return self.empty | {"input": arguments}

    def delta(self) -> dict[str, Any]:
        """Return what waits, as one piece."""
        text, self.waiting = "".join(self.waiting), []
        if self.kind == "tool_use":
            return {"type": "input_json_delta", "partial_json": text}
        return {"type": f"{self.kind}_delta", self.kind: text}


class MessagesEvents:
    """The way back of one exchange (implements `Translation`)."""

    def __init__(self) -> None:
        self._reader = ChunkReader()
        self._head: dict[str, Any] = {}
        self._blocks: list[_Block] = []
        self._at = 0
        """The block that is open, or the next one to begin."""
        self._calls = Calls()
        self._of_call: dict[Hashable, _Block] = {}
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
            return orjson.dumps({**self._head, "content": [block.body() for block in self._blocks],
                                 "stop_reason": self._reason(), "usage": self._usage})
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
                self._delta(choice.get("delta") or {})
                self._finish = choice.get("finish_reason") or self._finish
        return out + self._sendable()

    def _begin(self, chunk: dict[str, Any]) -> bytes:
        self._head = {"id": "msg_" + str(chunk.get("id") or "0").removeprefix("chatcmpl-"), "type": "message",
                      "role": "assistant", "model": chunk.get("model") or "", "content": [], "stop_reason": None,
                      "stop_sequence": None, "usage": self._usage}
        return event({"type": "message_start", "message": self._head})

    # -- what was said, block by block

    def _delta(self, delta: dict[str, Any]) -> None:
        for name, kind in _TEXTS.items():
            text = delta.get(name)
            if isinstance(text, str) and text and not (name == "reasoning" and delta.get("reasoning_content")):
                if not self._blocks or self._blocks[-1].kind != kind:
                    self._blocks.append(_Block({"type": kind, kind: ""}
                                               | ({"signature": ""} if kind == "thinking" else {})))
                self._say(self._blocks[-1], text)
        for key, call in self._calls.of(delta):
            self._call(key, call)

    def _call(self, key: Hashable, call: dict[str, Any]) -> None:
        function = call["function"]
        block = self._of_call.get(key)
        if block is None:
            identity = call.get("id") or f"toolu_{self._head['id']}_{len(self._of_call)}"
            block = _Block({"type": "tool_use", "id": identity, "name": function["name"], "input": {}})
            self._of_call[key] = block
            self._blocks.append(block)
        piece = function.get("arguments")
        if isinstance(piece, str) and piece:
            self._say(block, piece)

    def _say(self, block: _Block, text: str) -> None:
        if block.over:
            raise ValueError("more for a block that was whole")
        block.pieces.append(text)
        block.waiting.append(text)

    # -- what can be sent

    def _sendable(self, *, ending: bool = False) -> bytes:
        """Return the events for all that need not wait, in the order of the blocks."""
        out = b""
        while self._at < len(self._blocks):
            block = self._blocks[self._at]
            if not block.sent:
                block.sent = True
                out += event({"type": "content_block_start", "index": self._at, "content_block": block.empty})
            if block.waiting:
                out += event({"type": "content_block_delta", "index": self._at, "delta": block.delta()})
            is_last = self._at == len(self._blocks) - 1
            if not ending and (is_last or not block.is_whole()):
                break
            block.over = True
            out += event({"type": "content_block_stop", "index": self._at})
            self._at += 1
        return out

    def _end(self) -> bytes:
        self._over = True
        return self._sendable(ending=True) + event({
            "type": "message_delta", "delta": {"stop_reason": self._reason(), "stop_sequence": None},
            "usage": self._usage}) + event({"type": "message_stop"})

    def _reason(self) -> str:
        reason = _REASONS.get(self._finish, "end_turn")
        return "tool_use" if reason == "end_turn" and self._of_call else reason
