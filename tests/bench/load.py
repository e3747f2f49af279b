"""The load generator: keep-alive HTTP clients over a bare asyncio protocol, and three ways of driving them.

`closed_loop` sends the next request as soon as the last is answered: how much goes through. `open_loop` sends at a
fixed rate whatever happens: how long a request takes, queueing included. `streams` holds many paced streams open at
once: do they run smoothly, and what does one piece cost. Nothing is dropped: whatever is not a complete answer with
status 200 ends as a `Sample` with its problem, and is counted and shown.

It knows nothing of gateways: it sends prepared bodies to an address. It shares its core with the provider; how far
both reach together shows in the row of the provider called directly.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httptools

_TEXT = re.compile(rb'"content":\s?"[^"]')
TIMEOUT = 30.0


@dataclass(slots=True)
class Sample:
    """One request: when it was due, when text came, when it ended (monotonic seconds), and what went wrong."""

    begin: float
    end: float = 0.0
    arrivals: list[float] = field(default_factory=list)
    problem: str = ""

    @property
    def latency(self) -> float:
        """Seconds until the last byte."""
        return self.end - self.begin

    @property
    def first_text(self) -> float:
        """Seconds until the first text."""
        return self.arrivals[0] - self.begin if self.arrivals else self.latency


class Client(asyncio.Protocol):
    """One keep-alive connection; one request at a time. Reconnects when the server closed it after an answer."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._head = (f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
                      "content-type: application/json\r\nuser-agent: ki-pforte-bench\r\ncontent-length: ").encode()
        self._transport: Any = None
        self._parser: Any = None
        self._done: asyncio.Future[None] | None = None
        self._sample = Sample(0.0)
        self._now = 0.0
        self._tail = b""
        self.pieces = 0
        """Pieces of text that have come over this connection so far."""
        self.body: list[bytes] = []
        """The last answer."""

    async def ask(self, body: bytes, begin: float = 0.0) -> Sample:
        """Send one request and return once it is answered or has failed. `begin`: when it was due, if not now."""
        sample = self._sample = Sample(begin or time.monotonic())
        try:
            if self._transport is None or self._transport.is_closing():
                await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)
            sample.begin = begin or time.monotonic()
            self._parser, self.body = httptools.HttpResponseParser(self), []
            self._done = asyncio.get_running_loop().create_future()
            self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
            await asyncio.wait_for(self._done, TIMEOUT)
        except TimeoutError:  # before OSError, of which it is one
            sample.problem = "Zeit abgelaufen"
            self.abort()
        except OSError as error:
            sample.problem = f"keine Verbindung ({type(error).__name__})"
        sample.end = sample.end or time.monotonic()
        return sample

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._finish("Verbindung abgebrochen")

    def data_received(self, data: bytes) -> None:
        self._now = time.monotonic()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._finish(f"kein HTTP ({type(error).__name__})")
            self._transport.abort()

    def on_body(self, body: bytes) -> None:
        self.body.append(body)
        found = len(_TEXT.findall(body))
        if found:
            self.pieces += found
            arrivals = self._sample.arrivals
            if not arrivals or arrivals[-1] != self._now:
                arrivals.append(self._now)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status != 200:
            self._finish(f"{status} {self._error_code()}")
            return
        end = b"".join(self.body[-8:])
        complete = b"[DONE]" in end if end.startswith(b"data:") or b"\ndata:" in end else b'"choices"' in end
        failed = any(b'"error":' in piece for piece in self.body)
        self._finish("Fehler im Strom" if failed else "" if complete else "unvollständig")

    def _error_code(self) -> str:
        match = re.search(rb'"code":\s*"?([\w-]+)', b"".join(self.body))
        return match[1].decode() if match else ""

    def _finish(self, problem: str) -> None:
        self._sample.end = time.monotonic()
        self._sample.problem = problem
        if self._done is not None and not self._done.done():
            self._done.set_result(None)


def problems(samples: Iterable[Sample]) -> Counter[str]:
    """Return how often each problem occurred."""
    return Counter(sample.problem for sample in samples if sample.problem)


async def closed_loop(clients: Sequence[Client], queues: Sequence[Sequence[bytes]]) -> list[Sample]:
    """Let every client work through its own queue in order (a conversation's turns follow each other)."""

    async def work(client: Client, queue: Sequence[bytes]) -> list[Sample]:
        return [await client.ask(body) for body in queue]

    done = await asyncio.gather(*map(work, clients, queues))
    return [sample for samples in done for sample in samples]


async def open_loop(clients: Sequence[Client], bodies: Sequence[bytes], rate: float) -> list[Sample]:
    """Send `rate` requests a second. The clock of each starts when it is due, not when a connection is free."""
    free: asyncio.Queue[Client] = asyncio.Queue()
    for client in clients:
        free.put_nowait(client)

    async def one(body: bytes, due: float) -> Sample:
        client = await free.get()
        try:
            return await client.ask(body, due)
        finally:
            free.put_nowait(client)

    begin, tasks = time.monotonic(), []
    for number, body in enumerate(bodies):
        await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
        # The event loop's timer wakes up to 1 ms late; that is the generator's fault, so the clock starts now.
        tasks.append(asyncio.create_task(one(body, time.monotonic())))
    return list(await asyncio.gather(*tasks))


@dataclass(frozen=True, slots=True)
class StreamRun:
    """Many paced streams at once: every stream's sample, and what flowed in a window in which all of them were open."""

    samples: list[Sample]
    pieces: int
    cpu: float


async def streams(clients: Sequence[Client], bodies: Sequence[bytes], cpu: Callable[[], float], *, ramp: float,
                  window: float) -> StreamRun:
    """Open one stream per client over `ramp` seconds; read CPU and pieces over `window` while all are running.

    The window holds no request and no end of a stream, so the CPU in it is that of the pieces alone. The provider
    must send for longer than ``ramp + window + 1`` seconds.
    """
    tasks = []
    for client, body in zip(clients, bodies, strict=True):
        tasks.append(asyncio.create_task(client.ask(body)))
        await asyncio.sleep(ramp / len(clients))
    await asyncio.sleep(0.5)
    pieces, used = sum(client.pieces for client in clients), cpu()
    await asyncio.sleep(window)
    pieces, used = sum(client.pieces for client in clients) - pieces, cpu() - used
    return StreamRun(list(await asyncio.gather(*tasks)), pieces, used)
