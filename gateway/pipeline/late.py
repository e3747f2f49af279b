"""A provider that takes its time: the stream to the client begins before the provider has said anything.

A model that is being loaded, or reads a long text, is silent for minutes; web servers in between give up after one.
Everything that can refuse the request has spoken by then, and the intent is in the book. What the provider refuses
so late comes as the error at the end of the stream, in the form of the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gateway.model.exchange import SealedRequest
from gateway.pipeline.provider_errors import provider_error
from gateway.ports import Upstream, UpstreamResponse


class Patient:
    """An upstream that is not waited for longer than `patience` seconds (implements `gateway.ports.Upstream`)."""

    def __init__(self, upstream: Upstream, patience: float | None) -> None:
        """With None a stream begins when the provider's answer does."""
        self._upstream, self._patience = upstream, patience

    async def send(self, request: SealedRequest) -> UpstreamResponse:
        """See `Upstream.send`. A refusal that comes later is raised by the chunks of the answer."""
        if self._patience is None or not request.stream:
            return await self._upstream.send(request)
        task = asyncio.ensure_future(self._upstream.send(request))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience)
        except asyncio.CancelledError:
            await LateResponse(task).close()
            raise
        return task.result() if done else LateResponse(task)


class LateResponse:
    """An answer whose head is still to come (implements `gateway.ports.UpstreamResponse`)."""

    content_type = "text/event-stream"

    def __init__(self, sending: asyncio.Task[UpstreamResponse]) -> None:
        self.retry_after: int | None = None
        self._sending = sending
        self.status = 200
        """What the client was told; the provider's own once it is there."""

    async def chunks(self) -> AsyncIterator[bytes]:
        """See `UpstreamResponse.chunks`; a refusal of the provider is raised here."""
        response = await asyncio.shield(self._sending)
        self.status = response.status
        if response.status >= 400:
            raise await provider_error(response)
        async for chunk in response.chunks():
            yield chunk

    async def close(self) -> None:
        """See `UpstreamResponse.close`; what was not answered is no longer asked."""
        self._sending.cancel()
        await asyncio.wait({self._sending})
        response = self._head()
        if response is not None:
            await response.close()

    def _head(self) -> UpstreamResponse | None:
        task = self._sending
        return task.result() if task.done() and not task.cancelled() and task.exception() is None else None
