"""A fast fake provider that speaks the OpenAI wire format: the other end of every measurement.

It must never be what is measured, so it is a bare asyncio protocol over a C parser, and paced streams share one clock
instead of a timer each. It writes nothing and keeps nothing but counters.

How it answers is set from outside, between measurements, with ``POST /control``: ``chunks`` (pieces of text per
answer), ``rate`` (pieces per second and stream; 0: all at once) and ``echo`` (quote the placeholders of the request,
cut into pieces as tokens are, so that a proxy that restores them has work to do). ``GET /control`` tells the counters:
requests, and how many placeholders they held, so that a benchmark notices when nothing was masked.

It does not check keys and takes any model name. Run: ``python -m tests.bench.provider --port 9100``.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httptools
import orjson
import uvloop

PLACEHOLDER = re.compile(rb"\[[A-Z]{2,20}\d+(?:[A-Z]{1,2}\d*)?\]")
_WORDS = (" Die", " Stadt", " prüft", " den", " Antrag", " und", " gibt", " bald", " Auskunft", ",", " sobald", ".")
_ECHO_EVERY = 8
_HEAD = b'{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"fake","choices":['
_DONE = b"data: [DONE]\n\n"
_TICK = 0.001


@dataclass(slots=True)
class Behaviour:
    """How answers look from now on, and what was seen so far."""

    chunks: int = 20
    rate: float = 0.0
    echo: bool = False
    requests: int = 0
    placeholders: int = 0

    def state(self) -> bytes:
        """Return everything as JSON."""
        return orjson.dumps({name: getattr(self, name) for name in self.__slots__})


def pieces(chunks: int, placeholders: list[bytes]) -> list[str]:
    """Return the text of an answer in pieces; with placeholders, every eighth word is one, cut in three."""
    result: list[str] = []
    word = 0
    while len(result) < chunks:
        if placeholders and word % _ECHO_EVERY == 0 and chunks - len(result) >= 3:
            quoted = placeholders[word // _ECHO_EVERY % len(placeholders)].decode()
            result += [" " + quoted[:3], quoted[3:-2], quoted[-2:]]
        else:
            result.append(_WORDS[word % len(_WORDS)])
        word += 1
    return result


def event(text: str) -> bytes:
    """Return one piece of text as a server-sent event."""
    return (b"data: " + _HEAD + b'{"index":0,"delta":{"content":' + orjson.dumps(text)
            + b'},"logprobs":null,"finish_reason":null}]}\n\n')


def events(texts: list[str], usage: bytes | None) -> list[bytes]:
    """Return the whole stream: role, text, finish, usage when it was asked for, end mark."""
    role = b'{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n'
    finish = b'{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
    last = [b"data: " + _HEAD + finish]
    if usage:
        last.append(b"data: " + _HEAD + b'],"usage":' + usage + b"}\n\n")
    return [b"data: " + _HEAD + role, *map(event, texts), b"".join([*last, _DONE])]


def frame(data: bytes) -> bytes:
    """Return one HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Pacer:
    """One clock for all paced streams: each has a place within the period, so that they do not all speak at once."""

    def __init__(self) -> None:
        self._slots: list[list[tuple[Any, deque[bytes]]]] = [[]]
        self._next = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, transport: asyncio.Transport, parts: deque[bytes], rate: float) -> None:
        """Send the parts on this connection, `rate` a second."""
        size = max(1, round(1 / rate / _TICK))
        if len(self._slots) != size:
            self._slots = [[] for _ in range(size)]
        self._next = (self._next + 7) % size  # 7 is prime to the usual periods: neighbours start far apart
        self._slots[self._next].append((transport, parts))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        begin, tick = time.monotonic(), 0
        while any(self._slots):
            slot = self._slots[tick % len(self._slots)]
            slot[:] = [stream for stream in slot if self._send(*stream)]
            tick += 1
            await asyncio.sleep(max(0.0, begin + tick * _TICK - time.monotonic()))
        self._task = None

    def _send(self, transport: asyncio.Transport, parts: deque[bytes]) -> bool:
        if transport.is_closing():
            return False
        transport.write(parts.popleft())
        return bool(parts)


@dataclass(slots=True, eq=False)
class Connection(asyncio.Protocol):
    """One connection; answers one request after the other."""

    behaviour: Behaviour
    pacer: Pacer
    transport: Any = None
    parser: Any = None
    url: bytes = b""
    body: list[bytes] = field(default_factory=list)

    def connection_made(self, transport: Any) -> None:
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_message_begin(self) -> None:
        self.url, self.body = b"", []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        body = b"".join(self.body)
        path = self.url.partition(b"?")[0]
        if path.endswith(b"/chat/completions"):
            self._chat(body)
        elif path.endswith(b"/embeddings"):
            self._embeddings(body)
        elif path == b"/control":
            for name, value in (orjson.loads(body) if body else {}).items():
                setattr(self.behaviour, name, value)
            self._json(self.behaviour.state())
        elif path.endswith(b"/models"):
            self._json(b'{"object":"list","data":[{"id":"fake","object":"model","created":0,"owned_by":"bench"}]}')
        else:
            self._json(b'{"error":{"message":"no such path","type":"invalid_request_error"}}', b"404 Not Found")

    def _chat(self, body: bytes) -> None:
        behaviour = self.behaviour
        request = orjson.loads(body)
        found = sorted(set(PLACEHOLDER.findall(body)))
        behaviour.requests += 1
        behaviour.placeholders += len(found)
        texts = pieces(behaviour.chunks, found if behaviour.echo else [])
        usage = orjson.dumps({"prompt_tokens": len(body) // 4, "completion_tokens": len(texts),
                              "total_tokens": len(body) // 4 + len(texts)})
        if not request.get("stream"):
            self._json(b'{"id":"chatcmpl-bench","object":"chat.completion","created":1790000000,"model":"fake","choices":'
                       b'[{"index":0,"message":{"role":"assistant","content":' + orjson.dumps("".join(texts))
                       + b',"refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":' + usage + b"}")
            return
        wanted = (request.get("stream_options") or {}).get("include_usage")
        parts = [frame(part) for part in events(texts, usage if wanted else None)]
        parts[-1] += b"0\r\n\r\n"
        head = (b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
                b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n")
        if behaviour.rate:
            self.transport.write(head + parts[0])
            self.pacer.start(self.transport, deque(parts[1:]), behaviour.rate)
        else:
            self.transport.write(head + b"".join(parts))

    def _embeddings(self, body: bytes) -> None:
        texts = orjson.loads(body).get("input")
        count = len(texts) if isinstance(texts, list) else 1
        self.behaviour.requests += 1
        vectors = [{"object": "embedding", "index": index, "embedding": [0.25] * 8} for index in range(count)]
        self._json(orjson.dumps({"object": "list", "model": "fake", "data": vectors,
                                 "usage": {"prompt_tokens": len(body) // 4, "total_tokens": len(body) // 4}}))

    def _json(self, body: bytes, status: bytes = b"200 OK") -> None:
        self.transport.write(b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
                             % (status, len(body), body))


async def serve(port: int) -> None:
    """Serve on loopback until cancelled."""
    behaviour, pacer = Behaviour(), Pacer()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(behaviour, pacer), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    uvloop.run(serve(arguments.parse_args().port))
