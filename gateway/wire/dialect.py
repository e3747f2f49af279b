"""What one wire API has to answer. The pipeline knows this page and no API by name.

A `Dialect` takes a request apart (`parse`), makes it ready for a provider (`prepare`), and opens an `Answer`: the
machine through which every byte of the response goes, whole or streamed. A complete answer is the stream in which
each channel has one delta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import orjson

from gateway.errors import GatewayError
from gateway.model.register import RegisteredModel
from gateway.wire.document import Document

MOST_TOKENS = 10**12
"""No exchange has as many; the number is counted and recorded, so nobody may make it overflow."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them."""

    prompt: int
    completion: int
    seconds: int = 0
    """Length of a recording, where one was written down."""

    @classmethod
    def of(cls, prompt: object, completion: object) -> Usage:
        """Return what a provider wrote there; what is no number of tokens is none."""
        return cls(*(value if type(value) is int and 0 <= value < MOST_TOKENS else 0 for value in (prompt, completion)))


@dataclass(slots=True)
class Thread:
    """A conversation that the client goes on with by an id instead of sending it again: that of the last answer, or
    that of the conversation.

    The provider never learns of it: the house keeps what was said (`gateway.ports.Conversations`), puts it in front of
    the next request, and gives each answer an id of its own.
    """

    follows: str | None
    """Id of the answer before."""
    resume: Callable[[bytes], ParsedRequest] = field(repr=False)
    """Return the request with the earlier conversation (JSON, as `said` returned it) in front."""
    asked: bytes | None = field(default=None, repr=False)
    """What the client asked, as a JSON list; None when it does not want to go on from the answer."""
    answered: bytes | None = field(default=None, repr=False)
    """What it got, as a JSON list, once the answer is complete."""
    identity: str = ""
    """The id that the answer will have."""
    conversation: str | None = None
    """Id of the conversation that the question and its answer are to be added to."""
    own: int = 0
    """How many items of `asked`, the last ones, this request itself brought; the others were kept."""

    def like(self, before: Thread) -> None:
        """Belong to the same request as `before`, taken apart anew."""
        self.identity, self.own = before.identity, before.own

    def said(self) -> bytes | None:
        """Return what is to be kept, or None when there is nothing: what this turn adds to its conversation; without
        one, all up to this answer."""
        if self.asked is None or self.answered is None:
            return None
        asked = self.asked
        if self.conversation is not None:
            asked = orjson.dumps(orjson.loads(asked)[-self.own:] if self.own else [])
        return b"[" + b",".join(part for part in (asked[1:-1], self.answered[1:-1]) if part) + b"]"


@dataclass(slots=True)
class ParsedRequest:
    """A request as its dialect read it."""

    model: str
    stream: bool
    wants_usage: bool
    document: Document
    echo: dict[str, Any] = field(default_factory=dict, repr=False)
    """What the answer will repeat of the request, as the client wrote it."""
    thread: Thread | None = None
    """The conversation, where the API knows such a thing."""
    last: str = field(default="", repr=False)
    """What was said last, where an API has turns."""
    turns: int = 0
    media: str = "application/json"
    """Media type of a complete answer."""
    documents: Sequence[int | None] = ()
    """Which slots are the documents that an answer may point into, as the API counts them; None: what the client sent
    there is no text in which places could be counted."""
    places: Sequence[Places | None] = field(default=(), repr=False)
    """The same documents, once they are redacted."""


class Places(Protocol):
    """A document as the client wrote it and as it left (`gateway.redaction.moves.Moves`)."""

    @property
    def before(self) -> str:
        """The client's text."""
        ...

    @property
    def after(self) -> str:
        """The provider's text."""
        ...

    @property
    def moved(self) -> bool:
        """Whether any place is another one."""
        ...

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the client's text for one of the provider's."""
        ...

    def there(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the provider's text for one of the client's."""
        ...


class ChannelText(Protocol):
    """One running text of an answer on its way back (`gateway.redaction.restore.Restorer`)."""

    @property
    def unresolved(self) -> int:
        """Placeholders that this exchange never issued."""
        ...

    @property
    def raw(self) -> str:
        """The text as the provider sent it so far."""
        ...

    def feed(self, text: str) -> str:
        """Take a piece, return what can be shown."""
        ...

    def close(self) -> str:
        """Return what was held back."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What an answer needs to know of its request."""

    channel: Callable[[bool], ChannelText] | None = field(repr=False)
    """Opens the way back of one channel; the argument says whether it is JSON source text. None: nothing was replaced,
    so nothing can come back and bytes pass as they are."""
    wants_usage: bool
    alias: str
    """The name by which the client knows the model."""
    target: str
    """The provider's own name of it."""
    untrusted_tools: frozenset[str] = frozenset()
    tools: frozenset[str] | None = None
    """What the client declared as its own tools; calls of any other keep their placeholders. None: any is."""
    echo: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the answer repeats of the request, as the client wrote it."""
    thread: Thread | None = None
    """The conversation that the answer belongs to."""
    places: Sequence[Places | None] = field(default=(), repr=False)
    """The documents that the answer may point into."""

    def trusts(self, *names: str) -> bool:
        """Whether a tool that goes by one of these names may read what was replaced."""
        return self.untrusted_tools.isdisjoint(names) and (self.tools is None or not self.tools.isdisjoint(names))


class Answer(Protocol):
    """The way back of one exchange. Sans I/O: bytes of the provider in, bytes for the client out."""

    @property
    def usage(self) -> Usage | None:
        """Tokens as far as the provider has said."""
        ...

    @property
    def state(self) -> Literal["running", "complete", "failed"]:
        """How far the answer is."""
        ...

    @property
    def unresolved(self) -> int:
        """Placeholders in the answer that this exchange never issued."""
        ...

    def raw(self) -> list[str]:
        """Return the texts of the answer as the provider sent them, where anything had been replaced."""
        ...

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; return what can be shown now. The terminal event is withheld."""
        ...

    def close(self) -> bytes:
        """End a stream: return what was held back. Afterwards `state` says whether the answer is complete."""
        ...

    def complete(self, body: bytes) -> bytes:
        """Take a whole answer and return it restored. Raises ``anbieter_fehler`` when it is no answer."""
        ...

    def terminal(self) -> bytes:
        """Return the event that ends a stream, sent once the outcome is recorded."""
        ...

    def error_event(self, error: GatewayError, request_id: str) -> bytes:
        """Return what ends a stream that has begun and cannot go on, the terminal event included."""
        ...


class Dialect(Protocol):
    """One wire API."""

    name: str
    paths: tuple[str, ...]

    def parse(self, body: bytes) -> ParsedRequest:
        """Take a request apart. Raises ``anfrage_ungueltig``."""
        ...

    def prepare(self, request: ParsedRequest, model: RegisteredModel) -> None:
        """Write into the request what the provider needs: its own model name, usage in streams, no storage."""
        ...

    def instruct(self, request: ParsedRequest, text: str) -> None:
        """Tell the model `text` beside what the person wrote."""
        ...

    def answer(self, context: AnswerContext) -> Answer:
        """Open the way back."""
        ...

    def error(self, error: GatewayError, request_id: str) -> bytes:
        """Return the body of an error answer."""
        ...

    def say(self, text: str, request: ParsedRequest, request_id: str) -> bytes | None:
        """Return a normal answer that says `text`, in the form the client asked for (stream or not); None where no
        answer of this API is read by a person."""
        ...
