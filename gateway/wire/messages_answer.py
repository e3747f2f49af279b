"""The way back of the Messages API: blocks as channels.

Keeps true: wherever the provider's bytes are cut, the client gets the same; an event in which nothing changes is
forwarded as it came; what a block held back is sent as one more delta before the block ends; the ``message_stop`` is
withheld until the outcome is recorded; what is no message ends in ``failed`` and never in an exception.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import orjson

from gateway.errors import GatewayError
from gateway.wire.channels import Channels
from gateway.wire.citations import MOVED, back, by_characters
from gateway.wire.dialect import AnswerContext, Usage
from gateway.wire.error_forms import anthropic_error
from gateway.wire.shapes import is_name
from gateway.wire.sse import SseReader, data_of

_MISSHAPEN: Final = (AttributeError, TypeError, KeyError, ValueError)
_DELTAS: Final = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Kind of delta -> the field that holds its piece."""
_INDIFFERENT: Final = (b"event: content_block_delta\n", b"event: content_block_stop\n", b"event: ping\n")
"""Events that need no look where nothing can come back."""


class MessagesAnswer:
    """The way back of one message."""

    def __init__(self, context: AnswerContext) -> None:
        self._context = context
        self._channels = Channels(context)
        self._looks = self._channels.active or any(place is None or place.moved for place in context.places)
        self._reader = SseReader()
        self._input = self._output = 0
        self._said_usage = False
        self.state: Literal["running", "complete", "failed"] = "running"

    @property
    def usage(self) -> Usage | None:
        """See `Answer.usage`."""
        return Usage.of(self._input, self._output) if self._said_usage else None

    @property
    def unresolved(self) -> int:
        """See `Answer.unresolved`."""
        return self._channels.unresolved

    def raw(self) -> list[str]:
        """See `Answer.raw`."""
        return self._channels.raw()

    # -- streams

    def feed(self, chunk: bytes) -> bytes:
        """See `Answer.feed`."""
        return b"".join([self._event(event) for event in self._reader.feed(chunk)])

    def close(self) -> bytes:
        """See `Answer.close`."""
        out = [self._event(event, whole=False) for event in self._reader.close()]
        if self.state == "running":
            self.state = "failed"
        for key in self._channels.open_keys():
            out.append(self._held(key))
        return b"".join(out)

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return frame({"type": "message_stop"})

    def _event(self, event: bytes, *, whole: bool = True) -> bytes:
        data = data_of(event)
        if data is None or self.state != "running":
            return b""
        if whole and not self._looks and event.startswith(_INDIFFERENT) and event.count(b"\n") == 1:
            return event + b"\n\n"
        try:
            return self._parsed(data, orjson.loads(data))
        except (orjson.JSONDecodeError, *_MISSHAPEN):
            self.state = "failed"
            return b""

    def _parsed(self, data: bytes, parsed: dict[str, Any]) -> bytes:
        kind, before, changed = parsed["type"], b"", False
        if kind == "message_stop":
            self.state = "complete"
            return b""
        if kind == "error":
            self.state = "failed"
            return b""
        if kind == "message_start":
            self._count(parsed["message"].get("usage"))
            parsed["message"]["model"] = self._context.alias
            changed = True
        elif kind == "message_delta":
            self._count(parsed.get("usage"))
            changed = self._ending(parsed.get("delta") or {})
        elif kind == "content_block_start":
            changed = self._block(parsed["index"], parsed["content_block"], begins=True)
        elif kind == "content_block_delta":
            if parsed["delta"]["type"] == "citations_delta":
                return self._citation(data, parsed)
            changed = self._delta(parsed["index"], parsed["delta"])
        elif kind == "content_block_stop":
            before = b"".join([self._held(key) for key in self._channels.open_keys() if _index(key) == parsed["index"]])
        return before + (frame(parsed) if changed else _framed(kind, data))

    def _delta(self, index: int, delta: dict[str, Any]) -> bool:
        field = _DELTAS.get(delta["type"])
        if field is None or not isinstance(delta.get(field), str):
            return False
        json = field == "partial_json"
        text = delta[field]
        delta[field] = self._channels.feed((index, delta["type"]), text, json=json, call=index if json else None)
        return bool(delta[field] != text)

    def _citation(self, data: bytes, parsed: dict[str, Any]) -> bytes:
        """Return an event with a citation, or nothing when nobody can say where in the client's text it is."""
        delta = parsed["delta"]
        if not self._looks:
            return _framed(parsed["type"], data)
        delta["citation"] = self._cited(delta["citation"])
        return frame(parsed) if delta["citation"] is not None else b""

    def _cited(self, citation: Any) -> Any:
        """Return a citation as the client reads it, or None."""
        shown = self._channels.everywhere(citation)
        if not by_characters(citation):
            return shown
        placed = back(citation, self._context.places)
        return placed and {**shown, **{key: placed[key] for key in MOVED if key in placed}}

    def _held(self, key: Any) -> bytes:
        index, kind = key
        held = self._channels.close(key, json=kind == "input_json_delta")
        if not held:
            return b""
        return frame({"type": "content_block_delta", "index": index, "delta": {"type": kind, _DELTAS[kind]: held}})

    # -- blocks, streamed or whole

    def _block(self, index: int, block: dict[str, Any], *, begins: bool = False) -> bool:
        """Restore one block in place, or what it `begins` with; return whether anything changed."""
        kind, changed = block["type"], False
        if kind == "tool_use":
            self._channels.name(index, block.get("name"))
            before = block.get("input")
            block["input"] = self._channels.arguments(before, index)
            return bool(block["input"] != before)
        if kind in ("text", "thinking"):
            if self._looks and block.get("citations"):
                cited = [self._cited(citation) for citation in block["citations"]]
                block["citations"], changed = [citation for citation in cited if citation is not None], True
            text = block.get(kind)
            if isinstance(text, str):
                block[kind] = (self._channels.feed((index, kind + "_delta"), text) if begins
                               else self._channels.whole(text))
                changed |= block[kind] != text
        return changed

    def _ending(self, delta: dict[str, Any]) -> bool:
        return self._restored(delta, "stop_sequence") | self._restored(delta, "stop_details")

    def _restored(self, holder: dict[str, Any], key: str) -> bool:
        before = holder.get(key)
        if not before or not self._channels.active:
            return False
        holder[key] = self._channels.everywhere(before)
        return bool(holder[key] != before)

    # -- complete answers

    def complete(self, body: bytes) -> bytes:
        """See `Answer.complete`."""
        try:
            parsed = orjson.loads(body)
            self._count(parsed.get("usage"))
            for index, block in enumerate(parsed["content"]):
                self._block(index, block)
            self._ending(parsed)
            parsed["model"] = self._context.alias
        except (orjson.JSONDecodeError, *_MISSHAPEN):
            self.state = "failed"
            raise GatewayError("anbieter_fehler", "Der Anbieter hat keine lesbare Antwort geschickt. Bitte versuchen "
                               "Sie es noch einmal oder wählen Sie ein anderes Modell.", hint="no message in body"
                               ) from None
        self.state = "complete"
        return orjson.dumps(parsed)

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`."""
        return b"event: error\ndata: " + anthropic_error(error, request_id) + b"\n\n"

    def _count(self, usage: Any) -> None:
        """Take over what the provider counted; the end of a stream says what its beginning could not know."""
        if isinstance(usage, dict):
            said = Usage.of(usage.get("input_tokens"), usage.get("output_tokens"))
            self._input, self._output = max(self._input, said.prompt), max(self._output, said.completion)
            self._said_usage = True


def _index(key: Any) -> int:
    index: int = key[0]
    return index


def frame(event: dict[str, Any]) -> bytes:
    """Return one event of a stream."""
    return _framed(event["type"], orjson.dumps(event))


def _framed(kind: object, data: bytes) -> bytes:
    """Return an event under the name of what it holds. ValueError for a name that could begin another event."""
    if not is_name(kind):
        raise ValueError("an event without a proper name")
    return b"event: " + str(kind).encode() + b"\ndata: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"
