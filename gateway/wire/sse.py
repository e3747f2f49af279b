"""Server-sent events over bytes: cuts a stream into events, wherever the network cut it.

Feed bytes, get the complete events; what is not complete waits. CRLF and CR are read as LF (the text that comes out
uses LF), UTF-8 is never decoded here, so no character can be torn. Follows the WHATWG HTML standard, section 9.2.
"""

from __future__ import annotations

from gateway.errors import GatewayError

MAX_EVENT = 16 * 1024 * 1024
"""Bytes of one event; more is no event but an attack or a mistake."""


class SseReader:
    """Collects bytes and returns complete events, each without its blank line."""

    def __init__(self) -> None:
        self._buffer = b""
        self._first = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that `chunk` completes."""
        buffer = self._buffer + chunk if self._buffer else chunk
        if self._first and len(buffer) >= 3:
            self._first = False
            buffer = buffer.removeprefix(b"\xef\xbb\xbf")
        held = b""
        if b"\r" in buffer:
            if buffer.endswith(b"\r"):  # its LF may be in the next chunk
                buffer, held = buffer[:-1], b"\r"
            buffer = buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *events, rest = buffer.split(b"\n\n")
        self._buffer = rest + held
        if len(self._buffer) > MAX_EVENT:
            raise GatewayError("anbieter_fehler", "Der Anbieter hat eine Antwort geschickt, die nicht lesbar ist. "
                               "Bitte versuchen Sie es noch einmal.", hint="event over the size limit")
        return [event.lstrip(b"\n") for event in events if event.strip(b"\n")]

    def close(self) -> list[bytes]:
        """Return what is left as a last event: some providers forget the final blank line."""
        rest, self._buffer = self._buffer.rstrip(b"\r\n").lstrip(b"\n"), b""
        return [rest] if rest else []


def data_of(event: bytes) -> bytes | None:
    """Return the data of an event, or None for a comment or an event without data."""
    if event.startswith(b"data: ") and b"\n" not in event:
        return event[6:]
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None
