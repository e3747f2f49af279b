"""Serving processes, and how they leave so that nobody is refused.

On SIGTERM a process first only says that it is leaving: ``/readyz`` is 503, every answer carries ``Connection: close``,
and everything is served as before. A balancer that looks takes it out; a web server that does not look gives up its
waiting connections one after the other. After `drain_seconds` it becomes deaf: the kernel drops new knocks, and serves
whom it has already let in. Who knocked in vain knocks again a second later, finds the port closed, and asks another
server. Only then the port is closed, and what is under way gets its grace. On SIGINT (a person at the keyboard) and on
a second signal it closes at once.

Keeps true: a request that arrived is answered, however the moment of the signal falls.

Does not know: how an answer that outlasts the grace is ended (`gateway.http.asgi.while_connected`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import struct
import sys
import time
from types import FrameType

import uvicorn
from uvicorn.supervisors import Multiprocess, multiprocess

from gateway.http.health import LEAVING
from gateway.settings import load

_SETTLE_SECONDS = 0.3
"""How long the kernel may take to hand over whom it let in before it was told to stop."""
_SO_ATTACH_FILTER = 26
_DROP_KNOCKS = struct.pack("HBBI" * 4,
                           0x30, 0, 0, 13,         # load the flags of the TCP head
                           0x45, 0, 1, 0x02,       # is it a SYN?
                           0x06, 0, 0, 0,          # yes: drop it
                           0x06, 0, 0, 0xFFFF)     # no: let it pass


def deafen(listening: socket.socket) -> None:
    """Let the kernel drop new knocks at this port. Where that cannot be done they are refused a moment later."""
    if sys.platform == "linux":
        code = ctypes.create_string_buffer(_DROP_KNOCKS)
        with contextlib.suppress(OSError):  # a sandbox that knows no filters
            listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", 4, ctypes.addressof(code)))


class Server(uvicorn.Server):
    """Serves in one process; `alone`: nobody else listens at its sockets."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float, *, alone: bool = True) -> None:
        super().__init__(config)
        self._drain_seconds, self._alone = drain_seconds, alone
        self._asked: list[int] = []

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Remember who asked: a person at the keyboard does not want to wait."""
        self._asked.append(sig)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave, then close."""
        self.config.encoded_headers.append((b"connection", b"close"))
        await self.on_tick(0)  # from now on in every answer
        if self._drain_seconds and self._asked == [signal.SIGTERM]:
            await self._leave(sockets or [])
        await super().shutdown(sockets)

    async def _leave(self, sockets: list[socket.socket]) -> None:
        self.lifespan.state[LEAVING] = True
        end, tick = time.monotonic() + self._drain_seconds, 0
        while time.monotonic() < end and len(self._asked) == 1:
            await asyncio.sleep(0.1)
            await self.on_tick(tick := tick + 1)
        if self._alone:
            for listening in sockets:
                deafen(listening)
        await asyncio.sleep(_SETTLE_SECONDS)


class Worker(multiprocess.Process):
    """One of several serving processes."""

    @property
    def server(self) -> uvicorn.Server:
        """Its server, made in the process itself."""
        if self._server is None:
            self._server = Server(self.config, load().drain_seconds, alone=False)
        return self._server


class Supervisor(Multiprocess):
    """Looks after several processes at one port; their number is a setting and stays."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, drain_seconds: float) -> None:
        multiprocess.Process = Worker  # type: ignore[misc]  # uvicorn has no other place to name it
        super().__init__(config, sockets=[listening])
        self._drain_seconds, self._drains = drain_seconds, False

    def handle_term(self) -> None:
        """End, after all have left."""
        self._drains = True
        super().handle_term()

    def join_all(self) -> None:
        """They were told and are leaving; the port is theirs together, so it becomes deaf here."""
        if self._drains and self._drain_seconds:
            time.sleep(self._drain_seconds)
            for listening in self.sockets:
                deafen(listening)
        super().join_all()

    def handle_hup(self) -> None:
        """The processes look at the policies; they are not restarted."""
        for process in self.processes:
            if process.pid is not None:
                os.kill(process.pid, signal.SIGHUP)

    def handle_ttin(self) -> None:
        """Nothing: limits are shared out among as many processes as the setting says."""

    def handle_ttou(self) -> None:
        """Nothing, see `handle_ttin`."""
