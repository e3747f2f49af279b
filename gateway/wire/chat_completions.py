"""The Chat Completions API: the request as a tree of nodes, the answer as channels.

A channel is one running text of the answer: content, refusal or reasoning of one choice, arguments of one tool call.
Each has its own `ChannelText`. An event in which no text changes is forwarded as the provider sent it.

It does not know who asks, what policy says, or where the bytes come from.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Literal

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.dialect import AnswerContext, ChannelText, ParsedRequest, Usage, public_message
from gateway.wire.document import (
    Document,
    Each,
    JsonText,
    Node,
    Obj,
    Opaque,
    Schema,
    Scope,
    Structural,
    Tagged,
    Text,
    field,
    invalid,
    is_flag,
    is_name,
    is_number,
    one_of,
    parse_object,
    too_deep,
)
from gateway.wire.sse import SseReader, data_of

NAME, NUMBER, FLAG = Structural(is_name), Structural(is_number), Structural(is_flag)

_PART = Tagged({
    "text": Obj({"type": NAME, "text": Text()}),
    "input_text": Obj({"type": NAME, "text": Text()}),
    "refusal": Obj({"type": NAME, "refusal": Text()}),
    "image_url": Opaque("image"), "input_image": Opaque("image"), "image": Opaque("image"),
    "video_url": Opaque("video"),
    "input_audio": Opaque("audio"), "audio": Opaque("audio"),
    "file": Opaque("file"), "input_file": Opaque("file"), "document": Opaque("file"),
}, other=Obj({"type": NAME}))

_FUNCTION_CALL = Obj({"name": NAME, "arguments": JsonText("tool_input")})
_MESSAGE: dict[str, Node] = {
    "role": one_of("system", "developer", "user", "assistant", "tool", "function"),
    "content": Each(_PART),
    "name": Text(),
    "refusal": Text(), "reasoning_content": Text(), "reasoning": Text(),
    "tool_call_id": NAME,
    "tool_calls": Each(Obj({"id": NAME, "type": NAME, "index": NUMBER, "function": _FUNCTION_CALL,
                            "custom": Obj({"name": NAME, "input": Text("tool_input")})})),
    "function_call": _FUNCTION_CALL,
    "audio": Opaque("audio"), "images": Opaque("image"), "files": Opaque("file"),
}
_SCOPES: dict[str, Scope] = {"system": "system", "developer": "system", "user": "user", "assistant": "history",
                             "tool": "tool_output", "function": "tool_output"}


class _Message:
    """One message; its scope follows its role, its content is a string or a list of parts."""

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        if not isinstance(value, dict):
            raise invalid("Jede Nachricht muss ein JSON-Objekt mit „role“ und „content“ sein.", "messages")
        role = value.get("role")
        own = _SCOPES.get(role, "other") if isinstance(role, str) else "other"
        for name, child in value.items():
            if name == "content" and isinstance(child, str):
                document.add_text(value, name, child, own)
            elif not (name == "role" and own != "other"):
                field(document, value, name, child, own, _MESSAGE)


_FUNCTION = Obj({"name": NAME, "description": Text("schema"), "parameters": Schema(), "strict": FLAG})
_TOOL = Tagged({
    "function": Obj({"type": NAME, "function": _FUNCTION}),
    "custom": Obj({"type": NAME, "custom": Obj({"name": NAME, "description": Text("schema"), "format": Schema()})}),
}, other=Opaque("provider_tool"))
_NAMED = Obj({"type": NAME, "function": Obj({"name": NAME})})
_CHOSEN = Obj({"type": NAME, "name": NAME, "function": Obj({"name": NAME}), "custom": Obj({"name": NAME}),
               "allowed_tools": Obj({"mode": NAME, "tools": Each(_NAMED)})})


class _NameOr:
    """An identifier, or an object described by `node`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def visit(self, document: Document, holder: Any, key: str | int, value: Any, scope: Scope) -> None:
        if not is_name(value):
            self._node.visit(document, holder, key, value, scope)


_CHOICE = _NameOr(_CHOSEN)
REQUEST: dict[str, Node] = {
    "model": NAME, "stream": FLAG,
    "messages": Each(_Message()),
    "tools": Each(_TOOL), "functions": Each(_FUNCTION), "tool_choice": _CHOICE, "function_call": _CHOICE,
    "parallel_tool_calls": FLAG,
    "response_format": Obj({"type": NAME, "json_schema": Obj({"name": NAME, "description": Text("schema"),
                                                              "schema": Schema(), "strict": FLAG})}),
    "stop": Text(), "prediction": Obj({"type": NAME, "content": Each(_PART)}),
    "stream_options": Obj({"include_usage": FLAG, "include_obfuscation": FLAG}),
    "temperature": NUMBER, "top_p": NUMBER, "top_k": NUMBER, "min_p": NUMBER, "n": NUMBER, "seed": NUMBER,
    "max_tokens": NUMBER, "max_completion_tokens": NUMBER, "presence_penalty": NUMBER, "frequency_penalty": NUMBER,
    "logprobs": FLAG, "top_logprobs": NUMBER,
    "logit_bias": Structural(lambda v: isinstance(v, dict) and all(k.isdigit() and is_number(x) for k, x in v.items())),
    "reasoning_effort": one_of("none", "minimal", "low", "medium", "high", "xhigh"),
    "verbosity": one_of("low", "medium", "high"),
    "modalities": Structural(lambda v: v == ["text"]),
}
"""Every top-level field that may reach a provider. Fields that name the caller (``user``, ``metadata``,
``safety_identifier``, ``prompt_cache_key``) and state at the provider (``store``) are not among them."""


class ChatCompletions:
    """The dialect of ``/v1/chat/completions``."""

    name = "chat"
    paths: tuple[str, ...] = ("/chat/completions",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        root = parse_object(body)
        model, messages, stream = root.get("model"), root.get("messages"), root.get("stream")
        if not isinstance(model, str) or not model:
            raise invalid("In der Anfrage fehlt das Modell („model“).", "model")
        if not isinstance(messages, list) or not messages:
            raise invalid("In der Anfrage fehlen die Nachrichten („messages“).", "messages")
        if stream is not None and not isinstance(stream, bool):
            raise invalid("„stream“ muss true oder false sein.", "stream")
        document = Document(root)
        for name in [name for name in root if name not in REQUEST]:
            del root[name]
            document.dropped.append(name)
        try:
            for name, value in root.items():
                REQUEST[name].visit(document, root, name, value, "other")
        except RecursionError:
            raise too_deep() from None
        options = root.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        return ParsedRequest(model, bool(stream), wants_usage, document)

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        root = request.document.root
        root["model"] = model.target
        if request.stream:
            root["stream_options"] = {"include_usage": True}
        else:
            root.pop("stream_options", None)

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`. It joins the first system message: some models accept only one."""
        messages = request.document.root["messages"]
        first = messages[0]
        if first.get("role") in ("system", "developer") and isinstance(first.get("content"), str):
            first["content"] = f"{first['content']}\n\n{text}"
        else:
            messages.insert(0, {"role": "system", "content": text})

    def answer(self, context: AnswerContext) -> ChatAnswer:
        """See `Dialect.answer`."""
        return ChatAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return openai_error(error, request_id)

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error_event`."""
        return b"data: " + openai_error(error, request_id) + b"\n\ndata: [DONE]\n\n"

    def notice(self, text: str, request: ParsedRequest, request_id: str) -> bytes:
        """See `Dialect.notice`."""
        head = {"id": f"chatcmpl-{request_id}", "created": int(time.time()), "model": request.model}
        message = {"role": "assistant", "content": f"> **KI-Pforte**: {text}"}
        if not request.stream:
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
            return orjson.dumps({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        first = {"index": 0, "delta": message, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        head["object"] = "chat.completion.chunk"
        return b"".join(_frame({**head, "choices": [choice]}) for choice in (first, last)) + b"data: [DONE]\n\n"


def openai_error(error: GatewayError, request_id: str) -> bytes:
    """Return an error in the form that OpenAI clients show."""
    return orjson.dumps({"error": {"message": public_message(error, request_id), "type": error.type,
                                   "code": error.code, "param": error.param}})


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
        self._channels: dict[Channel, ChannelText | None] = {}
        self._tools: dict[tuple[int, int], str] = {}
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
        return sum(r.unresolved for r in self._channels.values() if r)

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
            held = restorer.close() if restorer else ""
            if held:
                delta: dict[str, Any] = {}
                _write(delta, channel, held)
                choice = {"index": channel[0], "delta": delta, "finish_reason": None}
                out.append(_frame({**self._head, "choices": [choice]}))
        return b"".join(out)

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return b"data: [DONE]\n\n"

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
            return self._rename(event) + b"\n\n"
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
            return self._rename(event) + b"\n\n"
        parsed["model"] = self._context.alias
        return _frame(parsed)

    def _rename(self, event: bytes) -> bytes:
        for name, alias in self._renames:
            event = event.replace(name, alias)
        return event

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
        if choice.get("logprobs") is not None:
            choice["logprobs"] = None  # tokens and offsets of the replaced text no longer fit
            changed = True
        if choice.get("finish_reason") is not None or name == "message":
            changed |= self._flush(index, choice, part, name)
        return changed

    def _flush(self, index: int, choice: dict[str, Any], part: dict[str, Any], name: str) -> bool:
        changed = False
        for channel, restorer in self._channels.items():
            held = restorer.close() if restorer and channel[0] == index else ""
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
                    self._tools[index, number] = body["name"]
                if isinstance(body.get(key), str):
                    yield (index, key, number), body, key
        call = part.get("function_call") or {}
        if call.get("name"):
            self._tools[index, -1] = call["name"]
        if isinstance(call.get("arguments"), str):
            yield (index, "arguments", -1), call, "arguments"
        audio = part.get("audio") or {}
        if isinstance(audio.get("transcript"), str):
            yield (index, "transcript", 0), audio, "transcript"

    def _channel(self, channel: Channel) -> ChannelText | None:
        if channel not in self._channels:
            tool = self._tools.get((channel[0], channel[2]), "") if channel[1] in ("arguments", "input") else None
            untrusted = self._context.untrusted_tools
            # Of a tool that has not been named nobody can say that it is trusted.
            trusted = tool is None or (tool not in untrusted if tool else not untrusted)
            assert self._context.channel is not None
            self._channels[channel] = self._context.channel(channel[1] == "arguments") if trusted else None
        return self._channels[channel]

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
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        self.usage = Usage(prompt if isinstance(prompt, int) else 0, completion if isinstance(completion, int) else 0)


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


def _frame(event: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"
