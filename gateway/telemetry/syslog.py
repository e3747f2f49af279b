"""The syslog of the house: lines as RFC 5424 over UDP, TCP, TLS or the socket of this machine.

Own, because the standard library's handler knows neither the form of RFC 5424 nor TLS nor the framing of RFC 6587, and
waits for the network in whoever logs. Here a line goes into a bounded queue and a thread sends it: no request ever
waits. While the syslog is away the queue fills; what does not fit is counted (``ki_pforte_syslog_lost_total``), and
that it is away is said on standard error, once.

TCP and TLS count octets (RFC 6587, RFC 5425). TLS trusts the certificates of this machine (or ``SSL_CERT_FILE``), for
no other name than the one in the address. UDP says nothing about arrival; nor does TCP about the last lines before it
broke: whoever needs every line takes them from standard error.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import platform
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

_log = logging.getLogger(__name__)
WAITING: Final = 10_000
"""Lines that may wait: some megabytes, and minutes of a quiet house."""
DATAGRAM: Final = 8192
"""Bytes of one UDP message; receivers must take 2048, the usual ones take this."""
SECONDS: Final = 5.0
PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between attempts to reach it again; the last one goes on."""
QUIET: Final = 600.0
"""Seconds in which it is not said twice that it is away: it may come and go."""
_FACILITY: Final = 3  # system daemons
_SEVERITY: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (0, 7))
_PORTS: Final = {"udp": 514, "tcp": 601, "tls": 6514}
_NAME: Final = re.compile(r"[^!-~]")


@dataclass(frozen=True, slots=True)
class SyslogTarget:
    """Where lines go: ``udp``, ``tcp``, ``tls`` with host and port, or ``unix`` with a path."""

    kind: str
    host: str = ""
    port: int = 0
    path: str = ""


def syslog_target(address: str) -> SyslogTarget:
    """Read an address that the settings have found good (`gateway.settings`)."""
    parts = urlsplit(address)
    if parts.scheme == "unix":
        return SyslogTarget("unix", path=parts.path)
    return SyslogTarget(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


def message(text: str, level: int, created: float, request_id: str = "") -> bytes:
    """Return a line as RFC 5424 writes it; the Vorgangsnummer also as structured data."""
    severity = next(number for least, number in _SEVERITY if level >= least)
    moment = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = _NAME.sub("", platform.node())[:255] or "-"
    data = f'[kiPforte@32473 request_id="{request_id}"]' if request_id else "-"
    return f"<{_FACILITY * 8 + severity}>1 {moment} {host} ki-pforte {os.getpid()} - {data} {text}".encode()


class SyslogHandler(logging.Handler):
    """Hands lines to a thread that sends them."""

    def __init__(self, target: SyslogTarget, request_id: Callable[[], str], waiting: int = WAITING) -> None:
        super().__init__()
        self._line, self._request_id = _Line(target), request_id
        self._waiting: queue.Queue[bytes | None] = queue.Queue(waiting)
        self._ending = threading.Event()
        self._said = float("-inf")
        self._away = False
        self._told = 0
        self.lost = 0
        """Lines that never got there, as far as that can be known."""
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        try:
            number = self._request_id()
            self._waiting.put_nowait(message(self.format(record), record.levelno, record.created, number))
        except queue.Full:
            self.lost += 1
        except Exception:  # noqa: BLE001 - a line that cannot be written must not end what it tells of
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the name is that of `logging`)
        """Count the line; standard error has it, or says why not."""
        self.lost += 1

    def close(self) -> None:
        """Send what waits, for some seconds at most."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._ending.set()
        if self._thread is not threading.current_thread():
            self._thread.join(SECONDS)
        super().close()

    def _run(self) -> None:
        while (line := self._waiting.get()) is not None:
            attempt = 0
            while not self._sent(line):
                if self._ending.wait(PAUSES[min(attempt, len(PAUSES) - 1)]):
                    self.lost += 1 + sum(one is not None for one in self._waiting.queue)
                    self._line.close()
                    return
                attempt += 1
            if self._ending.is_set() and self._waiting.empty():
                break
        self._line.close()

    def _sent(self, line: bytes) -> bool:
        try:
            self._line.send(line)
        except OSError as error:
            self._line.close()
            if not self._away and time.monotonic() - self._said > QUIET:
                self._away, self._said = True, time.monotonic()
                _log.warning("the syslog is away (%s); lines wait for it, those that find no room are counted",
                             type(error).__name__)
            return False
        if self._away:
            _log.warning("the syslog is back; %d lines did not reach it", self.lost - self._told)
            self._away, self._told = False, self.lost
        return True


class _Line:
    """One connection, made when it is needed."""

    def __init__(self, target: SyslogTarget) -> None:
        self._target = target
        self._socket: socket.socket | None = None
        self._counted = target.kind in ("tcp", "tls")
        self._ended = False

    def send(self, line: bytes) -> None:
        """Send one line. Raises `OSError`."""
        if self._socket is not None and self._ended_by_the_other():
            self.close()
        if self._socket is None:
            self._socket = self._open()
        if self._counted:
            self._socket.sendall(b"%d %b" % (len(line), line))
        elif self._ended:  # a stream of this machine: a line ends with its end
            self._socket.sendall(line + b"\n")
        else:
            self._socket.sendall(line[:DATAGRAM])

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        target = self._target
        if target.kind == "unix":
            return self._local(target.path)
        if target.kind == "udp":
            family, kind, protocol, _, address = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)[0]
            return _connected(socket.socket(family, kind, protocol), address)
        plain = socket.create_connection((target.host, target.port), timeout=SECONDS)
        if target.kind == "tcp":
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise

    def _local(self, path: str) -> socket.socket:
        try:
            found = _connected(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), path)
        except OSError as error:
            if error.errno != errno.EPROTOTYPE:
                raise
            self._ended = True
            return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), path)
        self._ended = False
        return found

    def _ended_by_the_other(self) -> bool:
        """Whether a stream was closed over there: what is written into it then is lost without a word."""
        if self._socket is None or not (self._counted or self._ended):
            return False
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._socket.settimeout(SECONDS)


def _connected(made: socket.socket, address: str | tuple[object, ...]) -> socket.socket:
    try:
        made.settimeout(SECONDS)
        made.connect(address)
    except BaseException:
        made.close()
        raise
    return made
