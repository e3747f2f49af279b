"""The way back of a chat completion: the answer as channels.

A channel is one running text of the answer: content, refusal or reasoning of one choice, arguments of one tool call.
Each has its own `ChannelText`. An event in which no text changes is forwarded as the provider sent it.

Keeps true: wherever the provider's bytes are cut, the client gets the same; what is no completion ends in ``failed``
and never in an exception; of an event that may be torn nothing is forwarded unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import orjson

from gateway.errors import GatewayError
from gateway.wire.dialect import AnswerContext, ChannelText, Usage
from gateway.wire.error_forms import openai_error
from gateway.wire.positions import Positions
from gateway.wire.sse import SseReader, data_of

_MISSHAPEN = (AttributeError, TypeError, KeyError)
"""What reading an answer raises whose parts are not of the form that they have in a completion."""
Channel = tuple[int, str, int]
"""(choice, kind of text, index of the tool call)."""


class ChatAnswer:
    """The way back of one chat completion."""

    def __init__(self, context: AnswerContext) -> None:
        self._context = context
        self._restores = context.channel is not None
        self._reader = SseReader()
        self._channels: dict[Channel, ChannelText] = {}
        self._tools: dict[tuple[int, int], str] = {}
        self._trusted: set[tuple[int, int]] = set()
        self._barred: set[tuple[int, int]] = set()
        self._asks = bool(context.untrusted_tools) or context.tools is not None
        self._positions = Positions(self._open)
        self._head: dict[str, Any] = {}
        self._last = b""
        self._open_choices: set[int] = set()
        target, alias = orjson.dumps(context.target), orjson.dumps(context.alias)
        self._renames = [] if target == alias else [(b'"model":' + gap + target, b'"model":' + gap + alias)
                                                    for gap in (b"", b" ")]
        self.usage: Usage | None = None
        self.state: Literal["running", "complete", "failed"] = "running"

    @property
    def unresolved(self) -> int:
        """Placeholders in the answer that this exchange never issued."""
        return sum(r.unresolved for r in self._channels.values())

    def raw(self) -> list[str]:
        """See `Answer.raw`."""
        return [channel.raw for channel in self._channels.values()]

    # -- streams

    def feed(self, chunk: bytes) -> bytes:
        """See `Answer.feed`."""
        return b"".join([self._event(event) for event in self._reader.feed(chunk)])

    def close(self) -> bytes:
        """See `Answer.close`."""
        out = [self._event(event, whole=False) for event in self._reader.close()]
        if self.state == "running" and self._ended_without_done():
            self.state = "complete"
        if self.state == "running":
            self.state = "failed"
        for channel, restorer in self._channels.items():
            held = restorer.close()
            if held:
                out.append(frame({**self._head, "choices": [self._rest(channel, held)]}))
        return b"".join(out)

    def _rest(self, channel: Channel, held: str) -> dict[str, Any]:
        """Return a choice with what a channel still held back when the stream ended."""
        delta: dict[str, Any] = {}
        _write(delta, channel, held)
        return {"index": channel[0], "delta": delta, "finish_reason": None}

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return b"data: [DONE]\n\n"

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`."""
        return b"data: " + openai_error(error, request_id) + b"\n\ndata: [DONE]\n\n"

    def _event(self, event: bytes, *, whole: bool = True) -> bytes:
        """Return what the client gets for one event; one that is not known to be `whole` is looked at in any case."""
        data = data_of(event)
        if data is None or self.state != "running":
            return b""  # comments keep our own connection to the provider alive, not the client's
        if data.strip() == b"[DONE]":
            self.state = "complete"
            return b""
        self._last = data
        if whole and not (self._restores or b'"usage":{' in data or b'"usage": {' in data or b'"error"' in data):
            return self._forwarded(event, data)
        try:
            parsed = orjson.loads(data)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict) or parsed.get("error"):
            self.state = "failed"
            return b""
        try:
            return self._parsed(event, parsed)
        except _MISSHAPEN:
            self.state = "failed"
            return b""

    def _parsed(self, event: bytes, parsed: dict[str, Any]) -> bytes:
        changed = False
        usage = parsed.get("usage")
        choices = parsed.get("choices") or []
        if isinstance(usage, dict):
            self._count(usage)
            if not self._context.wants_usage:
                if not choices:
                    return b""
                del parsed["usage"]
                changed = True
        if self._restores:
            if not self._head:
                self._head = {k: parsed[k] for k in ("id", "object", "created", "model") if k in parsed}
                self._head["model"] = self._context.alias
            for choice in choices:
                changed |= self._choice(choice, choice.get("delta") or {}, "delta")
        if not changed:
            return self._forwarded(event, data_of(event) or b"")
        parsed["model"] = self._context.alias
        return frame(parsed)

    def _forwarded(self, event: bytes, data: bytes) -> bytes:
        """Return an event as it came but for the model's name, and without ids that clients trip over in signs of life.
        """
        if b"\n" in event:
            event = b"data: " + data.replace(b"\n", b"\ndata: ")
        for name, alias in self._renames:
            event = event.replace(name, alias)
        return event + b"\n\n"

    def _ended_without_done(self) -> bool:
        """Some providers leave out ``[DONE]``: a finish reason or usage in the last event says that it was the end."""
        try:
            last = orjson.loads(self._last or b"{}")
            choices = last.get("choices")
            if choices:
                return all(choice.get("finish_reason") for choice in choices)
            return choices is not None and "usage" in last
        except (orjson.JSONDecodeError, *_MISSHAPEN):
            return False

    # -- one choice, streamed or whole

    def _choice(self, choice: dict[str, Any], part: dict[str, Any], name: str) -> bool:
        """Restore one choice in place; return whether anything changed."""
        index = choice.get("index", 0)
        changed = False
        for channel, holder, key in self._texts(index, part):
            restorer = self._channel(channel)
            text = holder[key]
            shown = restorer.feed(text) if restorer else text
            if shown != text:
                holder[key] = shown
                changed = True
        if part.get("annotations"):
            part["annotations"] = self._annotations(part["annotations"], index)
            changed = True
        if choice.get("logprobs") is not None:
            choice["logprobs"] = None  # tokens and offsets of the replaced text no longer fit
            changed = True
        if choice.get("finish_reason") is not None or name == "message":
            changed |= self._flush(index, choice, part, name)
        return changed

    def _annotations(self, notes: list[dict[str, Any]], index: int) -> list[dict[str, Any]]:
        """Return the annotations whose places in the text so far are known, with these moved along with it."""
        content = self._channels.get((index, "content", 0))
        raw, kept = content.raw if content else "", []
        for note in notes:
            cited = note.get(str(note.get("type")))
            if not isinstance(cited, dict):
                continue
            if isinstance(cited.get("title"), str):
                cited["title"] = self._positions.shown(cited["title"]) or ""
            if self._positions.move(cited, ("start_index", "end_index"), raw):
                kept.append(note)
        return kept

    def _flush(self, index: int, choice: dict[str, Any], part: dict[str, Any], name: str) -> bool:
        changed = False
        for channel, restorer in self._channels.items():
            held = restorer.close() if channel[0] == index else ""
            if held:
                choice[name] = part
                _write(part, channel, held)
                changed = True
        return changed

    def _texts(self, index: int, part: dict[str, Any]) -> Iterator[tuple[Channel, dict[str, Any], str]]:
        for key in ("content", "refusal", "reasoning_content", "reasoning"):
            if isinstance(part.get(key), str):
                yield (index, key, 0), part, key
        for position, call in enumerate(part.get("tool_calls") or ()):
            number = call.get("index", position)
            for kind, key in (("function", "arguments"), ("custom", "input")):
                body = call.get(kind) or {}
                if body.get("name"):
                    self._named((index, number), body["name"])
                if isinstance(body.get(key), str):
                    yield (index, key, number), body, key
        call = part.get("function_call") or {}
        if call.get("name"):
            self._named((index, -1), call["name"])
        if isinstance(call.get("arguments"), str):
            yield (index, "arguments", -1), call, "arguments"
        audio = part.get("audio") or {}
        if isinstance(audio.get("transcript"), str):
            yield (index, "transcript", 0), audio, "transcript"

    def _named(self, call: tuple[int, int], name: str) -> None:
        """Note the name of a tool. Some providers send it in pieces, some give two calls the same index."""
        whole = self._tools[call] = self._tools.get(call, "") + name
        if not self._context.untrusted_tools.isdisjoint((name, whole)):
            self._barred.add(call)
        if self._context.trusts(name, whole):
            self._trusted.add(call)

    def _channel(self, channel: Channel) -> ChannelText | None:
        if channel[1] in ("arguments", "input"):
            call = channel[0], channel[2]
            # Of a tool that has not been named nobody can say that it is trusted.
            if call in self._barred or (self._asks and call not in self._trusted):
                return None
        if channel not in self._channels:
            self._channels[channel] = self._open(channel[1] == "arguments")
        return self._channels[channel]

    def _open(self, json: bool) -> ChannelText:
        assert self._context.channel is not None
        return self._context.channel(json)

    # -- complete answers

    def complete(self, body: bytes) -> bytes:
        """See `Answer.complete`."""
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict) or not isinstance(parsed.get("choices"), list):
            raise self._unreadable()
        if isinstance(parsed.get("usage"), dict):
            self._count(parsed["usage"])
        if self._restores:
            try:
                for choice in parsed["choices"]:
                    self._choice(choice, choice.get("message") or {}, "message")
            except _MISSHAPEN:
                raise self._unreadable() from None
        parsed["model"] = self._context.alias
        self.state = "complete"
        return orjson.dumps(parsed)

    def _unreadable(self) -> GatewayError:
        self.state = "failed"
        return GatewayError("anbieter_fehler", "Der Anbieter hat keine lesbare Antwort geschickt. Bitte versuchen Sie "
                            "es noch einmal oder wählen Sie ein anderes Modell.", hint="no completion in body")

    def _count(self, usage: dict[str, Any]) -> None:
        self.usage = Usage.of(usage.get("prompt_tokens"), usage.get("completion_tokens"))


def _write(part: dict[str, Any], channel: Channel, text: str) -> None:
    """Append held text to the place of its channel in a delta or message, making the place where it is missing."""
    _, key, number = channel
    if key in ("arguments", "input") and number >= 0:
        calls = part.setdefault("tool_calls", [])
        call = next((c for at, c in enumerate(calls) if c.get("index", at) == number), None)
        if call is None:
            call = {"index": number}
            calls.append(call)
        holder = call.setdefault("function" if key == "arguments" else "custom", {})
    elif key == "arguments":
        holder = part.setdefault("function_call", {})
    elif key == "transcript":
        holder = part.setdefault("audio", {})
    else:
        holder = part
    holder[key] = (holder.get(key) or "") + text


def frame(event: dict[str, Any]) -> bytes:
    """Return one event of a stream."""
    return b"data: " + orjson.dumps(event) + b"\n\n"
