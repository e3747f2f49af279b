"""Server-sent events over bytes: cuts a stream into events, wherever the network cut it.

Feed bytes, get the complete events; what is not complete waits. CRLF and CR are read as LF (the text that comes out
uses LF), UTF-8 is never decoded here, so no character can be torn. Follows the WHATWG HTML standard, section 9.2.
"""

from __future__ import annotations

from gateway.errors import GatewayError

MAX_EVENT = 16 * 1024 * 1024
"""Bytes of one event; more is no event but an attack or a mistake."""


_MARK = b"\xef\xbb\xbf"
"""May stand before everything else and says nothing."""


class SseReader:
    """Collects bytes and returns complete events, each without its blank line."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        """The beginning of an event, with LF for every end of a line and without a blank line."""
        self._held = b""
        """Bytes whose meaning depends on the next ones: the beginning of a mark, a CR."""
        self._first = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that `chunk` completes."""
        chunk = self._lines(chunk)
        if not self._buffer and b"\n\n" in chunk:
            *events, rest = chunk.split(b"\n\n")
            self._buffer += rest
        else:
            looked_at = max(0, len(self._buffer) - 1)
            self._buffer += chunk
            if self._buffer.find(b"\n\n", looked_at) < 0:
                events = []
            else:
                *events, rest = bytes(self._buffer).split(b"\n\n")
                self._buffer = bytearray(rest)
        if len(self._buffer) > MAX_EVENT:
            raise GatewayError("anbieter_fehler", "Der Anbieter hat eine Antwort geschickt, die nicht lesbar ist. "
                               "Bitte versuchen Sie es noch einmal.", hint="event over the size limit")
        return [event.lstrip(b"\n") for event in events if event.strip(b"\n")]

    def _lines(self, chunk: bytes) -> bytes:
        """Return what is known of `chunk` and of what was held, with LF for every end of a line."""
        if self._held:
            chunk, self._held = self._held + chunk, b""
        if self._first:
            if len(chunk) < len(_MARK) and _MARK.startswith(chunk):
                self._held = chunk
                return b""
            self._first = False
            chunk = chunk.removeprefix(_MARK)
        if b"\r" in chunk:
            if chunk.endswith(b"\r"):  # its LF may be in the next chunk
                chunk, self._held = chunk[:-1], b"\r"
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def close(self) -> list[bytes]:
        """Return what is left as a last event: some providers forget the final blank line."""
        rest = bytes(self._buffer + self._held).rstrip(b"\r\n").lstrip(b"\n")
        self._buffer, self._held = bytearray(), b""
        return [rest] if rest else []


def data_of(event: bytes) -> bytes | None:
    """Return the data of an event, or None for a comment or an event without data."""
    if event.startswith(b"data: ") and b"\n" not in event:
        return event[6:]
    lines = [line[5:].removeprefix(b" ") for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(lines) if lines else None
