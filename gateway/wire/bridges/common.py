"""What bridges share: reading a stream of chat chunks, telling its calls apart, and the words for what cannot be
translated."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Final, Protocol

import orjson

from gateway.errors import GatewayError
from gateway.wire.sse import SseReader, data_of

SHELL: Final = "local_shell"
"""The name under which a shell of the client becomes a function."""
MISSHAPEN: Final = (AttributeError, TypeError, KeyError, ValueError, IndexError)
"""What reading an answer raises that is not of the form it should have (broken JSON is a ValueError)."""


class Translation(Protocol):
    """The way back of one exchange, sans I/O."""

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of the provider's stream, return bytes of the caller's."""
        ...

    def close(self) -> bytes:
        """End the stream. One that was cut off gets no proper end."""
        ...

    def complete(self, body: bytes) -> bytes:
        """Translate a whole answer; what is no answer is returned as it is, and the caller's `Answer` says so."""
        ...


class ChunkReader:
    """Reads a stream of JSON events. What is broken ends it: `broken` says so."""

    def __init__(self) -> None:
        self._reader = SseReader()
        self._begun = False
        self.done = False
        self.broken = False

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that `chunk` completes."""
        yield from self._events(self._reader.feed(chunk))

    def close(self) -> Iterator[dict[str, Any]]:
        """Yield what is left."""
        yield from self._events(self._reader.close())

    def _events(self, events: list[bytes]) -> Iterator[dict[str, Any]]:
        for event in events:
            data = data_of(event)
            if data is None or self.done or self.broken:
                continue
            if data.strip() == b"[DONE]":
                self.done, self.broken = self._begun, not self._begun  # an end of nothing is no answer
                continue
            try:
                parsed = orjson.loads(data)
            except orjson.JSONDecodeError:
                parsed = None
            if not isinstance(parsed, dict):
                self.broken = True
            else:
                self._begun = True
                yield parsed


class Calls:
    """Tells the calls of a stream apart: by their index, and by their ids where a provider gives all of them one index.

    Pieces of one call have its index; an id of its own and a name say that another call begins.
    """

    def __init__(self) -> None:
        self._current: dict[Any, tuple[Hashable, Any]] = {}
        self._number = 0

    def of(self, delta: dict[str, Any]) -> Iterator[tuple[Hashable, dict[str, Any]]]:
        """Yield the pieces of calls in a chat delta, each with a key of its call and a ``function``."""
        for position, call in enumerate(delta.get("tool_calls") or ()):
            function, index = call.get("function") or {}, call.get("index")
            index = position if index is None else index
            key, identity = self._current.get(index, (None, None))
            if key is None or (function.get("name") and call.get("id") not in (None, "", identity)):
                self._number += 1
                key = self._number
                self._current[index] = key, call.get("id")
            yield key, {**call, "function": function}
        if (function := delta.get("function_call")) is not None:  # the older form: one call, without an id
            yield "function_call", {"function": function}


def untranslatable(param: str, what: str) -> GatewayError:
    """Return the refusal of something that the provider's API has no words for."""
    return GatewayError("anfrage_ungueltig", f"Dieses Modell versteht {what} nicht. Bitte wählen Sie ein anderes "
                        "Modell oder lassen Sie das weg.", param=param)


def event(body: dict[str, Any]) -> bytes:
    """Return a server-sent event that is named after its type."""
    return b"event: " + str(body["type"]).encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"


def text_of(parts: Any) -> str | None:
    """Return a list of text parts as one text, a string as it is; None when there is anything but text."""
    if isinstance(parts, str):
        return parts
    if not isinstance(parts, list):
        return None
    given = [part.get("text") if isinstance(part, dict) else part for part in parts]
    texts = [text for text in given if isinstance(text, str)]
    return "\n".join(texts) if len(texts) == len(given) else None


def dumps(value: Any) -> str:
    """Return compact JSON as a string."""
    return orjson.dumps(value).decode()


def source_text(arguments: Any) -> str:
    """Return the arguments of a call as the JSON source text that they are in OpenAI's APIs."""
    return arguments if isinstance(arguments, str) and arguments else dumps(arguments or {})


class History:
    """Chat messages in the making: calls of the assistant that follow one another become one message."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def say(self, role: str, content: Any) -> None:
        """Add a message; instructions that follow one another become one, because some models accept only one."""
        last = self.messages[-1] if self.messages else {}
        before = last.get("content")
        if role == "system" == last.get("role") and isinstance(before, str) and isinstance(content, str):
            last["content"] = f"{before}\n\n{content}"
        else:
            self.messages.append({"role": role, "content": content})

    def call(self, identity: str, name: str, arguments: str) -> None:
        """Add a call of a tool to what the assistant said last, if nobody spoke since."""
        last = self.messages[-1] if self.messages else {}
        if last.get("role") != "assistant":
            last = {"role": "assistant", "content": None}
            self.messages.append(last)
        last.setdefault("tool_calls", []).append(
            {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}})

    def result(self, identity: str, content: str) -> None:
        """Add what a tool returned."""
        self.messages.append({"role": "tool", "tool_call_id": identity, "content": content})
