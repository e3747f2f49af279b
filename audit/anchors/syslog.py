"""The central log of the house: one message of RFC 5424 per note, the note in structured data.

UDP says nothing about arrival; TCP and TLS (RFC 5425, octet counting of RFC 6587) say that the other side took it.
"""

from __future__ import annotations

import platform
import socket
import ssl
from dataclasses import dataclass

from audit.anchors.sinks import AnchorError, Proof
from audit.checkpoint import b64
from audit.record import now_us, time_text

SECONDS = 10.0
_PRIORITY = 13 * 8 + 5
"""Facility 13 (log audit), severity 5 (notice)."""


def message(note: str, size: int) -> bytes:
    """Return the message: the note as Base64, since structured data holds no line breaks."""
    host = platform.node() or "-"
    data = f'[kiPforteAnchor@32473 size="{size}" note="{b64(note.encode())}"]'
    return (f"<{_PRIORITY}>1 {time_text(now_us())} {host} ki-pforte - checkpoint {data} "
            f"checkpoint {size}").encode()


@dataclass(frozen=True, slots=True)
class SyslogSink:
    """Sends notes to a syslog server."""

    kind: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """See `audit.anchors.sinks.Sink`."""
        return f"{self.kind}://{self.host}:{self.port}"

    def send(self, note: str, size: int, proof: Proof) -> bytes:
        """Send; the receipt says how."""
        body = message(note, size)
        try:
            if self.kind == "syslog":
                family, kind, protocol, _, address = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)[0]
                with socket.socket(family, kind, protocol) as udp:
                    udp.settimeout(SECONDS)
                    udp.sendto(body, address)
                return b"sent"
            with socket.create_connection((self.host, self.port), timeout=SECONDS) as plain:
                if self.kind == "syslog+tcp":
                    return _stream(plain, body)
                with ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) as secure:
                    return _stream(secure, body)
        except OSError as error:
            raise AnchorError(f"Der Syslog-Dienst ist nicht erreichbar ({type(error).__name__}).") from error


def _stream(connection: socket.socket, body: bytes) -> bytes:
    connection.sendall(b"%d %b" % (len(body), body))
    connection.shutdown(socket.SHUT_WR) if not isinstance(connection, ssl.SSLSocket) else None
    return b"delivered"
