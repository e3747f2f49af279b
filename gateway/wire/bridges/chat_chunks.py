"""A response as a chat completion: the events of the Responses API, as chunks.

Every piece passes at once. A text of which no piece was sent (some servers send only its end) is sent with its end.
Of a response without a terminal event there is no end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Final

import orjson

from gateway.wire.bridges.common import MISSHAPEN, ChunkReader

_TEXTS: Final = {"output_text": ("content", "text"), "refusal": ("refusal", "refusal"),
                 "reasoning_text": ("reasoning_content", "text"),
                 "reasoning_summary_text": ("reasoning_content", "text")}
"""Kind of event -> field of a chat message, and field that holds the whole text at its end."""
_CALLS: Final = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}
"""Kind of item -> what the call is in a chat, and the field of both that holds what the tool reads."""
_PIECES: Final = {"function_call_arguments": "function_call", "custom_tool_call_input": "custom_tool_call"}
_REASONS: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}


class ChatChunks:
    """The way back of one exchange (implements `Translation`)."""

    def __init__(self) -> None:
        self._reader = ChunkReader()
        self._head: dict[str, Any] = {}
        self._sent: set[Hashable] = set()
        """The texts of which something was sent."""
        self._calls: dict[Any, int] = {}
        """Index of the item -> index of the call."""
        self._over = False

    def feed(self, chunk: bytes) -> bytes:
        """See `Translation.feed`."""
        return self._translated(self._reader.feed(chunk))

    def close(self) -> bytes:
        """See `Translation.close`."""
        return self._translated(self._reader.close())

    def _translated(self, events: Iterable[dict[str, Any]]) -> bytes:
        out: list[bytes] = []
        try:
            for event in events:
                if not self._over:
                    out.append(self._event(event))
        except MISSHAPEN:
            self._reader.broken = True
        if self._reader.broken and not self._over:
            self._over = True
            out.append(_frame({"error": {"message": "", "type": "server_error"}}))
        return b"".join(out)

    def _event(self, event: dict[str, Any]) -> bytes:
        kind: str = event["type"]
        if kind in ("error", "response.failed"):
            raise ValueError("the provider failed")
        if kind in ("response.completed", "response.incomplete"):
            return self._end(event["response"])
        if kind == "response.created":
            return self._begin(event["response"])
        name, _, what = kind.removeprefix("response.").rpartition(".")
        if name in _TEXTS and what in ("delta", "done"):
            return self._text(name, what, event)
        if name in _PIECES and what in ("delta", "done"):
            return self._argument(_PIECES[name], what, event)
        if name == "output_item" and event["item"].get("type") in _CALLS:
            return self._call(event["output_index"], event["item"], is_over=what == "done")
        return b""

    def _begin(self, response: dict[str, Any]) -> bytes:
        self._head = _head(response, "chat.completion.chunk")
        return self._chunk({"role": "assistant", "content": ""})

    def _text(self, name: str, what: str, event: dict[str, Any]) -> bytes:
        field, whole = _TEXTS[name]
        key = (name, event.get("output_index"), event.get("content_index", event.get("summary_index")))
        if what == "done" and key in self._sent:
            return b""
        self._sent.add(key)
        text = event["delta" if what == "delta" else whole]
        return self._chunk({field: text}) if text else b""

    def _call(self, at: Any, item: dict[str, Any], *, is_over: bool) -> bytes:
        """Begin a call; when it is over, what of it was not said in pieces is said now."""
        kind, field = _CALLS[item["type"]]
        out = b""
        if at not in self._calls:
            self._calls[at] = len(self._calls)
            out = self._chunk({"tool_calls": [{"index": self._calls[at], "id": item["call_id"], "type": kind,
                                               kind: {"name": item["name"], field: ""}}]})
        said = {"output_index": at, field: item.get(field) or ""}
        return out + self._argument(item["type"], "done", said) if is_over else out

    def _argument(self, item_kind: str, what: str, event: dict[str, Any]) -> bytes:
        kind, field = _CALLS[item_kind]
        at = event["output_index"]
        text = event["delta" if what == "delta" else field]
        if not text or (what == "done" and at in self._sent):
            return b""
        self._sent.add(at)
        return self._chunk({"tool_calls": [{"index": self._calls[at], kind: {field: text}}]})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        if not self._head:
            raise ValueError("a piece of nothing that has begun")
        return _frame({**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    def _end(self, response: dict[str, Any]) -> bytes:
        self._over = True
        out = self._chunk({}, _finish(response, calls=bool(self._calls)))
        if isinstance(usage := response.get("usage"), dict):
            out += _frame({**self._head, "choices": [], "usage": _usage(usage)})
        return out + b"data: [DONE]\n\n"

    def complete(self, body: bytes) -> bytes:
        """See `Translation.complete`."""
        try:
            response = orjson.loads(body)
            if response.get("status") not in ("completed", "incomplete"):
                return body
            message = _message(response["output"])
            choice = {"index": 0, "message": message, "logprobs": None,
                      "finish_reason": _finish(response, calls="tool_calls" in message)}
            usage = {"usage": _usage(response["usage"])} if response.get("usage") else {}
            return orjson.dumps({**_head(response, "chat.completion"), "choices": [choice], **usage})
        except MISSHAPEN:
            return body


def _message(output: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the items of a response as one message."""
    texts: dict[str, list[str]] = {}
    calls: list[dict[str, Any]] = []
    for item in output:
        if item["type"] in _CALLS:
            kind, field = _CALLS[item["type"]]
            calls.append({"id": item["call_id"], "type": kind, kind: {"name": item["name"], field: item[field]}})
        for part in (*(item.get("summary") or ()), *(item.get("content") or ())):
            kind = part.get("type", "").replace("summary_text", "reasoning_summary_text")
            if kind in _TEXTS:
                field, whole = _TEXTS[kind]
                texts.setdefault(field, []).append(part[whole])
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None,
                               **{field: "".join(pieces) for field, pieces in texts.items()}}
    return message | ({"tool_calls": calls} if calls else {})


def _head(response: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-" + str(response.get("id") or "0").removeprefix("resp_"), "object": kind,
            "created": int(response.get("created_at") or 0), "model": response.get("model") or ""}


def _finish(response: dict[str, Any], *, calls: bool) -> str:
    if response.get("status") == "incomplete":
        return _REASONS.get((response.get("incomplete_details") or {}).get("reason") or "", "length")
    return "tool_calls" if calls else "stop"


def _usage(given: dict[str, Any]) -> dict[str, Any]:
    read, written = given.get("input_tokens") or 0, given.get("output_tokens") or 0
    cached = (given.get("input_tokens_details") or {}).get("cached_tokens") or 0
    reasoned = (given.get("output_tokens_details") or {}).get("reasoning_tokens") or 0
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": cached}, "completion_tokens_details":
                {"reasoning_tokens": reasoned}}


def _frame(chunk: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
