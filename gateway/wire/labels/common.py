"""What labelled answers of all wire APIs share: the face of an `Answer`, and events one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final, Literal

import orjson

from gateway.errors import GatewayError
from gateway.wire.dialect import Answer, Usage
from gateway.wire.sse import data_of

ODD: Final = (AttributeError, TypeError, KeyError, IndexError, orjson.JSONDecodeError)
"""What reading an answer raises whose parts are not of the form that they should have: it passes as it is."""


class Labelled(ABC):
    """An answer whose text ends with `label` (implements `gateway.wire.dialect.Answer`)."""

    def __init__(self, answer: Answer, label: str) -> None:
        self._answer, self._label = answer, label

    @property
    def usage(self) -> Usage | None:
        """See `Answer.usage`."""
        return self._answer.usage

    @property
    def state(self) -> Literal["running", "complete", "failed"]:
        """See `Answer.state`."""
        return self._answer.state

    @property
    def unresolved(self) -> int:
        """See `Answer.unresolved`."""
        return self._answer.unresolved

    def raw(self) -> list[str]:
        """See `Answer.raw`."""
        return self._answer.raw()

    def feed(self, chunk: bytes) -> bytes:
        """See `Answer.feed`."""
        return self._through(self._answer.feed(chunk))

    def close(self) -> bytes:
        """See `Answer.close`."""
        return self._through(self._answer.close()) + self._rest()

    def complete(self, body: bytes) -> bytes:
        """See `Answer.complete`."""
        whole = self._answer.complete(body)
        parsed = orjson.loads(whole)
        try:
            return orjson.dumps(parsed) if self._whole(parsed) else whole
        except ODD:
            return whole

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return self._answer.terminal()

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`."""
        return self._answer.error_event(error, request_id)

    def _through(self, out: bytes) -> bytes:
        """Return whole events as the client gets them."""
        return b"".join([self._seen(event) for event in out.split(b"\n\n") if event])

    def _seen(self, event: bytes) -> bytes:
        if self._is_plain(event):
            return event + b"\n\n"
        try:
            return self._event(event + b"\n\n", orjson.loads(data_of(event) or b"null"))
        except ODD:
            return event + b"\n\n"

    def _is_plain(self, event: bytes) -> bool:
        """Whether an event needs no look: one more piece of a text."""
        return False

    @abstractmethod
    def _event(self, event: bytes, parsed: Any) -> bytes:
        """Return what the client gets for one event; `ODD` only before anything was noted."""

    @abstractmethod
    def _rest(self) -> bytes:
        """Return what follows the last event but the terminal one."""

    @abstractmethod
    def _whole(self, answer: Any) -> bool:
        """Label a complete answer in place; return whether there was anything to label."""


def is_text(value: Any) -> bool:
    """Whether somebody could read it."""
    return isinstance(value, str) and bool(value) and not value.isspace()
