"""The four kinds of request that are measured, as prepared bodies, and the figures they should reach.

A scenario gives a warm-up (sent, not measured) and queues (measured). For a further turn the warm-up is the
conversation's first turn; for "all seen" it is the whole conversation that is then sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from tests.bench.texts import TURNS, Message, Texts, turn

CONNECTIONS = 16
_SEEN = 16
"""Different conversations that take turns in "all seen"."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Bodies of one measurement."""

    warmup: list[bytes]
    measured: list[bytes]
    """In an order in which every connection may take the next one, as long as few are under way at once."""
    lanes: int
    """Bodies this far apart in `measured` belong to the same conversation and must follow each other."""

    def queues(self) -> list[list[bytes]]:
        """Return the measured bodies as one queue per connection; a conversation stays on one connection."""
        queues: list[list[bytes]] = [[] for _ in range(CONNECTIONS)]
        for number, body in enumerate(self.measured):
            queues[number % self.lanes % CONNECTIONS].append(body)
        return queues


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table."""

    key: str
    label: str
    cpu_goal: float
    """CPU milliseconds per request, from the issue."""
    first_text_goal: float | None
    make: Callable[[Texts, str, bool, int], Batch]
    most: int
    """Never more requests than this in one measurement (memory of the generator)."""


def body(model: str, messages: list[Message], stream: bool) -> bytes:
    """Return a request as clients send it."""
    request = {"model": model, "messages": messages}
    return orjson.dumps(request | {"stream": True} if stream else request)


def question(text: str) -> list[Message]:
    """Return a conversation of one message."""
    return [{"role": "user", "content": text}]


def _short(texts: Texts, model: str, stream: bool, count: int) -> Batch:
    return Batch([], [body(model, question(texts.short()), stream) for _ in range(count)], CONNECTIONS)


def _mail(texts: Texts, model: str, stream: bool, count: int) -> Batch:
    return Batch([], [body(model, question(texts.mail()), stream) for _ in range(count)], CONNECTIONS)


def _turn(texts: Texts, model: str, stream: bool, count: int) -> Batch:
    """All further turns (2 to 20) of as many conversations as give about `count` requests."""
    number_of_talks = max(5, round(count / (TURNS - 1)))
    if number_of_talks > CONNECTIONS:
        number_of_talks -= number_of_talks % CONNECTIONS  # every connection carries the same load
    talks = [texts.conversation() for _ in range(number_of_talks)]
    measured = [body(model, turn(talk, number), stream) for number in range(2, TURNS + 1) for talk in talks]
    return Batch([body(model, turn(talk, 1), stream) for talk in talks], measured, len(talks))


def _seen(texts: Texts, model: str, stream: bool, count: int) -> Batch:
    bodies = [body(model, texts.conversation(), stream) for _ in range(_SEEN)]
    return Batch(bodies, [bodies[number % _SEEN] for number in range(count)], _SEEN)


SCENARIOS = (
    Scenario("short", "kurz (200 Zeichen)", 1.5, None, _short, 20_000),
    Scenario("mail", "Mail (2.000 Zeichen)", 10.0, None, _mail, 12_000),
    Scenario("turn", "weiterer Zug (940 neue Zeichen)", 6.0, None, _turn, 3_000),
    Scenario("seen", "alles schon gesehen (20.000 Zeichen)", 0.8, 3.0, _seen, 20_000),
)
CHUNK_GOAL = {"relay": 80.0, "restore": 120.0}
STREAMS_GOAL = 200
START_GOAL = 4.0
RSS_GOAL = 350.0
