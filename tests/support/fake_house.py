"""A house of fakes around the real pipeline: every port answers at once, fails, or waits where a test says so.

Each await of the pipeline passes through `Steps.at` with a name; a test makes a step fail, or holds it and cancels the
request there. The book writes down an entry when it is asked to, as the ledger's writer does, and answers later.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.model.attachment import Attached
from gateway.model.decision import Action
from gateway.model.exchange import Receipt, SealedRequest
from gateway.model.finding import Finding, Passage
from gateway.model.limits import Limits
from gateway.model.principal import PassStatus, Principal
from gateway.model.register import RegisteredModel
from gateway.pipeline.doors import Inbound, Outbound
from gateway.pipeline.finishing import all_finished
from gateway.pipeline.pipeline import Pipeline
from gateway.pipeline.rooms import Rooms
from gateway.policy import PolicySet
from gateway.ports import Credentials, Kept, Limiter, Safe
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.dialect import Dialect

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMES = re.compile(r"Sabine Krüger|Otto Weber|L01X00T47")
GUEST = Principal("subject-1", "bauamt", passes={
    scope: PassStatus("gueltig") for scope in ("basis", "personenbezogen", "bild", "fachverfahren")})


class Steps:
    """Where the pipeline stands: passes, fails or waits there. ``trace`` holds the steps that were passed."""

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.held = ""
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()

    async def at(self, name: str) -> None:
        if name == self.held:
            self.reached.set()
            await self.go_on.wait()
        await asyncio.sleep(0)
        if name in self.failing:
            raise self.failing[name]
        self.trace.append(name)


@dataclass
class Entry:
    """One record in the book."""

    kind: str
    meta: dict[str, Any]
    subject: str | None
    ref: str | None
    id: str
    content: bytes = b""


@dataclass
class Answer:
    """What the provider says (implements `gateway.ports.UpstreamResponse`)."""

    steps: Steps
    pieces: list[bytes]
    status: int = 200
    content_type: str = "application/json"
    retry_after: int | None = None
    closed: int = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        for number, piece in enumerate(self.pieces):
            await self.steps.at(f"chunk:{number}")
            yield piece
        await self.steps.at("chunk:end")

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Pinned:
    """What conversations are held for, in memory."""

    steps: Steps
    kept: dict[bytes, frozenset[str]] = field(default_factory=dict)

    async def recall(self, digests: Sequence[bytes], now: datetime) -> frozenset[str]:
        await self.steps.at("pins")
        return frozenset().union(*(self.kept.get(d, frozenset()) for d in digests))

    async def hold(self, digests: Sequence[bytes], kinds: frozenset[str], now: datetime) -> None:
        await self.steps.at("hold")
        for digest in digests:
            self.kept[digest] = self.kept.get(digest, frozenset()) | kinds


@dataclass
class Pass:
    """A ticket that writes down what it is told (implements `gateway.ports.Ticket`)."""

    steps: Steps
    expected: int
    models: list[str]
    notice: str = ""
    used: tuple[int, int] | None = None
    closed: bool = False

    async def moved(self, model: RegisteredModel, limits: Limits) -> None:
        if self.models[-1] != model.id:
            await self.steps.at("moved")
            self.models.append(model.id)

    async def settle(self, tokens_in: int, tokens_out: int) -> None:
        if not self.closed:
            self.used, self.closed = (tokens_in, tokens_out), True

    async def close(self) -> None:
        self.closed = True


class FakeHouse:
    """The pipeline and everything that it asks."""

    def __init__(self, policies: Callable[[], PolicySet], principal: Principal = GUEST,
                 limiter: Limiter | None = None) -> None:
        self.steps = Steps()
        self.principal = principal
        self.book: list[Entry] = []
        self.sent: list[SealedRequest] = []
        self.answers: list[Answer] = []
        self.inspected: list[list[str]] = []
        self.measured: list[tuple[Any, ...]] = []
        self.stopped: frozenset[str] = frozenset()
        self.pins = Pinned(self.steps)
        self.safes: dict[str, Safe] = {}
        self.tickets: list[Pass] = []
        self.says: Callable[[SealedRequest], tuple[int, list[bytes]]] = echo
        self.rooms = Rooms(policies=policies, authenticator=self, detector=self, operators=self, upstream=self,
                                 recorder=self, metrics=_Metrics(self.measured), clock=self,
                                 conversations=self, reader=_Reader(self.steps), stops=lambda: self.stopped,
                                 pins=self.pins, secret=b"s", limiter=limiter or self, contents=self)
        self.pipeline = Pipeline(self.rooms)
        self.kept: dict[tuple[str, str], bytes] = {}
        self.conversations: dict[tuple[str, str], bytes] = {}

    # the ports

    async def authenticate(self, credentials: Credentials) -> Principal:
        await self.steps.at("authenticate")
        return self.principal

    async def enter(self, principal: Principal, model: RegisteredModel, limits: Limits, tokens_in: int,
                    tokens_out: int, now: datetime) -> Pass:
        await self.steps.at("enter")
        self.tickets.append(Pass(self.steps, tokens_in, [model.id]))
        return self.tickets[-1]

    async def keep(self, subject: str, id_: str, content: bytes, now: datetime, until: datetime,
                   kind: Kept = "answer") -> None:
        await self.steps.at("keep")
        (self.kept if kind == "answer" else self.conversations)[subject, id_] = content

    async def recall(self, subject: str, id_: str, now: datetime, kind: Kept = "answer") -> bytes | None:
        await self.steps.at("recall")
        return (self.kept if kind == "answer" else self.conversations).get((subject, id_))

    async def change(self, subject: str, id_: str, work: Callable[[bytes], bytes], now: datetime,
                     until: datetime) -> bool:
        await self.steps.at("keep")
        before = self.conversations.get((subject, id_))
        if before is not None:
            self.conversations[subject, id_] = work(before)
        return before is not None

    async def forget(self, subject: str, id_: str, now: datetime) -> bool:
        await self.steps.at("forget")
        return self.conversations.pop((subject, id_), None) is not None

    async def inspect(self, passages: Sequence[Passage]) -> list[tuple[Finding, ...]]:
        self.inspected.append([passage.text for passage in passages])
        await self.steps.at("inspect")
        return [tuple(Finding(m.start(), m.end(), "ID_CARD" if m[0][1:3] == "01" else "PERSON", 1.0, "pruefziffer")
                      for m in NAMES.finditer(passage.text)) for passage in passages]

    def apply(self, action: Action, entity: str, value: str) -> str:
        if "operate" in self.steps.failing:
            raise self.steps.failing["operate"]
        return "*" * len(value)

    async def record(self, kind: str, meta: Mapping[str, Any], *, subject: str | None,
                     ref: str | None = None, content: bytes = b"") -> Receipt:
        entry = Entry(kind, dict(meta), subject, ref, f"record-{len(self.book)}", content)
        if f"record:{kind}" not in self.steps.failing:
            self.book.append(entry)
        await self.steps.at(f"record:{kind}")
        return Receipt(entry.id)

    def safe(self, department: str) -> Safe | None:
        return self.safes.get(department)

    async def send(self, request: SealedRequest) -> Answer:
        self.sent.append(request)
        await self.steps.at("send")
        status, pieces = self.says(request)
        self.answers.append(Answer(self.steps, pieces, status))
        return self.answers[-1]

    def now(self) -> datetime:
        return NOW

    # the person

    async def ask(self, body: bytes | dict[str, Any], purpose: str | None = None,
                  dialect: Dialect | None = None) -> tuple[Outbound, bytes]:
        """Go through the house and read the answer to its end, as the server does."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        out = await self.pipeline.handle(Inbound(dialect or ChatCompletions(), raw, Credentials("bearer", "kip_x"),
                                                 purpose, "7F3K-2QXM-9BTD"))
        if out.stream is None:
            return out, out.body
        async with aclosing(out.stream) as stream:
            return out, b"".join([piece async for piece in stream])

    async def hang_up_at(self, step: str, body: dict[str, Any]) -> bool:
        """Go through the house and hang up at `step`; return whether the request came that far."""
        self.steps.held = step
        task = asyncio.create_task(self.ask(body))
        reached = asyncio.create_task(self.steps.reached.wait())
        await asyncio.wait((task, reached), return_when=asyncio.FIRST_COMPLETED)
        came = self.steps.reached.is_set()
        self.steps.held = ""
        task.cancel()
        reached.cancel()
        await asyncio.sleep(0)
        self.steps.go_on.set()  # what outlives its caller, as the writing of a record does, goes on
        await asyncio.gather(task, reached, return_exceptions=True)
        await all_finished()
        return came

    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.book]


@dataclass
class _Reader:
    """Implements `gateway.ports.Reader`: what it reads stands in the file as it is."""

    steps: Steps
    kinds: frozenset[str] = frozenset({"file"})

    async def read(self, attached: Attached) -> str:
        await self.steps.at("read")
        return attached.data.decode()


@dataclass
class _Metrics:
    """Implements `gateway.ports.Metrics` by writing down every call."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((name, *arguments))


def echo(request: SealedRequest) -> tuple[int, list[bytes]]:
    """Answer with the text received, in two pieces."""
    body = orjson.loads(request.redacted.body)
    text = body["messages"][-1]["content"]
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    if not request.stream:
        whole = orjson.dumps({"model": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                                                         "finish_reason": "stop"}], "usage": usage})
        return 200, [whole[:40], whole[40:]]
    frames = [{"choices": [{"index": 0, "delta": {"content": part}, "finish_reason": None}]}
              for part in (text[:12], text[12:])]
    frames += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
    return 200, [b"data: " + orjson.dumps({"model": "x", **frame}) + b"\n\n" for frame in frames] + [
        b"data: [DONE]\n\n"]


def chat(text: str = "Frau Sabine Krüger fragt.", model: str = "demo", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}
