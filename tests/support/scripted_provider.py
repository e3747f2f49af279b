"""A provider on a raw socket that does exactly what a test says, also what no decent server would do.

A script is a coroutine that gets the `Exchange` of one request, writes bytes, and returns True to keep the connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

PATIENCE = 10.0
"""Seconds after which a test that waits for an event has failed; nothing is measured with it."""


@dataclass
class Exchange:
    """One request as it arrived, and the way back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        await self.write("\r\n".join([*lines, "", ""]).encode())

    async def whole(self, body: bytes, status: int = 200, **headers: str) -> bool:
        await self.head(status, Content_Type="application/json", Content_Length=str(len(body)), **headers)
        await self.write(body)
        return True

    async def begin_stream(self) -> None:
        await self.head(Content_Type="text/event-stream", Transfer_Encoding="chunked")

    async def piece(self, data: bytes) -> None:
        await self.write(b"%x\r\n%s\r\n" % (len(data), data))

    async def end_stream(self) -> bool:
        await self.write(b"0\r\n\r\n")
        return True

    async def until_hung_up(self) -> bool:
        """Wait until the client closes the connection, and say so."""
        await self.reader.read()
        return False


Script = Callable[[Exchange], Awaitable[bool]]


class ScriptedProvider:
    """``async with ScriptedProvider(script) as provider``: counts what arrives and knows when clients hang up."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self.hung_up = asyncio.Event()
        self.arrived = asyncio.Event()
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ScriptedProvider:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.hung_up.set()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        method, path, _version = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        exchange = Exchange(method, path, headers, body, len(self.exchanges) + 1, reader, writer)
        self.exchanges.append(exchange)
        self.arrived.set()
        keep = await self.script(exchange)
        if not keep:
            self.hung_up.set()
        return keep


async def soon(event: asyncio.Event) -> None:
    """Wait for `event`; fail when it does not come."""
    await asyncio.wait_for(event.wait(), PATIENCE)
