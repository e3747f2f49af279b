"""Labels in messages (Anthropic): one more delta of the last of several text blocks in a row.

Which one is the last is known when something else begins, or the message ends; until then the end of a block waits.
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
        self._waiting: tuple[int, bytes] | None = None
        """The end of a text block, and its number."""

    def _is_plain(self, event: bytes) -> bool:
        return self._said and event.startswith(_PIECE)

    def _event(self, event: bytes, parsed: Any) -> bytes:
        if event.startswith(_PIECE):
            self._said = self._said or is_text(parsed["delta"].get("text"))
            return event
        kind = parsed["type"]
        if kind == "content_block_start":
            block = parsed["content_block"]
            text = block["type"] == "text"
            before = self._ended(labelled=not text)
            self._in_text, self._said = text, text and (self._said or is_text(block.get("text")))
            return before + event
        if kind == "content_block_stop" and self._in_text:
            waiting = parsed["index"], event
            before, self._waiting = self._ended(labelled=False), waiting
            return before
        if kind == "message_delta":
            refused = (parsed.get("delta") or {}).get("stop_reason") == "refusal"
            return self._ended(labelled=not refused) + event
        return event

    def _ended(self, *, labelled: bool) -> bytes:
        """Return the end of the text block that waited, with the label before it where that is its place."""
        if self._waiting is None:
            return b""
        (index, event), self._waiting = self._waiting, None
        if not (labelled and self._said):
            return event
        self._said = False
        return frame({"type": "content_block_delta", "index": index,
                      "delta": {"type": "text_delta", "text": self._label}}) + event

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
