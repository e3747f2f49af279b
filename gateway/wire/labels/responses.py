"""Labels in responses: one more delta of the last of several texts in a row, and in every place that repeats the text.

Which one is the last is known when something else begins, or the response ends; until then the events that end a text
wait. Numbers of events stay without a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import orjson

from gateway.errors import GatewayError
from gateway.wire.dialect import Answer
from gateway.wire.labels.common import ODD, Labelled, is_text
from gateway.wire.responses_answer import frame
from gateway.wire.sse import data_of

_DELTA: Final = "response.output_text.delta"
_DONE: Final = "response.output_text.done"
_PLACE: Final = ("item_id", "output_index", "content_index")


class LabelledResponse(Labelled):
    """A labelled response."""

    def __init__(self, answer: Answer, label: str) -> None:
        super().__init__(answer, label)
        self._said = False
        """Whether the texts since the last other item say anything."""
        self._waiting: list[dict[str, Any]] = []
        """The events from the end of a text on."""
        self._more = 0
        """How many events were added."""
        self._end = b""

    def _is_plain(self, event: bytes) -> bool:
        return not (self._waiting or self._more) and event.startswith(b"event: " + _DELTA.encode() + b"\n")

    def _event(self, event: bytes, parsed: Any) -> bytes:
        kind, before = parsed["type"], b""
        if self._waiting:
            goes_on = _goes_on(parsed)
            if goes_on is None:
                self._waiting.append(parsed)
                return b""
            before = self._ended(labelled=not goes_on)
            self._said = self._said and not _refuses(parsed)
        if kind == _DONE:
            self._said = self._said or is_text(parsed["text"])
            self._waiting = [parsed]
            return before
        return before + (self._numbered(parsed) if self._more else event)

    def _numbered(self, event: dict[str, Any]) -> bytes:
        return frame({**event, "sequence_number": event["sequence_number"] + self._more})

    def _ended(self, *, labelled: bool) -> bytes:
        """Return the events that waited, with the label in them where that is its place."""
        events, self._waiting = self._waiting, []
        if not events or not (labelled and self._said):
            return b"".join([self._numbered(event) for event in events])
        self._said = False
        done = events[0]
        place: dict[str, Any] = {key: done[key] for key in _PLACE if key in done}
        first = self._numbered({"type": _DELTA, **place, "delta": self._label, "logprobs": [],
                                "sequence_number": done["sequence_number"]})
        self._more += 1
        for event in events:
            part = _repeated(event, done)
            if part is not None:
                part["text"] += self._label
        return first + b"".join([self._numbered(event) for event in events])

    def _rest(self) -> bytes:
        if self.state != "complete":
            return self._ended(labelled=False)
        last = orjson.loads(data_of(self._answer.terminal().removesuffix(b"\n\n")) or b"null")
        before = self._ended(labelled=not _filtered(last["response"]))
        with suppress(*ODD):
            self._whole(last["response"])
        self._end = self._numbered(last)
        return before

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return self._end

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`."""
        event = self._answer.error_event(error, request_id)
        return self._numbered(orjson.loads(data_of(event.removesuffix(b"\n\n")) or b"null"))

    def _whole(self, answer: Any) -> bool:
        due = list(_last_texts(answer["output"], ended=not _filtered(answer)))
        for part in due:
            part["text"] += self._label
        if due and isinstance(answer.get("output_text"), str):
            answer["output_text"] += self._label
        return bool(due)


def _goes_on(event: dict[str, Any]) -> bool | None:
    """Whether the texts go on after one has ended; None: this event does not say."""
    kind = event["type"]
    if kind == "response.content_part.added":
        return True  # another text, or a refusal in place of the rest
    if kind == "response.output_item.added":
        return None if event["item"].get("type") == "message" else False
    return True if kind in (_DELTA, _DONE) else None


def _refuses(event: dict[str, Any]) -> bool:
    part = event.get("part")
    return isinstance(part, dict) and part.get("type") == "refusal"


def _repeated(event: dict[str, Any], done: dict[str, Any]) -> dict[str, Any] | None:
    """Return what repeats the text that `done` ends, if this event does."""
    part: Any = None
    if event is done:
        part = event
    elif event["type"] == "response.content_part.done" and all(event.get(k) == done.get(k) for k in _PLACE):
        part = event.get("part")
    elif event["type"] == "response.output_item.done" and event.get("output_index") == done.get("output_index"):
        with suppress(*ODD):
            part = event["item"]["content"][done["content_index"]]
    return part if isinstance(part, dict) and isinstance(part.get("text"), str) else None


def _last_texts(output: list[dict[str, Any]], *, ended: bool) -> Iterator[dict[str, Any]]:
    """Yield the texts after which something else comes, or the end."""
    last: dict[str, Any] | None = None
    said = False
    for item in output:
        if item["type"] == "message":
            for part in item.get("content") or ():
                if part["type"] == "output_text" and isinstance(part.get("text"), str):
                    last, said = part, said or is_text(part["text"])
                else:
                    last, said = None, False
        else:
            if last is not None and said:
                yield last
            last, said = None, False
    if ended and last is not None and said:
        yield last


def _filtered(response: dict[str, Any]) -> bool:
    details = response.get("incomplete_details")
    return isinstance(details, dict) and details.get("reason") == "content_filter"
