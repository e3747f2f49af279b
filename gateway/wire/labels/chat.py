"""Labels in chat completions and legacy completions: of each choice, as one more piece of its text.

The piece comes before the event with the choice's ``finish_reason``, or in it where that event holds text as well; at
the end of a stream that has no such event.
"""

from __future__ import annotations

from typing import Any

from gateway.wire.chat_answer import frame
from gateway.wire.dialect import Answer
from gateway.wire.labels.common import Labelled, is_text

_REFUSED = ("content_filter", "error")


class LabelledChat(Labelled):
    """A labelled chat completion."""

    def __init__(self, answer: Answer, label: str) -> None:
        super().__init__(answer, label)
        self._open: dict[int, bool] = {}
        """Choices that have said something and are not over: whether nothing of it was a refusal."""
        self._over: set[int] = set()
        self._head: dict[str, Any] = {}

    def _event(self, event: bytes, parsed: Any) -> bytes:
        ready = [(choice, int(choice.get("index", 0)), self._part(choice, "delta"))
                 for choice in parsed.get("choices") or ()]
        if not ready:
            return event
        self._head = {key: parsed[key] for key in ("id", "object", "created", "model") if key in parsed}
        before, changed = [], False
        for choice, index, part in ready:
            says = self._says(part)
            if says or part.get("refusal"):
                self._open[index] = self._open.get(index, True) and not part.get("refusal")
            if choice.get("finish_reason") is not None and self._due(index, choice["finish_reason"]):
                if says or self._holds(part):
                    self._add(part)
                    changed = True
                else:
                    before.append(self._piece(index))
        return b"".join(before) + (frame(parsed) if changed else event)

    def _due(self, index: int, reason: Any) -> bool:
        """Whether a choice that ends for this reason ends with the label."""
        first = index not in self._over
        self._over.add(index)
        return self._open.pop(index, False) and first and reason not in _REFUSED

    def _rest(self) -> bytes:
        if self.state != "complete":
            return b""
        return b"".join([self._piece(index) for index in sorted(self._open) if self._due(index, None)])

    def _piece(self, index: int) -> bytes:
        return frame({**self._head, "choices": [self._added(index)]})

    def _whole(self, answer: Any) -> bool:
        due = [part for choice in answer["choices"] if self._says(part := self._part(choice, "message"))
               and not part.get("refusal") and choice.get("finish_reason") not in _REFUSED]
        for part in due:
            self._add(part)
        return bool(due)

    def _part(self, choice: dict[str, Any], name: str) -> dict[str, Any]:
        """Return what holds the text of a choice."""
        part = choice.get(name) or {}
        if not isinstance(part, dict):
            raise TypeError("a part of no known form")
        return part

    def _holds(self, part: dict[str, Any]) -> bool:
        """Whether a part has any text, if only white space: the label comes behind it."""
        return isinstance(part.get("content"), str) and bool(part["content"])

    def _says(self, part: dict[str, Any]) -> bool:
        content = part.get("content")
        return is_text(content) or (isinstance(content, list) and any(
            isinstance(piece, dict) and is_text(piece.get("text")) for piece in content))

    def _add(self, part: dict[str, Any]) -> None:
        if isinstance(part["content"], str):
            part["content"] += self._label
        else:
            pieces = [p for p in part["content"] if isinstance(p, dict) and isinstance(p.get("text"), str)]
            pieces[-1]["text"] += self._label

    def _added(self, index: int) -> dict[str, Any]:
        return {"index": index, "delta": {"content": self._label}, "finish_reason": None}


class LabelledCompletion(LabelledChat):
    """A labelled completion: the text of a choice lies in the choice itself."""

    def _part(self, choice: dict[str, Any], name: str) -> dict[str, Any]:
        return choice

    def _holds(self, part: dict[str, Any]) -> bool:
        return isinstance(part.get("text"), str) and bool(part["text"])

    def _says(self, part: dict[str, Any]) -> bool:
        return is_text(part.get("text"))

    def _add(self, part: dict[str, Any]) -> None:
        part["text"] += self._label

    def _added(self, index: int) -> dict[str, Any]:
        return {"index": index, "text": self._label, "finish_reason": None, "logprobs": None}
