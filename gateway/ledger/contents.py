"""Implements `gateway.ports.Contents` on `audit.Ledger`: what is kept of exchanges while a department has its content
mode on, sealed to the two trustees before anything is written.

Kept true: off, or not known (the database has not answered for five seconds), nothing is kept, and asking costs a look
into memory; every side asks again, so a mode that was stopped under way ends at once; what cannot be sealed is not
kept, and the request goes on. Sealing works in a thread. Not known here: what a text says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from audit import ContentKey, Ledger, LedgerError
from gateway.errors import GatewayError
from gateway.model.content_mode import ContentMode, last_day
from gateway.ports import Clock, Side

_log = logging.getLogger(__name__)


class Known(Protocol):
    """What is known of content modes (`gateway.identity.lookup.Watched`)."""

    last: tuple[ContentMode, ...] | None
    """As it was when the database last answered; None: it never has."""

    def __call__(self) -> tuple[ContentMode, ...]:
        """Return it as of a few seconds ago at most. Raises ``pruefung_nicht_verfuegbar``."""
        ...


class LedgerContents:
    """Knows where content is kept now."""

    def __init__(self, ledger: Ledger, modes: Known, clock: Clock) -> None:
        self._ledger, self._modes, self._clock = ledger, modes, clock

    def safe(self, department: str) -> LedgerSafe | None:
        """See `gateway.ports.Contents.safe`."""
        mode = self.mode(department)
        return None if mode is None else LedgerSafe(self, self._ledger, mode)

    def mode(self, department: str) -> ContentMode | None:
        """Return the content mode of a department that is on now, as far as anybody can tell."""
        try:
            modes = self._modes()
        except GatewayError:
            return None
        return next((one for one in modes if one.is_on(department, self._clock.now())), None) if modes else None

    def on(self) -> list[ContentMode]:
        """Return all that are on, for pages and monitoring, as it was last seen. Never fails."""
        now: datetime = self._clock.now()
        return [one for one in self._modes.last or () if one.state(now) == "on"]


class LedgerSafe:
    """Takes both sides of one exchange (implements `gateway.ports.Safe`)."""

    def __init__(self, contents: LedgerContents, ledger: Ledger, mode: ContentMode) -> None:
        self._contents, self._ledger, self._mode = contents, ledger, mode
        self._key: ContentKey | None = None
        self.notice = (f"Inhaltsmodus Ihres Amtes bis {last_day(mode):%d.%m.%Y}: Die ersetzte Fassung dieser Anfrage "
                       "und der Antwort wird versiegelt aufbewahrt, hoechstens 30 Tage.")

    async def shut(self, side: Side, texts: Sequence[str]) -> bytes:
        """See `gateway.ports.Safe.shut`."""
        if self._contents.mode(self._mode.department) != self._mode or not self._ledger.healthy:
            return b""
        try:
            return await asyncio.to_thread(self._shut, side, texts)
        except (LedgerError, OSError, ValueError) as error:  # its text may hold content
            _log.error("content could not be sealed and is not kept: %s", type(error).__name__)
            return b""

    def _shut(self, side: Side, texts: Sequence[str]) -> bytes:
        if side == "request":
            keys = self._ledger.keyring.sealing()
            self._key = ContentKey(*keys) if keys else None
        return self._key.shut(side, texts) if self._key is not None else b""
