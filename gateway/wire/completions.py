"""The legacy Completions API: one text in, its continuation out. Tab completion in editors still uses it."""

from __future__ import annotations

import time
from typing import Any, Final

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.chat_answer import Channel, ChatAnswer, frame
from gateway.wire.chat_completions import REQUEST as CHAT
from gateway.wire.dialect import AnswerContext, ParsedRequest
from gateway.wire.embeddings import readable
from gateway.wire.error_forms import openai_error
from gateway.wire.nodes import Each, Node, Obj, Text, TextOr
from gateway.wire.parts import CALLER, FLAG, NUMBER
from gateway.wire.taking import take_apart

_SAME: Final = ("model", "stream", "stop", "temperature", "top_p", "top_k", "min_p", "n", "seed", "max_tokens",
                "presence_penalty", "frequency_penalty", "logit_bias")
REQUEST: Final[dict[str, Node]] = {
    **{name: CHAT[name] for name in _SAME},
    "prompt": TextOr(Each(Text("user")), "user"), "suffix": Text("user"),
    "echo": FLAG, "best_of": NUMBER, "logprobs": NUMBER,
    "stream_options": Obj({"include_usage": FLAG, "include_obfuscation": FLAG}), "user": CALLER,
}
"""Every top-level field of the API; any other is not passed on."""


class Completions:
    """The dialect of ``/v1/completions``."""

    name = "completions"
    paths: tuple[str, ...] = ("/completions",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        parsed = take_apart(body, REQUEST, required={"prompt": (str, list)})
        readable(parsed.document.root["prompt"], "prompt")
        return parsed

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        root = request.document.root
        root["model"] = model.target
        if request.stream:
            root["stream_options"] = {"include_usage": True}
        else:
            root.pop("stream_options", None)

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`. The text would be continued, not obeyed."""

    def answer(self, context: AnswerContext) -> CompletionsAnswer:
        """See `Dialect.answer`."""
        return CompletionsAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return openai_error(error, request_id)

    def say(self, text: str, request: ParsedRequest, request_id: str) -> bytes:
        """See `Dialect.say`."""
        choice = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}
        body = {"id": f"cmpl-{request_id}", "object": "text_completion", "created": int(time.time()),
                "model": request.model, "choices": [choice]}
        if request.stream:
            return frame(body) + b"data: [DONE]\n\n"
        return orjson.dumps({**body, "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}})


class CompletionsAnswer(ChatAnswer):
    """The way back: as of a chat, but the text of a choice lies in the choice itself."""

    def _choice(self, choice: dict[str, Any], part: dict[str, Any], name: str) -> bool:
        channel = self._channel((choice.get("index", 0), "text", 0))
        text, changed = choice.get("text"), choice.get("logprobs") is not None
        if changed:
            choice["logprobs"] = None  # tokens and offsets of the replaced text no longer fit
        if channel is None:
            return changed
        shown = channel.feed(text) if isinstance(text, str) else ""
        if choice.get("finish_reason") is not None or name == "message":
            shown += channel.close()
        if shown != (text or ""):
            choice["text"] = shown
            changed = True
        return changed

    def _rest(self, channel: Channel, held: str) -> dict[str, Any]:
        return {"index": channel[0], "text": held, "finish_reason": None, "logprobs": None}
