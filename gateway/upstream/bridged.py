"""A provider that does not speak the caller's dialect: translated on the way out and on the way back.

What is sealed stays what it was: redacted, released to this model and recorded; only its form changes
(`gateway.wire.bridges`). An answer that is an error is passed on as it is: the pipeline cleans its text. What is long
is translated beside the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

from gateway.errors import GatewayError
from gateway.model.exchange import SealedRequest
from gateway.pipeline.beside import beside
from gateway.ports import Upstream, UpstreamResponse
from gateway.upstream import failures
from gateway.wire.bridges import Bridge, way
from gateway.wire.bridges.common import MISSHAPEN, Translation

MAX_BODY = 64 * 1024 * 1024


async def send(adapter: Upstream, request: SealedRequest) -> UpstreamResponse:
    """Send `request` in a dialect that its model's provider speaks. Raises what `Upstream.send` raises."""
    bridges = way(request.dialect, request.model.dialects)
    if bridges is None:
        raise failures.misconfigured(f"model {request.model.id}: no way from dialect {request.dialect}")
    if not bridges:
        return await adapter.send(request)
    translations: list[Translation] = []
    for bridge in bridges:
        body = request.redacted.body
        translated, translation = await beside(partial(_translated, bridge, body), len(body))
        translations.append(translation)
        request = replace(request, dialect=bridge.provider, redacted=replace(request.redacted, body=translated))
    response = await adapter.send(request)
    return response if response.status >= 400 else _Translated(response, translations[::-1], stream=request.stream)


def _translated(bridge: Bridge, body: bytes) -> tuple[bytes, Translation]:
    try:
        return bridge.request(body), bridge.answer(body)
    except MISSHAPEN:
        raise GatewayError("anfrage_ungueltig", "Die Anfrage hat nicht die Form, die diese Schnittstelle verlangt. "
                           "Bitte prüfen Sie die Einstellungen Ihres Programms.") from None


class _Translated:
    """An answer in the caller's dialect (implements `gateway.ports.UpstreamResponse`)."""

    def __init__(self, response: UpstreamResponse, translations: list[Translation], *, stream: bool) -> None:
        self.status, self.content_type = response.status, response.content_type
        self.retry_after = response.retry_after
        self._response, self._translations, self._stream = response, translations, stream

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the translated body."""
        if not self._stream:
            yield await self._whole()
            return
        async for chunk in self._response.chunks():
            out = self._pass(chunk)
            if out:
                yield out
        for index, translation in enumerate(self._translations):
            out = self._pass(translation.close(), index + 1)
            if out:
                yield out

    def _pass(self, chunk: bytes, start: int = 0) -> bytes:
        for translation in self._translations[start:]:
            chunk = translation.feed(chunk) if chunk else b""
        return chunk

    async def _whole(self) -> bytes:
        body = bytearray()
        async for chunk in self._response.chunks():
            body += chunk
            if len(body) > MAX_BODY:
                raise GatewayError("anbieter_fehler", "Die Antwort des Anbieters ist zu groß.", hint="body limit")
        whole = bytes(body)
        for translation in self._translations:
            whole = await beside(partial(translation.complete, whole), len(whole))
        return whole

    async def close(self) -> None:
        """See `UpstreamResponse.close`."""
        await self._response.close()
