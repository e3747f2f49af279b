"""The way back of a recording that was written down: one text, whole or in pieces, with or without times.

The text is a channel. Its parts with times (segments, cues of subtitles) are together a second one: each part is a
piece, so that a placeholder, or a sentence that must be hidden, is seen whole even where it runs over two of them; what
is only known at the end of the next part is shown there.

A stream has the events of the OpenAI API whatever the server in the house sends: those, the chunks of vLLM, or, where
it knows no streams, one whole answer.

Keeps true: wherever the provider's bytes are cut, the client gets the same; what is no transcript ends in ``failed``
and never in an exception; words with times, tokens and their probabilities go when the text they belong to changed.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Any, Final, Literal

import orjson

from gateway.errors import GatewayError
from gateway.wire.channels import Channels
from gateway.wire.dialect import AnswerContext, Usage
from gateway.wire.error_forms import openai_error
from gateway.wire.sse import SseReader, data_of

JSON_FORMATS: Final = ("json", "verbose_json", "diarized_json")
_MISSHAPEN: Final = (AttributeError, TypeError, KeyError, ValueError, IndexError)
_TEXT: Final = "text"
_PARTS: Final = "parts"
_BLOCK: Final = re.compile(r"(\r?\n(?:[ \t]*\r?\n)+)")
_TIMES: Final = re.compile(r"^(.*-->.*\r?\n)", re.MULTILINE)
_EXACT: Final = ("logprobs", "tokens", "words")
"""What belongs to the exact words of a text."""
MOST_SECONDS: Final = 10**7


class TranscriptionAnswer:
    """The way back of one recording."""

    def __init__(self, context: AnswerContext) -> None:
        self._channels = Channels(context)
        self._format = str(context.echo.get("response_format", "json"))
        self._alias = context.alias
        self._reader = SseReader()
        self._said: list[str] = []
        self._done: dict[str, Any] = {}
        self.usage: Usage | None = None
        self.state: Literal["running", "complete", "failed"] = "running"

    @property
    def unresolved(self) -> int:
        """See `Answer.unresolved`."""
        return self._channels.unresolved

    def raw(self) -> list[str]:
        """See `Answer.raw`."""
        return self._channels.raw()

    # -- complete answers

    def complete(self, body: bytes) -> bytes:
        """See `Answer.complete`."""
        try:
            whole = self._json(body) if self._format in JSON_FORMATS else self._subtitles(body.decode())
        except _MISSHAPEN:
            self.state = "failed"
            raise GatewayError("anbieter_fehler", "Der Anbieter hat keine lesbare Mitschrift geschickt. Bitte "
                               "versuchen Sie es noch einmal oder wählen Sie ein anderes Modell.",
                               hint="no transcript in body") from None
        self.state = "complete"
        return whole

    def _json(self, body: bytes) -> bytes:
        parsed = orjson.loads(body)
        if not isinstance(parsed[_TEXT], str):
            raise TypeError("a text that is none")
        self._count(parsed)
        if "model" in parsed:
            parsed["model"] = self._alias
        return orjson.dumps(self._restored(parsed)) if self._channels.active else orjson.dumps(parsed)

    def _restored(self, whole: dict[str, Any]) -> dict[str, Any]:
        """Return a transcript with every text in it restored."""
        restored = self._fields(whole, self._channels.whole(whole[_TEXT]))
        if segments := whole.get("segments"):
            shown = self._parts([segment[_TEXT] for segment in segments])
            restored["segments"] = [self._fields(*both) for both in zip(segments, shown, strict=True)]
        return restored

    def _fields(self, holder: dict[str, Any], text: str) -> dict[str, Any]:
        """Return a transcript, or a part of one, with its text as it is shown."""
        restored: dict[str, Any] = {}
        for key, value in holder.items():
            if key == _TEXT:
                restored[key] = text
            elif key not in _EXACT:
                restored |= {key: value} if key == "segments" else self._channels.everywhere({key: value})
            elif text == holder[_TEXT]:
                restored[key] = value
        return restored

    def _subtitles(self, text: str) -> bytes:
        """Return plain text or subtitles restored: blocks between blank lines, a line of times in those with cues."""
        if not self._channels.active:
            return text.encode()
        if self._format == "text":
            return self._channels.whole(text).encode()
        blocks = [_TIMES.split(block, maxsplit=1) for block in _BLOCK.split(text)]
        cues = [block for block in blocks if len(block) == 3]
        ends = [cue[2][len(cue[2].rstrip("\r\n")):] for cue in cues]
        shown = self._parts([cue[2].rstrip("\r\n") for cue in cues])
        for cue, part, end in zip(cues, shown, ends, strict=True):
            cue[2] = part + end
        for heading in [block for block in blocks[::2] if len(block) == 1]:
            heading[0] = self._channels.whole(heading[0])
        return "".join(part for block in blocks for part in block).encode()

    def _parts(self, texts: list[str]) -> list[str]:
        """Return the parts of one text as they can be shown, each as soon as it is known."""
        lines = [re.sub(r"\r?\n", " ", text) for text in texts]  # a name may run over the end of a line
        shown = []
        for line, following in zip(lines, [*lines[1:], " "], strict=True):
            gap = "" if line[-1:].isspace() or following[:1].isspace() else " "
            shown.append(self._channels.feed(_PARTS, line + gap).removesuffix(gap))
        shown[-1:] = [last + self._channels.close(_PARTS) for last in shown[-1:]]
        return [text if part == line else part for text, line, part in zip(texts, lines, shown, strict=True)]

    def _count(self, parsed: dict[str, Any]) -> None:
        """Note what was used: tokens, or the length of the recording."""
        usage = parsed.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        seconds = _seconds(usage.get("seconds")) or _seconds(parsed.get("duration"))
        prompt = usage.get("input_tokens", usage.get("prompt_tokens"))
        completion = usage.get("output_tokens", usage.get("completion_tokens"))
        if usage or seconds:
            counted = Usage.of(prompt, completion)
            self.usage = Usage(counted.prompt, counted.completion, seconds)

    # -- streams

    def feed(self, chunk: bytes) -> bytes:
        """See `Answer.feed`."""
        return b"".join([self._event(event) for event in self._reader.feed(chunk)])

    def close(self) -> bytes:
        """See `Answer.close`."""
        out = [self._event(event) for event in self._reader.close()]
        if self.state == "running":
            self.state = "failed"
        out.append(self._delta(self._channels.close(_TEXT)))
        return b"".join(out)

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return _frame(self._done)

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`."""
        return b"data: " + openai_error(error, request_id) + b"\n\ndata: [DONE]\n\n"

    def _event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None and event.startswith(b"{"):
            data = event  # a server that knows no streams
        if data is None or self.state != "running":
            return b""
        try:
            if data.strip() == b"[DONE]":
                return self._ended({})
            return self._parsed(orjson.loads(data))
        except _MISSHAPEN:
            self.state = "failed"
            return b""

    def _parsed(self, parsed: dict[str, Any]) -> bytes:
        kind = parsed.get("type")
        if parsed.get("error") or kind == "error":
            self.state = "failed"
            return b""
        self._count(parsed)
        if isinstance(parsed.get("choices"), list):
            return b"".join([self._piece({"type": "transcript.text.delta"}, choice["delta"].get("content") or "")
                             for choice in parsed["choices"]])
        if kind == "transcript.text.delta":
            return self._piece(parsed, parsed["delta"])
        if kind == "transcript.text.done" or (kind is None and _TEXT in parsed):
            return self._ended(parsed)
        if kind is None:
            raise TypeError("an event of no kind")
        return _frame(self._channels.everywhere(parsed) if self._channels.active else parsed)

    def _piece(self, event: dict[str, Any], text: str) -> bytes:
        self._said.append(text)
        return self._delta(self._channels.feed(_TEXT, text), None if self._channels.active else event)

    def _delta(self, shown: str, event: dict[str, Any] | None = None) -> bytes:
        if not shown:
            return b""
        return _frame({**(event or {}), "type": "transcript.text.delta", "delta": shown})

    def _ended(self, parsed: dict[str, Any]) -> bytes:
        """Take the end of the text; it is withheld until the outcome is recorded."""
        said = parsed.get(_TEXT, "".join(self._said))
        out = b"" if self._said else self._piece({}, said)
        out += self._delta(self._channels.close(_TEXT))
        text = self._channels.whole(said)
        more = ("usage", "languages", *(("logprobs",) if text == said else ()))
        self._done = {"type": "transcript.text.done", _TEXT: text, **{k: parsed[k] for k in more if k in parsed}}
        self.state = "complete"
        return out


def _seconds(value: object) -> int:
    """Return a length in whole seconds; what is none is 0."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
    except ValueError:
        return 0
    return ceil(number) if 0 < number < MOST_SECONDS else 0


def _frame(event: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(event) + b"\n\n"
