"""The first line of every connection: uvicorn's HTTP, with an end to every wait and to every head.

Keeps true: a connection that does not bring the whole head of a request in `HEAD_SECONDS` and `HEAD_BYTES` is
closed; so is one that goes on sending after its request was answered, and one that does not take what is sent to it:
a client that stops reading would hold its answer, and the provider's line, for ever. What is no HTTP at all is refused
in the words of the house, not in the framework's.

Does not know: bodies (`gateway.http.asgi.read_body` has its own patience) and the pause between two requests, which
uvicorn watches (``timeout_keep_alive``). The parser is uvicorn's; only its moments are observed here.
"""

from __future__ import annotations

import asyncio
import fcntl
import sys
import termios
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.errors import GatewayError
from gateway.http.asgi import new_request_id
from gateway.wire.error_forms import openai_error

HEAD_SECONDS: Final = 30.0
HEAD_BYTES: Final = 64 * 1024
TAKE_SECONDS: Final = 60.0
TAKE_BYTES: Final = 4096
"""What a client must take in that time while more waits for it than its connection holds."""
_NO_HTTP: Final = ("Die KI-Pforte versteht diese Anfrage nicht: Sie ist kein gültiges HTTP. Bitte prüfen Sie in Ihrem "
                   "Programm, ob die Adresse mit http:// oder mit https:// beginnen muss.")
_UNFINISHED: Final = ("Die Anfrage ist nicht rechtzeitig oder mit zu großen Kopfzeilen angekommen. Bitte prüfen Sie "
                      "die Verbindung und senden Sie die Anfrage noch einmal.")


class Door(HttpToolsProtocol):
    """One connection of a client."""

    _reading_head = True
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._rest()
        self._taken()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """More waits for the client than its connection holds: see that it goes on taking."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """The client has taken most of it."""
        self._taken()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse; afterwards see whether a request has begun to be served or is still to come."""
        continued = self._reading_head
        super().data_received(data)
        if self.transport.is_closing():
            return
        if continued and self._reading_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(_UNFINISHED)
                return
        if self._reading_head or self.cycle.response_complete:
            self._wait()

    def on_message_begin(self) -> None:
        """A head begins. Its first piece counts as one byte: it may stand behind the body before it."""
        super().on_message_begin()
        self._reading_head, self._head_bytes = True, 1

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._reading_head = False
        self._rest()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser could not read; `msg` is uvicorn's English."""
        self._refuse(_NO_HTTP)

    def shutdown(self) -> None:
        """The server stops. A request of which a first piece has arrived, be it only in the kernel, is still served."""
        arriving = not self.transport.is_closing() and ((self._reading_head and self._head_bytes) or self._unread())
        if not arriving:
            super().shutdown()

    def _unread(self) -> int:
        line = self.transport.get_extra_info("socket")
        return int.from_bytes(fcntl.ioctl(line.fileno(), termios.FIONREAD, bytes(4)), sys.byteorder)

    def _refuse(self, message: str) -> None:
        request_id = new_request_id()
        body = openai_error(GatewayError("anfrage_ungueltig", message), request_id)
        head = (f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
                f"x-request-id: {request_id}\r\nconnection: close\r\n\r\n")
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        if self._reading_head and self._head_bytes and (cycle is None or cycle.response_complete):
            self._refuse(_UNFINISHED)
        else:
            self.transport.close()

    def _watch(self) -> None:
        self._taken()
        waiting = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(TAKE_SECONDS, self._see_progress, waiting)

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _see_progress(self, waiting: int) -> None:
        """Give up a client that has taken too little since so many bytes waited: nothing is written meanwhile."""
        if waiting - self.transport.get_write_buffer_size() < TAKE_BYTES:
            self.transport.abort()
        else:
            self._watch()
