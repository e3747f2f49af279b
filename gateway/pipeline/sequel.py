"""Conversations that a client goes on with by an id: recalled before, kept afterwards.

The house keeps them, sealed and for hours, because no provider is to. It does not know how they are kept
(`gateway.ports.Conversations`) nor how they are written (`gateway.wire`).

Two ways. By the id of the last answer (``previous_response_id``) every answer is kept with all that was said before
it, under an id of its own, and never changes. In a conversation with an id (``conversation``) each turn, the question
and its answer together, is added at the end once the answer is complete and in the book; nothing is added of one that
failed or was given up. Turns that run at the same time all get in, whole, in the order in which they were complete:
neither waits for the other, and neither is refused after a provider has been paid for it. Their models knew only what
was there when they began. Who deletes a conversation while an answer is under way has deleted it: it is not made anew.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta

import orjson

from gateway.errors import GatewayError
from gateway.pipeline.beside import beside
from gateway.ports import Clock, Conversations
from gateway.wire.conversation import Conversation
from gateway.wire.dialect import ParsedRequest, Thread

_log = logging.getLogger(__name__)


class Sequel:
    """What a person's request goes on with, and what the next one may go on with, for so many hours."""

    def __init__(self, conversations: Conversations, clock: Clock, subject: str, hours: int) -> None:
        self._conversations, self._clock = conversations, clock
        self._subject, self._hours = subject, hours

    async def resumed(self, thread: Thread, parsed: ParsedRequest) -> ParsedRequest:
        """Return the request with the conversation that it goes on with in front, and name the answer to come."""
        if thread.conversation is not None:
            parsed = thread.resume(await self._conversation(thread.conversation))
        elif thread.follows is not None:
            parsed = thread.resume(await self._answer(thread.follows))
        if parsed.thread is not None and parsed.thread.asked is not None and self._hours:
            parsed.thread.identity = f"resp_{secrets.token_hex(24)}"
        return parsed

    async def _answer(self, identity: str) -> bytes:
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

    async def _conversation(self, identity: str) -> bytes:
        if not self._hours:
            raise nothing_kept()
        kept = await self._conversations.recall(self._subject, identity, self._clock.now(), "conversation")
        if kept is None:
            raise unknown_conversation(self._hours)
        return await beside(lambda: Conversation.of(kept).asked(), len(kept))

    async def keep(self, thread: Thread) -> None:
        """Keep what was said, so that the next request finds it.

        An answer does not fail because it could not be kept: who goes on from it is told that it is not there. In a
        conversation nobody would notice that a turn is missing, so there it does. Raises ``zu_gross``, ``intern``.
        """
        said, now = thread.said(), self._clock.now()
        if not thread.identity or said is None:
            return
        until = now + timedelta(hours=self._hours)
        try:
            if thread.conversation is None:
                await self._conversations.keep(self._subject, thread.identity, said, now, until)
            else:
                await self._conversations.change(self._subject, thread.conversation, lambda kept: _longer(kept, said),
                                                 now, until)
        except Exception as error:  # noqa: BLE001  (whatever it is: the answer is there, only its sequel is not)
            _log.warning("a conversation could not be kept: %s", type(error).__name__)
            if thread.conversation is not None:
                raise error if isinstance(error, GatewayError) else _not_added() from None


def _longer(kept: bytes, turn: bytes) -> bytes:
    conversation = Conversation.of(kept)
    conversation.add(orjson.loads(turn))
    return conversation.to_bytes()


def nothing_kept() -> GatewayError:
    """Return the error for a conversation where policy keeps none."""
    return GatewayError("anfrage_ungueltig", "Ihre Anfrage wurde nicht angenommen: Gespräche werden hier nicht "
                        "aufbewahrt. Bitte stellen Sie Ihr Programm so ein, dass es bei jeder Frage den ganzen "
                        "Verlauf schickt, ohne „conversation“.", param="conversation")


def unknown_conversation(hours: int) -> GatewayError:
    """Return the error for a conversation that is not there, or not for this person."""
    return GatewayError("gespraech_unbekannt", "Dieses Gespräch ist nicht da: Es wurde gelöscht, ist abgelaufen oder "
                        "gehört jemand anderem. " + (f"Gespräche werden {hours} Stunden nach der letzten Änderung "
                                                     "gelöscht. " if hours else "") +
                        "Bitte beginnen Sie ein neues.", param="conversation")


def _not_added() -> GatewayError:
    return GatewayError("intern", "Die Antwort konnte nicht in das Gespräch aufgenommen werden. Bitte stellen Sie Ihre "
                        "Frage noch einmal und nennen Sie der IT sonst die Vorgangsnummer.")
