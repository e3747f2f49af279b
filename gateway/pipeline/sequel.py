"""Conversations that a client goes on with by the id of the last answer: recalled before, kept afterwards.

The house keeps them, sealed and for hours, because no provider is to. It does not know how they are kept
(`gateway.ports.Conversations`) nor how they are written (`gateway.wire`).
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta

from gateway.errors import GatewayError
from gateway.ports import Clock, Conversations
from gateway.wire.dialect import ParsedRequest, Thread

_log = logging.getLogger(__name__)


class Sequel:
    """What a person's request goes on with, and what the next one may go on with, for so many hours."""

    def __init__(self, conversations: Conversations, clock: Clock, subject: str, hours: int) -> None:
        self._conversations, self._clock = conversations, clock
        self._subject, self._hours = subject, hours

    async def resumed(self, thread: Thread, parsed: ParsedRequest) -> ParsedRequest:
        """Return the request with the conversation that it goes on with in front, and name the answer to come."""
        if thread.follows is not None:
            parsed = thread.resume(await self._recalled(thread.follows))
        if parsed.thread is not None and parsed.thread.asked is not None and self._hours:
            parsed.thread.identity = f"resp_{secrets.token_hex(24)}"
        return parsed

    async def _recalled(self, identity: str) -> bytes:
        if not self._hours:
            raise GatewayError("anfrage_ungueltig", "Ihre Anfrage wurde nicht gesendet. Ihr Programm schickt nur "
                               "die Kennung der letzten Antwort; Gespräche werden hier aber nicht aufbewahrt. "
                               "Bitte stellen Sie es so ein, dass es den ganzen Verlauf schickt.",
                               param="previous_response_id")
        earlier = await self._conversations.recall(self._subject, identity, self._clock.now())
        if earlier is None:
            raise GatewayError("anfrage_ungueltig", "Ihre Anfrage wurde nicht gesendet: Das frühere Gespräch ist "
                               f"nicht mehr da; es wird höchstens {self._hours} Stunden aufbewahrt. Bitte beginnen "
                               "Sie ein neues.", param="previous_response_id")
        return earlier

    async def keep(self, thread: Thread) -> None:
        """Keep the conversation, so that the next request finds it; an answer does not fail because that failed."""
        said, now = thread.said(), self._clock.now()
        if not thread.identity or said is None:
            return
        try:
            await self._conversations.keep(self._subject, thread.identity, said, now,
                                           now + timedelta(hours=self._hours))
        except Exception as error:  # noqa: BLE001  (whatever it is: the answer is there, only its sequel is not)
            _log.warning("a conversation could not be kept: %s", type(error).__name__)
