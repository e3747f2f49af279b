"""Labels in messages (Anthropic): one more delta of the last of several text blocks in a row.

Which one is the last is known when something else begins, or the message ends; until then the end of a block waits, and
what comes behind it.
"""

from __future__ import annotations

from typing import Any

from gateway.wire.dialect import Answer
from gateway.wire.labels.common import Labelled, is_text
from gateway.wire.messages_answer import frame

_PIECE = b"event: content_block_delta\n"


class LabelledMessage(Labelled):
    """A labelled message."""

    def __init__(self, answer: Answer, label: str) -> None:
        super().__init__(answer, label)
        self._said = False
        """Whether the text blocks since the last other one say anything."""
        self._in_text = False
        self._waiting: list[bytes] = []
        """The events from the end of a text block on, and the number of the block."""
        self._number = 0

    def _is_plain(self, event: bytes) -> bool:
        return self._said and not self._waiting and event.startswith(_PIECE)

    def _event(self, event: bytes, parsed: Any) -> bytes:
        kind = parsed["type"]
        if kind == "content_block_delta":
            says = is_text(parsed["delta"].get("text"))
            before = self._ended(labelled=False)
            self._said = self._said or says
            return before + event
        if kind == "content_block_start":
            block = parsed["content_block"]
            text = block["type"] == "text"
            before = self._ended(labelled=not text)
            self._in_text, self._said = text, text and (self._said or is_text(block.get("text")))
            return before + event
        if kind == "content_block_stop" and self._in_text:
            number = parsed["index"]
            before, self._waiting, self._number = self._ended(labelled=False), [event], number
            return before
        if kind == "message_delta":
            refused = (parsed.get("delta") or {}).get("stop_reason") == "refusal"
            return self._ended(labelled=not refused) + event
        if self._waiting:
            self._waiting.append(event)
            return b""
        return event

    def _ended(self, *, labelled: bool) -> bytes:
        """Return the events that waited, with the label before it where that is its place."""
        events, self._waiting = b"".join(self._waiting), []
        if not (events and labelled and self._said):
            return events
        self._said = False
        return frame({"type": "content_block_delta", "index": self._number,
                      "delta": {"type": "text_delta", "text": self._label}}) + events

    def _rest(self) -> bytes:
        return self._ended(labelled=self.state == "complete")

    def _whole(self, answer: Any) -> bool:
        last: dict[str, Any] | None = None
        said, due = False, []
        for block in [*answer["content"], None if answer.get("stop_reason") == "refusal" else {"type": ""}]:
            if block is not None and block["type"] == "text":
                last, said = (block if isinstance(block.get("text"), str) else last), said or is_text(block.get("text"))
            elif block is not None:
                due += [last] if last is not None and said else []
                last, said = None, False
        for block in due:
            block["text"] += self._label
        return bool(due)
