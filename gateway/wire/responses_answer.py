"""The way back of the Responses API: each text of an item is a channel, and is repeated in full up to four times.

Keeps true: wherever the provider's bytes are cut, the client gets the same; the full texts are what their pieces
showed; ``sequence_number`` has no gap however the provider counts; exactly one terminal event, withheld until the
outcome is recorded; what the response repeats of the request is what the caller wrote; what is no response ends in
``failed`` and never in an exception.
"""

from __future__ import annotations

import time
from typing import Any, Final, Literal

import orjson

from gateway.errors import GatewayError
from gateway.wire.channels import Channels
from gateway.wire.dialect import AnswerContext, Usage
from gateway.wire.error_forms import public_message
from gateway.wire.shapes import is_name
from gateway.wire.sse import SseReader, data_of

_MISSHAPEN: Final = (AttributeError, TypeError, KeyError, ValueError)
_PIECES: Final[dict[str, tuple[str, str, bool]]] = {
    "response.output_text": ("text", "content_index", False),
    "response.refusal": ("refusal", "content_index", False),
    "response.reasoning_text": ("text", "content_index", False),
    "response.reasoning_summary_text": ("text", "summary_index", False),
    "response.function_call_arguments": ("arguments", "", True),
    "response.mcp_call_arguments": ("arguments", "", True),
    "response.custom_tool_call_input": ("input", "", False),
    "response.code_interpreter_call_code": ("code", "", False),
    "response.shell_call_command": ("command", "command_index", False),
    "response.audio.transcript": ("transcript", "", False),
}
"""Event without ``.delta`` / ``.done`` -> (field of the full text, index within the item, whether it is JSON)."""
_CALLS: Final = ("arguments", "input", "code", "command")
"""Texts that a tool reads."""
_INDEX: Final = {"file_citation": ("index",), "file_path": ("index",)}
"""Annotations in which ``index`` is a place in the text (the documentation says otherwise, its examples do not)."""
_TERMINAL: Final = ("response.completed", "response.incomplete", "response.failed")
_WHOLE: Final = (*_TERMINAL, "response.created", "response.in_progress", "response.queued")


class ResponsesAnswer:
    """The way back of one response."""

    def __init__(self, context: AnswerContext) -> None:
        self._context = context
        self._channels = Channels(context)
        self._reader = SseReader()
        self._deltas: dict[Any, dict[str, Any]] = {}
        self._next = 0
        self._head: dict[str, Any] = {}
        self._terminal: dict[str, Any] | None = None
        self.usage: Usage | None = None
        self.state: Literal["running", "complete", "failed"] = "running"

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
        out = [self._event(event) for event in self._reader.close()]
        if self.state == "running":
            self.state = "failed"
        for key in self._channels.open_keys():
            out.append(self._held(key))
        return b"".join(out)

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return b"" if self._terminal is None else self._frame(self._terminal)

    def _event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None or self.state != "running":
            return b""
        if data.strip() == b"[DONE]":  # some servers add the end of the older API
            return b""
        try:
            return self._parsed(orjson.loads(data))
        except (orjson.JSONDecodeError, *_MISSHAPEN):
            self.state = "failed"
            return b""

    def _parsed(self, parsed: dict[str, Any]) -> bytes:
        kind = parsed["type"]
        name, _, what = kind.rpartition(".")
        before = b""
        if kind == "error":
            self.state = "failed"
            return b""
        if kind in _WHOLE:
            self._response(parsed["response"])
        elif name in _PIECES and what in ("delta", "done"):
            before = self._piece(parsed, name, what)
        elif kind.startswith("response.output_item."):
            self._item(parsed["item"], parsed["output_index"])
        elif "part" in parsed:
            self._part(parsed["part"])
        elif kind == "response.output_text.annotation.added":
            key = (parsed["output_index"], parsed["content_index"], "response.output_text")
            if not self._note(parsed["annotation"], self._channels.so_far(key)):
                return b""
        elif self._channels.active:
            parsed = {key: value if key == "type" else self._channels.everywhere(value)
                      for key, value in parsed.items()}
        if kind == "response.failed":
            self.state = "failed"
            return b""
        parsed.pop("obfuscation", None)  # padding that hides the lengths of pieces: they are not the same any more
        if kind not in _TERMINAL:
            return before + self._frame(parsed)
        self._terminal, self.state = parsed, "complete"
        return b""

    def _frame(self, event: dict[str, Any]) -> bytes:
        """Return an event with its number. What is called like no event could end its line and begin another one."""
        if not is_name(event["type"]):
            raise ValueError("an event without a proper name")
        event["sequence_number"] = self._next
        self._next += 1
        return frame(event)

    # -- texts

    def _piece(self, event: dict[str, Any], name: str, what: str) -> bytes:
        """Restore one delta or full text in place; return what must be sent before it."""
        field, index, json = _PIECES[name]
        at = event.get("output_index", event.get("item_id"))
        key = (at, event.get(index, 0), name)
        call = at if field in _CALLS else None
        if "logprobs" in event and self._channels.active:
            event["logprobs"] = []  # tokens of the replaced text no longer fit
        if what == "delta":
            event["delta"] = self._channels.feed(key, event["delta"], json=json, call=call)
            self._deltas[key] = {k: v for k, v in event.items() if k not in ("delta", "obfuscation")}
            return b""
        if name == "response.function_call_arguments":
            self._channels.name(at, event.get("name"))
        before = self._held(key)
        event[field] = self._channels.whole(event[field], json=json, call=call)
        return before

    def _held(self, key: Any) -> bytes:
        """Return a further delta with what a channel held back."""
        held = self._channels.close(key, json=_PIECES[key[2]][2])
        return self._frame({**self._deltas[key], "delta": held}) if held else b""

    def _item(self, item: dict[str, Any], index: Any) -> None:
        """Restore an item in place."""
        kind = item["type"]
        own = kind in ("function_call", "custom_tool_call")  # a connector's tool may go by the name of a client's
        self._channels.name(index, (own and item.get("name")) or kind)
        if not self._channels.active:
            return
        if kind == "message":
            for part in item.get("content") or ():
                self._part(part)
        elif kind == "function_call":
            item["arguments"] = self._channels.whole(item.get("arguments", ""), json=True, call=index)
        elif kind == "custom_tool_call":
            item["input"] = self._channels.whole(item.get("input", ""), call=index)
        elif self._channels.trusts(index) or kind == "reasoning":
            for key, value in item.items():
                if key not in ("type", "id", "call_id", "status", "encrypted_content", "result", "name"):
                    item[key] = self._channels.everywhere(value)

    def _part(self, part: dict[str, Any]) -> None:
        """Restore one part of a message in place; positions in it move with the text."""
        if not self._channels.active:
            return
        if part.get("annotations"):
            text = part.get("text") or ""
            part["annotations"] = [note for note in part["annotations"] if self._note(note, text)]
        for name in ("text", "refusal", "transcript"):
            if isinstance(part.get(name), str):
                part[name] = self._channels.whole(part[name])
        if part.get("logprobs"):
            part["logprobs"] = []

    def _note(self, note: dict[str, Any], text: str) -> bool:
        """Restore what an annotation says of `text`, in place; its positions move with the text.

        Return False when it cannot be said where they are now.
        """
        for name in ("title", "filename"):
            if isinstance(note.get(name), str):
                note[name] = self._channels.whole(note[name])
        return self._channels.placed(note, ("start_index", "end_index", *_INDEX.get(str(note.get("type")), ())), text)

    # -- the response as a whole

    def _response(self, response: dict[str, Any]) -> None:
        for index, item in enumerate(response.get("output") or ()):
            self._item(item, index)
        response |= self._context.echo
        if isinstance(response.get("output_text"), str):
            response["output_text"] = self._channels.whole(response["output_text"])
        response["model"] = self._context.alias
        if response.get("error"):  # a provider's words often quote
            response["error"] = None
        response["store"] = False
        thread = self._context.thread
        if thread is not None and thread.identity:
            response |= {"id": thread.identity, "store": True}
            if response.get("status") in ("completed", "incomplete"):
                items = [item for item in response.get("output") or () if _lasts(item)]
                thread.answered = orjson.dumps(items if thread.conversation else [_kept(item) for item in items])
        usage = response.get("usage")
        if isinstance(usage, dict):
            self.usage = Usage.of(usage.get("input_tokens"), usage.get("output_tokens"))
        self._head = {k: response[k] for k in ("id", "created_at", "model", "conversation") if k in response}

    def complete(self, body: bytes) -> bytes:
        """See `Answer.complete`."""
        try:
            parsed = orjson.loads(body)
            if not isinstance(parsed["output"], list) or parsed.get("status") == "failed":
                raise ValueError
            self._response(parsed)
        except (orjson.JSONDecodeError, *_MISSHAPEN):
            self.state = "failed"
            raise GatewayError("anbieter_fehler", "Der Anbieter hat keine lesbare Antwort geschickt. Bitte versuchen "
                               "Sie es noch einmal oder wählen Sie ein anderes Modell.", hint="no response in body"
                               ) from None
        self.state = "complete"
        return orjson.dumps(parsed)

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`: ``response.failed``, the one form whose text clients show in mid-stream."""
        return failed(error, request_id, self._head, self._next)


def _kept(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item as it may be sent again: ids name what a provider would have to know."""
    return {key: value for key, value in item.items() if key not in ("id", "status")}


def _lasts(item: dict[str, Any]) -> bool:
    """Reasoning is of use again only in the provider's own sealed form."""
    return bool(item["type"] != "reasoning" or item.get("encrypted_content"))


def failed(error: GatewayError, request_id: str, head: dict[str, Any], number: int) -> bytes:
    """Return the terminal event of a response that cannot go on."""
    response = {"id": f"resp_{request_id}", "object": "response", "created_at": int(time.time()), **head,
                "status": "failed", "output": [], "usage": None, "incomplete_details": None,
                "error": {"code": error.code, "message": public_message(error, request_id)}}
    return frame({"type": "response.failed", "sequence_number": number, "response": response})


def frame(event: dict[str, Any]) -> bytes:
    """Return one event of a stream."""
    return b"event: " + str(event["type"]).encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n"
