"""The way back: bytes of the provider in, bytes for the client out, and exactly one outcome in the book.

Before the terminal event is sent (or a complete body returned) the outcome is durable. When the client hangs up, the
provider's connection is cut at once and the outcome says ``aborted``; when the provider breaks off, the stream ends
with a readable error event, never silently.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any, Literal

from gateway.errors import GatewayError, closing, internal
from gateway.pipeline.afterthought import AnswerCheck
from gateway.pipeline.beside import LONG, beside
from gateway.pipeline.exchange_log import ExchangeLog
from gateway.pipeline.finishing import finish, is_closing
from gateway.pipeline.turnstile import Turnstile
from gateway.ports import Metrics, UpstreamResponse
from gateway.wire.dialect import Answer

_log = logging.getLogger(__name__)
Status = Literal["ok", "aborted", "failed"]
MAX_BODY = 64 * 1024 * 1024
DRAIN_SECONDS = 1.0
CUT_OFF = ("Die Antwort ist unvollständig: Die Verbindung zum Anbieter ist abgebrochen. Bitte stellen Sie Ihre Frage "
           "noch einmal.")


class Relay:
    """The way back of one exchange, streamed or whole."""

    def __init__(self, response: UpstreamResponse, answer: Answer, log: ExchangeLog,
                 metrics: Metrics, request_id: str, check: AnswerCheck, turnstile: Turnstile,
                 keep: Callable[[], Awaitable[None]] | None = None) -> None:
        """`keep` is called with the answer complete and recorded, before the client can know that it is; where it
        raises, the client gets that error in place of the end."""
        self._response, self._answer = response, answer
        self._chunks = response.chunks()
        self._check, self._keep = check, keep
        self._turnstile = turnstile
        self._log, self._metrics, self._request_id = log, metrics, request_id

    async def whole(self) -> bytes:
        """Return the complete answer, restored and recorded. Raises ``anbieter_fehler`` or ``anbieter_zeit``."""
        body = bytearray()
        try:
            async for chunk in self._chunks:
                self._came(chunk)
                body += chunk
                if len(body) > MAX_BODY:
                    raise GatewayError("anbieter_fehler", "Die Antwort des Anbieters ist zu groß.", hint="body limit")
            answer = await beside(partial(self._answer.complete, bytes(body)), self._check.weight(len(body)))
            self._log.bytes_out = len(answer)
            await self._outcome("ok")
        except GatewayError as error:
            await self._outcome("failed", error)
            raise
        except Exception:
            await self._outcome("failed", internal())
            raise
        finally:
            await finish(self._end())
        if self._keep is not None:
            await self._keep()
        return answer

    async def open_stream(self) -> AsyncGenerator[bytes, None]:
        """Return the answer as it comes. Whoever gets it closes it, whatever happens."""
        stream = self._stream()
        await anext(stream)
        return stream

    async def _stream(self) -> AsyncGenerator[bytes, None]:
        self._metrics.stream(+1)
        answer, waiting, begun = self._answer, 0, perf_counter()
        try:
            yield b""  # `open_stream` takes it: a generator that was never begun does not run its end when it is closed
            try:
                async for chunk in self._chunks:
                    self._came(chunk)
                    waiting += len(chunk)
                    out = answer.feed(chunk) if waiting <= LONG else await asyncio.to_thread(answer.feed, chunk)
                    if out:
                        waiting = 0
                        self._log.bytes_out += len(out)
                        yield out
                    if answer.state != "running":
                        break
                error = None
            except GatewayError as broken:
                error = broken
            except asyncio.CancelledError as cancelled:
                if not is_closing(cancelled):
                    raise
                error = closing()
            except Exception:  # noqa: BLE001  (never a silent cut; the formatter keeps its words out of the log)
                _log.exception("the answer failed unexpectedly", extra=self._log.named)
                error = internal()
            held = await beside(answer.close, waiting)
            if answer.state != "complete" and error is None:
                error = GatewayError("anbieter_fehler", CUT_OFF, hint="stream ended early or with an error event")
            yield held + await self._ending(error)
        finally:
            self._metrics.stream(-1)
            self._metrics.stage("relay", perf_counter() - begun)
            await finish(self._end())

    async def _ending(self, error: GatewayError | None) -> bytes:
        """Record the outcome and return the event that ends the stream."""
        try:
            await self._outcome("failed" if error else "ok", error)
        except GatewayError as unrecorded:
            error = unrecorded
        if error is None and self._keep is not None:
            try:
                await self._keep()
            except GatewayError as unkept:
                error = unkept
        if error is not None:
            self._log.report(error)
            return self._answer.error_event(error, self._request_id)
        return self._answer.terminal()

    def _came(self, chunk: bytes) -> None:
        self._turnstile.relayed(chunk)
        if self._log.first_byte is None:
            self._log.first_byte = perf_counter()

    async def _outcome(self, status: Status, error: GatewayError | None = None) -> None:
        try:
            facts = await self._facts()
        except Exception:  # noqa: BLE001  (whatever an answer holds: an exchange has its end)
            _log.exception("the answer could not be looked at", extra=self._log.named)
            facts = {}
        try:
            await self._log.outcome(status, code=error.code if error else "", http_status=self._response.status,
                                    **facts)
        finally:
            await self._turnstile.settle(self._answer.usage, status)

    async def _facts(self) -> dict[str, Any]:
        """Look at the answer as a whole; return what the book says about it."""
        answer = self._answer
        if answer.usage:
            self._metrics.tokens(self._log.model, answer.usage.prompt, answer.usage.completion)
        if answer.unresolved:
            self._metrics.unresolved(answer.unresolved)
        raw = answer.raw()
        leaked = await beside(partial(self._check.leaked, raw), sum(map(len, raw)))
        strangers = await self._check.strangers(raw)
        if leaked:
            self._metrics.leak_alarms(leaked)
        self._metrics.strangers(strangers)
        return {"usage": answer.usage, "unresolved": answer.unresolved, "leaked": leaked, "strangers": strangers,
                "texts": raw}

    async def _end(self) -> None:
        """Give the provider's connection back, or cut it; what has no outcome yet was given up by the client."""
        if self._answer.state == "complete":
            # After the terminal event only the end of the body is left; read to it, the connection is used again.
            with suppress(Exception):  # the answer is whole; a connection that breaks now is only not used again
                async with asyncio.timeout(DRAIN_SECONDS):
                    async for _ in self._chunks:
                        pass
        await self._response.close()
        await self._turnstile.settle(self._answer.usage, "aborted")  # nothing, where the outcome did it
        if self._log.is_open:
            try:
                await self._outcome("aborted")
            except GatewayError as error:  # nobody is left to be told
                _log.error("the end of the request is not in the ledger yet: %s", error.hint, extra=self._log.named)
