"""The Embeddings API: texts in, vectors out. Nothing can be put back into a vector.

Token ids instead of text would be text that nobody can read: they are refused with the setting that helps. Vectors
come as numbers or as base64, as the client asked; they are passed on as they are.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.dialect import AnswerContext, ParsedRequest, Usage
from gateway.wire.document import invalid
from gateway.wire.error_forms import openai_error
from gateway.wire.nodes import Each, Free, Node, Text, TextOr, one_of
from gateway.wire.parts import CALLER, FLAG, NAME, NUMBER
from gateway.wire.taking import take_apart


def readable(value: Any, param: str) -> None:
    """Make sure that `value` is text, every one of it, and no token ids. Raises ``nicht_pruefbar``."""
    if not all(isinstance(one, str) for one in (value if isinstance(value, list) else [value])):
        raise GatewayError("nicht_pruefbar", "Ihr Programm schickt Zahlen (Token) statt Text; sie lassen sich nicht "
                           "prüfen. Bitte stellen Sie ein, dass Text geschickt wird, zum Beispiel "
                           "„check_embedding_ctx_length=False“ in LangChain.", param=param)


REQUEST: Final[dict[str, Node]] = {
    "model": NAME, "input": TextOr(Each(Text("user")), "user"),
    "dimensions": NUMBER, "encoding_format": one_of("float", "base64"),
    "input_type": one_of("query", "passage", "search_query", "search_document"), "truncate_prompt_tokens": NUMBER,
    "normalize": FLAG, "options": Free(), "user": CALLER,
}
"""Every top-level field of the API; any other is not passed on."""


class Embeddings:
    """The dialect of ``/v1/embeddings``."""

    name = "embeddings"
    paths: tuple[str, ...] = ("/embeddings",)

    def parse(self, body: bytes) -> ParsedRequest:
        """See `Dialect.parse`."""
        parsed = take_apart(body, REQUEST, required={"input": (str, list)})
        if parsed.stream:
            raise invalid("Vektoren kommen nicht als Strom. Bitte lassen Sie „stream“ weg.", "stream")
        readable(parsed.document.root["input"], "input")
        return parsed

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """See `Dialect.prepare`."""
        request.document.root["model"] = model.target

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """See `Dialect.instruct`. Nobody reads an instruction here, and it would change every vector."""

    def answer(self, context: AnswerContext) -> EmbeddingsAnswer:
        """See `Dialect.answer`."""
        return EmbeddingsAnswer(context)

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """See `Dialect.error`."""
        return openai_error(error, request_id)

    def say(self, text: str, request: ParsedRequest, request_id: str) -> None:
        """See `Dialect.say`: there is nobody to read a sentence."""


class EmbeddingsAnswer:
    """The way back of vectors: whole, and nothing to restore."""

    unresolved = 0

    def __init__(self, context: AnswerContext) -> None:
        self._context = context
        self.usage: Usage | None = None
        self.state: Literal["running", "complete", "failed"] = "running"

    def raw(self) -> list[str]:
        """See `Answer.raw`."""
        return []

    def feed(self, chunk: bytes) -> bytes:
        """See `Answer.feed`: no stream was asked for."""
        self.state = "failed"
        return b""

    def close(self) -> bytes:
        """See `Answer.close`."""
        return b""

    def terminal(self) -> bytes:
        """See `Answer.terminal`."""
        return b""

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """See `Answer.error_event`: no stream was asked for."""
        return b""

    def complete(self, body: bytes) -> bytes:
        """See `Answer.complete`."""
        try:
            parsed = orjson.loads(body)
            if not isinstance(parsed["data"], list):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            self.state = "failed"
            raise GatewayError("anbieter_fehler", "Der Anbieter hat keine lesbare Antwort geschickt. Bitte versuchen "
                               "Sie es noch einmal oder wählen Sie ein anderes Modell.", hint="no vectors in body"
                               ) from None
        usage = parsed.get("usage")
        if isinstance(usage, dict):
            self.usage = Usage.of(usage.get("prompt_tokens"), 0)
        parsed["model"] = self._context.alias
        self.state = "complete"
        return orjson.dumps(parsed)
