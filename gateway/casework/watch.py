"""All of casework that happens by itself, begun once by every process that serves: read on, look, tell, forget.

What a process does, the marks and locks of the database keep to one process at a time; what fails now is done in the
next round, and traffic never waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from audit import AnchorState
from audit import Ledger as OpenLedger
from gateway.casework.conditions import Look, look
from gateway.casework.incidents import Ledger
from gateway.casework.matters import say
from gateway.casework.telling import Telling
from gateway.casework.watching import AUTO, BATCH, Reader, step
from gateway.registry.books import Books
from gateway.registry.reminding import mailer_of
from gateway.settings import Settings
from gateway.store import content_modes, matters, tallies, writing
from gateway.store.locks import alone

_log = logging.getLogger(__name__)
EVERY: Final = 20.0
FORGET: Final = timedelta(days=100)
"""Tallies that have not moved for so long and led to nothing."""


@dataclass
class Watch:
    """The watch of one process."""

    books: Books
    ledger: Ledger
    reader: Reader
    look: Look
    telling: Telling | None
    keep: timedelta
    """How long a matter stays after it was closed."""
    _round: int = field(default=0, init=False)

    async def follow(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.once)
            except Exception as error:  # noqa: BLE001 - ledger, database, mail: tried again, and traffic goes on
                _log.warning("casework: the watch failed: %s", type(error).__name__)
            await asyncio.sleep(EVERY)

    def once(self) -> None:
        """Do one round."""
        while step(self.books, self.reader) == BATCH:
            pass
        look(self.books, self.look)
        if self.telling is not None:
            self.telling.urgent()
            self.telling.monthly()
        if self._round % 180 == 0:  # once an hour
            self.forget()
        self._round += 1

    def forget(self) -> None:
        """Delete matters whose time is up, with everything written in them, and let go of what they held."""
        now = self.books.now()
        with writing(self.books.engine, bump=False) as connection:
            alone(connection, "casework.forget")
            over = matters.over(connection, now - self.keep)
            for one in over:
                if one.kind == "vorfall":
                    self.ledger.release(one.id)
                say(self.books, AUTO, one, "deleted")
            matters.remove(connection, [one.id for one in over])
            tallies.forget(connection, now - FORGET)


def watch_of(books: Books, ledger: OpenLedger, settings: Settings,
             anchors: Callable[[], Sequence[AnchorState]]) -> Watch:
    """Return the watch of a house with its settings."""
    def kept_since() -> dict[str, datetime]:
        with books.reading() as connection:
            return {one.department: one.on_since for one in content_modes.alive(connection)
                    if one.on_since is not None and one.state(books.now()) == "on"}
    mailer = mailer_of(settings)
    where = Look(books.policies, anchors, ledger.continues, kept_since, timedelta(days=settings.content_mode_days))
    return Watch(books, ledger, ledger.reader, where, Telling(books, mailer) if mailer else None,
                 timedelta(days=settings.case_keep_days))
