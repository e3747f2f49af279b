"""The house as one object: takes requests, keeps what they share, answers whatever happens.

It asks no dialect for its name and touches no network, clock or database itself; the way of a request is
`gateway.pipeline.walk`.
"""

from __future__ import annotations

import asyncio
import logging

from gateway.errors import GatewayError, closing, internal
from gateway.pipeline.doors import Inbound, Outbound
from gateway.pipeline.finishing import finish, is_closing
from gateway.pipeline.memory import InspectionMemory
from gateway.pipeline.rooms import Rooms
from gateway.pipeline.walk import Walk
from gateway.ports import Detector

_log = logging.getLogger(__name__)


class Pipeline:
    """The one way through the house. One instance serves all requests of a process."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def begin(self, detector: Detector) -> None:
        """Begin a new generation: from now on requests are inspected with this detector, and nothing is known of them.

        Call in one step with the change of what ``policies`` answers. What is under way ends with the policies, the
        detector and the memory it began with, so nothing of the old rules gets into the new ones.
        """
        self._rooms.detector, self._rooms.memory = detector, InspectionMemory()

    async def recognise(self, inbound: Inbound) -> None:
        """Look at the credentials alone: of a stranger not even the body is read. Raises what `handle` would answer."""
        await self._rooms.authenticator.authenticate(inbound.credentials)

    async def turn_away(self, inbound: Inbound, error: GatewayError) -> Outbound:
        """Refuse a request that the door could not even read."""
        return await Walk(self._rooms, inbound).refused(error)

    async def handle(self, inbound: Inbound) -> Outbound:
        """Take one request through the house. Never raises for a request that fails: that is an answer, too."""
        walk = Walk(self._rooms, inbound)
        try:
            while (answer := await self._attempt(walk)) is None:
                walk = walk.successor()
            return answer
        finally:
            if walk.turnstile.is_open and not walk.relayed:
                await finish(walk.turnstile.leave())

    async def _attempt(self, walk: Walk) -> Outbound | None:
        """Walk once; None when the provider failed and policy names one that may stand in."""
        try:
            return await walk.through()
        except GatewayError as error:
            return None if await walk.gave_way(error) else await walk.refused(error)
        except asyncio.CancelledError as cancelled:
            if not is_closing(cancelled):
                raise
            return await walk.refused(closing())
        except Exception:  # noqa: BLE001  (a fault of ours is an answer as well; the formatter keeps its words out)
            _log.exception("the request failed unexpectedly", extra=walk.log.named)
            return await walk.refused(internal())
        finally:
            if walk.log.is_open and not walk.relayed:  # cancelled between intent and answer: the client hung up
                walk.turnstile.sent = True
                await finish(walk.log.outcome("aborted"))
