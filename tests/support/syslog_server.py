"""A syslog server: takes messages over UDP, TCP, TLS or a local socket, and keeps them as they came."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from tests.support.certificates import self_signed

Kind = Literal["udp", "tcp", "tls", "unix", "unix-stream"]
PATIENCE = 120.0
FORM = re.compile(rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) ki-pforte (\d+) - "
                  rb'(-|\[kiPforte@32473 request_id="[!-~]+"\]) (.*)', re.DOTALL)
"""RFC 5424 as this house writes it."""


def until(true: Callable[[], bool], what: str = "") -> None:
    """Wait, with long patience, until it is true."""
    give_up = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < give_up, what
        time.sleep(0.02)


class SyslogServer:
    """``with SyslogServer(kind, folder) as syslog``; `address` is for ``KI_PFORTE_LOG_SYSLOG``."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind, self.messages = kind, list[bytes]()
        local = kind.startswith("unix")
        self._socket = socket.socket(socket.AF_UNIX if local else socket.AF_INET,
                                     socket.SOCK_DGRAM if kind in ("udp", "unix") else socket.SOCK_STREAM)
        self._path = folder / "log"
        self._socket.bind(str(self._path) if local else ("127.0.0.1", 0))
        host = "localhost" if kind == "tls" else "127.0.0.1"
        self.address = f"unix://{self._path}" if local else f"{kind}://{host}:{self._socket.getsockname()[1]}"
        self.certificate: Path | None = None
        self._tls: ssl.SSLContext | None = None
        if kind == "tls":
            self.certificate, key = self_signed(folder, "localhost")
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(self.certificate, key)
        self._taken: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> SyslogServer:
        if self._socket.type == socket.SOCK_STREAM:
            self._socket.listen()
        self._begin(self._accept if self._socket.type == socket.SOCK_STREAM else self._datagrams)
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._socket, *self._taken):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._begin_nothing()
        for thread in self._threads:
            thread.join(PATIENCE)
        for one in (self._socket, *self._taken):
            one.close()
        self._path.unlink(missing_ok=True)

    def wait(self, count: int) -> list[re.Match[bytes]]:
        """Return the first messages, taken apart, as soon as there are so many."""
        until(lambda: len(self.messages) >= count, f"{count} messages")
        found = [FORM.fullmatch(one) for one in self.messages]
        assert all(found), self.messages
        return [one for one in found if one]

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _begin_nothing(self) -> None:
        """Wake a thread that waits for datagrams: shutting a socket down that is not connected does not."""
        if self._socket.type == socket.SOCK_DGRAM:
            with socket.socket(self._socket.family, socket.SOCK_DGRAM) as waker, contextlib.suppress(OSError):
                waker.sendto(b"", self._socket.getsockname())

    def _datagrams(self) -> None:
        while message := self._socket.recv(65_536):
            self.messages.append(message)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
                taken = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
            except OSError:
                return
            self._taken.append(taken)
            self._begin(partial(self._stream, taken))

    def _stream(self, taken: socket.socket) -> None:
        with taken.makefile("rb") as stream, contextlib.suppress(OSError):
            while first := stream.read(1):
                if self.kind == "unix-stream":
                    self.messages.append((first + stream.readline()).removesuffix(b"\n"))
                    continue
                while (digit := stream.read(1)) != b" ":
                    first += digit
                self.messages.append(stream.read(int(first)))
